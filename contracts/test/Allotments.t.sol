// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Allotment, IRails, Voucher} from "../src/interfaces/IRails.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice docs/protocol/money.md#allotment
contract AllotmentsTest is MoneyHarness {
    bytes32 private pair;

    function setUp() public override {
        super.setUp();
        buy(payer, 10_000e18);
        pair = keccak256(abi.encode(payer, payee));
    }

    function openIt(uint128 funds) private {
        vm.prank(payer);
        rails.openAllotment(payee, signer, funds, 0);
    }

    function voucher(uint128 total) private view returns (Voucher memory v, bytes memory sig) {
        v = Voucher(payer, payee, total);
        sig = voucherSignature(SIGNER_KEY, v);
    }

    function redeem(uint128 total) private returns (uint128) {
        (Voucher memory v, bytes memory sig) = voucher(total);
        vm.prank(STRANGER);
        return rails.redeem(v, sig);
    }

    function closeIt() private {
        vm.prank(payer);
        rails.noticeAllotment(payer, payee);
        skip(p.noticeSeconds);
        rails.finishAllotment(payer, payee);
    }

    function testFuzz_open_movesAtFullCover(uint128 funds) public {
        funds = uint128(bound(funds, 0, 990_000_000));
        openIt(funds);
        Allotment memory a = rails.allotment(payer, payee);
        assert(a.signer == signer && a.credits == funds && a.redeemed == 0 && a.end == 0 && !a.noticed);
        assert(uint256(a.workAtto) * low() >= uint256(funds) * 1e21);
        vm.expectRevert(abi.encodeWithSelector(IRails.RailExists.selector, pair));
        openIt(0);
    }

    function test_open_refusals() public {
        vm.expectRevert(abi.encodeWithSelector(IRails.BadSignature.selector, address(0), address(0)));
        vm.prank(payer);
        rails.openAllotment(payee, address(0), 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IRails.NotParty.selector, address(0)));
        vm.prank(payer);
        rails.openAllotment(address(0), signer, 0, 0);
        skip(601);
        vm.expectRevert(IRails.StalePrice.selector);
        openIt(0);
        pauseNow();
        vm.expectRevert(IRails.Paused.selector);
        openIt(0);
    }

    /// @notice Vouchers in any order pay the highest total once, as far as the credits reach.
    function testFuzz_redeem_isCumulative(uint128 funds, uint128[6] memory totals) public {
        funds = uint128(bound(funds, 0, 1_000_000));
        openIt(funds);
        uint128 highest = 0;
        uint128 last = 0;
        for (uint256 i = 0; i < totals.length; i++) {
            if (totals[i] > highest) highest = totals[i];
            redeem(totals[i]);
            uint128 redeemed = rails.allotment(payer, payee).redeemed;
            assert(redeemed >= last);
            last = redeemed;
        }
        equal(highest < funds ? highest : funds, last);
        (uint128 c,) = earned(payee);
        equal(last, c);
    }

    function testFuzz_redeem_signature(uint256 key, uint128 signed, uint128 shown) public {
        openIt(1000);
        key = bound(key, 1, 1e30);
        Voucher memory v = Voucher(payer, payee, shown);
        bytes memory sig = voucherSignature(key, Voucher(payer, payee, signed));
        bool good = key == SIGNER_KEY && signed == shown;
        if (!good) vm.expectRevert();
        rails.redeem(v, sig);
    }

    function test_redeem_refusals() public {
        (Voucher memory v, bytes memory sig) = voucher(10);
        vm.expectRevert(abi.encodeWithSelector(IRails.NoSuchRail.selector, pair));
        rails.redeem(v, sig);
        openIt(1000);
        bytes memory payers = voucherSignature(PAYER_KEY, v);
        vm.expectRevert(abi.encodeWithSelector(IRails.BadSignature.selector, signer, payer));
        rails.redeem(v, payers);
        vm.expectRevert(abi.encodeWithSelector(IRails.BadSignature.selector, signer, address(0)));
        rails.redeem(v, "");
        equal(10, rails.redeem(v, sig));
        equal(0, rails.redeem(v, sig)); // again: nothing, and no refusal
    }

    /// @notice On another chain, or for another contract, the voucher is worth nothing.
    function test_redeem_boundToChain() public {
        openIt(1000);
        (Voucher memory v, bytes memory sig) = voucher(10);
        vm.chainId(block.chainid + 1);
        vm.expectRevert();
        rails.redeem(v, sig);
    }

    /// @notice redeemed survives closing and reopening: an old voucher is not paid twice.
    function testFuzz_reopen_keepsRedeemed(uint128 first, uint128 second) public {
        first = uint128(bound(first, 0, 1000));
        second = uint128(bound(second, 0, 3000));
        openIt(1000);
        redeem(first);
        closeIt();
        Allotment memory a = rails.allotment(payer, payee);
        assert(a.signer == address(0) && a.redeemed == first && a.credits == 0 && a.workAtto == 0 && !a.noticed);
        post(USD);
        openIt(1000);
        equal(0, redeem(first));
        uint256 reach = uint256(first) + 1000;
        uint256 total = second < reach ? second : reach;
        equal(total > first ? total - first : 0, redeem(second));
    }

    function testFuzz_topUp(uint128 first, uint128 second) public {
        first = uint128(bound(first, 0, 1_000_000));
        second = uint128(bound(second, 0, 1_000_000));
        vm.expectRevert(abi.encodeWithSelector(IRails.NoSuchRail.selector, pair));
        vm.prank(payer);
        rails.topUpAllotment(payee, second, 0);
        openIt(first);
        vm.prank(payer);
        rails.topUpAllotment(payee, second, 0);
        equal(uint256(first) + second, rails.allotment(payer, payee).credits);
        vm.prank(payee);
        rails.noticeAllotment(payer, payee);
        vm.expectRevert(abi.encodeWithSelector(IRails.AlreadyNoticed.selector, pair));
        vm.prank(payer);
        rails.topUpAllotment(payee, second, 0);
        skip(601);
        vm.expectRevert(IRails.StalePrice.selector);
        vm.prank(payer);
        rails.topUpAllotment(payee, second, 0);
        pauseNow();
        vm.expectRevert(IRails.Paused.selector);
        vm.prank(payer);
        rails.topUpAllotment(payee, second, 0);
    }

    function testFuzz_notice_redeemUntilFinished(uint40 wait, bool byPayer) public {
        openIt(1000);
        wait = uint40(bound(wait, 0, 10 days));
        vm.expectRevert(abi.encodeWithSelector(IRails.NotYet.selector, type(uint40).max, uint40(T0)));
        rails.finishAllotment(payer, payee);
        vm.prank(byPayer ? payer : payee);
        rails.noticeAllotment(payer, payee);
        vm.expectRevert(abi.encodeWithSelector(IRails.AlreadyNoticed.selector, pair));
        vm.prank(byPayer ? payee : payer);
        rails.noticeAllotment(payer, payee);
        uint40 end = uint40(T0) + p.noticeSeconds;
        equal(end, rails.allotment(payer, payee).end);
        skip(wait);
        equal(10, redeem(10));
        bool good = T0 + wait >= end;
        (uint128 before,) = bought(payer);
        if (!good) vm.expectRevert(abi.encodeWithSelector(IRails.NotYet.selector, end, uint40(T0 + wait)));
        rails.finishAllotment(payer, payee);
        (uint128 c,) = bought(payer);
        equal(good ? 990 : 0, c - before);
    }

    function test_notice_onlyParties() public {
        vm.expectRevert(abi.encodeWithSelector(IRails.NoSuchRail.selector, pair));
        vm.prank(payer);
        rails.noticeAllotment(payer, payee);
        openIt(1);
        vm.expectRevert(abi.encodeWithSelector(IRails.NotParty.selector, STRANGER));
        vm.prank(STRANGER);
        rails.noticeAllotment(payer, payee);
        vm.expectRevert(abi.encodeWithSelector(IRails.NoSuchRail.selector, keccak256(abi.encode(payee, payer))));
        rails.finishAllotment(payee, payer);
    }

    function test_redeemMany_skipsBadOnes() public {
        openIt(1000);
        vm.prank(payer);
        rails.openAllotment(STRANGER, signer, 1000, 0);
        Voucher[] memory vouchers = new Voucher[](5);
        bytes[] memory sigs = new bytes[](5);
        vouchers[0] = Voucher(payer, payee, 10);
        vouchers[1] = Voucher(payee, payer, 10); // no such allotment
        vouchers[2] = Voucher(payer, payee, 25);
        vouchers[3] = Voucher(payer, STRANGER, 7);
        vouchers[4] = Voucher(payer, STRANGER, 9); // signed by another
        for (uint256 i = 0; i < 5; i++) sigs[i] = voucherSignature(i == 4 ? PAYER_KEY : SIGNER_KEY, vouchers[i]);
        equal(32, rails.redeemMany(vouchers, sigs));
        (uint128 c,) = earned(payee);
        (uint128 d,) = earned(STRANGER);
        assert(c == 25 && d == 7);
        vm.expectRevert(abi.encodeWithSelector(IRails.OutOfRange.selector, 5, 4));
        rails.redeemMany(vouchers, new bytes[](4));
    }

    function testFuzz_cover_burnsThePayersAlsoAfterNotice(uint128 amount) public {
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IRails.NoSuchRail.selector, keccak256(abi.encode(payer, payee))));
        rails.coverAllotment(payee, 0);
        openIt(1000);
        vm.prank(payee);
        rails.noticeAllotment(payer, payee);
        amount = uint128(bound(amount, 0, work.balanceOf(payer)));
        (uint128 before, uint256 had) = (rails.allotment(payer, payee).workAtto, work.balanceOf(payer));
        vm.prank(payer);
        rails.coverAllotment(payee, amount);
        equal(had - amount, work.balanceOf(payer));
        equal(before + amount, rails.allotment(payer, payee).workAtto);
        pauseNow();
        vm.prank(payer);
        vm.expectRevert(abi.encodeWithSelector(IRails.Paused.selector));
        rails.coverAllotment(payee, 0);
    }
}
