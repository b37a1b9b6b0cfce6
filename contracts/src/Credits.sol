// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ICredits, Pocket} from "./interfaces/ICredits.sol";
import {IGuard} from "./interfaces/IGuard.sol";
import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {IWorkToken} from "./interfaces/IWorkToken.sol";
import {Lanes} from "./libraries/Lanes.sol";
import {Pockets} from "./libraries/Pockets.sol";
import {Addresses, Parameters} from "./Parameters.sol";

/// @title Pockets of every account: one bought, one earned, each {credits, WORK burned for them}.
/// @notice docs/protocol/money.md#pockets. Credits never turn back into WORK here; only Rails takes and gives.
contract Credits is ICredits {
    error Paused();
    error OutOfRange(uint256 limit, uint256 actual);

    address private immutable rails;
    IGuard private immutable guard;
    IPriceFeed private immutable priceFeed;
    IWorkToken private immutable workToken;

    uint128 private issued;
    uint128 private burnedAtto;
    uint128 private spent;
    uint128 private mintedAtto;
    uint128 private retiredAtto;
    /// @dev Pockets as words with two lanes: credits, WORK.
    mapping(address account => uint256) private boughtOf;
    mapping(address account => uint256) private earnedOf;

    /// @dev Of the parameters none is needed here; every contract takes the same two.
    constructor(Addresses memory addresses, Parameters memory parameters) {
        rails = addresses.rails;
        guard = IGuard(addresses.guard);
        priceFeed = IPriceFeed(addresses.priceFeed);
        workToken = IWorkToken(addresses.workToken);
    }

    modifier onlyRails() {
        if (msg.sender != rails) revert NotRails(msg.sender);
        _;
    }

    modifier inflow() {
        if (guard.paused()) revert Paused();
        _;
    }

    /// @inheritdoc ICredits
    function buy(uint128 workAtto, uint128 creditsMin) external inflow returns (uint128 credits) {
        (uint64 lowUsd8,, bool fresh) = priceFeed.quote();
        if (!fresh) revert StalePrice();
        uint256 amount = uint256(workAtto) * lowUsd8 / Pockets.Q;
        if (amount > type(uint128).max) revert OutOfRange(type(uint128).max, amount);
        credits = uint128(amount);
        if (credits < creditsMin) revert TooFewCredits(creditsMin, credits);
        issued += credits;
        burnedAtto += workAtto;
        _give(boughtOf, msg.sender, credits, workAtto);
        emit Bought(msg.sender, workAtto, credits, lowUsd8);
        workToken.burnFrom(msg.sender, workAtto);
    }

    /// @inheritdoc ICredits
    function cover(uint128 workAtto) external inflow {
        burnedAtto += workAtto;
        _give(boughtOf, msg.sender, 0, workAtto);
        emit Covered(msg.sender, workAtto);
        workToken.burnFrom(msg.sender, workAtto);
    }

    /// @inheritdoc ICredits
    function burnCover(address payer, uint128 workAtto) external onlyRails {
        burnedAtto += workAtto;
        emit Covered(payer, workAtto);
        workToken.burnFrom(payer, workAtto);
    }

    /// @inheritdoc ICredits
    function take(address account, bool earned_, uint128 credits, bool roundUp)
        external
        onlyRails
        returns (uint128 workAtto)
    {
        mapping(address => uint256) storage pockets = earned_ ? earnedOf : boughtOf;
        uint256 pocket = pockets[account];
        (uint128 balance, uint128 held) = (Lanes.high(pocket), Lanes.low(pocket));
        if (credits > balance) revert NotEnoughCredits(balance, credits);
        workAtto = Pockets.share(balance, held, credits, roundUp);
        pockets[account] = Lanes.pack(balance - credits, held - workAtto);
        if (!roundUp) emit Moved(account, earned_, false, credits, workAtto); // the rail's own event tells it else
    }

    /// @inheritdoc ICredits
    function give(address account, bool earned_, uint128 credits, uint128 workAtto) external onlyRails {
        _give(earned_ ? earnedOf : boughtOf, account, credits, workAtto);
        emit Moved(account, earned_, true, credits, workAtto);
    }

    /// @inheritdoc ICredits
    function spend(uint128 credits, uint128 minted, uint128 retired) external onlyRails {
        spent += credits;
        mintedAtto += minted;
        retiredAtto += retired;
    }

    /// @notice The account's bought pocket: what it may move into rails, or pay fees from.
    function bought(address account) external view returns (Pocket memory) {
        return Pocket(Lanes.high(boughtOf[account]), Lanes.low(boughtOf[account]));
    }

    /// @notice The account's earned pocket: what it may convert, or pay fees from.
    function earned(address account) external view returns (Pocket memory) {
        return Pocket(Lanes.high(earnedOf[account]), Lanes.low(earnedOf[account]));
    }

    /// @notice Sums since the deployment: laws 1 to 4 speak of them.
    function totals() external view returns (uint256, uint256, uint256, uint256, uint256) {
        return (issued, spent, burnedAtto, mintedAtto, retiredAtto);
    }

    function _give(mapping(address => uint256) storage pockets, address account, uint128 credits, uint128 workAtto)
        private
    {
        uint256 pocket = pockets[account];
        pockets[account] = Lanes.pack(Lanes.high(pocket) + credits, Lanes.low(pocket) + workAtto);
    }
}
