// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Basket, IPriceFeed} from "../src/interfaces/IPriceFeed.sol";
import {PriceFeed} from "../src/PriceFeed.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice docs/protocol/money.md#feed
contract PriceFeedTest is MoneyHarness {
    function fresh(address[] memory posters) private returns (PriceFeed) {
        return new PriceFeed(at_, p, posters);
    }

    function addresses(uint256 count) private pure returns (address[] memory list) {
        list = new address[](count);
        for (uint256 i = 0; i < count; i++) list[i] = address(uint160(0x9057E0 + i));
    }

    function postAs(PriceFeed f, uint256 index, uint64 priceUsd8) private {
        vm.prank(address(uint160(0x9057E0 + index)));
        f.post(priceUsd8);
    }

    function quoteOf(PriceFeed f) private view returns (uint256 low_, uint256 high_, bool isFresh) {
        return f.quote();
    }

    function testFuzz_post_firstMedianSetsBoth(uint64 a, uint64 b, uint64 c) public {
        PriceFeed f = fresh(addresses(3));
        uint256[3] memory m = [bound(a, 100, 2 ** 62), bound(b, 100, 2 ** 62), bound(c, 100, 2 ** 62)];
        postAs(f, 0, uint64(m[0]));
        postAs(f, 1, uint64(m[1]));
        (uint256 low_, uint256 high_, bool isFresh) = quoteOf(f);
        assert(low_ == 0 && high_ == 0 && !isFresh);
        postAs(f, 2, uint64(m[2]));
        uint256 least = m[0] < m[1] ? (m[0] < m[2] ? m[0] : m[2]) : (m[1] < m[2] ? m[1] : m[2]);
        uint256 most = m[0] > m[1] ? (m[0] > m[2] ? m[0] : m[2]) : (m[1] > m[2] ? m[1] : m[2]);
        uint256 median = m[0] + m[1] + m[2] - least - most;
        (low_, high_, isFresh) = quoteOf(f);
        equal(median * 99 / 100, low_);
        equal((median * 101 + 99) / 100, high_);
        assert(isFresh);
    }

    function test_post_evenNumberStepsApart() public {
        PriceFeed f = fresh(addresses(4));
        postAs(f, 0, 100_000);
        postAs(f, 1, 400_000);
        postAs(f, 2, 200_000); // median of three: 200,000
        (uint256 low_, uint256 high_,) = quoteOf(f);
        equal(198_000, low_);
        equal(202_000, high_);
        skip(100_000); // far enough for any step; old posts are not fresh
        for (uint256 i = 0; i < 4; i++) postAs(f, i, uint64(100_000 * (i + 1)));
        (low_, high_,) = quoteOf(f);
        equal(198_000, low_); // lower middle 200,000
        equal(303_000, high_); // upper middle 300,000
    }

    function test_basket_saysTheReferencePrices() public view {
        Basket memory b = feed.basket();
        assert(b.gibSecondNano == p.referenceNanoPerGibSecond && b.gibMonthNano == 2_592_000 * uint128(b.gibSecondNano));
        assert(b.packetNano == 1e9 && b.megasampleNano == 3e8 && b.readingNano == 1e9);
    }

    function testFuzz_post_range(uint64 priceUsd8) public {
        if (priceUsd8 < 100 || priceUsd8 > 2 ** 62) {
            vm.expectRevert(abi.encodeWithSelector(IPriceFeed.PriceOutOfRange.selector, priceUsd8));
        }
        postAs(feed, 0, priceUsd8);
    }

    function test_post_rangeBoundaries() public {
        postAs(feed, 0, 100);
        postAs(feed, 1, 2 ** 62);
        vm.expectRevert(abi.encodeWithSelector(IPriceFeed.PriceOutOfRange.selector, uint64(99)));
        postAs(feed, 0, 99);
        vm.expectRevert(abi.encodeWithSelector(IPriceFeed.PriceOutOfRange.selector, uint64(2 ** 62 + 1)));
        postAs(feed, 0, 2 ** 62 + 1);
    }

    function testFuzz_post_onlyPosters(address caller) public {
        address[] memory posters = feed.posters();
        bool allowed = caller == posters[0] || caller == posters[1] || caller == posters[2];
        if (!allowed) vm.expectRevert(abi.encodeWithSelector(IPriceFeed.NotPoster.selector, caller));
        vm.prank(caller);
        feed.post(USD);
    }

    /// @notice low: at once down, 10% an hour up; high the other way; both linear since their anchor.
    function testFuzz_post_steps(uint64 next, uint40 elapsed) public {
        uint256 median = bound(next, 100, 2 ** 62);
        elapsed = uint40(bound(elapsed, 0, 30 days));
        vm.warp(T0 + elapsed);
        (uint256 lowBefore, uint256 highBefore,) = quoteOf(feed);
        for (uint256 i = 0; i < 2; i++) postAs(feed, i, uint64(median));
        bool movesEarly = elapsed <= 600; // the third's old post is still fresh: the second post steps already
        postAs(feed, 2, uint64(median));
        (uint256 low_, uint256 high_,) = quoteOf(feed);
        uint256 lowTarget = median * 99 / 100;
        uint256 lowBound = lowBefore * (36_000 + elapsed) / 36_000;
        uint256 highTarget = (median * 101 + 99) / 100;
        uint256 highBound = elapsed >= 36_000 ? 0 : (highBefore * (36_000 - elapsed) + 35_999) / 36_000;
        if (!movesEarly) {
            equal(lowTarget < lowBound ? lowTarget : lowBound, low_);
            equal(highTarget > highBound ? highTarget : highBound, high_);
        }
        assert(low_ <= lowTarget && high_ >= highTarget);
        assert(low_ < high_);
    }

    /// @notice Posting every second does not freeze a small price: its anchor waits until a whole step is there.
    function test_post_everySecondDoesNotFreeze() public {
        PriceFeed f = fresh(addresses(3));
        for (uint256 i = 0; i < 3; i++) postAs(f, i, 100);
        for (uint256 t = 0; t < 1200; t++) {
            skip(1);
            for (uint256 i = 0; i < 3; i++) postAs(f, i, 1_000_000);
        }
        (uint256 low_,,) = quoteOf(f);
        equal(102, low_); // 99 -> 100 after 364 s, -> 101 after 360 s more, -> 102 after 357 s more
    }

    function test_quote_staleAfterTenMinutes() public {
        skip(600);
        (,, bool isFresh) = quoteOf(feed);
        assert(isFresh);
        skip(1);
        (uint256 low_, uint256 high_, bool still) = quoteOf(feed);
        assert(!still && low_ == 99e6 && high_ == 101e6);
    }

    /// @notice A post that finds fewer than three fresh ones moves nothing and keeps nothing fresh.
    function test_post_twoAreNotEnough() public {
        skip(601);
        postAs(feed, 0, 2e8);
        postAs(feed, 1, 2e8);
        (uint256 low_,, bool isFresh) = quoteOf(feed);
        assert(!isFresh && low_ == 99e6);
        skip(600);
        postAs(feed, 2, 2e8); // the others are 600 s old: still fresh
        (low_,, isFresh) = quoteOf(feed);
        assert(isFresh && low_ > 99e6);
        skip(601);
        postAs(feed, 2, 2e8);
        (,, isFresh) = quoteOf(feed);
        assert(!isFresh);
    }

    function testFuzz_setPosters_onlyGuard(address caller) public {
        if (caller != at_.guard) vm.expectRevert(abi.encodeWithSelector(PriceFeed.NotGuard.selector, at_.guard, caller));
        vm.prank(caller);
        feed.setPosters(addresses(5));
        equal(caller == at_.guard ? 5 : 3, feed.posters().length);
    }

    function testFuzz_setPosters_size(uint256 count) public {
        count = bound(count, 0, 20);
        bool good = count >= 3 && count <= 16;
        address[] memory list = addresses(count);
        if (!good) vm.expectRevert(abi.encodeWithSelector(PriceFeed.PosterCountOutOfRange.selector, 3, 16, count));
        vm.prank(at_.guard);
        feed.setPosters(list);
    }

    function test_setPosters_refusesTwiceAndZero() public {
        address[] memory list = addresses(3);
        list[2] = list[0];
        vm.expectRevert(abi.encodeWithSelector(PriceFeed.BadPoster.selector, list[0]));
        vm.prank(at_.guard);
        feed.setPosters(list);
        list[2] = address(0);
        vm.expectRevert(abi.encodeWithSelector(PriceFeed.BadPoster.selector, address(0)));
        vm.prank(at_.guard);
        feed.setPosters(list);
    }

    function test_setPosters_startsWithNoPosts() public {
        vm.prank(at_.guard);
        feed.setPosters(addresses(3)); // the same three: their old posts do not count
        postAs(feed, 0, 5e7);
        postAs(feed, 1, 5e7);
        (uint256 low_,, bool isFresh) = quoteOf(feed);
        assert(low_ == 99e6 && isFresh); // prices stay
        (uint64 priceUsd8,) = feed.postOf(address(0x9057E2));
        equal(0, priceUsd8);
        postAs(feed, 2, 5e7);
        (low_,,) = quoteOf(feed);
        equal(5e7 * 99 / 100, low_);
    }
}
