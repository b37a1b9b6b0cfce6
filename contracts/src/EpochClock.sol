// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Parameters} from "./Parameters.sol";
import {IEpochs} from "./interfaces/IEpochs.sol";

/// @notice When epochs close, until when their evidence counts, and what bootstrap each may hand out. No state.
/// docs/protocol/epochs.md#timing, docs/protocol/money.md#bootstrap
abstract contract EpochClock is IEpochs {
    uint256 private immutable EPOCH_ALLOWANCE_ATTO; // before halving
    uint64 private immutable START_BLOCK;
    uint64 private immutable EPOCH_BLOCKS;
    uint64 private immutable EVIDENCE_BLOCKS;
    uint64 private immutable EPOCHS_PER_YEAR;
    uint8 internal immutable NETWORKS;

    constructor(Parameters memory parameters, uint256 bootstrapMaxAtto) {
        EPOCH_ALLOWANCE_ATTO = bootstrapMaxAtto / (uint256(parameters.networks) * parameters.epochsPerYear);
        START_BLOCK = parameters.startBlock;
        EPOCH_BLOCKS = parameters.epochBlocks;
        EVIDENCE_BLOCKS = parameters.evidenceBlocks;
        EPOCHS_PER_YEAR = parameters.epochsPerYear;
        NETWORKS = parameters.networks;
    }

    /// @return the first block after the epoch
    function closeBlock(uint64 epoch) public view returns (uint64) {
        return START_BLOCK + (epoch + 1) * EPOCH_BLOCKS;
    }

    /// @return the epoch of a block; 0 for those before the start
    function epochAt(uint64 blockNumber) external view returns (uint64) {
        return blockNumber < START_BLOCK ? 0 : (blockNumber - START_BLOCK) / EPOCH_BLOCKS;
    }

    /// @return last block in which evidence may be registered, and before any post
    function evidenceDeadline(uint64 epoch) public view returns (uint64) {
        return closeBlock(epoch) + 1 + EVIDENCE_BLOCKS;
    }

    /// @notice bootstrapMax / networks / epochsPerYear, halved for every year begun: all years together stay under its network's share.
    function allowance(uint8 network, uint64 epoch) public view returns (uint256 bootstrapAtto) {
        if (network == 0 || network > NETWORKS) return 0;
        return EPOCH_ALLOWANCE_ATTO >> (uint256(epoch / EPOCHS_PER_YEAR) + 1);
    }
}
