// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {HoldsFixture} from "./HoldsFixture.sol";

/// @notice Gas of the steps of a hold, each a transaction of its own.
/// forge-config: default.isolate = true
contract GasHoldsTest is HoldsFixture {
    function test_gas_aHoldAndItsEnd() external {
        bytes32 id = place();
        vm.snapshotGasLastCall("Holds", "place");
        appeal(id);
        vm.snapshotGasLastCall("Holds", "appeal, an answer");
        decide(id, true);
        vm.snapshotGasLastCall("Holds", "decide, 2 signatures, upheld");
        appeal(id);
        vm.snapshotGasLastCall("Holds", "appeal, of an upheld one");
        decide(id, false);
        vm.snapshotGasLastCall("Holds", "decide, 2 signatures, dismissed");
        id = place(accused, "more");
        rollTo(holds.holdOf(id).endBlock);
        holds.release(id);
        vm.snapshotGasLastCall("Holds", "release");
    }
}
