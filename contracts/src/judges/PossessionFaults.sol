// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DataSet} from "../interfaces/IDataSets.sol";
import {BatchHeader} from "../interfaces/IEpochs.sol";
import {Answer, IStorageJudge, PossessionDetail, RefutedBy, SumPath} from "../interfaces/IStorageJudge.sol";
import {Draws} from "../libraries/Draws.sol";
import {Evidence, EvidenceEntry} from "../libraries/Evidence.sol";
import {Possession} from "../libraries/Possession.sol";
import {Node, SumTree} from "../libraries/SumTree.sol";
import {SetJudge} from "./SetJudge.sol";

/// @notice Shows that evidence of possession is wrong, and remembers the batch. docs/protocol/evidence.md#refuting
/// It slashes nobody: a refuted batch counts in no post.
abstract contract PossessionFaults is SetJudge {
    uint8 private constant POSSESSION = 1;

    mapping(bytes32 digest => bool) public refuted;

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

    // ---- steps ----

    function _requireBatch(BatchHeader calldata header, bytes32 digest, bytes calldata signature) private view {
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
