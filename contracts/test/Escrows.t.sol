// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Escrow, EscrowState, IRails, OpenEscrow} from "../src/interfaces/IRails.sol";
import {Escrows} from "../src/libraries/Escrows.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice docs/protocol/money.md#escrow
contract EscrowsTest is MoneyHarness {
    uint128 private constant FUND = 1000;
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        buy(payer, 10_000e18);
        id = openEscrow(FUND, 1 days, 2 days, "e");
    }

    function submit() private {
        vm.prank(payee);
        rails.submit(id);
    }

    /// @dev Credits and WORK went where they should, all of them, and the record is over.
    function paidOut(uint128 toPayee, uint128 workBefore, uint128 boughtBefore, uint128 boughtWorkBefore) private view {
        Escrow memory e = rails.escrow(id);
        assert(e.state == EscrowState.Ended && e.credits == 0 && e.workAtto == 0);
        (uint128 c, uint128 w) = earned(payee);
        (uint128 b, uint128 bw) = bought(payer);
        assert(c == toPayee && b - boughtBefore == FUND - toPayee);
        uint256 share = toPayee == FUND ? workBefore : uint256(workBefore) * toPayee / FUND;
        assert(w == share && bw - boughtWorkBefore == workBefore - share);
    }

    function testFuzz_open_recordsTheTerms(uint128 funds, uint40 workIn, uint40 verdictIn) public {
        funds = uint128(bound(funds, 0, 1_000_000));
        workIn = uint40(bound(workIn, 0, 365 days));
        verdictIn = uint40(bound(verdictIn, 0, 365 days));
        if (verdictIn < workIn) {
            vm.expectRevert(abi.encodeWithSelector(IRails.OutOfRange.selector, T0 + workIn, T0 + verdictIn));
        }
        bytes32 opened = openEscrow(funds, workIn, verdictIn, "f");
        if (verdictIn < workIn) return;
        Escrow memory e = rails.escrow(opened);
        assert(e.payer == payer && e.payee == payee && e.judge == JUDGE && e.state == EscrowState.Open);
        assert(e.credits == funds && uint256(e.workAtto) * low() >= uint256(funds) * 1e21);
    }

    function test_open_refusals() public {
        equal(keccak256(abi.encode("escrow", block.chainid, address(rails), payer, payee, bytes32("e"))), id);
        vm.expectRevert(abi.encodeWithSelector(IRails.RailExists.selector, id));
        openEscrow(FUND, 1 days, 2 days, "e");
        vm.expectRevert(abi.encodeWithSelector(IRails.DeadlinePassed.selector, uint40(T0 - 1), uint40(T0)));
        vm.prank(payer);
        rails.openEscrow(OpenEscrow(payee, JUDGE, 0, 0, uint40(T0 - 1), uint40(T0), "f"));
        vm.expectRevert(abi.encodeWithSelector(IRails.NotParty.selector, address(0)));
        vm.prank(payer);
        rails.openEscrow(OpenEscrow(address(0), JUDGE, 0, 0, uint40(T0), uint40(T0), "f"));
        skip(601);
        vm.expectRevert(IRails.StalePrice.selector);
        openEscrow(FUND, 1 days, 2 days, "f");
        pauseNow();
        vm.expectRevert(IRails.Paused.selector);
        openEscrow(FUND, 1 days, 2 days, "f");
    }

    function test_open_idIsUsedOnce() public {
        vm.prank(payee);
        rails.decline(id);
        vm.expectRevert(abi.encodeWithSelector(IRails.RailExists.selector, id));
        openEscrow(FUND, 1 days, 2 days, "e");
    }

    /// @notice Nothing submitted by the work deadline: back to the payer. Submitted, no verdict: paid in full.
    function testFuzz_finish_byDeadline(uint40 submitAt, uint40 finishAt) public {
        submitAt = uint40(bound(submitAt, 0, 2 days));
        finishAt = uint40(bound(finishAt, submitAt, 4 days));
        uint128 w = rails.escrow(id).workAtto;
        (uint128 b, uint128 bw) = bought(payer);
        skip(submitAt);
        bool submitted = submitAt <= 1 days;
        if (!submitted) {
            vm.expectRevert(
                abi.encodeWithSelector(IRails.DeadlinePassed.selector, uint40(T0 + 1 days), uint40(T0 + submitAt))
            );
        }
        submit();
        vm.warp(T0 + finishAt);
        uint40 deadline = uint40(T0) + (submitted ? 2 days : 1 days);
        bool over = T0 + finishAt > deadline;
        if (!over) vm.expectRevert(abi.encodeWithSelector(IRails.NotYet.selector, deadline + 1, uint40(T0 + finishAt)));
        vm.prank(STRANGER);
        rails.finishEscrow(id);
        if (over) paidOut(submitted ? FUND : 0, w, b, bw);
    }

    function testFuzz_verdict_paysAnyPart(uint128 part, uint40 verdictAt) public {
        part = uint128(bound(part, 0, 2 * FUND));
        verdictAt = uint40(bound(verdictAt, 0, 3 days));
        uint128 w = rails.escrow(id).workAtto;
        (uint128 b, uint128 bw) = bought(payer);
        submit();
        skip(verdictAt);
        bool good = true;
        if (verdictAt > 2 days) {
            good = false;
            vm.expectRevert(
                abi.encodeWithSelector(IRails.DeadlinePassed.selector, uint40(T0 + 2 days), uint40(T0 + verdictAt))
            );
        } else if (part > FUND) {
            good = false;
            vm.expectRevert(abi.encodeWithSelector(IRails.OutOfRange.selector, FUND, part));
        }
        vm.prank(JUDGE);
        rails.verdict(id, part);
        if (good) paidOut(part, w, b, bw);
    }

    function test_verdict_needsASubmission() public {
        vm.expectRevert(abi.encodeWithSelector(Escrows.NotSubmitted.selector, id));
        vm.prank(JUDGE);
        rails.verdict(id, 1);
        submit();
        vm.expectRevert(abi.encodeWithSelector(Escrows.AlreadySubmitted.selector, id));
        submit();
    }

    function testFuzz_accept_paysAllAtAnyTime(bool submitted, uint40 when) public {
        uint128 w = rails.escrow(id).workAtto;
        (uint128 b, uint128 bw) = bought(payer);
        if (submitted) submit();
        skip(bound(when, 0, 30 days));
        vm.prank(payer);
        rails.accept(id);
        paidOut(FUND, w, b, bw);
    }

    function testFuzz_decline_returnsAllAtAnyTime(bool submitted, uint40 when) public {
        uint128 w = rails.escrow(id).workAtto;
        (uint128 b, uint128 bw) = bought(payer);
        if (submitted) submit();
        skip(bound(when, 0, 30 days));
        vm.prank(payee);
        rails.decline(id);
        paidOut(0, w, b, bw);
    }

    function testFuzz_callers(address caller) public {
        bytes memory notParty = abi.encodeWithSelector(IRails.NotParty.selector, caller);
        if (caller != payee) {
            vm.expectRevert(notParty);
            vm.prank(caller);
            rails.submit(id);
            vm.expectRevert(notParty);
            vm.prank(caller);
            rails.decline(id);
        }
        if (caller != payer) {
            vm.expectRevert(notParty);
            vm.prank(caller);
            rails.accept(id);
        }
        submit();
        if (caller == JUDGE) return;
        vm.expectRevert(abi.encodeWithSelector(IRails.NotJudge.selector, JUDGE, caller));
        vm.prank(caller);
        rails.verdict(id, 0);
    }

    function test_ended_nothingMore() public {
        vm.prank(payer);
        rails.accept(id);
        bytes memory refusal = abi.encodeWithSelector(IRails.NoSuchRail.selector, id);
        vm.expectRevert(refusal);
        submit();
        vm.expectRevert(refusal);
        vm.prank(payer);
        rails.accept(id);
        vm.expectRevert(refusal);
        vm.prank(payee);
        rails.decline(id);
        vm.expectRevert(refusal);
        vm.prank(JUDGE);
        rails.verdict(id, 0);
        vm.expectRevert(refusal);
        rails.finishEscrow(id);
    }

    /// @notice Cover goes along with the credits, and all of it returns with none of them.
    function testFuzz_cover_goesTheWayOfTheCredits(uint128 amount, bool accepted) public {
        amount = uint128(bound(amount, 0, work.balanceOf(payer)));
        (uint128 before, uint128 had) = (rails.escrow(id).workAtto, uint128(work.balanceOf(payer)));
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IRails.NotParty.selector, STRANGER));
        rails.coverEscrow(id, 0);
        vm.prank(payer);
        rails.coverEscrow(id, amount);
        equal(had - amount, work.balanceOf(payer));
        (, uint128 returned) = bought(payer);
        vm.prank(accepted ? payer : payee);
        if (accepted) rails.accept(id);
        else rails.decline(id);
        (, uint128 paid) = earned(payee);
        (, uint128 left) = bought(payer);
        equal(accepted ? before + amount : 0, paid);
        equal(accepted ? 0 : before + amount, left - returned);
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IRails.NoSuchRail.selector, id));
        rails.coverEscrow(id, 1);
    }

    function test_cover_notWhilePaused() public {
        pauseNow();
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IRails.Paused.selector));
        rails.coverEscrow(id, 0);
    }
}
