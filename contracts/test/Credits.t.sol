// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Credits} from "../src/Credits.sol";
import {ICredits} from "../src/interfaces/ICredits.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice docs/protocol/money.md#pockets
contract CreditsTest is MoneyHarness {
    uint256 private constant Q = 1e21;

    function testFuzz_buy_floorsAtLow(uint128 amount, uint64 priceUsd8) public {
        amount = uint128(bound(amount, 0, FUNDS));
        skip(36_000); // so that low follows down or up to twice
        post(uint64(bound(priceUsd8, 100, 2 ** 62)));
        uint128 got = buy(payer, amount);
        equal(uint256(amount) * low() / Q, got);
        (uint128 c, uint128 w) = bought(payer);
        assert(c == got && w == amount);
        equal(FUNDS - amount, work.balanceOf(payer));
        (uint256 issued, uint256 spent, uint256 burned, uint256 minted, uint256 retired) = credits.totals();
        assert(issued == got && spent == 0 && burned == amount && minted == 0 && retired == 0);
    }

    function testFuzz_buy_minimum(uint128 minimum) public {
        uint128 expected = 99_000; // 1 WORK at 0.99 USD
        minimum = uint128(bound(minimum, 0, expected * 2));
        if (minimum > expected) {
            vm.expectRevert(abi.encodeWithSelector(ICredits.TooFewCredits.selector, minimum, expected));
        }
        vm.prank(payer);
        credits.buy(1e18, minimum);
    }

    function testFuzz_buy_moreThanTheWallet(uint128 amount) public {
        amount = uint128(bound(amount, FUNDS, FUNDS * 4));
        if (amount > FUNDS) vm.expectRevert(bytes4(keccak256("InsufficientBalance()")));
        vm.prank(payer);
        credits.buy(amount, 0);
    }

    function test_buy_staleOrPaused() public {
        skip(600);
        buy(payer, 1e18); // the last second
        skip(1);
        vm.expectRevert(ICredits.StalePrice.selector);
        buy(payer, 1e18);
        post(USD);
        pauseNow();
        vm.expectRevert(Credits.Paused.selector);
        buy(payer, 1e18);
        skip(7 days);
        post(USD);
        buy(payer, 1e18);
    }

    /// @notice At the highest price the whole of genesis buys far less than 2^128 credits.
    function test_buy_allOfItAtTheHighestPrice() public {
        skip(36_000_000);
        post(2 ** 62);
        give(payer, GENESIS - FUNDS);
        uint128 got = buy(payer, GENESIS);
        assert(got < 2 ** 90);
    }

    function testFuzz_cover_addsWorkOnly(uint128 amount) public {
        amount = uint128(bound(amount, 0, FUNDS));
        vm.prank(payer);
        credits.cover(amount);
        (uint128 c, uint128 w) = bought(payer);
        assert(c == 0 && w == amount);
        (uint256 issued,, uint256 burned,,) = credits.totals();
        assert(issued == 0 && burned == amount);
    }

    function test_cover_pausedButNotStale() public {
        skip(1 days);
        vm.prank(payer);
        credits.cover(1);
        pauseNow();
        vm.expectRevert(Credits.Paused.selector);
        vm.prank(payer);
        credits.cover(1);
    }

    function testFuzz_onlyRails(address caller) public {
        if (caller == at_.rails) return;
        bytes memory refusal = abi.encodeWithSelector(ICredits.NotRails.selector, caller);
        vm.expectRevert(refusal);
        vm.prank(caller);
        credits.take(payer, false, 0, false);
        vm.expectRevert(refusal);
        vm.prank(caller);
        credits.give(payer, false, 1, 1);
        vm.expectRevert(refusal);
        vm.prank(caller);
        credits.spend(1, 1, 1);
        vm.expectRevert(refusal);
        vm.prank(caller);
        credits.burnCover(payer, 1);
    }

    /// @notice The share: all with all, none with none, else rounded as told.
    function testFuzz_take_share(uint128 c, uint128 w, uint128 part, bool earned_, bool roundUp) public {
        c = uint128(bound(c, 1, 1e28));
        w = uint128(bound(w, 0, 1e28));
        part = uint128(bound(part, 0, c));
        vm.prank(at_.rails);
        credits.give(STRANGER, earned_, c, w);
        vm.prank(at_.rails);
        uint128 taken = credits.take(STRANGER, earned_, part, roundUp);
        uint256 product = uint256(w) * part;
        uint256 expected = part == 0 ? 0 : part == c ? w : roundUp ? (product + c - 1) / c : product / c;
        equal(expected, taken);
        (uint128 cLeft, uint128 wLeft) = earned_ ? earned(STRANGER) : bought(STRANGER);
        assert(cLeft == c - part && wLeft == w - taken);
        // What stays is covered no worse when rounding down, what goes no worse when rounding up.
        if (!roundUp) assert(uint256(wLeft) * c >= uint256(w) * cLeft);
        else assert(uint256(taken) * c >= uint256(w) * part);
    }

    function testFuzz_take_moreThanThere(uint128 c, uint128 part) public {
        c = uint128(bound(c, 0, 1e28));
        part = uint128(bound(part, 0, 1e28));
        vm.prank(at_.rails);
        credits.give(STRANGER, true, c, 5);
        if (part > c) vm.expectRevert(abi.encodeWithSelector(ICredits.NotEnoughCredits.selector, c, part));
        vm.prank(at_.rails);
        credits.take(STRANGER, true, part, false);
    }

    /// @notice Moving 0 credits moves no WORK, even out of a pocket that holds only WORK.
    function test_take_nothingTakesNothing() public {
        vm.prank(payer);
        credits.cover(5);
        vm.prank(at_.rails);
        equal(0, credits.take(payer, false, 0, true));
        (, uint128 w) = bought(payer);
        equal(5, w);
    }

    function testFuzz_burnCover_burnsThePayers(uint128 amount) public {
        amount = uint128(bound(amount, 0, FUNDS));
        vm.prank(at_.rails);
        credits.burnCover(payer, amount);
        equal(FUNDS - amount, work.balanceOf(payer));
        (,, uint256 burned,,) = credits.totals();
        equal(amount, burned);
    }
}
