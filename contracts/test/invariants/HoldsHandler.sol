// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Hold, HoldState} from "../../src/interfaces/IHolds.sol";
import {Holds} from "../../src/Holds.sol";
import {Epochs} from "../../src/Epochs.sol";
import {WorkToken} from "../../src/WorkToken.sol";
import {HoldsFixture} from "../HoldsFixture.sol";

/// @notice Random accusations of three operators by two accusers and by one of the three, with answers, appeals, verdicts of the
/// drawn, and time; every epoch is sealed as it closes.
contract HoldsHandler is HoldsFixture {
    uint256 public constant OPERATIONS = 7;
    uint256 public constant ACCOUNTS = 3;

    uint256 public blockAt;
    string public broken;
    mapping(uint256 operation => uint256) public done;
    bytes32[] private ids;
    mapping(address account => uint256) private balances;

    constructor() {
        setUp();
        fund(accuserAt(0), 4000);
        fund(accuserAt(1), 4000);
        vm.prank(operators[0]);
        work.approve(address(holds), type(uint256).max);
        blockAt = vm.getBlockNumber();
    }

    function accountAt(uint256 index) public view returns (address) {
        return operators[index % ACCOUNTS];
    }

    function accuserAt(uint256 index) public view returns (address) {
        return index % 3 == 2 ? operators[0] : address(uint160(0xACC0 + index % 3));
    }

    function parts() external view returns (Holds, Epochs, WorkToken) {
        return (holds, epochs, work);
    }

    function placed() external view returns (bytes32[] memory) {
        return ids;
    }

    function step(uint256 operation, uint256 a, uint256 b, uint256 c) external {
        rollTo(blockAt);
        operation = operation % OPERATIONS;
        if (operation == 0) pass(c % 9 == 0 ? c % 3000 : c % 40);
        else if (operation == 1) accuse(a, b, c);
        else change(operation, ids[operation == 6 ? a % ids.length : recent(a)], b);
        done[operation]++;
        watchBalances();
    }

    /// @dev One of the last few, so that some go their whole way.
    function recent(uint256 a) private view returns (uint256) {
        return ids.length - 1 - a % (ids.length < 6 ? ids.length : 6);
    }

    function pass(uint256 blocks) private {
        uint256 target = blockAt + blocks;
        while (true) {
            uint64 epoch = epochs.epochAt(uint64(vm.getBlockNumber()));
            uint64 sealable = epochs.closeBlock(epoch) + 2;
            if (sealable > target) break;
            sealEpoch(epoch);
        }
        if (vm.getBlockNumber() < target) rollTo(target);
        blockAt = vm.getBlockNumber();
    }

    function accuse(uint256 a, uint256 b, uint256 c) private {
        address accuser = accuserAt(a);
        vm.prank(accuser);
        bytes32 id = holds.place(NETWORK, accountAt(b), REASON, abi.encode(c % 1e6));
        ids.push(id);
        if (accuser == operators[0]) balances[operators[0]] = work.balanceOf(operators[0]); // its own deposit
    }

    function change(uint256 operation, bytes32 id, uint256 b) private {
        Hold memory hold = holds.holdOf(id);
        if (operation == 2) {
            vm.prank(hold.account);
            holds.appeal(id, DEFENCE);
        } else if (operation <= 5) {
            decideBy(id, hold, b);
        } else {
            release(id, hold, b);
        }
    }

    function decideBy(bytes32 id, Hold memory hold, uint256 b) private {
        bool upheld = b % 3 != 0;
        address[] memory drawn = holds.deciders(id);
        uint256 count = 1 + (b >> 8) % drawn.length;
        bytes32 digest = verdict(id, holds.instanceOf(id), upheld);
        holds.decide(id, upheld, OPINION, sign(digest, drawn, count));
        if (count < 2 && count < drawn.length) breaks("decided by too few");
        if (blockAt >= hold.endBlock) breaks("decided when it was over");
    }

    /// @dev What is over can be released by anyone, always; what stands only by its accuser, before anyone decided.
    function release(bytes32 id, Hold memory hold, uint256 b) private {
        address caller = b % 2 == 0 ? hold.accuser : STRANGER;
        bool isOpen = hold.state != HoldState.None && hold.state != HoldState.Ended;
        bool isOver = isOpen && blockAt >= hold.endBlock;
        bool isTakenBack = caller == hold.accuser && hold.state == HoldState.Placed;
        vm.prank(caller);
        try holds.release(id) {
            if (!isOver && !isTakenBack) breaks("released while it stands");
        } catch {
            if (!isOver) revert();
            breaks("what is over is not released");
        }
    }

    /// @dev Nothing that happens to a hold takes anything from whom it is about.
    function watchBalances() private {
        for (uint256 i = 0; i < ACCOUNTS; ++i) {
            uint256 balance = work.balanceOf(operators[i]);
            if (balance < balances[operators[i]]) breaks("a hold took something");
            balances[operators[i]] = balance;
        }
    }

    function breaks(string memory law) private {
        broken = law;
    }
}
