// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Epochs} from "../../src/Epochs.sol";
import {Holds} from "../../src/Holds.sol";
import {Hold, HoldState} from "../../src/interfaces/IHolds.sol";
import {WorkToken} from "../../src/WorkToken.sol";
import {Harness} from "../Harness.sol";
import {HoldsHandler} from "./HoldsHandler.sol";

/// @notice What holds promise, whatever is done in whatever order: docs/protocol/holds.md#promises
contract HoldsInvariants is Harness {
    uint8 private constant NETWORK = 1;
    uint64 private constant HELD_EPOCHS_MAX = 91;

    HoldsHandler private handler;
    Holds private holds;
    Epochs private epochs;
    WorkToken private work;
    uint256 private supply;

    error Broke(string what);
    error NeverDone(uint256 operation);

    function setUp() public {
        handler = new HoldsHandler();
        (holds, epochs, work) = handler.parts();
        supply = work.totalSupply();
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = HoldsHandler.step.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_holds() public view {
        checkAll();
    }

    function test_walk_reachesEveryOperationAndState() public {
        uint256 seed = 7;
        uint256 states = 0;
        for (uint256 i = 0; i < 500; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            try handler.step(seed, seed >> 64, seed >> 128, uint256(keccak256(abi.encode(seed, i)))) {} catch {}
            if (i % 20 != 19) continue;
            checkAll();
            bytes32[] memory ids = handler.placed();
            for (uint256 j = 0; j < ids.length; ++j) states |= 1 << uint256(holds.holdOf(ids[j]).state);
        }
        for (uint256 i = 0; i < handler.OPERATIONS(); i++) if (handler.done(i) == 0) revert NeverDone(i);
        equal(62, states); // all but None
        everythingEnds();
    }

    /// @dev Whatever was begun, and whoever falls silent: when its time is over anyone ends it, and nobody is held by a rest.
    function everythingEnds() private {
        vm.roll(epochs.closeBlock(epochs.epochAt(uint64(handler.blockAt())) + HELD_EPOCHS_MAX));
        bytes32[] memory ids = handler.placed();
        for (uint256 i = 0; i < ids.length; ++i) {
            if (holds.holdOf(ids[i]).state != HoldState.Ended) holds.release(ids[i]);
        }
        for (uint256 i = 0; i < handler.ACCOUNTS(); ++i) equal(0, epochs.heldBefore(NETWORK, handler.accountAt(i)));
        equal(0, work.balanceOf(address(holds)));
    }

    function checkAll() private view {
        if (bytes(handler.broken()).length != 0) revert Broke(handler.broken());
        if (work.totalSupply() != supply) revert Broke("supply");
        bytes32[] memory ids = handler.placed();
        uint256 deposits = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            if (holds.holdOf(ids[i]).state == HoldState.Placed) ++deposits;
        }
        if (work.balanceOf(address(holds)) != deposits * holds.depositAtto()) revert Broke("open deposits");
        for (uint256 i = 0; i < handler.ACCOUNTS(); ++i) checkAccount(handler.accountAt(i), ids);
    }

    function checkAccount(address account, bytes32[] memory ids) private view {
        uint256 blockAt = handler.blockAt();
        uint256 open = 0;
        uint256 lastEnd = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            Hold memory hold = holds.holdOf(ids[i]);
            if (hold.account != account || hold.state == HoldState.Ended) continue;
            ++open;
            if (hold.endBlock > lastEnd) lastEnd = hold.endBlock;
        }
        (uint32 count, uint48 endBlock) = holds.standing(NETWORK, account);
        uint256 heldBefore = epochs.heldBefore(NETWORK, account);
        if (count != open) revert Broke("count");
        if (heldBefore != endBlock) revert Broke("pushed");
        if (lastEnd > heldBefore) revert Broke("a hold that stands holds");
        if (open == 0 && heldBefore != 0) revert Broke("without a hold nobody is held");
        uint64 epoch = epochs.epochAt(uint64(blockAt));
        if (heldBefore > epochs.closeBlock(epoch + HELD_EPOCHS_MAX)) revert Broke("bounded");
    }
}
