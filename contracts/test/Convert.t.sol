// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ICredits} from "../src/interfaces/ICredits.sol";
import {IRails, Voucher} from "../src/interfaces/IRails.sol";
import {Breaker} from "../src/libraries/Breaker.sol";
import {Parameters} from "../src/Parameters.sol";
import {Rails} from "../src/Rails.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice docs/protocol/money.md#convert and #breaker
contract ConvertTest is MoneyHarness {
    uint256 private constant Q = 1e21;
    uint128 private constant WINDOW_ATTO = 50e18;

    function parameters() internal view override returns (Parameters memory q) {
        q = super.parameters();
        q.convertPerWindowAtto = WINDOW_ATTO;
    }

    /// @dev Credits with WORK in the payee's earned pocket, as a payment brings them.
    function earn(uint128 amount, uint128 workAtto) private {
        vm.prank(at_.rails);
        credits.give(payee, true, amount, workAtto);
    }

    /// @dev Low and high after ten hours of a new price: both are at their targets or one step away.
    function priceAt(uint64 priceUsd8) private {
        skip(36_000);
        post(priceUsd8);
    }

    function testFuzz_convert_formula(uint64 priceUsd8, uint128 c, uint128 w, uint128 part) public {
        priceAt(uint64(bound(priceUsd8, 100, 2 ** 62)));
        (, uint64 high,) = feed.quote();
        w = uint128(bound(w, 0, 50e18));
        c = uint128(bound(c, 1, 1e24));
        part = uint128(bound(part, 0, c));
        earn(c, w);
        uint256 share = part == 0 ? 0 : part == c ? w : uint256(w) * part / c;
        uint256 byPrice = uint256(part) * Q * 9500 / (uint256(high) * 1e4);
        uint256 byLineage = share * 9500 / 1e4;
        uint256 m = byPrice < byLineage ? byPrice : byLineage;
        makeRoom(share);
        vm.prank(payee);
        uint128 minted = rails.convert(part, uint128(m));
        equal(m, minted);
        equal(m, work.balanceOf(payee));
        equal(share - m, rails.retired(payee));
        equal((share - m) * 8000 / 1e4, rails.limit(payee));
        (, uint256 spent,, uint256 mintedSum, uint256 retiredSum) = credits.totals();
        assert(spent == part && mintedSum == m && retiredSum == share - m);
        (uint128 cLeft, uint128 wLeft) = earned(payee);
        assert(cLeft == c - part && wLeft == w - share);
    }

    /// @dev WORK given to a pocket by hand was never burned: burn as much, so that the cap has room for it.
    function makeRoom(uint256 amount) private {
        vm.prank(FAUCET);
        work.burn(amount);
    }

    function testFuzz_convert_minOut(uint128 minimum) public {
        earn(1000, 10e18);
        makeRoom(10e18);
        (, uint64 high,) = feed.quote();
        uint256 byPrice = 1000 * Q * 9500 / (uint256(high) * 1e4);
        uint128 expected = uint128(byPrice < 95e17 ? byPrice : 95e17);
        minimum = uint128(bound(minimum, 0, expected * 2));
        if (minimum > expected) {
            vm.expectRevert(abi.encodeWithSelector(IRails.TooLittleOut.selector, minimum, expected));
        }
        vm.prank(payee);
        rails.convert(1000, minimum);
    }

    function testFuzz_convert_onlyWhatIsEarned(uint128 amount) public {
        buy(payer, 1000e18); // bought credits do not count
        earn(1000, 10e18);
        makeRoom(10e18);
        amount = uint128(bound(amount, 0, 2000));
        if (amount > 1000) {
            vm.expectRevert(abi.encodeWithSelector(ICredits.NotEnoughCredits.selector, uint128(1000), amount));
        }
        vm.prank(payee);
        rails.convert(amount, 0);
        vm.expectRevert(abi.encodeWithSelector(ICredits.NotEnoughCredits.selector, uint128(0), uint128(1)));
        vm.prank(payer);
        rails.convert(1, 0);
    }

    /// @notice The breaker puts off to the next window, and never refuses what fits into one.
    function testFuzz_breaker_putsOff(uint128 first, uint128 second) public {
        earn(100_000_000, 1000e18);
        makeRoom(1000e18);
        first = uint128(bound(first, 0, 10_000_000));
        second = uint128(bound(second, 0, 10_000_000));
        uint256 room = WINDOW_ATTO;
        room -= tryConvert(first, room);
        room -= tryConvert(second, room);
        vm.warp((T0 / 1 days + 1) * 1 days - 1);
        room -= tryConvert(second, room); // the same window
        skip(1);
        tryConvert(5_200_000, WINDOW_ATTO); // a new one
    }

    function tryConvert(uint128 amount, uint256 room) private returns (uint256 minted) {
        (uint128 c, uint128 w) = earned(payee);
        (, uint64 high,) = feed.quote();
        uint256 share = uint256(w) * amount / c;
        uint256 byPrice = uint256(amount) * Q * 9500 / (uint256(high) * 1e4);
        uint256 m = byPrice < share * 9500 / 1e4 ? byPrice : share * 9500 / 1e4;
        if (m > room) vm.expectRevert(abi.encodeWithSelector(IRails.BreakerOpen.selector, room, m));
        vm.prank(payee);
        rails.convert(amount, 0);
        return m > room ? 0 : m;
    }

    function test_breaker_limitIsAtLeastACreditAtTheLowestPrice() public {
        Parameters memory q = parameters();
        q.convertPerWindowAtto = 1e19 - 1;
        vm.expectRevert(abi.encodeWithSelector(Breaker.LimitTooSmall.selector, 1e19, 1e19 - 1));
        new Rails(at_, q);
        q.convertPerWindowAtto = 1e19;
        new Rails(at_, q);
        q.breakerWindowSeconds = 0;
        vm.expectRevert(abi.encodeWithSelector(Breaker.LimitTooSmall.selector, 1, 0));
        new Rails(at_, q);
    }

    function testFuzz_convertFor_signature(uint8 wrong, uint40 wait) public {
        earn(1000, 10e18);
        makeRoom(10e18);
        wrong = uint8(bound(wrong, 0, 5));
        wait = uint40(bound(wait, 0, 100));
        uint40 deadline = uint40(T0 + 50);
        bytes memory sig = convertSignature(
            wrong == 1 ? PAYER_KEY : PAYEE_KEY,
            wrong == 2 ? payer : payee,
            wrong == 3 ? 11 : 10,
            wrong == 4 ? 1 : 0,
            wrong == 5 ? 1 : 0,
            deadline
        );
        skip(wait);
        bool late = wait > 50;
        if (late) vm.expectRevert(abi.encodeWithSelector(IRails.DeadlinePassed.selector, deadline, uint40(T0 + wait)));
        else if (wrong != 0) vm.expectRevert();
        vm.prank(STRANGER);
        rails.convertFor(payee, 10, 0, deadline, sig);
        bool good = !late && wrong == 0;
        assert((work.balanceOf(payee) > 0) == good && work.balanceOf(STRANGER) == 0);
        equal(good ? 1 : 0, rails.nonces(payee));
        vm.expectRevert(); // used, late or wrong
        rails.convertFor(payee, 10, 0, deadline, sig);
    }

    function test_convertFor_accountZeroSignsNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IRails.BadSignature.selector, address(0), address(0)));
        rails.convertFor(address(0), 0, 0, uint40(T0), "");
    }

    /// @notice A fee retires all of its WORK, from either pocket, paused or stale.
    function testFuzz_payFee(bool fromEarned, uint128 part, bool closed) public {
        buy(payer, 1000e18);
        vm.prank(at_.rails);
        credits.give(payer, true, 1000, 10e18);
        (uint128 c, uint128 w) = fromEarned ? earned(payer) : bought(payer);
        part = uint128(bound(part, 0, uint256(c) + 10));
        if (closed) {
            pauseNow();
            skip(1 days);
        }
        if (part > c) vm.expectRevert(abi.encodeWithSelector(ICredits.NotEnoughCredits.selector, c, part));
        vm.prank(payer);
        rails.payFee(fromEarned, part, "onboarding");
        if (part > c) return;
        uint256 share = part == c ? w : uint256(w) * part / c;
        equal(share, rails.retired(payer));
        equal(share * 8000 / 1e4, rails.limit(payer));
        (, uint256 spent,, uint256 minted, uint256 retired) = credits.totals();
        assert(spent == part && minted == 0 && retired == share);
    }

    /// @notice What one pays oneself comes back at 0.99 at most, rebate included.
    function testFuzz_selfDealing_loses(uint128 amount, uint64 before, uint64 afterwards) public {
        amount = uint128(bound(amount, 1e15, 50e18));
        priceAt(uint64(bound(before, 1e5, 1e12)));
        buy(payer, amount);
        (uint128 c,) = bought(payer);
        vm.prank(payer);
        rails.openAllotment(payer, signer, c, 0);
        priceAt(uint64(bound(afterwards, 1e5, 1e12)));
        bytes memory sig = voucherSignature(SIGNER_KEY, voucherOf(c));
        rails.redeem(voucherOf(c), sig);
        vm.prank(payer);
        uint256 minted = rails.convert(c, 0);
        assert((minted + rails.limit(payer)) * 100 <= uint256(amount) * 99);
    }

    function voucherOf(uint128 total) private view returns (Voucher memory) {
        return Voucher(payer, payer, total);
    }
}
