// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IBonds, Lock} from "../interfaces/IBonds.sol";
import {DataSet, IDataSets} from "../interfaces/IDataSets.sol";
import {BatchHeader, IEpochs} from "../interfaces/IEpochs.sol";
import {IRails, Stream} from "../interfaces/IRails.sol";
import {
    Answer,
    Demand,
    IStorageJudge,
    Place,
    PossessionDetail,
    RefutedBy,
    SumPath
} from "../interfaces/IStorageJudge.sol";
import {IWorkToken} from "../interfaces/IWorkToken.sol";
import {Draws} from "../libraries/Draws.sol";
import {Evidence, EvidenceEntry} from "../libraries/Evidence.sol";
import {Possession} from "../libraries/Possession.sol";
import {Node, SumTree} from "../libraries/SumTree.sol";
import {Addresses, Parameters} from "../Parameters.sol";

/// @notice Faults of storage: a named leaf that nobody answers, and evidence of possession that is wrong. It draws
/// nothing by itself and settles nothing. docs/protocol/storage-proofs.md
///
/// Draws stand on seals kept by Epochs and roots kept by DataSets, never on a block hash of its own reading: a proof is
/// as good 10,000 blocks after the seal as at once. State is written before every call out; WORK has no transfer hooks.
contract StorageJudge is IStorageJudge {
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

    uint256 public constant PROVE_COUNT = 5;
    uint8 private constant STORAGE = 1;
    uint8 private constant POSSESSION = 1;

    IWorkToken private immutable WORK;
    IRails private immutable RAILS;
    IBonds private immutable BONDS;
    IDataSets private immutable DATA_SETS;
    IEpochs private immutable EPOCHS;
    uint32 private immutable ANSWER_BLOCKS;
    uint16 private immutable DEMANDS_MAX;
    uint128 public immutable depositAtto;

    uint256 private _demandCount;
    mapping(bytes32 demandId => Record) private _demands;
    mapping(bytes32 digest => bool) public refuted;

    constructor(Addresses memory addresses, Parameters memory parameters) {
        WORK = IWorkToken(addresses.workToken);
        RAILS = IRails(addresses.rails);
        BONDS = IBonds(addresses.bonds);
        DATA_SETS = IDataSets(addresses.dataSets);
        EPOCHS = IEpochs(addresses.epochs);
        ANSWER_BLOCKS = parameters.answerBlocks;
        DEMANDS_MAX = parameters.demandsMax;
        depositAtto = parameters.depositAtto;
    }

    // ---- demands ----

    /// @inheritdoc IStorageJudge
    function demand(bytes32 dataSet, uint64 leafIndex) external returns (bytes32 demandId) {
        DataSet memory set = DATA_SETS.dataSet(dataSet);
        if (leafIndex >= set.leafCount) revert LeafOutOfSet(set.leafCount, leafIndex);
        bytes32 streamId = DATA_SETS.streamOf(dataSet);
        Stream memory stream = RAILS.stream(streamId);
        if (block.timestamp >= stream.end) revert SetOver(dataSet); // nothing is promised past it
        if (stream.openDemands >= DEMANDS_MAX) revert TooManyDemands(dataSet);

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

    // ---- proofs ----

    /// @inheritdoc IStorageJudge
    function prove(bytes32 dataSet, uint64 epoch, Place[] calldata places, bytes32[][] calldata paths) external {
        DataSet memory set = DATA_SETS.dataSet(dataSet);
        if (set.root == 0) revert SetOver(dataSet);
        uint64 closeBlock = EPOCHS.closeBlock(epoch);
        if (set.changedBlock > closeBlock) revert SetChanged(closeBlock, set.changedBlock);
        if (paths.length != PROVE_COUNT) revert WrongCount(PROVE_COUNT, paths.length);
        if (places.length > PROVE_COUNT) revert WrongCount(PROVE_COUNT, places.length);
        bytes32 seed = _seedOf(epoch, dataSet);
        bytes32[] memory roots = new bytes32[](places.length);
        for (uint32 turn = 0; turn < PROVE_COUNT; ++turn) {
            _requirePath(set, Draws.drawBelow(seed, turn, set.leafCount), places, roots, paths[turn]);
        }
        emit Proven(dataSet, epoch, msg.sender, PROVE_COUNT);
    }

    /// @inheritdoc IStorageJudge
    function check(bytes32 root, uint64 leafCount, uint64 leafIndex, Answer calldata answer_)
        external
        view
        returns (bool ok)
    {
        (ok,,) = Possession.verify(root, leafCount, leafIndex, answer_);
    }

    // ---- evidence ----

    /// @inheritdoc IStorageJudge
    function refute(
        BatchHeader calldata header,
        bytes calldata signature,
        EvidenceEntry calldata entry,
        uint32 index,
        SumPath calldata entryPath,
        PossessionDetail calldata detail,
        uint32 answerIndex,
        uint64 leafIndex,
        Answer calldata answer_,
        SumPath calldata answerPath
    ) external {
        bytes32 digest = Evidence.batchDigest(address(EPOCHS), header);
        _requireEntry(header, entry, index, entryPath);
        _requireBatch(header, digest, signature);
        _requireDetail(digest, entry, detail);
        bytes32 seed = _seedOf(header.epoch, entry.subject);
        RefutedBy by = _stateFault(header.epoch, entry, detail);
        if (by == RefutedBy.Nothing) {
            by = _answerFault(header.epoch, seed, detail, answerIndex, leafIndex, answer_, answerPath);
        }
        if (by == RefutedBy.Nothing) revert NothingWrong(digest);
        refuted[digest] = true;
        emit Refuted(digest, entry.subject, header.epoch, by);
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

    // ---- steps: demands ----

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

    // ---- steps: proofs ----

    function _seedOf(uint64 epoch, bytes32 dataSet) private view returns (bytes32) {
        bytes32 sealedHash = EPOCHS.sealOf(STORAGE, epoch).blockHash;
        if (sealedHash == 0) revert NotSealed(epoch);
        return Draws.seedOf(sealedHash, dataSet);
    }

    /// @param roots piece root of each place once it was found to stand in the set, else 0
    /// @param path the leaf and its siblings
    function _requirePath(
        DataSet memory set,
        uint64 leafIndex,
        Place[] calldata places,
        bytes32[] memory roots,
        bytes32[] calldata path
    ) private view {
        (uint256 place, uint256 start) = _placeOf(set.leafCount, leafIndex, places);
        if (path.length == 0) revert WrongAnswer(set.root, 0);
        (bytes32 root, bool ok) = Possession.pieceRoot(path[0], leafIndex - start, path[1:]);
        if (!ok) revert WrongPlace(leafIndex, uint64(start));
        if (roots[place] == 0) {
            Node memory piece = SumTree.pieceLeaf(root, uint8(path.length - 1), places[place].leafCount);
            (bool same, bytes32 folded) = Possession.holds(set.root, set.leafCount, piece, places[place].path);
            if (!same) revert WrongAnswer(set.root, folded);
            roots[place] = root;
        }
        if (roots[place] != root) revert WrongAnswer(roots[place], root);
    }

    function _placeOf(uint64 leafCount, uint64 leafIndex, Place[] calldata places)
        private
        pure
        returns (uint256 place, uint256 start)
    {
        for (place = 0; place < places.length; ++place) {
            bool ok;
            (start, ok) = Possession.startOf(places[place].path, leafCount);
            if (ok && leafIndex >= start && leafIndex - start < places[place].leafCount) return (place, start);
        }
        revert WrongPlace(leafIndex, uint64(start));
    }

    // ---- steps: evidence ----

    function _requireBatch(BatchHeader calldata header, bytes32 digest, bytes calldata signature) private pure {
        address signer = Evidence.recover(digest, signature);
        if (signer != header.signer || signer == address(0)) revert BadSignature(header.signer, signer);
    }

    function _requireEntry(
        BatchHeader calldata header,
        EvidenceEntry calldata entry,
        uint32 index,
        SumPath calldata path
    ) private pure {
        (Node memory top,) = SumTree.fold(SumTree.entryLeaf(Evidence.entryHash(entry), entry.quantity), path);
        if (top.hash != header.entriesRoot || top.sum != header.sum || !SumTree.isAt(path, index, header.count)) {
            revert NotInBatch(header.entriesRoot, top.hash);
        }
        if (header.network != STORAGE) revert NotInBatch(header.entriesRoot, 0);
    }

    function _requireDetail(bytes32 digest, EvidenceEntry calldata entry, PossessionDetail calldata detail)
        private
        pure
    {
        if (entry.kind != POSSESSION) revert NothingWrong(digest);
        bytes32 actual = keccak256(abi.encode(detail));
        if (actual != entry.detail) revert NotInBatch(entry.detail, actual);
    }

    /// @notice What the chain alone shows. Versions only rise, each stands for one root; so one above the present was
    /// never posted, and the present one tells what its root is. Of older versions and ended sets nothing is known
    /// here.
    function _stateFault(uint64 epoch, EvidenceEntry calldata entry, PossessionDetail calldata detail)
        private
        view
        returns (RefutedBy)
    {
        (, address provider) = DATA_SETS.partiesOf(entry.subject);
        if (provider != entry.account) return RefutedBy.Account;
        if (entry.quantity != detail.leafCount) return RefutedBy.Quantity;
        DataSet memory set = DATA_SETS.dataSet(entry.subject);
        if (detail.version > set.version) return RefutedBy.Version;
        if (detail.version < set.version) return RefutedBy.Nothing;
        if (set.changedBlock > EPOCHS.closeBlock(epoch)) return RefutedBy.Version;
        if (set.root == 0) return RefutedBy.Nothing;
        bool same =
            set.root == detail.setRoot && set.leafCount == detail.leafCount && set.pieceCount == detail.pieceCount;
        return same ? RefutedBy.Nothing : RefutedBy.State;
    }

    /// @notice Random draws come first, each leaf once; then those of the rotation that are new. Which of these were
    /// not new cannot be seen from one answer, so an answer there is wrong when it is none of the turns that its place
    /// allows.
    function _answerFault(
        uint64 epoch,
        bytes32 seed,
        PossessionDetail calldata detail,
        uint32 answerIndex,
        uint64 leafIndex,
        Answer calldata answer_,
        SumPath calldata answerPath
    ) private view returns (RefutedBy) {
        if (detail.leafCount == 0 || detail.pieceCount == 0) return RefutedBy.Count;
        (uint64 drawn, uint256 count) = Draws.randomAt(seed, detail.leafCount, answerIndex);
        if (detail.answerCount < count || detail.answerCount > count + Draws.rotationTurns(detail.pieceCount)) {
            return RefutedBy.Count;
        }
        _requireCommitted(detail, answerIndex, keccak256(abi.encode(leafIndex, answer_)), answerPath);
        if (answerIndex < count && leafIndex != drawn) return RefutedBy.Answer;
        (bool ok, uint256 start,) = Possession.verify(detail.setRoot, detail.leafCount, leafIndex, answer_);
        if (!ok) return RefutedBy.Answer;
        if (answerIndex < count) return RefutedBy.Nothing;
        bool turned = _isTurn(epoch, seed, detail.pieceCount, answerIndex - count, leafIndex - start, answer_);
        return turned ? RefutedBy.Nothing : RefutedBy.Answer;
    }

    function _requireCommitted(
        PossessionDetail calldata detail,
        uint32 answerIndex,
        bytes32 answerHash,
        SumPath calldata path
    ) private pure {
        (Node memory top,) = SumTree.fold(SumTree.answerLeaf(answerHash), path);
        if (
            top.hash != detail.answersRoot || top.sum != detail.answerCount
                || !SumTree.isAt(path, answerIndex, detail.answerCount)
        ) {
            revert NotInBatch(detail.answersRoot, top.hash);
        }
    }

    /// @return true when a turn of the rotation, from `first` on, draws this leaf of this piece
    function _isTurn(
        uint64 epoch,
        bytes32 seed,
        uint32 pieceCount,
        uint256 first,
        uint256 leafInPiece,
        Answer calldata answer_
    ) private pure returns (bool) {
        uint256 turns = Draws.rotationTurns(pieceCount);
        for (uint256 turn = first; turn < turns; ++turn) {
            if (!SumTree.isAt(answer_.setPath, Draws.rotationPiece(epoch, turn, pieceCount), pieceCount)) continue;
            if (leafInPiece == Draws.drawBelow(seed, Draws.ROTATION_BASE + uint32(turn), answer_.pieceLeafCount)) {
                return true;
            }
        }
        return false;
    }
}
