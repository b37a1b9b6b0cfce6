// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EpochClock} from "./EpochClock.sol";
import {Addresses, Parameters} from "./Parameters.sol";
import {IBonds} from "./interfaces/IBonds.sol";
import {BatchHeader, Seal} from "./interfaces/IEpochs.sol";
import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {IWorkToken} from "./interfaces/IWorkToken.sol";
import {BlockHashes} from "./libraries/BlockHashes.sol";
import {Committee} from "./libraries/Committee.sol";
import {Evidence} from "./libraries/Evidence.sol";

/// @notice The part of Epochs before any post: seals, registered batches, draws and their quorums. docs/protocol/epochs.md#registered
abstract contract BatchLog is EpochClock {
    struct BatchRecord {
        uint48 registeredBlock;
        uint48 vouchedBlock;
        uint8 network;
        uint64 epoch;
    }

    IPriceFeed public immutable FEED;
    IBonds public immutable BONDS;
    uint8 internal immutable COMMITTEE_SIZE;
    uint8 internal immutable COMMITTEE_QUORUM;

    mapping(uint8 network => mapping(uint64 epoch => Seal)) internal _seals;
    mapping(bytes32 digest => BatchRecord) private _batches;

    constructor(Addresses memory addresses, Parameters memory parameters)
        EpochClock(parameters, IWorkToken(addresses.workToken).bootstrapMax())
    {
        FEED = IPriceFeed(addresses.priceFeed);
        BONDS = IBonds(addresses.bonds);
        COMMITTEE_SIZE = parameters.committeeSize > Committee.SIZE_MAX ? uint8(Committee.SIZE_MAX) : parameters.committeeSize;
        COMMITTEE_QUORUM = parameters.committeeQuorum;
    }

    function seal(uint8 network, uint64 epoch) external {
        if (network == 0 || network > NETWORKS) revert NoSuchNetwork(network);
        if (_seals[network][epoch].blockHash != 0) return;
        uint64 sealedBlock = closeBlock(epoch) + 1;
        if (block.number <= sealedBlock) revert NotYet(sealedBlock + 1, uint64(block.number));
        bytes32 blockHash = BlockHashes.hashOf(sealedBlock);
        if (blockHash == 0) revert TooLate(sealedBlock, uint64(block.number));
        (, uint64 highUsd8,) = FEED.quote();
        if (highUsd8 == 0) revert NoPrice();
        _seals[network][epoch] = Seal(blockHash, highUsd8);
        emit Sealed(network, epoch, blockHash, highUsd8);
    }

    function registerBatch(BatchHeader calldata header, bytes calldata signature) external {
        if (header.network == 0 || header.network > NETWORKS) revert NoSuchNetwork(header.network);
        _requireBefore(evidenceDeadline(header.epoch));
        bytes32 digest = Evidence.batchDigest(address(this), header);
        address signer = Evidence.recover(digest, signature);
        if (signer == address(0) || signer != header.signer) revert BadSignature(header.signer, signer);
        if (_batches[digest].registeredBlock != 0) return;
        _batches[digest] = BatchRecord(uint48(block.number), 0, header.network, header.epoch);
        emit BatchRegistered(header.network, header.epoch, signer, digest);
    }

    function vouchBatch(bytes32 digest, bytes[] calldata signatures) external {
        BatchRecord storage batch = _batches[digest];
        (uint8 network, uint64 epoch) = (batch.network, batch.epoch);
        if (batch.registeredBlock == 0) revert BadProof(digest, 0);
        if (batch.vouchedBlock != 0) return;
        _requireBefore(evidenceDeadline(epoch));
        bytes32 available = Evidence.availableDigest(address(this), network, epoch, digest, 0);
        address[] memory signers = _quorumOf(available, signatures, vouchers(network, epoch));
        batch.vouchedBlock = uint48(block.number);
        emit BatchVouched(network, epoch, digest, signers);
    }

    // ---- views ----

    function sealOf(uint8 network, uint64 epoch) external view returns (Seal memory) {
        return _seals[network][epoch];
    }

    /// @return empty while the epoch is not sealed
    function vouchers(uint8 network, uint64 epoch) public view returns (address[] memory) {
        return _draw("groundwork/epochs/vouchers/1", network, epoch, _seals[network][epoch].blockHash);
    }

    function batchBlock(bytes32 digest) external view returns (uint48) {
        return _batches[digest].registeredBlock;
    }

    function vouchedBlock(bytes32 digest) external view returns (uint48) {
        return _batches[digest].vouchedBlock;
    }

    // ---- steps ----

    function _requireBefore(uint64 lastBlock) private view {
        if (block.number > lastBlock) revert TooLate(lastBlock, uint64(block.number));
    }

    /// @param available digest of what they signed
    /// @return signers the distinct drawn operators that signed; NotAvailable when they are too few
    function _quorumOf(bytes32 available, bytes[] calldata signatures, address[] memory drawn)
        internal
        view
        returns (address[] memory signers)
    {
        signers = Committee.signersOf(available, signatures, drawn);
        uint256 needed = Committee.quorumOf(COMMITTEE_QUORUM, drawn.length);
        if (signers.length < needed) revert NotAvailable(needed, signers.length);
    }

    /// @return drawn none while the hash is not known
    function _draw(string memory tag, uint8 network, uint64 epoch, bytes32 hash) internal view returns (address[] memory drawn) {
        if (hash == 0) return new address[](0);
        return Committee.draw(BONDS, network, keccak256(abi.encode(tag, hash, network, epoch)), COMMITTEE_SIZE);
    }
}
