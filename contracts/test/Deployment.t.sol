// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IGuard} from "../src/interfaces/IGuard.sol";
import {Addresses, Parameters} from "../src/Parameters.sol";
import {DeployAll} from "./DeployAll.sol";
import {Vm} from "./Harness.sol";

/// @notice A deployment lands at the predicted addresses, announces itself, and fits into the limits of a chain.
contract DeploymentTest is DeployAll {
    uint256 private constant RUNTIME_MAX = 24_576; // EIP-170

    function test_deployment_announcesWhatIsThere() public {
        Parameters memory p = parameters();
        vm.recordLogs();
        Addresses memory made = deployAll(p);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 found = 0;
        for (uint256 i = 0; i < logs.length; i++) {
            if (logs[i].topics[0] != IGuard.Announced.selector) continue;
            found++;
            (, uint256 startBlock, address[] memory list) = abi.decode(logs[i].data, (string, uint256, address[]));
            equal(p.startBlock, startBlock);
            equal(14, list.length);
            for (uint256 j = 0; j < 14; j++) {
                assert(list[j].code.length > 0 && list[j].code.length <= RUNTIME_MAX);
            }
            assert(list[0] == made.guard && list[12] == made.routes && list[13] == made.holds);
        }
        equal(1, found);
    }
}
