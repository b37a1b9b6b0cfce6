// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Allotment, Voucher} from "../interfaces/IRails.sol";
import {Allotments} from "../libraries/Allotments.sol";
import {RailsBase} from "./RailsBase.sol";

/// @notice Allotments: credits set aside for one payee, drawn by signed vouchers. docs/protocol/money.md#allotment
abstract contract AllotmentRails is RailsBase {
    using Allotments for Allotment;

    mapping(bytes32 id => Allotment) private allotments;

    /// @notice Opens the caller's allotment for a payee. `signer` signs its vouchers and never changes while it is open.
    function openAllotment(address payee, address signer, uint128 credits, uint128 coverMaxAtto) external {
        uint64 lowUsd8 = _inflowPrice();
        if (payee == address(0)) revert NotParty(address(0));
        bytes32 id = Allotments.idOf(msg.sender, payee);
        Allotment storage a = allotments[id];
        if (a.signer != address(0)) revert RailExists(id);
        if (signer == address(0)) revert BadSignature(address(0), address(0));
        a.signer = signer;
        uint128 workAtto = _enter(credits, coverMaxAtto, lowUsd8);
        (a.credits, a.workAtto) = (credits, workAtto);
        emit AllotmentOpened(msg.sender, payee, signer, credits, workAtto);
    }

    /// @notice More credits for the caller's allotment; not after notice.
    function topUpAllotment(address payee, uint128 credits, uint128 coverMaxAtto) external {
        uint64 lowUsd8 = _inflowPrice();
        bytes32 id = Allotments.idOf(msg.sender, payee);
        Allotment storage a = allotments[id];
        a.requireOpen(id);
        if (a.noticed) revert AlreadyNoticed(id);
        a.fill(credits, _enter(credits, coverMaxAtto, lowUsd8));
        emit AllotmentToppedUp(msg.sender, payee, a.credits, a.workAtto);
    }

    /// @notice Burns the caller's WORK into its open allotment for a payee, also after notice.
    function coverAllotment(address payee, uint128 workAtto) external {
        _requireInflows();
        bytes32 id = Allotments.idOf(msg.sender, payee);
        Allotment storage a = allotments[id];
        a.requireOpen(id);
        a.fill(0, workAtto);
        ledger.burnCover(msg.sender, workAtto);
        emit AllotmentToppedUp(msg.sender, payee, a.credits, a.workAtto);
    }

    /// @notice Anyone: pays min(total, redeemed + credits) - redeemed to the payee, 0 when the total was reached.
    function redeem(Voucher calldata voucher, bytes calldata signature) external returns (uint128 credits) {
        bytes32 id = Allotments.idOf(voucher.payer, voucher.payee);
        allotments[id].requireOpen(id);
        _requireSigner(allotments[id].signer, _voucherHash(voucher), signature);
        uint128 workAtto;
        (credits, workAtto) = _draw(allotments[id], voucher);
        if (credits != 0) ledger.give(voucher.payee, true, credits, workAtto);
    }

    /// @notice As redeem for each; skips missing allotments and wrong signatures.
    function redeemMany(Voucher[] calldata vouchers, bytes[] calldata signatures) external returns (uint128 credits) {
        if (vouchers.length != signatures.length) revert OutOfRange(vouchers.length, signatures.length);
        address payee;
        uint128 sum;
        uint128 sumAtto;
        for (uint256 i = 0; i < vouchers.length; i++) {
            bytes memory reason = _refusal(vouchers[i], signatures[i]);
            if (reason.length != 0) {
                emit EntryFailed(i, reason);
                continue;
            }
            Allotment storage a = allotments[Allotments.idOf(vouchers[i].payer, vouchers[i].payee)];
            (uint128 paid, uint128 workAtto) = _draw(a, vouchers[i]);
            if (paid == 0) continue;
            if (vouchers[i].payee != payee) {
                if (sum != 0) ledger.give(payee, true, sum, sumAtto);
                (payee, sum, sumAtto) = (vouchers[i].payee, 0, 0);
            }
            sum += paid;
            sumAtto += workAtto;
            credits += paid;
        }
        if (sum != 0) ledger.give(payee, true, sum, sumAtto);
    }

    /// @notice Either party; once. Vouchers are redeemed until the allotment is finished.
    function noticeAllotment(address payer, address payee) external {
        bytes32 id = Allotments.idOf(payer, payee);
        allotments[id].requireOpen(id);
        if (msg.sender != payer && msg.sender != payee) revert NotParty(msg.sender);
        emit AllotmentNoticed(payer, payee, allotments[id].giveNotice(id, noticeSeconds));
    }

    /// @notice Anyone, one notice after notice was given: the rest returns to the payer's bought pocket.
    function finishAllotment(address payer, address payee) external {
        bytes32 id = Allotments.idOf(payer, payee);
        allotments[id].requireOpen(id);
        (uint128 credits, uint128 workAtto) = allotments[id].close();
        ledger.give(payer, false, credits, workAtto);
        emit AllotmentClosed(payer, payee, credits, workAtto);
    }

    /// @notice The allotment of this payer and payee; without a signer it is not open.
    function allotment(address payer, address payee) external view returns (Allotment memory) {
        return allotments[Allotments.idOf(payer, payee)];
    }

    function _voucherHash(Voucher calldata voucher) private pure returns (bytes32) {
        return keccak256(abi.encode(Allotments.VOUCHER, voucher.payer, voucher.payee, voucher.total));
    }

    /// @dev Pays out of the allotment; the caller of this gives it to the payee.
    function _draw(Allotment storage a, Voucher calldata voucher) private returns (uint128 credits, uint128 workAtto) {
        uint128 redeemed;
        (credits, workAtto, redeemed) = a.draw(voucher.total);
        if (credits != 0) emit Redeemed(voucher.payer, voucher.payee, credits, workAtto, redeemed);
    }

    /// @dev Why a voucher of a batch is skipped; empty when it is good.
    function _refusal(Voucher calldata voucher, bytes calldata signature) private view returns (bytes memory) {
        bytes32 id = Allotments.idOf(voucher.payer, voucher.payee);
        address expected = allotments[id].signer;
        if (expected == address(0)) return abi.encodeWithSelector(NoSuchRail.selector, id);
        address actual = _signerOf(_voucherHash(voucher), signature);
        return actual == expected ? bytes("") : abi.encodeWithSelector(BadSignature.selector, expected, actual);
    }
}
