// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ICredits} from "../src/interfaces/ICredits.sol";
import {IRails, OpenStream, Stream} from "../src/interfaces/IRails.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice docs/protocol/money.md#stream: opening, segments, notice, holds and faults, by parties and strangers.
contract StreamsTest is MoneyHarness {
    uint256 private constant Q = 1e21;
    uint40 private constant TERM = 7 days;
    uint96 private constant RATE = 1e9; // 1 credit a second
    uint128 private constant TERM_CREDITS = 604_800;

    function setUp() public override {
        super.setUp();
        buy(payer, 10_000e18);
    }

    function stranger(bytes memory call_, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(STRANGER);
        (bool ok,) = address(rails).call(call_);
        assert(ok); // expectRevert turns the expected failure into success
    }

    // ---- open ----

    function testFuzz_open_holdsWhatFallsDue(uint96 rate, uint40 term, uint128 funds) public {
        rate = uint96(bound(rate, 0, 1e12));
        term = uint40(bound(term, 0, 60 days));
        funds = uint128(bound(funds, 0, 990_000_000));
        uint256 needed = uint256(rate) * (term == 0 ? TERM : term) / 1e9;
        bool good = funds >= needed;
        if (!good) vm.expectRevert(abi.encodeWithSelector(IRails.Underfunded.selector, uint128(needed), funds));
        bytes32 id = openStream(rate, term, funds, "s");
        Stream memory s = streamOf(rails.streamId(payer, payee, "s"));
        if (!good) return equal(address(0), s.payer);
        equal(id, rails.streamId(payer, payee, "s"));
        assert(s.payer == payer && s.payee == payee && s.judge == JUDGE && s.rateNano == rate && s.credits == funds);
        assert(s.start == T0 && s.end == T0 + (term == 0 ? TERM : term) && s.paid == 0 && !s.noticed);
        assert(uint256(s.workAtto) * low() >= uint256(funds) * Q);
    }

    function test_open_exactlyFunded() public {
        openStream(RATE, TERM, TERM_CREDITS, "a");
        vm.expectRevert(abi.encodeWithSelector(IRails.Underfunded.selector, TERM_CREDITS, TERM_CREDITS - 1));
        openStream(RATE, TERM, TERM_CREDITS - 1, "b");
    }

    function test_open_refusals() public {
        vm.expectRevert(abi.encodeWithSelector(IRails.NotParty.selector, address(0)));
        vm.prank(payer);
        rails.open(OpenStream(address(0), JUDGE, 0, 0, 0, 0, "s"));
        vm.expectRevert(abi.encodeWithSelector(ICredits.NotEnoughCredits.selector, uint128(0), uint128(1)));
        vm.prank(STRANGER);
        rails.open(OpenStream(payee, JUDGE, 0, 0, 1, 0, "s"));
        vm.expectRevert(abi.encodeWithSelector(IRails.OutOfRange.selector, type(uint40).max, T0 + type(uint40).max));
        vm.prank(payer);
        rails.open(OpenStream(payee, JUDGE, 0, type(uint40).max, 0, 0, "s"));
        bytes32 id = openStream(RATE, TERM, "s");
        vm.expectRevert(abi.encodeWithSelector(IRails.RailExists.selector, id));
        openStream(RATE, TERM, "s");
        skip(601);
        vm.expectRevert(IRails.StalePrice.selector);
        openStream(RATE, TERM, "t");
        post(USD);
        pauseNow();
        vm.expectRevert(IRails.Paused.selector);
        openStream(RATE, TERM, "t");
    }

    /// @notice An id is used once, so that a resubmitted opening never opens twice.
    function test_open_notAgainAfterItClosed() public {
        bytes32 id = openStream(RATE, 60, "s");
        skip(60 + p.noticeSeconds);
        rails.finish(id);
        post(USD);
        vm.expectRevert(abi.encodeWithSelector(IRails.RailExists.selector, id));
        openStream(RATE, 60, "s");
    }

    /// @notice After a fall of the price the bought pocket is thin: the move is covered by burning, up to the maximum.
    function testFuzz_open_coverMax(uint64 priceUsd8, uint128 coverMax) public {
        post(uint64(bound(priceUsd8, 1e6, USD)));
        uint128 funds = 1_000_000;
        (uint128 c, uint128 w) = bought(payer);
        uint256 moved = (uint256(w) * funds + c - 1) / c;
        uint256 needed = (uint256(funds) * Q + low() - 1) / low();
        uint256 missing = needed > moved ? needed - moved : 0;
        coverMax = uint128(bound(coverMax, 0, missing * 2));
        bool good = coverMax >= missing;
        if (!good) {
            vm.expectRevert(
                abi.encodeWithSelector(IRails.NotFullCover.selector, moved + missing, moved + coverMax)
            );
        }
        vm.prank(payer);
        bytes32 id = rails.open(OpenStream(payee, JUDGE, 0, 0, funds, coverMax, "s"));
        if (good) equal(moved + missing, streamOf(id).workAtto);
        equal(FUNDS - 10_000e18 - (good ? missing : 0), work.balanceOf(payer));
    }

    // ---- settle ----

    /// @notice Settling any number of times pays what settling once pays: floors do not add up.
    function testFuzz_settle_isCumulative(uint96 rate, uint40 first, uint40 second) public {
        rate = uint96(bound(rate, 1, 1e9));
        first = uint40(bound(first, 0, TERM));
        second = uint40(bound(second, 0, TERM + 2 days));
        bytes32 id = openStream(rate, TERM, "s");
        skip(first);
        vm.prank(STRANGER);
        uint128 one = rails.settle(id);
        skip(second);
        uint128 two = rails.settle(id);
        uint256 seconds_ = uint256(first) + second < TERM ? uint256(first) + second : TERM;
        equal(uint256(rate) * seconds_ / 1e9, one + two);
        (uint128 c,) = earned(payee);
        equal(one + two, c);
        equal(one + two, streamOf(id).paid);
        equal(0, rails.settle(id));
    }

    function test_settle_smallStreamIsPaid() public {
        bytes32 id = openStream(1e6, TERM, "s"); // a thousandth of a credit a second
        for (uint256 i = 0; i < 40; i++) {
            skip(50);
            rails.settle(id);
        }
        equal(2, streamOf(id).paid);
    }

    function test_settle_missing() public {
        vm.expectRevert(abi.encodeWithSelector(IRails.NoSuchRail.selector, bytes32("none")));
        rails.settle("none");
    }

    function testFuzz_settleMany_isEachSettled(uint8 count, uint40 elapsed) public {
        count = uint8(bound(count, 0, 12));
        elapsed = uint40(bound(elapsed, 0, TERM));
        bytes32[] memory ids = new bytes32[](count + 2);
        for (uint256 i = 0; i < count; i++) ids[i + 1] = openStream(uint96(1e6 * (i + 1)), TERM, bytes32(i));
        ids[0] = "none";
        ids[count + 1] = count == 0 ? bytes32("none") : ids[1]; // once more
        skip(elapsed);
        uint256 expected = 0;
        for (uint256 i = 0; i < count; i++) expected += rails.payable_(ids[i + 1]);
        equal(expected, rails.settleMany(ids));
        (uint128 c,) = earned(payee);
        equal(expected, c);
    }

    function test_settleMany_severalPayees() public {
        vm.prank(payer);
        bytes32 other = rails.open(OpenStream(STRANGER, JUDGE, RATE, TERM, TERM_CREDITS, 0, "s"));
        bytes32[] memory ids = new bytes32[](4);
        (ids[0], ids[1]) = (openStream(RATE, TERM, "a"), other);
        (ids[2], ids[3]) = (openStream(RATE, TERM, "b"), openStream(2 * RATE, TERM, "c"));
        skip(10);
        equal(50, rails.settleMany(ids));
        (uint128 c,) = earned(payee);
        (uint128 d,) = earned(STRANGER);
        assert(c == 40 && d == 10);
    }

    // ---- topUp, cover ----

    function testFuzz_topUp_addsAtFullCover(uint128 funds) public {
        bytes32 id = openStream(RATE, TERM, "s");
        Stream memory old = streamOf(id);
        funds = uint128(bound(funds, 0, 100_000_000));
        vm.prank(payer);
        rails.topUp(id, funds, 0);
        Stream memory s = streamOf(id);
        assert(s.credits == old.credits + funds && s.end == old.end && s.rateNano == old.rateNano);
        assert(uint256(s.workAtto) * low() >= uint256(s.credits) * Q);
    }

    function test_topUp_refusals() public {
        bytes32 id = openStream(RATE, TERM, "s");
        stranger(abi.encodeCall(rails.topUp, (id, 0, 0)), abi.encodeWithSelector(IRails.NotParty.selector, STRANGER));
        stranger(abi.encodeCall(rails.topUp, ("x", 0, 0)), abi.encodeWithSelector(IRails.NoSuchRail.selector, bytes32("x")));
        vm.prank(payer);
        rails.notice(id);
        vm.expectRevert(abi.encodeWithSelector(IRails.AlreadyNoticed.selector, id));
        vm.prank(payer);
        rails.topUp(id, 1, 0);
        skip(601);
        stranger(abi.encodeCall(rails.topUp, (id, 0, 0)), abi.encodeWithSelector(IRails.StalePrice.selector));
        pauseNow();
        stranger(abi.encodeCall(rails.topUp, (id, 0, 0)), abi.encodeWithSelector(IRails.Paused.selector));
    }

    function testFuzz_coverStream_burnsThePayers(uint128 amount) public {
        bytes32 id = openStream(RATE, TERM, "s");
        Stream memory old = streamOf(id);
        amount = uint128(bound(amount, 0, FUNDS - 10_000e18));
        vm.prank(payer);
        rails.coverStream(id, amount);
        Stream memory s = streamOf(id);
        assert(s.workAtto == old.workAtto + amount && s.credits == old.credits);
        stranger(abi.encodeCall(rails.coverStream, (id, 0)), abi.encodeWithSelector(IRails.NotParty.selector, STRANGER));
        pauseNow();
        stranger(abi.encodeCall(rails.coverStream, (id, 0)), abi.encodeWithSelector(IRails.Paused.selector));
    }

    // ---- renew ----

    function testFuzz_renew_beforeTheEndMovesItOut(uint40 elapsed, uint40 term) public {
        bytes32 id = openStream(RATE, TERM, "s");
        elapsed = uint40(bound(elapsed, 0, TERM - 1));
        term = uint40(bound(term, 0, 30 days));
        uint256 length = term == 0 ? TERM : term;
        skip(elapsed);
        post(USD);
        vm.prank(payer);
        rails.renew(id, term, uint128(length), 0);
        Stream memory s = streamOf(id);
        assert(s.start == T0 && s.end == T0 + TERM + length && s.accruedNano == 0);
        vm.expectRevert(
            abi.encodeWithSelector(IRails.Underfunded.selector, uint128(2 * length + TERM), uint128(length + TERM + length - 1))
        );
        vm.prank(payer);
        rails.renew(id, term, uint128(length - 1), 0);
    }

    function testFuzz_renew_afterTheEndStartsASegment(uint40 gap) public {
        bytes32 id = openStream(RATE, TERM, "s");
        gap = uint40(bound(gap, 0, 30 days));
        skip(TERM + gap);
        post(USD);
        vm.prank(payer);
        rails.renew(id, TERM, TERM_CREDITS, 0);
        Stream memory s = streamOf(id);
        assert(s.start == T0 + TERM + gap && s.end == s.start + TERM && s.accruedNano == uint256(RATE) * TERM);
        equal(TERM_CREDITS, rails.payable_(id)); // the gap is not paid
        skip(TERM);
        equal(2 * TERM_CREDITS, rails.settle(id));
    }

    /// @notice A renewal needs the whole rail at full cover, not only what moves.
    function test_renew_coversTheWholeRail() public {
        bytes32 id = openStream(RATE, TERM, "s");
        post(USD / 2);
        Stream memory old = streamOf(id);
        (uint128 c, uint128 w) = bought(payer);
        uint256 moved = (uint256(w) * TERM_CREDITS + c - 1) / c;
        uint256 needed = (2 * uint256(TERM_CREDITS) * Q + low() - 1) / low();
        uint128 missing = uint128(needed - old.workAtto - moved);
        vm.expectRevert(abi.encodeWithSelector(IRails.NotFullCover.selector, needed, needed - 1));
        vm.prank(payer);
        rails.renew(id, TERM, TERM_CREDITS, missing - 1);
        vm.prank(payer);
        rails.renew(id, TERM, TERM_CREDITS, missing);
        equal(needed, streamOf(id).workAtto);
    }

    /// @notice And what moves, even into a rail that is covered twice over.
    function test_renew_coversTheMove() public {
        bytes32 id = openStream(RATE, TERM, "s");
        vm.prank(payer);
        rails.coverStream(id, 100_000e18);
        post(USD / 2);
        vm.expectRevert();
        vm.prank(payer);
        rails.renew(id, TERM, TERM_CREDITS, 0);
        vm.prank(payer);
        rails.renew(id, TERM, TERM_CREDITS, 1000e18);
    }

    function test_renew_refusals() public {
        bytes32 id = openStream(RATE, TERM, "s");
        bytes memory call_ = abi.encodeCall(rails.renew, (id, 0, 0, 0));
        stranger(call_, abi.encodeWithSelector(IRails.NotParty.selector, STRANGER));
        vm.prank(JUDGE);
        rails.hold(id);
        skip(TERM + 1);
        post(USD);
        vm.expectRevert(abi.encodeWithSelector(IRails.PayIsHeld.selector, id));
        vm.prank(payer);
        rails.renew(id, TERM, TERM_CREDITS, 0);
        vm.prank(payee);
        rails.notice(id);
        vm.expectRevert(abi.encodeWithSelector(IRails.AlreadyNoticed.selector, id));
        vm.prank(payer);
        rails.renew(id, TERM, TERM_CREDITS, 0);
        skip(601);
        stranger(call_, abi.encodeWithSelector(IRails.StalePrice.selector));
    }

    /// @notice Before the end a renewal starts no segment, so a hold does not stand in its way.
    function test_renew_whileHeldBeforeTheEnd() public {
        bytes32 id = openStream(RATE, TERM, "s");
        vm.prank(JUDGE);
        rails.hold(id);
        skip(100);
        vm.prank(payer);
        rails.renew(id, TERM, TERM_CREDITS, 0);
        equal(T0 + 2 * TERM, streamOf(id).end);
    }

    // ---- raise, cut ----

    function testFuzz_raise_keepsThePastExactly(uint96 rate, uint40 elapsed, uint40 faultSeconds) public {
        uint96 old = 333_333_333;
        rate = uint96(bound(rate, old + 1, 1e10));
        elapsed = uint40(bound(elapsed, 0, TERM - 1));
        faultSeconds = uint40(bound(faultSeconds, 0, TERM));
        bytes32 id = openStream(old, TERM, 500_000, "s");
        vm.prank(JUDGE);
        rails.fault(id, faultSeconds);
        skip(elapsed);
        post(USD);
        vm.prank(payer);
        rails.raise(id, rate, 6_048_000, 0);
        Stream memory s = streamOf(id);
        uint256 used = faultSeconds < elapsed ? faultSeconds : elapsed;
        equal(uint256(old) * (elapsed - used), s.accruedNano);
        equal(faultSeconds - used, s.faultSeconds); // what the old segment did not use carries over
        assert(s.start == T0 + elapsed && s.end == T0 + TERM && s.rateNano == rate);
        skip(TERM);
        uint256 earning = TERM - elapsed - (faultSeconds - used);
        equal((uint256(s.accruedNano) + uint256(rate) * earning) / 1e9, rails.settle(id));
    }

    function test_raise_refusals() public {
        bytes32 id = openStream(RATE, TERM, "s");
        bytes memory call_ = abi.encodeCall(rails.raise, (id, 2 * RATE, TERM_CREDITS, 0));
        stranger(call_, abi.encodeWithSelector(IRails.NotParty.selector, STRANGER));
        vm.expectRevert(abi.encodeWithSelector(IRails.OutOfRange.selector, RATE, RATE));
        vm.prank(payer);
        rails.raise(id, RATE, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IRails.Underfunded.selector, 2 * TERM_CREDITS, 2 * TERM_CREDITS - 1));
        vm.prank(payer);
        rails.raise(id, 2 * RATE, TERM_CREDITS - 1, 0);
        vm.prank(JUDGE);
        rails.hold(id);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IRails.PayIsHeld.selector, id));
        vm.prank(payer);
        rails.raise(id, 2 * RATE, TERM_CREDITS, 0);
        vm.prank(JUDGE);
        rails.release(id);
        skip(TERM - 1);
        post(USD);
        vm.expectRevert(abi.encodeWithSelector(IRails.DeadlinePassed.selector, uint40(T0 + TERM), uint40(T0 + TERM)));
        vm.prank(payer);
        rails.raise(id, 2 * RATE, TERM_CREDITS, 0);
        vm.prank(payer);
        rails.notice(id);
        vm.expectRevert(abi.encodeWithSelector(IRails.AlreadyNoticed.selector, id));
        vm.prank(payer);
        rails.raise(id, 2 * RATE, TERM_CREDITS, 0);
        skip(601);
        stranger(call_, abi.encodeWithSelector(IRails.StalePrice.selector));
        pauseNow();
        stranger(call_, abi.encodeWithSelector(IRails.Paused.selector));
    }

    function testFuzz_cut_needsThePayeesSignature(uint96 rate, uint40 elapsed, uint8 wrong) public {
        bytes32 id = openStream(RATE, TERM, "s");
        rate = uint96(bound(rate, 0, RATE - 1));
        elapsed = uint40(bound(elapsed, 0, TERM - 1));
        wrong = uint8(bound(wrong, 0, 3));
        skip(elapsed); // needs no fresh price
        uint256 key = wrong == 1 ? PAYER_KEY : PAYEE_KEY;
        bytes memory sig = cutSignature(key, id, wrong == 2 ? rate + 1 : rate, uint40(T0) + (wrong == 3 ? 1 : 0));
        if (wrong != 0) vm.expectRevert();
        vm.prank(payer);
        rails.cut(id, rate, sig);
        Stream memory s = streamOf(id);
        if (wrong != 0) return equal(RATE, s.rateNano);
        assert(s.rateNano == rate && s.accruedNano == uint256(RATE) * elapsed && s.start == T0 + elapsed);
        vm.expectRevert(); // a signature is for one segment, and for a lower rate
        vm.prank(payer);
        rails.cut(id, rate, sig);
    }

    function test_cut_refusals() public {
        bytes32 id = openStream(RATE, TERM, "s");
        bytes memory sig = cutSignature(PAYEE_KEY, id, RATE, uint40(T0));
        stranger(abi.encodeCall(rails.cut, (id, 0, sig)), abi.encodeWithSelector(IRails.NotParty.selector, STRANGER));
        vm.expectRevert(abi.encodeWithSelector(IRails.OutOfRange.selector, RATE, RATE));
        vm.prank(payer);
        rails.cut(id, RATE, sig);
        sig = cutSignature(PAYEE_KEY, id, 1, uint40(T0));
        vm.prank(JUDGE);
        rails.hold(id);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(IRails.PayIsHeld.selector, id));
        vm.prank(payer);
        rails.cut(id, 1, sig);
        pauseNow();
        vm.expectRevert(IRails.Paused.selector);
        vm.prank(payer);
        rails.cut(id, 1, sig);
    }

    // ---- notice, finish ----

    function testFuzz_notice_endsOneNoticeFromNow(uint40 elapsed, bool byPayer) public {
        bytes32 id = openStream(RATE, TERM, "s");
        elapsed = uint40(bound(elapsed, 0, TERM + 10 days));
        skip(elapsed);
        vm.prank(byPayer ? payer : payee);
        rails.notice(id);
        uint256 end = elapsed + p.noticeSeconds < TERM ? T0 + elapsed + p.noticeSeconds : T0 + TERM;
        equal(end, streamOf(id).end);
        vm.expectRevert(abi.encodeWithSelector(IRails.AlreadyNoticed.selector, id));
        vm.prank(byPayer ? payee : payer);
        rails.notice(id);
        uint256 nowAt = T0 + elapsed;
        if (nowAt < end) {
            vm.expectRevert(abi.encodeWithSelector(IRails.NotYet.selector, uint40(end), uint40(nowAt)));
            rails.finish(id);
            vm.warp(end - 1);
            vm.expectRevert();
            rails.finish(id);
            vm.warp(end);
        }
        (uint128 before,) = bought(payer);
        rails.finish(id);
        (uint128 c,) = earned(payee);
        equal(end - T0, c);
        (uint128 back,) = bought(payer);
        equal(TERM_CREDITS - (end - T0), back - before);
    }

    function test_notice_onlyParties() public {
        bytes32 id = openStream(RATE, TERM, "s");
        stranger(abi.encodeCall(rails.notice, (id)), abi.encodeWithSelector(IRails.NotParty.selector, STRANGER));
        stranger(abi.encodeCall(rails.notice, ("x")), abi.encodeWithSelector(IRails.NoSuchRail.selector, bytes32("x")));
    }

    function testFuzz_finish_oneNoticeAfterTheEnd(uint40 elapsed) public {
        bytes32 id = openStream(RATE, TERM, "s");
        elapsed = uint40(bound(elapsed, 0, TERM + 3 days));
        uint40 allowedAt = uint40(T0) + TERM + p.noticeSeconds;
        skip(elapsed);
        bool good = T0 + elapsed >= allowedAt;
        if (!good) vm.expectRevert(abi.encodeWithSelector(IRails.NotYet.selector, allowedAt, uint40(T0 + elapsed)));
        vm.prank(STRANGER);
        rails.finish(id);
        Stream memory s = streamOf(id);
        assert((s.payer == address(0)) == good);
        if (!good) return;
        assert(s.noticed && s.credits == 0 && s.workAtto == 0 && s.paid == 0);
        vm.expectRevert(abi.encodeWithSelector(IRails.NoSuchRail.selector, id));
        rails.finish(id);
    }

    /// @notice Closing moves the whole pocket: all WORK that is left, cover included, goes back.
    function test_finish_returnsAllWork() public {
        bytes32 id = openStream(RATE, TERM, "s");
        vm.prank(payer);
        rails.coverStream(id, 77);
        (, uint128 before) = bought(payer);
        Stream memory s = streamOf(id);
        vm.prank(payee);
        rails.notice(id);
        vm.prank(JUDGE);
        rails.fault(id, type(uint40).max); // nothing was earned
        skip(TERM);
        rails.finish(id);
        (, uint128 w) = bought(payer);
        equal(before + s.workAtto, w);
    }

    // ---- holds and faults ----

    function testFuzz_judge_only(address caller) public {
        bytes32 id = openStream(RATE, TERM, "s");
        if (caller == JUDGE) return;
        bytes memory refusal = abi.encodeWithSelector(IRails.NotJudge.selector, JUDGE, caller);
        vm.expectRevert(refusal);
        vm.prank(caller);
        rails.hold(id);
        vm.expectRevert(refusal);
        vm.prank(caller);
        rails.release(id);
        vm.expectRevert(refusal);
        vm.prank(caller);
        rails.fault(id, 1);
    }

    /// @notice A second is held once, for `hold`, however many demands follow one another.
    function testFuzz_hold_isBounded(uint40 opened, uint40 later, uint8 demands) public {
        bytes32 id = openStream(RATE, TERM, "s");
        opened = uint40(bound(opened, 0, TERM));
        later = uint40(bound(later, 0, 2 * TERM));
        skip(opened);
        demands = uint8(bound(demands, 1, 8));
        for (uint256 i = 0; i < demands; i++) {
            vm.prank(JUDGE);
            rails.hold(id);
        }
        skip(later);
        vm.prank(JUDGE);
        rails.hold(id); // one more changes nothing
        uint256 nowAt = opened + later;
        uint256 passed = nowAt > p.holdSeconds ? nowAt - p.holdSeconds : 0;
        uint256 until = passed > opened ? passed : opened;
        if (until > TERM) until = TERM;
        equal(until, rails.payable_(id));
        equal(until, rails.settle(id));
        for (uint256 i = 0; i <= demands; i++) {
            vm.prank(JUDGE);
            rails.release(id);
        }
        equal((nowAt < TERM ? nowAt : TERM) - until, rails.settle(id)); // all over: all is payable
        assert(streamOf(id).firstOpened == 0 && streamOf(id).openDemands == 0);
    }

    function test_finish_waitsForHeldPayOnly() public {
        bytes32 id = openStream(RATE, TERM, "s");
        vm.prank(payer);
        rails.notice(id); // ends after one notice
        uint40 end = streamOf(id).end;
        vm.warp(end - 10);
        vm.prank(JUDGE);
        rails.hold(id);
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(IRails.PayIsHeld.selector, id));
        rails.finish(id);
        vm.warp(uint256(end) + p.holdSeconds - 1);
        vm.expectRevert(abi.encodeWithSelector(IRails.PayIsHeld.selector, id));
        rails.finish(id);
        vm.warp(uint256(end) + p.holdSeconds); // the judge was silent: it is paid and over
        rails.finish(id);
        (uint128 c,) = earned(payee);
        equal(p.noticeSeconds, c);
    }

    function test_hold_afterTheEndHoldsNothing() public {
        bytes32 id = openStream(RATE, TERM, "s");
        skip(TERM + p.noticeSeconds);
        vm.prank(JUDGE);
        rails.hold(id);
        equal(TERM_CREDITS, rails.payable_(id));
        rails.finish(id);
        vm.prank(JUDGE);
        rails.release(id); // the judge's own bookkeeping is not refused
        vm.prank(JUDGE);
        rails.fault(id, 10);
        vm.expectRevert(abi.encodeWithSelector(IRails.NoSuchRail.selector, id));
        vm.prank(JUDGE);
        rails.hold(id);
    }

    function testFuzz_fault_saturatesAndTakesNothingBack(uint40 elapsed, uint40 first, uint40 second) public {
        bytes32 id = openStream(RATE, TERM, "s");
        elapsed = uint40(bound(elapsed, 0, TERM));
        skip(elapsed);
        rails.settle(id);
        vm.prank(JUDGE);
        rails.hold(id);
        vm.prank(JUDGE);
        rails.fault(id, first);
        equal(0, streamOf(id).openDemands);
        vm.prank(JUDGE);
        rails.fault(id, second); // without an open demand
        uint256 faults = uint256(first) + second < TERM ? uint256(first) + second : TERM;
        Stream memory s = streamOf(id);
        equal(faults, s.faultSeconds);
        equal(elapsed, s.paid); // stays
        skip(TERM);
        uint256 due = TERM - faults;
        equal(due > elapsed ? due - elapsed : 0, rails.settle(id));
    }

    function test_release_keepsTheFirstOpening() public {
        bytes32 id = openStream(RATE, TERM, "s");
        vm.prank(JUDGE);
        rails.release(id); // none open: nothing
        equal(0, streamOf(id).openDemands);
        for (uint256 i = 0; i < 3; i++) {
            vm.prank(JUDGE);
            rails.hold(id);
            skip(1);
        }
        vm.prank(JUDGE);
        rails.release(id);
        assert(streamOf(id).openDemands == 2 && streamOf(id).firstOpened == T0);
    }

    function test_hold_countDoesNotWrap() public {
        bytes32 id = openStream(RATE, TERM, "s");
        bytes32 spanSlot = bytes32(uint256(keccak256(abi.encode(id, uint256(0)))) + 1);
        uint256 span = uint256(vm.load(address(rails), spanSlot));
        vm.store(address(rails), spanSlot, bytes32(span | uint256(type(uint16).max) << 240));
        equal(type(uint16).max, streamOf(id).openDemands);
        vm.expectRevert(abi.encodeWithSelector(IRails.OutOfRange.selector, 65_535, 65_536));
        vm.prank(JUDGE);
        rails.hold(id);
    }
}
