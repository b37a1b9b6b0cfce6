// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Guard} from "../src/Guard.sol";
import {IGuard} from "../src/interfaces/IGuard.sol";
import {PriceFeed} from "../src/PriceFeed.sol";
import {MoneyHarness} from "./MoneyHarness.sol";
import {Vm} from "./Harness.sol";

/// @notice docs/protocol/money.md#pause, and the timelock on judges and posters.
contract GuardTest is MoneyHarness {
    function testFuzz_pause_atMostSevenDays(uint40 seconds_) public {
        if (seconds_ > 7 days) {
            vm.expectRevert(abi.encodeWithSelector(Guard.OutOfRange.selector, 7 days, uint256(seconds_)));
        }
        vm.prank(GUARDIAN);
        guard.pause(seconds_);
        if (seconds_ > 7 days || seconds_ == 0) return assert(!guard.paused());
        assert(guard.paused());
        skip(seconds_ - 1);
        assert(guard.paused());
        skip(1);
        assert(!guard.paused());
    }

    function testFuzz_pause_onlyGuardian(address caller) public {
        if (caller != GUARDIAN) vm.expectRevert(abi.encodeWithSelector(Guard.NotGuardian.selector, GUARDIAN, caller));
        vm.prank(caller);
        guard.pause(1);
    }

    function testFuzz_pause_thirtyDaysAfterTheLast(uint40 length, uint40 wait) public {
        length = uint40(bound(length, 1, 7 days));
        wait = uint40(bound(wait, 0, 60 days));
        vm.prank(GUARDIAN);
        guard.pause(length);
        skip(wait);
        uint40 allowedAt = uint40(T0) + length + 30 days;
        uint40 nowAt = uint40(T0) + wait;
        if (nowAt < allowedAt) vm.expectRevert(abi.encodeWithSelector(IGuard.TooSoon.selector, allowedAt, nowAt));
        vm.prank(GUARDIAN);
        guard.pause(1);
    }

    function test_pause_boundary() public {
        vm.prank(GUARDIAN);
        guard.pause(7 days);
        skip(37 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IGuard.TooSoon.selector, uint40(T0 + 37 days), uint40(T0 + 37 days - 1)));
        vm.prank(GUARDIAN);
        guard.pause(1);
        skip(1);
        vm.prank(GUARDIAN);
        guard.pause(1);
    }

    function test_judges_atTheStart() public view {
        assert(guard.isJudge(1, "stream", at_.storageJudge));
        assert(!guard.isJudge(2, "stream", at_.storageJudge));
        for (uint8 network = 1; network <= 4; network++) {
            assert(guard.isJudge(network, "sum", at_.sumJudge));
            assert(guard.isJudge(network, "receipt", at_.receiptJudge));
        }
        assert(!guard.isJudge(5, "sum", at_.sumJudge));
        assert(!guard.isJudge(2, "stream", address(0)));
    }

    function testFuzz_judge_changesAfterSevenDays(uint8 network, bytes32 role, address judge, uint40 wait) public {
        wait = uint40(bound(wait, 0, 14 days));
        vm.prank(GUARDIAN);
        guard.proposeJudge(network, role, judge);
        bool before = guard.isJudge(network, role, judge);
        skip(wait);
        if (wait < 7 days) {
            vm.expectRevert(
                abi.encodeWithSelector(IGuard.TooSoon.selector, uint40(T0 + 7 days), uint40(T0 + wait))
            );
        }
        vm.prank(GUARDIAN);
        guard.changeJudge(network, role, judge);
        assert(guard.isJudge(network, role, judge) == (wait < 7 days ? before : judge != address(0)));
    }

    function test_judge_otherThanProposed() public {
        vm.prank(GUARDIAN);
        guard.proposeJudge(1, "sum", STRANGER);
        skip(7 days);
        vm.expectRevert(IGuard.NotProposed.selector);
        vm.prank(GUARDIAN);
        guard.changeJudge(1, "sum", payer);
        vm.expectRevert(IGuard.NotProposed.selector);
        vm.prank(GUARDIAN);
        guard.changeJudge(2, "sum", STRANGER);
        vm.prank(GUARDIAN);
        guard.changeJudge(1, "sum", STRANGER);
        assert(guard.isJudge(1, "sum", STRANGER) && !guard.isJudge(1, "sum", at_.sumJudge));
        vm.expectRevert(IGuard.NotProposed.selector); // used up
        vm.prank(GUARDIAN);
        guard.changeJudge(1, "sum", STRANGER);
    }

    function test_judge_laterProposalStartsAnew() public {
        vm.prank(GUARDIAN);
        guard.proposeJudge(1, "sum", STRANGER);
        skip(6 days);
        vm.prank(GUARDIAN);
        guard.proposeJudge(1, "sum", STRANGER);
        skip(6 days);
        vm.expectRevert(abi.encodeWithSelector(IGuard.TooSoon.selector, uint40(T0 + 13 days), uint40(T0 + 12 days)));
        vm.prank(GUARDIAN);
        guard.changeJudge(1, "sum", STRANGER);
    }

    function testFuzz_proposals_onlyGuardian(address caller) public {
        if (caller == GUARDIAN) return;
        bytes memory refusal = abi.encodeWithSelector(Guard.NotGuardian.selector, GUARDIAN, caller);
        address[] memory list = posterSet();
        vm.expectRevert(refusal);
        vm.prank(caller);
        guard.proposeJudge(1, "sum", caller);
        vm.expectRevert(refusal);
        vm.prank(caller);
        guard.changeJudge(1, "sum", caller);
        vm.expectRevert(refusal);
        vm.prank(caller);
        guard.proposePosters(list);
        vm.expectRevert(refusal);
        vm.prank(caller);
        guard.changePosters(list);
    }

    function testFuzz_posters_changeAfterSevenDays(uint40 wait, uint160 salt) public {
        wait = uint40(bound(wait, 0, 14 days));
        address[] memory list = new address[](5);
        for (uint160 i = 0; i < 5; i++) list[i] = address(uint160(uint256(keccak256(abi.encode(salt, i)))));
        vm.prank(GUARDIAN);
        guard.proposePosters(list);
        skip(wait);
        if (wait < 7 days) {
            vm.expectRevert(
                abi.encodeWithSelector(IGuard.TooSoon.selector, uint40(T0 + 7 days), uint40(T0 + wait))
            );
        }
        vm.prank(GUARDIAN);
        guard.changePosters(list);
        equal(wait < 7 days ? posterSet()[0] : list[0], feed.posters()[0]);
    }

    function test_posters_otherThanProposed() public {
        address[] memory list = posterSet();
        vm.expectRevert(IGuard.NotProposed.selector);
        vm.prank(GUARDIAN);
        guard.changePosters(list);
        vm.prank(GUARDIAN);
        guard.proposePosters(list);
        skip(7 days);
        list[0] = STRANGER;
        vm.expectRevert(IGuard.NotProposed.selector);
        vm.prank(GUARDIAN);
        guard.changePosters(list);
    }

    function test_constructor_announcesTheDeployment() public {
        vm.recordLogs();
        new Guard(at_, p, "elsewhere");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        equal(IGuard.Announced.selector, last.topics[0]);
        (string memory name, uint256 startBlock, address[] memory list) =
            abi.decode(last.data, (string, uint256, address[]));
        equal(keccak256("elsewhere"), keccak256(bytes(name)));
        equal(p.startBlock, startBlock);
        equal(14, list.length);
        assert(list[0] == at_.guard && list[4] == at_.rails && list[8] == at_.epochs && list[12] == at_.routes);
    }
}
