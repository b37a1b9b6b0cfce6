// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IDataSets} from "../interfaces/IDataSets.sol";
import {IEpochs} from "../interfaces/IEpochs.sol";
import {IStorageJudge} from "../interfaces/IStorageJudge.sol";
import {Draws} from "../libraries/Draws.sol";
import {Addresses} from "../Parameters.sol";

/// @notice What the parts of StorageJudge share: the sets on chain, and the seals that draws stand on. Decides nothing.
abstract contract SetJudge is IStorageJudge {
    uint8 internal constant STORAGE = 1;

    IDataSets internal immutable DATA_SETS;
    IEpochs internal immutable EPOCHS;

    constructor(Addresses memory addresses) {
        DATA_SETS = IDataSets(addresses.dataSets);
        EPOCHS = IEpochs(addresses.epochs);
    }

    function _seedOf(uint64 epoch, bytes32 dataSet) internal view returns (bytes32) {
        bytes32 sealedHash = EPOCHS.sealOf(STORAGE, epoch).blockHash;
        if (sealedHash == 0) revert NotSealed(epoch);
        return Draws.seedOf(sealedHash, dataSet);
    }
}
