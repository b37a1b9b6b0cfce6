// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IBonds, Lock} from "../interfaces/IBonds.sol";
import {DataSet} from "../interfaces/IDataSets.sol";
import {IRails, Stream} from "../interfaces/IRails.sol";
import {Answer, Demand, IStorageJudge} from "../interfaces/IStorageJudge.sol";
import {IWorkToken} from "../interfaces/IWorkToken.sol";
import {Possession} from "../libraries/Possession.sol";
import {Addresses, Parameters} from "../Parameters.sol";
import {SetJudge} from "./SetJudge.sol";

/// @notice Demands of one named leaf: held pay and a deposit while they are open, an answer or a miss in the end.
/// docs/protocol/storage-proofs.md#demands. State is written before every call out; WORK has no transfer hooks.
abstract contract LeafDemands is SetJudge {
    /// @dev A demand is open while its terms are set; closing it clears all but what it was about and whose.
    struct Record {
        bytes32 dataSet;
        address demander;
        bytes32 root;
        bytes32 stream;
        uint256 terms; // Terms, packed: one write clears them
    }

    struct Terms {
        uint64 leafCount;
        uint64 leafIndex;
        uint40 openedAt;
        uint48 deadlineBlock;
        uint32 generation;
    }

    /// @notice Places beside `demandsMax` in which only the set's customer may demand: else a provider could fill them
    /// all with demands of leaves that it still has, answer those itself, and never be asked for the others.
    uint256 public constant CUSTOMER_DEMANDS = 4;

    IWorkToken private immutable WORK;
    IRails private immutable RAILS;
    IBonds private immutable BONDS;
    uint32 private immutable ANSWER_BLOCKS;
    uint256 private immutable DEMANDS_MAX;
    uint128 public immutable depositAtto;

    uint256 private _demandCount;
    mapping(bytes32 demandId => Record) private _demands;

    constructor(Addresses memory addresses, Parameters memory parameters) SetJudge(addresses) {
        WORK = IWorkToken(addresses.workToken);
        RAILS = IRails(addresses.rails);
        BONDS = IBonds(addresses.bonds);
        ANSWER_BLOCKS = parameters.answerBlocks;
        DEMANDS_MAX = parameters.demandsMax;
        depositAtto = parameters.depositAtto;
    }

    /// @inheritdoc IStorageJudge
    function demand(bytes32 dataSet, uint64 leafIndex) external returns (bytes32 demandId) {
        DataSet memory set = DATA_SETS.dataSet(dataSet);
        if (leafIndex >= set.leafCount) revert LeafOutOfSet(set.leafCount, leafIndex);
        bytes32 streamId = DATA_SETS.streamOf(dataSet);
        Stream memory stream = RAILS.stream(streamId);
        if (block.timestamp >= stream.end) revert SetOver(dataSet); // nothing is promised past it
        uint256 places = msg.sender == stream.payer ? DEMANDS_MAX + CUSTOMER_DEMANDS : DEMANDS_MAX;
        if (stream.openDemands >= places) revert TooManyDemands(dataSet);

        demandId = keccak256(abi.encode(dataSet, leafIndex, msg.sender, ++_demandCount));
        uint48 deadlineBlock = uint48(block.number) + ANSWER_BLOCKS;
        uint256 terms = _pack(Terms(set.leafCount, leafIndex, uint40(block.timestamp), deadlineBlock, set.generation));
        _demands[demandId] = Record(dataSet, msg.sender, set.root, streamId, terms);
        emit Demanded(demandId, dataSet, msg.sender, leafIndex, deadlineBlock);
        RAILS.hold(streamId);
        WORK.transferFrom(msg.sender, address(this), depositAtto);
    }

    /// @inheritdoc IStorageJudge
    function answer(bytes32 demandId, Answer calldata answer_) external {
        (Record storage record, Terms memory terms) = _open(demandId);
        if (block.number > terms.deadlineBlock) revert DeadlinePassed(terms.deadlineBlock, uint48(block.number));
        _requireAnswer(record.root, terms, answer_);
        bytes32 stream = record.stream;
        _close(record);
        emit Answered(demandId, msg.sender);
        RAILS.release(stream); // does nothing on a closed stream: no answer in time is refused
        WORK.transfer(msg.sender, depositAtto);
    }

    /// @inheritdoc IStorageJudge
    function miss(bytes32 demandId, address reporter, bytes32 salt) external {
        (Record storage open_, Terms memory terms) = _open(demandId);
        Record memory record = open_;
        bytes32 lockId = DATA_SETS.lockIdAt(record.dataSet, terms.generation);
        bool owed = _isOwed(lockId);
        if (owed && block.number <= terms.deadlineBlock) revert NotYet(terms.deadlineBlock, uint48(block.number));
        _close(open_);
        if (owed) {
            _takePay(record.stream, terms.openedAt);
            _endSet(record.dataSet, terms.generation);
            uint128 takenAtto = BONDS.slash(lockId, reporter, salt);
            emit Missed(demandId, record.dataSet, reporter, takenAtto);
        } else {
            RAILS.release(record.stream);
            emit Closed(demandId, record.dataSet);
        }
        WORK.transfer(record.demander, depositAtto);
    }

    // ---- views ----

    function demandOf(bytes32 demandId) external view returns (Demand memory) {
        Record memory record = _demands[demandId];
        Terms memory terms = _unpack(record.terms);
        bool exists = record.demander != address(0);
        return Demand({
            dataSet: record.dataSet,
            root: record.root,
            leafCount: terms.leafCount,
            leafIndex: terms.leafIndex,
            openedAt: terms.openedAt,
            deadlineBlock: terms.deadlineBlock,
            demander: record.demander,
            depositAtto: exists ? depositAtto : 0,
            over: exists && record.terms == 0
        });
    }

    // ---- steps ----

    function _open(bytes32 demandId) private view returns (Record storage record, Terms memory terms) {
        record = _demands[demandId];
        uint256 packed = record.terms;
        if (packed != 0) return (record, _unpack(packed));
        if (record.demander == address(0)) revert NoSuchDemand(demandId);
        revert DemandOver(demandId);
    }

    function _close(Record storage record) private {
        record.root = 0;
        record.stream = 0;
        record.terms = 0;
    }

    function _pack(Terms memory t) private pure returns (uint256) {
        return uint256(t.leafCount) << 192 | uint256(t.leafIndex) << 128 | uint256(t.openedAt) << 80
            | uint256(t.deadlineBlock) << 32 | t.generation;
    }

    function _unpack(uint256 packed) private pure returns (Terms memory) {
        return
            Terms(
                uint64(packed >> 192), uint64(packed >> 128), uint40(packed >> 80), uint48(packed >> 32), uint32(packed)
            );
    }

    function _requireAnswer(bytes32 root, Terms memory terms, Answer calldata answer_) private view {
        (bool ok, uint256 start, bytes32 folded) = Possession.verify(root, terms.leafCount, terms.leafIndex, answer_);
        if (ok) return;
        if (folded == 0) revert WrongPlace(terms.leafIndex, uint64(start));
        revert WrongAnswer(root, folded);
    }

    /// @return true while the provider's lock behind the set can still be taken
    function _isOwed(bytes32 lockId) private view returns (bool) {
        Lock memory lock = BONDS.lockOf(lockId);
        if (lock.operator == address(0) || lock.slashed) return false;
        return lock.thawEnd == 0 || block.timestamp < lock.thawEnd;
    }

    /// @notice All pay since the demand was opened, and its hold ends. A closed stream has nothing to take.
    function _takePay(bytes32 stream, uint40 openedAt) private {
        uint40 end = RAILS.stream(stream).end;
        RAILS.fault(stream, end > openedAt ? end - openedAt : 0);
    }

    function _endSet(bytes32 dataSet, uint32 generation) private {
        DataSet memory set = DATA_SETS.dataSet(dataSet);
        if (set.generation == generation && set.root != 0) DATA_SETS.markFaulted(dataSet);
    }
}
