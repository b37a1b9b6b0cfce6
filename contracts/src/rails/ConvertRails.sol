// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Breaker, Window} from "../libraries/Breaker.sol";
import {Conversions} from "../libraries/Conversions.sol";
import {Parameters} from "../Parameters.sol";
import {RailsBase} from "./RailsBase.sol";

/// @notice The way out of credits: convert and network fees. docs/protocol/money.md#convert
/// No state refuses a convert; the breaker may put it off to a window with room.
abstract contract ConvertRails is RailsBase {
    using Breaker for Window;

    bytes32 private constant CONVERT =
        keccak256("Convert(address account,uint128 credits,uint128 minOutAtto,uint256 nonce,uint40 deadline)");

    /// @dev What an account's converts and fees retired, and the most rebate that it may be paid in all.
    struct Retired {
        uint128 workAtto;
        uint128 limitAtto;
    }

    uint32 private immutable windowSeconds;
    uint128 private immutable convertPerWindowAtto;

    Window private convertWindow;
    mapping(address account => Retired) private retiredBy;
    mapping(address account => uint256) private nonceOf;

    constructor(Parameters memory parameters) {
        windowSeconds = parameters.breakerWindowSeconds;
        convertPerWindowAtto = parameters.convertPerWindowAtto;
        Breaker.check(convertPerWindowAtto, windowSeconds);
    }

    /// @notice Turns the caller's earned credits into WORK: at most their worth at the high price and at most the
    /// WORK burned for them, both less the fee. What is not minted is retired for good and raises the rebate's limit.
    function convert(uint128 credits, uint128 minOutAtto) external returns (uint128 mintedAtto) {
        return _convert(msg.sender, credits, minOutAtto);
    }

    /// @notice As convert, for whoever signed Convert{account, credits, minOutAtto, nonce, deadline}; mints to it.
    function convertFor(
        address account,
        uint128 credits,
        uint128 minOutAtto,
        uint40 deadline,
        bytes calldata signature
    ) external returns (uint128 mintedAtto) {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, uint40(block.timestamp));
        uint256 nonce = nonceOf[account];
        bytes32 message = keccak256(abi.encode(CONVERT, account, credits, minOutAtto, nonce, deadline));
        _requireSigner(account, message, signature);
        nonceOf[account] = nonce + 1;
        return _convert(account, credits, minOutAtto);
    }

    /// @notice A network fee (onboarding, seat) from the caller's bought or earned pocket: all its WORK is retired.
    function payFee(bool fromEarned, uint128 credits, bytes32 reference_) external {
        uint128 workAtto = ledger.take(msg.sender, fromEarned, credits, false);
        _retire(msg.sender, workAtto);
        ledger.spend(credits, 0, workAtto);
        emit FeePaid(msg.sender, reference_, credits, workAtto);
    }

    /// @notice WORK that the account's converts and fees retired, atto, cumulative.
    function retired(address account) external view returns (uint128 workAtto) {
        return retiredBy[account].workAtto;
    }

    /// @notice Most rebate that the account may be paid by all networks together, atto, cumulative.
    function limit(address account) external view returns (uint128 workAtto) {
        return retiredBy[account].limitAtto;
    }

    /// @notice Next nonce of an account's Convert message.
    function nonces(address account) external view returns (uint256) {
        return nonceOf[account];
    }

    function _convert(address account, uint128 credits, uint128 minOutAtto) private returns (uint128 mintedAtto) {
        (, uint64 highUsd8,) = priceFeed.quote();
        uint128 workAtto = ledger.take(account, true, credits, false);
        mintedAtto = Conversions.minted(credits, workAtto, highUsd8);
        if (mintedAtto < minOutAtto) revert TooLittleOut(minOutAtto, mintedAtto);
        convertWindow.use(convertPerWindowAtto, windowSeconds, mintedAtto);
        _retire(account, workAtto - mintedAtto);
        ledger.spend(credits, mintedAtto, workAtto - mintedAtto);
        emit Converted(account, credits, workAtto, mintedAtto, highUsd8);
        workToken.mint(account, mintedAtto);
    }

    function _retire(address account, uint128 workAtto) private {
        Retired storage r = retiredBy[account];
        (uint128 total, uint128 bound) = (r.workAtto, r.limitAtto);
        (r.workAtto, r.limitAtto) = (total + workAtto, bound + Conversions.limitRaised(workAtto));
    }
}
