// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {Addresses, Parameters} from "./Parameters.sol";
import {IBonds} from "./interfaces/IBonds.sol";
import {IEpochs} from "./interfaces/IEpochs.sol";
import {IGuard} from "./interfaces/IGuard.sol";
import {Hold, HoldState, IHolds} from "./interfaces/IHolds.sol";
import {IWorkToken} from "./interfaces/IWorkToken.sol";
import {Committee} from "./libraries/Committee.sol";
import {Evidence} from "./libraries/Evidence.sol";

/// @notice A denylist with due process: who accuses deposits, who is accused is heard, and drawn operators decide. Until then, and
/// while they uphold it, Epochs puts the account's claims off. docs/protocol/holds.md
///
/// It has no right over anyone's WORK: it takes the deposit that the accuser allowed it, and gives that to one of the two. Silence
/// frees: what nobody decides in time is over, at first and on appeal. It pushes; a claim never calls it.
contract Holds is IHolds, EIP712 {
    uint64 public constant REPLY_EPOCHS = 1; // after the one that it begins in: then the deciders are drawn
    uint64 public constant OPEN_EPOCHS = 7; // after the one that it begins in: by then it is decided, or over
    uint64 public constant TERM_EPOCHS = 90; // an upheld one ends with the evidence that operators must keep

    uint256 public constant STATEMENT_MAX = 4096; // bytes

    bytes32 private constant APPEAL_TYPE = keccak256("Appeal(bytes32 hold,uint8 instance,bytes32 evidence)");
    bytes32 private constant VERDICT_TYPE = keccak256("Verdict(bytes32 hold,uint8 instance,bool upheld,bytes32 opinion)");

    /// @dev Of several the latest end ever said stands for all, until the last of them ends: so a claim reads one word and nothing here
    /// loops. Whoever is held by what is left of others ends it by releasing what is over, which anyone may at any time.
    struct Standing {
        uint32 count;
        uint48 endBlock;
    }

    IGuard private immutable GUARD;
    IWorkToken private immutable WORK;
    IBonds private immutable BONDS;
    IEpochs private immutable EPOCHS;
    uint8 private immutable NETWORKS;
    uint8 private immutable COMMITTEE_SIZE;
    uint8 private immutable COMMITTEE_QUORUM;
    uint128 public immutable depositAtto; // a seat's worth

    mapping(bytes32 id => Hold) private _holds;
    mapping(uint8 network => mapping(address account => Standing)) public standing;

    constructor(Addresses memory addresses, Parameters memory parameters) {
        GUARD = IGuard(addresses.guard);
        WORK = IWorkToken(addresses.workToken);
        BONDS = IBonds(addresses.bonds);
        EPOCHS = IEpochs(addresses.epochs);
        NETWORKS = parameters.networks;
        COMMITTEE_SIZE = parameters.committeeSize > Committee.SIZE_MAX ? uint8(Committee.SIZE_MAX) : parameters.committeeSize;
        COMMITTEE_QUORUM = parameters.committeeQuorum;
        depositAtto = parameters.seatAtto;
    }

    // ---- the way of a hold ----

    /// @inheritdoc IHolds
    function place(uint8 network, address account, bytes32 reason, bytes calldata statement) external returns (bytes32 id) {
        if (GUARD.paused()) revert Paused();
        if (network == 0 || network > NETWORKS) revert NoSuchNetwork(network);
        if (account == address(0) || reason == 0) revert NothingSaid();
        bytes32 evidence = _read(statement);
        id = idOf(network, account, msg.sender, reason, evidence);
        if (_holds[id].state != HoldState.None) revert HoldExists(id);

        (uint40 decideEpoch, uint48 endBlock) = _timesFromNow();
        _holds[id] = Hold(account, network, HoldState.Placed, endBlock, msg.sender, decideEpoch, 0);
        emit HoldPlaced(id, network, account, msg.sender, reason, evidence, endBlock, statement);
        Standing storage all = standing[network][account];
        all.count += 1;
        _push(network, account, endBlock > all.endBlock ? endBlock : all.endBlock);
        WORK.transferFrom(msg.sender, address(this), depositAtto);
    }

    /// @inheritdoc IHolds
    function appeal(bytes32 id, bytes calldata statement) external {
        address account = _holds[id].account;
        if (msg.sender != account) revert NotAccused(account, msg.sender);
        _read(statement);
        _appeal(id, statement);
    }

    /// @inheritdoc IHolds
    function appealFor(bytes32 id, bytes calldata statement, bytes calldata signature) external {
        Hold storage hold = _holds[id];
        uint8 instance = hold.state == HoldState.Upheld ? 2 : _instanceOf(hold.state);
        bytes32 digest = _hashTypedData(keccak256(abi.encode(APPEAL_TYPE, id, instance, _read(statement))));
        address signer = Evidence.recover(digest, signature);
        if (signer == address(0) || signer != hold.account) revert BadSignature(hold.account, signer);
        _appeal(id, statement);
    }

    /// @inheritdoc IHolds
    function decide(bytes32 id, bool upheld, bytes calldata opinion, bytes[] calldata signatures) external {
        Hold memory hold = _requireOpen(id);
        _requireShort(opinion);
        bytes32 verdict = keccak256(abi.encode(VERDICT_TYPE, id, _instanceOf(hold.state), upheld, sha256(opinion)));
        _conclude(id, hold, upheld, opinion, _quorumOf(id, hold, verdict, signatures));
    }

    /// @inheritdoc IHolds
    function release(bytes32 id) external {
        Hold memory hold = _holds[id];
        if (hold.state == HoldState.None || hold.state == HoldState.Ended) revert NotOpen(id, hold.state);
        bool isUndecided = hold.state == HoldState.Placed;
        bool isTakenBack = isUndecided && msg.sender == hold.accuser;
        if (block.number < hold.endBlock && !isTakenBack) revert StillStands(hold.endBlock, uint48(block.number));
        emit HoldReleased(id, hold.network, hold.account, msg.sender);
        _end(id, hold);
        if (isUndecided) WORK.transfer(hold.account, depositAtto);
    }

    // ---- views ----

    function holdOf(bytes32 id) external view returns (Hold memory) {
        return _holds[id];
    }

    function instanceOf(bytes32 id) external view returns (uint8) {
        return _instanceOf(_holds[id].state);
    }

    function deciders(bytes32 id) external view returns (address[] memory) {
        return _decidersOf(id, _holds[id]);
    }

    function idOf(uint8 network, address account, address accuser, bytes32 reason, bytes32 evidence) public pure returns (bytes32) {
        return keccak256(abi.encode(network, account, accuser, reason, evidence));
    }

    // ---- steps ----

    /// @dev An answer changes nothing but what the deciders read. The first word against an upheld hold has it decided again, within
    /// the same time as at first.
    function _appeal(bytes32 id, bytes calldata statement) private {
        Hold storage hold = _holds[id];
        if (hold.state == HoldState.Upheld && block.number < hold.endBlock) {
            (uint40 decideEpoch, uint48 endBlock) = _timesFromNow();
            hold.state = HoldState.Appealed;
            hold.decideEpoch = decideEpoch;
            if (endBlock < hold.endBlock) _move(hold, endBlock);
        } else {
            _requireOpen(id);
            uint64 closeBlock = EPOCHS.closeBlock(hold.decideEpoch);
            if (block.number >= closeBlock) revert TooLate(closeBlock - 1, uint64(block.number));
        }
        emit HoldAppealed(id, hold.network, hold.account, _instanceOf(hold.state), hold.endBlock, statement);
    }

    function _conclude(bytes32 id, Hold memory hold, bool upheld, bytes calldata opinion, address[] memory signers) private {
        uint8 instance = _instanceOf(hold.state);
        uint48 endBlock = upheld ? _uphold(id, hold) : uint48(block.number);
        emit HoldDecided(id, hold.network, hold.account, instance, upheld, signers, endBlock, opinion);
        if (!upheld) _end(id, hold);
        if (instance == 1) WORK.transfer(upheld ? hold.accuser : hold.account, depositAtto);
    }

    /// @return endBlock its new end
    function _uphold(bytes32 id, Hold memory hold) private returns (uint48 endBlock) {
        Hold storage record = _holds[id];
        if (hold.state == HoldState.Appealed) {
            record.state = HoldState.Final;
            endBlock = hold.termBlock;
        } else {
            record.state = HoldState.Upheld;
            endBlock = uint48(EPOCHS.closeBlock(EPOCHS.epochAt(uint64(block.number)) + TERM_EPOCHS));
            record.termBlock = endBlock;
        }
        _move(record, endBlock);
    }

    function _end(bytes32 id, Hold memory hold) private {
        _holds[id].state = HoldState.Ended;
        Standing storage all = standing[hold.network][hold.account];
        all.count -= 1;
        if (all.count == 0) _push(hold.network, hold.account, 0);
    }

    function _move(Hold storage hold, uint48 endBlock) private {
        hold.endBlock = endBlock;
        Standing storage all = standing[hold.network][hold.account];
        if (all.count == 1 || endBlock > all.endBlock) _push(hold.network, hold.account, endBlock);
    }

    function _push(uint8 network, address account, uint48 endBlock) private {
        standing[network][account].endBlock = endBlock;
        EPOCHS.hold(network, account, endBlock);
    }

    /// @return its sha256
    function _read(bytes calldata statement) private pure returns (bytes32) {
        if (statement.length == 0) revert NothingSaid();
        _requireShort(statement);
        return sha256(statement);
    }

    function _requireShort(bytes calldata text) private pure {
        if (text.length > STATEMENT_MAX) revert TooLong(STATEMENT_MAX, text.length);
    }

    function _timesFromNow() private view returns (uint40 decideEpoch, uint48 endBlock) {
        uint64 epoch = EPOCHS.epochAt(uint64(block.number));
        return (uint40(epoch + REPLY_EPOCHS), uint48(EPOCHS.closeBlock(epoch + OPEN_EPOCHS)));
    }

    function _requireOpen(bytes32 id) private view returns (Hold memory hold) {
        hold = _holds[id];
        bool isOpen = hold.state == HoldState.Placed || hold.state == HoldState.Appealed;
        if (!isOpen || block.number >= hold.endBlock) revert NotOpen(id, hold.state);
    }

    function _quorumOf(bytes32 id, Hold memory hold, bytes32 structHash, bytes[] calldata signatures)
        private
        view
        returns (address[] memory signers)
    {
        address[] memory drawn = _decidersOf(id, hold);
        if (EPOCHS.sealOf(hold.network, hold.decideEpoch).blockHash == 0) revert NotSealed(hold.network, hold.decideEpoch);
        signers = Committee.signersOf(_hashTypedData(structHash), signatures, drawn);
        uint256 needed = Committee.quorumOf(COMMITTEE_QUORUM, drawn.length);
        if (signers.length < needed) revert TooFewSigned(needed, signers.length);
    }

    /// @dev Nobody decides about himself: for each of the two one more is drawn, and they are passed over.
    function _decidersOf(bytes32 id, Hold memory hold) private view returns (address[] memory others) {
        bytes32 sealedHash = EPOCHS.sealOf(hold.network, hold.decideEpoch).blockHash;
        if (sealedHash == 0 || hold.state == HoldState.None) return others;
        bytes32 seed = keccak256(abi.encode("groundwork/holds/deciders/1", sealedHash, id));
        address[] memory drawn = Committee.draw(BONDS, hold.network, seed, uint256(COMMITTEE_SIZE) + 2);
        uint256 count;
        for (uint256 i = 0; i < drawn.length && count < COMMITTEE_SIZE; ++i) {
            if (drawn[i] != hold.account && drawn[i] != hold.accuser) drawn[count++] = drawn[i];
        }
        others = new address[](count);
        for (uint256 i = 0; i < count; ++i) others[i] = drawn[i];
    }

    function _instanceOf(HoldState state) private pure returns (uint8) {
        return state == HoldState.Appealed || state == HoldState.Final ? 2 : 1;
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Groundwork", "1");
    }
}
