// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {IBonds} from "./interfaces/IBonds.sol";
import {DataSet, IDataSets, PieceSet} from "./interfaces/IDataSets.sol";
import {IGuard} from "./interfaces/IGuard.sol";
import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {IRails, Stream} from "./interfaces/IRails.sol";
import {Addresses} from "./Parameters.sol";

/// @notice One record per (customer, provider): the root over the pieces that one keeps for the other, signed by both,
/// and the provider's lock behind it. It moves no money and judges no proof. docs/protocol/storage-proofs.md#set
///
/// A set lives as long as its stream: begun by the first post, changed by later ones, over when the stream is closed or
/// a judge found a loss. Then a new generation may begin, on another stream and with another lock; versions go on
/// rising, so that no signature is ever good twice.
contract DataSets is IDataSets, EIP712 {
    struct Record {
        bytes32 root; // 0: no living set
        uint64 leafCount;
        uint64 version;
        uint32 pieceCount;
        uint48 changedBlock;
        bool faulted;
        uint32 generation;
        bytes32 streamSalt;
        address customer;
        address provider;
        uint96 lockAtto;
    }

    uint256 public constant BATCH_MAX = 128; // sets in postMany
    uint256 public constant ENTRY_GAS = 500_000; // what one post of a batch may use; a first one takes about half
    uint256 private constant REST_GAS = 50_000; // what follows a post of a batch
    uint256 private constant CREDIT_SCALE = 1e21; // atto-WORK * USD8 per credit
    uint8 private constant STORAGE = 1;

    bytes32 private constant PIECE_SET_TYPE = keccak256(
        "PieceSet(address customer,address provider,bytes32 streamSalt,bytes32 root,uint64 leafCount,uint32 pieceCount,uint64 version,uint128 lockAtto,bytes32 manifest)"
    );

    IGuard private immutable GUARD;
    IPriceFeed private immutable FEED;
    IRails private immutable RAILS;
    IBonds private immutable BONDS;

    mapping(bytes32 id => Record) private _records;

    constructor(Addresses memory addresses) {
        GUARD = IGuard(addresses.guard);
        FEED = IPriceFeed(addresses.priceFeed);
        RAILS = IRails(addresses.rails);
        BONDS = IBonds(addresses.bonds);
    }

    /// @inheritdoc IDataSets
    function post(PieceSet calldata set, bytes calldata customerSignature, bytes calldata providerSignature) public {
        _requireBoth(set, customerSignature, providerSignature);
        bytes32 id = idOf(set.customer, set.provider);
        Record storage record = _records[id];
        if (set.version <= record.version) revert OldVersion(record.version, set.version);
        if (set.root == 0 || set.pieceCount == 0 || set.leafCount < set.pieceCount) revert EmptySet(id);
        bytes32 streamId = _streamId(set.customer, set.provider, set.streamSalt);
        Stream memory stream = RAILS.stream(streamId);
        if (stream.payer == address(0)) revert StreamNotOpen(streamId);

        bool begins = record.root == 0;
        if (begins) _begin(id, record, set, stream.judge);
        else _requireGrowth(id, record, set);
        record.root = set.root;
        record.leafCount = set.leafCount;
        record.version = set.version;
        record.pieceCount = set.pieceCount;
        record.changedBlock = uint48(block.number);
        _announce(id, streamId, set);
        _cover(id, record, set.lockAtto, stream, begins);
    }

    /// @inheritdoc IDataSets
    function postMany(
        PieceSet[] calldata sets,
        bytes[] calldata customerSignatures,
        bytes[] calldata providerSignatures
    ) external returns (bool[] memory done) {
        uint256 count = sets.length;
        if (count > BATCH_MAX) revert WrongBatch(BATCH_MAX, count);
        if (customerSignatures.length != count) revert WrongBatch(count, customerSignatures.length);
        if (providerSignatures.length != count) revert WrongBatch(count, providerSignatures.length);
        done = new bool[](count);
        for (uint256 i = 0; i < count; ++i) {
            // All but 1/64 of the gas can be passed on: with less than this a sender could starve an entry, to have it
            // skipped.
            uint256 needed = (ENTRY_GAS * 64) / 63 + REST_GAS;
            if (gasleft() < needed) revert NotEnoughGas(needed, gasleft());
            try this.post{gas: ENTRY_GAS}(sets[i], customerSignatures[i], providerSignatures[i]) {
                done[i] = true;
            } catch (bytes memory reason) {
                emit EntryFailed(i, reason); // bounded: only our own contracts are called in there
            }
        }
    }

    /// @inheritdoc IDataSets
    function end(bytes32 id) external {
        Record storage record = _living(id);
        if (RAILS.stream(streamOf(id)).payer != address(0)) revert NotOver(id);
        _close(record);
        emit Ended(id, false);
        BONDS.thaw(lockIdOf(id));
    }

    /// @inheritdoc IDataSets
    function markFaulted(bytes32 id) external {
        Record storage record = _living(id);
        address judge = BONDS.lockOf(lockIdOf(id)).judge;
        if (msg.sender != judge) revert NotJudge(judge, msg.sender);
        _close(record);
        record.faulted = true;
        emit Ended(id, true);
    }

    // ---- views ----

    function idOf(address customer, address provider) public pure returns (bytes32) {
        return keccak256(abi.encode(customer, provider));
    }

    function dataSet(bytes32 id) external view returns (DataSet memory) {
        Record storage record = _records[id];
        return DataSet(
            record.root,
            record.leafCount,
            record.version,
            record.pieceCount,
            record.changedBlock,
            record.faulted,
            record.generation,
            record.streamSalt
        );
    }

    function partiesOf(bytes32 id) external view returns (address customer, address provider) {
        Record storage record = _records[id];
        return (record.customer, record.provider);
    }

    function lockIdOf(bytes32 id) public view returns (bytes32) {
        return lockIdAt(id, _records[id].generation);
    }

    function lockIdAt(bytes32 id, uint32 generation) public pure returns (bytes32) {
        return keccak256(abi.encode("dataset", id, generation));
    }

    function streamOf(bytes32 id) public view returns (bytes32) {
        Record storage record = _records[id];
        return _streamId(record.customer, record.provider, record.streamSalt);
    }

    // ---- steps ----

    function _announce(bytes32 id, bytes32 streamId, PieceSet calldata set) private {
        address provider = set.provider;
        emit Posted(
            id, set.customer, provider, set.root, set.leafCount, set.pieceCount, set.version, set.manifest, streamId
        );
    }

    function _begin(bytes32 id, Record storage record, PieceSet calldata set, address judge) private {
        if (record.faulted && record.streamSalt == set.streamSalt) revert Faulted(id);
        if (!GUARD.isJudge(STORAGE, "stream", judge)) revert NotStreamJudge(judge);
        record.faulted = false;
        record.generation += 1;
        record.streamSalt = set.streamSalt;
        record.customer = set.customer;
        record.provider = set.provider;
    }

    function _requireGrowth(bytes32 id, Record storage record, PieceSet calldata set) private view {
        if (record.streamSalt != set.streamSalt) revert NotOver(id);
        if (set.leafCount < record.leafCount) revert Shrunk(record.leafCount, set.leafCount);
        if (set.pieceCount < record.pieceCount) revert Shrunk(record.pieceCount, set.pieceCount);
    }

    /// @notice The lock is the larger of the present and the signed one, and covers what the stream may still pay, at
    /// today's low.
    function _cover(bytes32 id, Record storage record, uint128 signedAtto, Stream memory stream, bool begins) private {
        uint128 presentAtto = record.lockAtto;
        uint128 lockAtto = signedAtto > presentAtto ? signedAtto : presentAtto;
        if (lockAtto > type(uint96).max) revert IBonds.TooLarge(type(uint96).max, lockAtto);
        _requireCovered(lockAtto, stream.credits);
        if (!begins && lockAtto == presentAtto) return;
        record.lockAtto = uint96(lockAtto);
        if (begins) BONDS.lock(lockIdOf(id), record.provider, STORAGE, lockAtto, stream.judge);
        else BONDS.raiseLock(lockIdOf(id), lockAtto - presentAtto);
    }

    /// @dev At a stale low too: a dead feed must not keep pieces off the chain.
    function _requireCovered(uint256 lockAtto, uint256 credits) private view {
        (uint64 lowUsd8,,) = FEED.quote();
        uint256 worth = credits * CREDIT_SCALE;
        if (lockAtto * lowUsd8 >= worth) return;
        revert LockTooSmall(lowUsd8 == 0 ? type(uint256).max : (worth + lowUsd8 - 1) / lowUsd8, lockAtto);
    }

    function _living(bytes32 id) private view returns (Record storage record) {
        record = _records[id];
        if (record.root == 0) revert NoSuchDataSet(id);
    }

    /// @notice Version, generation, stream and parties stay: a later set goes on from them.
    function _close(Record storage record) private {
        record.root = 0;
        record.leafCount = 0;
        record.pieceCount = 0;
        record.lockAtto = 0;
    }

    function _streamId(address customer, address provider, bytes32 salt) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, RAILS, customer, provider, salt));
    }

    function _requireBoth(PieceSet calldata set, bytes calldata customerSignature, bytes calldata providerSignature)
        private
        view
    {
        bytes32 digest = _hashTypedData(keccak256(abi.encode(PIECE_SET_TYPE, set)));
        _requireSigned(set.customer, digest, customerSignature);
        _requireSigned(set.provider, digest, providerSignature);
    }

    function _requireSigned(address party, bytes32 digest, bytes calldata signature) private pure {
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature); // 65 bytes, low s; else address(0)
        if (signer != party || party == address(0)) revert BadSignature(party, signer);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Groundwork", "1");
    }
}
