// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Escrow, EscrowState, IRails, OpenEscrow} from "../interfaces/IRails.sol";
import {Pockets} from "./Pockets.sol";

/// @notice Credits for one task, with a deadline for the work and one for the verdict. docs/protocol/money.md#escrow
/// Knows no caller and moves no pocket of an account: Rails does.
library Escrows {
    error AlreadySubmitted(bytes32 id);
    error NotSubmitted(bytes32 id);

    /// @notice The id of an escrow, used once.
    function idOf(address payer, address payee, bytes32 salt) internal view returns (bytes32) {
        return keccak256(abi.encode("escrow", block.chainid, address(this), payer, payee, salt));
    }

    /// @notice Writes a new escrow; its deadlines are in order and not over.
    function create(Escrow storage self, bytes32 id, OpenEscrow calldata terms) internal {
        if (self.state != EscrowState.None) revert IRails.RailExists(id);
        if (terms.payee == address(0)) revert IRails.NotParty(address(0));
        if (block.timestamp > terms.workDeadline) {
            revert IRails.DeadlinePassed(terms.workDeadline, uint40(block.timestamp));
        }
        if (terms.verdictDeadline < terms.workDeadline) {
            revert IRails.OutOfRange(terms.workDeadline, terms.verdictDeadline);
        }
        (self.payer, self.payee, self.judge) = (msg.sender, terms.payee, terms.judge);
        (self.workDeadline, self.verdictDeadline) = (terms.workDeadline, terms.verdictDeadline);
        self.state = EscrowState.Open;
    }

    /// @notice Neither missing nor ended.
    function requireLive(Escrow storage self, bytes32 id) internal view {
        EscrowState state = self.state;
        if (state == EscrowState.None || state == EscrowState.Ended) revert IRails.NoSuchRail(id);
    }

    /// @notice The payee says that the work is there, by the work deadline.
    function submit(Escrow storage self, bytes32 id) internal {
        if (self.state != EscrowState.Open) revert AlreadySubmitted(id);
        uint40 deadline = self.workDeadline;
        if (block.timestamp > deadline) revert IRails.DeadlinePassed(deadline, uint40(block.timestamp));
        self.state = EscrowState.Submitted;
    }

    /// @notice A verdict needs a submission, and time left for it.
    function requireVerdict(Escrow storage self, bytes32 id) internal view {
        if (self.state != EscrowState.Submitted) revert NotSubmitted(id);
        uint40 deadline = self.verdictDeadline;
        if (block.timestamp > deadline) revert IRails.DeadlinePassed(deadline, uint40(block.timestamp));
    }

    /// @notice What the passing of a deadline decides: idleness is not paid, work without a verdict is paid in full.
    function byDeadline(Escrow storage self) internal view returns (uint128 creditsToPayee) {
        bool submitted = self.state == EscrowState.Submitted;
        uint40 deadline = submitted ? self.verdictDeadline : self.workDeadline;
        if (block.timestamp <= deadline) {
            revert IRails.NotYet(deadline == type(uint40).max ? deadline : deadline + 1, uint40(block.timestamp));
        }
        return submitted ? self.credits : 0;
    }

    /// @notice Ends it: the payee's part with its share of WORK (rounded down); all the rest is the payer's.
    function end(Escrow storage self, uint128 creditsToPayee)
        internal
        returns (uint128 workToPayeeAtto, uint128 creditsBack, uint128 workBackAtto)
    {
        (uint128 balance, uint128 held) = (self.credits, self.workAtto);
        if (creditsToPayee > balance) revert IRails.OutOfRange(balance, creditsToPayee);
        workToPayeeAtto = Pockets.share(balance, held, creditsToPayee, false);
        (creditsBack, workBackAtto) = (balance - creditsToPayee, held - workToPayeeAtto);
        (self.credits, self.workAtto) = (0, 0);
        self.state = EscrowState.Ended;
    }
}
