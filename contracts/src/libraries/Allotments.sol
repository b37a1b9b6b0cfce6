// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Allotment, IRails} from "../interfaces/IRails.sol";
import {Pockets} from "./Pockets.sol";

/// @notice Credits of one payer for one payee, drawn by vouchers with a cumulative total.
/// docs/protocol/money.md#allotment. Knows no caller and checks no signature: Rails does.
library Allotments {
    /// @notice keccak256 of the voucher's EIP-712 type.
    bytes32 internal constant VOUCHER = keccak256("Voucher(address payer,address payee,uint128 total)");

    /// @notice One per (payer, payee).
    function idOf(address payer, address payee) internal pure returns (bytes32) {
        return keccak256(abi.encode(payer, payee));
    }

    /// @notice An allotment is open while it has a signer.
    function requireOpen(Allotment storage self, bytes32 id) internal view {
        if (self.signer == address(0)) revert IRails.NoSuchRail(id);
    }

    /// @notice Puts credits and WORK in.
    function fill(Allotment storage self, uint128 credits, uint128 workAtto) internal {
        (uint128 balance, uint128 held) = (self.credits, self.workAtto);
        (self.credits, self.workAtto) = (balance + credits, held + workAtto);
    }

    /// @notice Takes min(total, redeemed + credits) - redeemed, or 0, with its share of WORK (rounded down).
    function draw(Allotment storage self, uint128 total)
        internal
        returns (uint128 credits, uint128 workAtto, uint128 redeemed)
    {
        redeemed = self.redeemed;
        if (total <= redeemed) return (0, 0, redeemed);
        (uint128 balance, uint128 held) = (self.credits, self.workAtto);
        credits = total - redeemed < balance ? total - redeemed : balance;
        if (credits == 0) return (0, 0, redeemed);
        workAtto = Pockets.share(balance, held, credits, false);
        (self.credits, self.workAtto) = (balance - credits, held - workAtto);
        redeemed += credits;
        self.redeemed = redeemed;
    }

    /// @notice Notice: after one notice anyone may finish it; vouchers are drawn until then.
    function giveNotice(Allotment storage self, bytes32 id, uint256 noticeSeconds) internal returns (uint40 end) {
        if (self.noticed) revert IRails.AlreadyNoticed(id);
        end = uint40(block.timestamp + noticeSeconds);
        (self.noticed, self.end) = (true, end);
    }

    /// @notice Ends it; what was redeemed stays on record, so that no voucher is paid twice after a reopening.
    function close(Allotment storage self) internal returns (uint128 credits, uint128 workAtto) {
        uint40 allowedAt = self.noticed ? self.end : type(uint40).max;
        if (block.timestamp < allowedAt) revert IRails.NotYet(allowedAt, uint40(block.timestamp));
        (credits, workAtto) = (self.credits, self.workAtto);
        (self.signer, self.noticed, self.end) = (address(0), false, 0);
        (self.credits, self.workAtto) = (0, 0);
    }
}
