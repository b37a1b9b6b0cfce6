// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Addresses} from "../Parameters.sol";
import {BatchHeader} from "../interfaces/IEpochs.sol";
import {IReceiptJudge} from "../interfaces/IReceiptJudge.sol";
import {IStorageJudge, SumPath} from "../interfaces/IStorageJudge.sol";
import {BatchAt, Case, CountedBatch, EntryAt} from "../interfaces/ISumJudge.sol";
import {Evidence} from "../libraries/Evidence.sol";
import {Node, SumTree} from "../libraries/SumTree.sol";
import {PostJudge} from "./PostJudge.sol";

/// @notice Records contradictions of signers, and rejects posts that count a batch that may not count. docs/protocol/epochs.md#challenges
/// Signers are accounts, or devices with P-256 keys. What follows from the batches is SumJudge's.
contract ReceiptJudge is IReceiptJudge, PostJudge {
    uint256 private constant ENTRY_LEAF_BYTES = 38;

    IStorageJudge public immutable STORAGE_JUDGE;

    mapping(bytes32 digest => uint48) public equivocatedBlock;

    constructor(Addresses memory addresses) PostJudge(addresses.epochs) {
        STORAGE_JUDGE = IStorageJudge(addresses.storageJudge);
    }

    /// @inheritdoc IReceiptJudge
    function equivocation(
        BatchHeader calldata one,
        bytes calldata oneSignature,
        BatchHeader calldata other,
        bytes calldata otherSignature
    ) external {
        bytes32 oneDigest = _signed(one, oneSignature);
        bytes32 otherDigest = _signed(other, otherSignature);
        bool samePlace = one.signer == other.signer && one.network == other.network && one.counter == other.counter;
        if (!samePlace || oneDigest == otherDigest) revert NoFault();
        if (equivocatedBlock[oneDigest] != 0 && equivocatedBlock[otherDigest] != 0) revert NoFault(); // known
        _mark(oneDigest);
        _mark(otherDigest);
        emit Equivocated(one.network, one.signer, one.counter, oneDigest, otherDigest);
    }

    /// @inheritdoc IReceiptJudge
    function challengeCounted(Case calldata case_, BatchAt calldata batch) external pending(case_) {
        _requireBatch(case_, batch);
        _rejectIf(isVoid(batch.digest, case_.post.epoch), case_, "equivocation");
    }

    /// @inheritdoc IReceiptJudge
    function challengeEntryNode(
        Case calldata case_,
        CountedBatch calldata batch,
        bytes calldata preimage,
        uint256 recordedSum,
        SumPath calldata path
    ) external pending(case_) {
        _requireCounted(case_, batch);
        _requireIn(Node(batch.header.entriesRoot, batch.header.sum), Node(keccak256(preimage), recordedSum), path);
        bool fault = _isInner(preimage)
            ? _innerIsWrong(preimage, recordedSum, path)
            : _isNoPlace(path, batch.header.count) || !_isLeaf(preimage, ENTRY_LEAF_BYTES, "\x00entry", 6);
        _rejectIf(fault, case_, "entry node");
    }

    /// @inheritdoc IReceiptJudge
    function challengeBatch(Case calldata case_, CountedBatch calldata batch, bytes calldata signature) external pending(case_) {
        _requireCounted(case_, batch);
        BatchHeader calldata header = batch.header;
        bool fault = header.network != case_.network || !_mayCount(header.epoch, case_.post.epoch);
        if (!fault && keccak256(signature) == batch.signatureHash) {
            address signer = Evidence.recover(Evidence.batchDigest(address(EPOCHS), header), signature);
            fault = signer == address(0) || signer != header.signer;
        }
        _rejectIf(fault, case_, "batch");
    }

    /// @inheritdoc IReceiptJudge
    function challengeReused(
        Case calldata case_,
        BatchAt calldata batch,
        uint64 earlierEpoch,
        uint256 earlierCount,
        SumPath calldata earlierPath
    ) external pending(case_) {
        _requireBatch(case_, batch);
        Node memory earlier = Node(EPOCHS.countedRoot(case_.network, earlierEpoch), earlierCount);
        _requireIn(earlier, SumTree.batchLeaf(batch.digest, batch.signatureHash), earlierPath);
        _reject(case_, "reused");
    }

    /// @inheritdoc IReceiptJudge
    function challengeRefuted(Case calldata case_, BatchAt calldata batch) external pending(case_) {
        _requireBatch(case_, batch);
        _rejectIf(case_.network == STORAGE && STORAGE_JUDGE.refuted(batch.digest), case_, "refuted");
    }

    /// @inheritdoc IReceiptJudge
    function challengeEntry(Case calldata case_, CountedBatch calldata batch, EntryAt calldata shown) external pending(case_) {
        _requireEntryOf(case_, batch, shown);
        bool strange = shown.entry.account == address(0) || shown.recorded != shown.entry.quantity;
        bool notStorages = shown.entry.kind != POSSESSION || shown.entry.account != batch.header.signer;
        _rejectIf(strange || (case_.network == STORAGE && notStorages), case_, "entry");
    }

    /// @inheritdoc IReceiptJudge
    function challengeSubjectTwice(
        Case calldata case_,
        CountedBatch calldata batch,
        EntryAt calldata shown,
        CountedBatch calldata otherBatch,
        EntryAt calldata other
    ) external pending(case_) {
        bytes32 place = _requireEntryOf(case_, batch, shown);
        bytes32 otherPlace = _requireEntryOf(case_, otherBatch, other);
        bool same = shown.entry.subject == other.entry.subject && shown.entry.kind == other.entry.kind
            && batch.header.epoch == otherBatch.header.epoch;
        _rejectIf(case_.network == STORAGE && same && place != otherPlace, case_, "subject twice");
    }

    /// @inheritdoc IReceiptJudge
    function isVoid(bytes32 digest, uint64 epoch) public view returns (bool) {
        uint48 markedBlock = equivocatedBlock[digest];
        return markedBlock != 0 && markedBlock <= EPOCHS.evidenceDeadline(epoch);
    }

    /// @return place of the entry among all that count: its batch and its index
    function _requireEntryOf(Case calldata case_, CountedBatch calldata batch, EntryAt calldata shown)
        private
        view
        returns (bytes32 place)
    {
        _requireCounted(case_, batch);
        _requireEntry(batch.header.entriesRoot, batch.header.count, batch.header.sum, shown);
        return keccak256(abi.encode(Evidence.batchDigest(address(EPOCHS), batch.header), shown.index));
    }

    /// @dev The first record stands: a later one changes nothing for anyone.
    function _mark(bytes32 digest) private {
        if (equivocatedBlock[digest] == 0) equivocatedBlock[digest] = uint48(block.number);
    }

    /// @return digest of a header that its signer signed; NoFault when it did not
    function _signed(BatchHeader calldata header, bytes calldata signature) private view returns (bytes32 digest) {
        digest = Evidence.batchDigest(address(EPOCHS), header);
        address signer = Evidence.recover(digest, signature);
        if (signer == address(0) || signer != header.signer) revert NoFault();
    }
}
