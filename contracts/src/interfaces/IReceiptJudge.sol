// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BatchHeader} from "./IEpochs.sol";
import {BatchAt, Case, CountedBatch, EntryAt} from "./ISumJudge.sol";
import {SumPath} from "./IStorageJudge.sol";

/// @notice Sees signers contradict themselves (two headers with one counter) and posters count batches that may not count.
/// docs/protocol/evidence.md#equivocation, docs/protocol/epochs.md#challenges
/// From the block of the record on neither batch may count; a post of an epoch whose evidence deadline was before that block is
/// not touched, because its poster could not know.
interface IReceiptJudge {
    event Equivocated(uint8 indexed network, address indexed signer, uint64 indexed counter, bytes32 one, bytes32 other);

    error NoFault();
    error WrongPost(bytes32 expected, bytes32 actual);
    error NotInTree(bytes32 expectedRoot, uint256 expectedSum);

    /// @notice Two headers of one signer, network and counter that are not the same, both signed by it. Anyone.
    function equivocation(BatchHeader calldata one, bytes calldata oneSignature, BatchHeader calldata other, bytes calldata otherSignature) external;
    /// @notice A pending post counts a batch that may not count any more: drops it and slashes its poster.
    function challengeCounted(Case calldata case_, BatchAt calldata batch) external;
    /// @notice (a) A node of a counted batch's entries tree that is not what it may hold, as ISumJudge.challengeNode.
    function challengeEntryNode(Case calldata case_, CountedBatch calldata batch, bytes calldata preimage, uint256 recordedSum, SumPath calldata path) external;
    /// @notice (e) A batch that counts and may not: another network, an epoch that is too late or too old, or not signed by its signer.
    function challengeBatch(Case calldata case_, CountedBatch calldata batch, bytes calldata signature) external;
    /// @notice (e) A batch that counts, and counted already in a finalised epoch before.
    function challengeReused(Case calldata case_, BatchAt calldata batch, uint64 earlierEpoch, uint256 earlierCount, SumPath calldata earlierPath) external;
    /// @notice (e) A batch that counts although StorageJudge recorded it as refuted.
    function challengeRefuted(Case calldata case_, BatchAt calldata batch) external;
    /// @notice (e) A batch that counts holds an entry that no rule of its network admits.
    function challengeEntry(Case calldata case_, CountedBatch calldata batch, EntryAt calldata entry) external;

    /// @notice (c) Storage: one data set stands in two entries of one epoch that count, so it is paid twice.
    function challengeSubjectTwice(Case calldata case_, CountedBatch calldata batch, EntryAt calldata entry, CountedBatch calldata otherBatch, EntryAt calldata other) external;

    /// @return block in which the batch was first shown to be contradicted, 0 when it was not
    function equivocatedBlock(bytes32 digest) external view returns (uint48);
    /// @return whether the batch may not count in a post of that epoch
    function isVoid(bytes32 digest, uint64 epoch) external view returns (bool);
}
