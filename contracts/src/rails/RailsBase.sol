// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";

import {ICredits} from "../interfaces/ICredits.sol";
import {IGuard} from "../interfaces/IGuard.sol";
import {IPriceFeed} from "../interfaces/IPriceFeed.sol";
import {IRails} from "../interfaces/IRails.sol";
import {IWorkToken} from "../interfaces/IWorkToken.sol";
import {Pockets} from "../libraries/Pockets.sol";
import {Addresses, Parameters} from "../Parameters.sol";

/// @notice What every rail needs: the wiring, the way into a rail and the check of a signature. Holds no rail.
/// Calls go only to contracts of the same deployment, which call nobody back.
abstract contract RailsBase is IRails, EIP712 {
    IGuard internal immutable guard;
    IPriceFeed internal immutable priceFeed;
    ICredits internal immutable ledger;
    IWorkToken internal immutable workToken;
    uint256 internal immutable noticeSeconds;

    constructor(Addresses memory addresses, Parameters memory parameters) {
        guard = IGuard(addresses.guard);
        priceFeed = IPriceFeed(addresses.priceFeed);
        ledger = ICredits(addresses.credits);
        workToken = IWorkToken(addresses.workToken);
        noticeSeconds = parameters.noticeSeconds;
    }

    function _requireInflows() internal view {
        if (guard.paused()) revert Paused();
    }

    /// @notice Today's low, where credits may move into a rail: not while paused, not at a stale price.
    function _inflowPrice() internal view returns (uint64 lowUsd8) {
        _requireInflows();
        bool fresh;
        (lowUsd8,, fresh) = priceFeed.quote();
        if (!fresh) revert StalePrice();
    }

    /// @notice Moves the caller's bought credits towards a rail, and burns of its WORK what full cover needs.
    /// docs/protocol/money.md#entry-rule
    /// @return workAtto what goes into the rail with the credits
    function _enter(uint128 credits, uint128 coverMaxAtto, uint64 lowUsd8) internal returns (uint128 workAtto) {
        if (credits == 0) return 0;
        workAtto = ledger.take(msg.sender, false, credits, true);
        workAtto += _cover(workAtto, Pockets.missing(credits, workAtto, lowUsd8), coverMaxAtto);
    }

    /// @notice Burns `missingAtto` of the caller's WORK as cover.
    function _cover(uint256 workAtto, uint256 missingAtto, uint128 coverMaxAtto) internal returns (uint128) {
        if (missingAtto > coverMaxAtto) revert NotFullCover(workAtto + missingAtto, workAtto + coverMaxAtto);
        if (missingAtto != 0) ledger.burnCover(msg.sender, uint128(missingAtto));
        return uint128(missingAtto);
    }

    /// @notice secp256k1 only; never EIP-1271, so that no code of others runs and no signature can be taken back.
    function _signerOf(bytes32 structHash, bytes calldata signature) internal view returns (address) {
        return ECDSA.tryRecoverCalldata(_hashTypedData(structHash), signature);
    }

    function _requireSigner(address expected, bytes32 structHash, bytes calldata signature) internal view {
        address actual = _signerOf(structHash, signature);
        if (actual != expected || actual == address(0)) revert BadSignature(expected, actual);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Groundwork", "1");
    }
}
