// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Escrow, OpenEscrow} from "../interfaces/IRails.sol";
import {Escrows} from "../libraries/Escrows.sol";
import {RailsBase} from "./RailsBase.sol";

/// @notice Escrows: credits for one task, decided by the payer, the judge or a deadline. docs/protocol/money.md#escrow
abstract contract EscrowRails is RailsBase {
    using Escrows for Escrow;

    mapping(bytes32 id => Escrow) private escrows;

    /// @notice The caller puts credits aside for one task of `payee`.
    /// @return id keccak256(abi.encode("escrow", chainid, rails, payer, payee, salt)), used once
    function openEscrow(OpenEscrow calldata terms) external returns (bytes32 id) {
        uint64 lowUsd8 = _inflowPrice();
        id = Escrows.idOf(msg.sender, terms.payee, terms.salt);
        Escrow storage e = escrows[id];
        e.create(id, terms);
        uint128 workAtto = _enter(terms.credits, terms.coverMaxAtto, lowUsd8);
        (e.credits, e.workAtto) = (terms.credits, workAtto);
        emit EscrowOpened(
            id, msg.sender, terms.payee, terms.credits, workAtto, terms.workDeadline, terms.verdictDeadline
        );
    }

    /// @notice Burns the payer's WORK into its escrow, until it ends.
    function coverEscrow(bytes32 id, uint128 workAtto) external {
        _requireInflows();
        Escrow storage e = _live(id);
        if (msg.sender != e.payer) revert NotParty(msg.sender);
        uint128 sumAtto = e.workAtto + workAtto;
        e.workAtto = sumAtto;
        ledger.burnCover(msg.sender, workAtto);
        emit EscrowCovered(id, sumAtto);
    }

    /// @notice The payee: the work is there. By the work deadline; idleness is not paid.
    function submit(bytes32 id) external {
        Escrow storage e = _live(id);
        if (msg.sender != e.payee) revert NotParty(msg.sender);
        e.submit(id);
        emit EscrowSubmitted(id);
    }

    /// @notice The payer accepts all, at any time before the end.
    function accept(bytes32 id) external {
        Escrow storage e = _live(id);
        if (msg.sender != e.payer) revert NotParty(msg.sender);
        _end(id, e, e.credits);
    }

    /// @notice The payee declines, at any time before the end: all returns to the payer.
    function decline(bytes32 id) external {
        Escrow storage e = _live(id);
        if (msg.sender != e.payee) revert NotParty(msg.sender);
        _end(id, e, 0);
    }

    /// @notice The judge, by the verdict deadline: pays any part of submitted work, the rest returns to the payer.
    function verdict(bytes32 id, uint128 creditsToPayee) external {
        Escrow storage e = _live(id);
        if (msg.sender != e.judge) revert NotJudge(e.judge, msg.sender);
        e.requireVerdict(id);
        _end(id, e, creditsToPayee);
    }

    /// @notice Anyone, after a deadline: nothing submitted returns it; submitted without a verdict pays it in full.
    function finishEscrow(bytes32 id) external {
        Escrow storage e = _live(id);
        _end(id, e, e.byDeadline());
    }

    /// @notice The escrow's record; it stays, ended and empty, so that its id is used once.
    function escrow(bytes32 id) external view returns (Escrow memory) {
        return escrows[id];
    }

    function _live(bytes32 id) private view returns (Escrow storage e) {
        e = escrows[id];
        e.requireLive(id);
    }

    function _end(bytes32 id, Escrow storage e, uint128 creditsToPayee) private {
        (uint128 workAtto, uint128 creditsBack, uint128 workBackAtto) = e.end(creditsToPayee);
        if (creditsToPayee != 0) ledger.give(e.payee, true, creditsToPayee, workAtto);
        if (creditsBack != 0 || workBackAtto != 0) ledger.give(e.payer, false, creditsBack, workBackAtto);
        emit EscrowEnded(id, creditsToPayee, creditsBack);
    }
}
