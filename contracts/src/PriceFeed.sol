// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {Median} from "./libraries/Median.sol";
import {Addresses, Parameters} from "./Parameters.sol";
import {ReferencePrices} from "./ReferencePrices.sol";

/// @title The price of WORK as a conservative low and high. docs/protocol/money.md#feed
/// @notice low falls at once and rises 10% an hour, high the other way round. Moves no money; lineage bounds what a
/// captured feed can do.
contract PriceFeed is ReferencePrices {
    uint64 public constant PRICE_MIN_USD8 = 100;
    uint64 public constant PRICE_MAX_USD8 = 2 ** 62;
    uint256 public constant POSTERS_MAX = 16;
    uint256 public constant FRESH_POSTS_MIN = 3;
    /// @notice Ten hours: the time in which a step would double a price (10% an hour).
    uint256 private constant STEP_SECONDS = 36_000;

    error NotGuard(address guard, address caller);
    error PosterCountOutOfRange(uint256 minimum, uint256 maximum, uint256 actual);
    error BadPoster(address poster);

    struct Post {
        uint64 priceUsd8;
        uint40 postedAt; // Unix seconds
        uint64 generation; // of the poster set that it was made in
    }

    /// @dev One slot, read by every inflow.
    struct Prices {
        uint64 lowUsd8;
        uint64 highUsd8;
        uint40 lowAnchor; // Unix seconds since which the step of low is counted
        uint40 highAnchor;
        uint40 computedAt; // 0 before the first median
    }

    address private immutable guard;
    uint256 private immutable freshSeconds;
    uint256 private immutable postersMin;

    Prices private prices;
    uint64 private generation;
    address[] private posters_;
    mapping(address poster => uint64 generation) private posterIn;
    mapping(address poster => Post) private posts;

    /// @param firstPosters the set until Guard changes it, at least `postersMin` (never fewer than 3)
    constructor(Addresses memory addresses, Parameters memory parameters, address[] memory firstPosters)
        ReferencePrices(parameters)
    {
        guard = addresses.guard;
        freshSeconds = parameters.feedFreshSeconds;
        postersMin = parameters.postersMin < FRESH_POSTS_MIN ? FRESH_POSTS_MIN : parameters.postersMin;
        _setPosters(firstPosters);
    }

    /// @inheritdoc IPriceFeed
    function post(uint64 priceUsd8) external {
        if (posterIn[msg.sender] != generation) revert NotPoster(msg.sender);
        if (priceUsd8 < PRICE_MIN_USD8 || priceUsd8 > PRICE_MAX_USD8) revert PriceOutOfRange(priceUsd8);
        posts[msg.sender] = Post(priceUsd8, uint40(block.timestamp), generation);
        emit Posted(msg.sender, priceUsd8);

        (uint64[] memory fresh, uint256 count) = _fresh();
        if (count < FRESH_POSTS_MIN) return;
        Median.sort(fresh, count);
        _move(fresh[(count - 1) / 2], fresh[count / 2]);
    }

    /// @notice Guard only, after its timelock. The new set starts with no posts; low and high stay.
    function setPosters(address[] calldata newPosters) external {
        if (msg.sender != guard) revert NotGuard(guard, msg.sender);
        _setPosters(newPosters);
    }

    /// @inheritdoc IPriceFeed
    function quote() external view returns (uint64 lowUsd8, uint64 highUsd8, bool fresh) {
        uint256 computedAt = prices.computedAt;
        (lowUsd8, highUsd8) = (prices.lowUsd8, prices.highUsd8);
        fresh = computedAt != 0 && block.timestamp <= computedAt + freshSeconds;
    }

    /// @inheritdoc IPriceFeed
    function posters() external view returns (address[] memory) {
        return posters_;
    }

    /// @notice Last price of a poster of the present set, and when it was posted; zeros when there is none.
    function postOf(address poster) external view returns (uint64 priceUsd8, uint40 postedAt) {
        Post memory p = posts[poster];
        return p.generation == generation ? (p.priceUsd8, p.postedAt) : (0, 0);
    }

    /// @notice Low and high with the times from which their steps count, and when both were last computed.
    function anchors() external view returns (Prices memory) {
        return prices;
    }

    function _setPosters(address[] memory newPosters) private {
        uint256 count = newPosters.length;
        if (count < postersMin || count > POSTERS_MAX) revert PosterCountOutOfRange(postersMin, POSTERS_MAX, count);
        uint64 next = ++generation;
        for (uint256 i = 0; i < count; i++) {
            if (newPosters[i] == address(0) || posterIn[newPosters[i]] == next) revert BadPoster(newPosters[i]);
            posterIn[newPosters[i]] = next;
        }
        posters_ = newPosters;
        emit PostersChanged(newPosters);
    }

    function _fresh() private view returns (uint64[] memory found, uint256 count) {
        uint256 length = posters_.length;
        found = new uint64[](length);
        for (uint256 i = 0; i < length; i++) {
            Post memory p = posts[posters_[i]];
            if (p.generation == generation && block.timestamp - p.postedAt <= freshSeconds) found[count++] = p.priceUsd8;
        }
    }

    /// @dev With an even number of fresh posts low follows the lower middle one and high the upper.
    function _move(uint64 lowerMedian, uint64 upperMedian) private {
        Prices memory p = prices;
        uint256 lowTarget = uint256(lowerMedian) * 99 / 100;
        uint256 highTarget = (uint256(upperMedian) * 101 + 99) / 100;
        uint40 nowAt = uint40(block.timestamp);
        if (p.computedAt == 0) {
            prices = Prices(uint64(lowTarget), uint64(highTarget), nowAt, nowAt, nowAt);
        } else {
            uint256 low = _stepUp(p.lowUsd8, nowAt - p.lowAnchor);
            if (low > lowTarget) low = lowTarget;
            uint256 high = _stepDown(p.highUsd8, nowAt - p.highAnchor);
            if (high < highTarget) high = highTarget;
            // An anchor's time moves only with its price or at the target: else posting every second freezes it.
            if (low != p.lowUsd8 || low == lowTarget) p.lowAnchor = nowAt;
            if (high != p.highUsd8 || high == highTarget) p.highAnchor = nowAt;
            prices = Prices(uint64(low), uint64(high), p.lowAnchor, p.highAnchor, nowAt);
        }
        emit Moved(lowerMedian, prices.lowUsd8, prices.highUsd8);
    }

    function _stepUp(uint256 price, uint256 elapsed) private pure returns (uint256) {
        return price * (STEP_SECONDS + elapsed) / STEP_SECONDS;
    }

    function _stepDown(uint256 price, uint256 elapsed) private pure returns (uint256) {
        if (elapsed >= STEP_SECONDS) return 0;
        return (price * (STEP_SECONDS - elapsed) + STEP_SECONDS - 1) / STEP_SECONDS;
    }
}
