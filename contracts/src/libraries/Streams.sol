// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRails, Stream} from "../interfaces/IRails.sol";
import {Pockets} from "./Pockets.sol";

/// @notice A stream as it is stored: five slots, of which settling reads four while nothing is held.
struct StreamState {
    address payer; // 0: none, or closed
    uint96 rateNano;
    address payee;
    uint40 earnsFrom; // start + faultSeconds
    uint40 end;
    uint16 openDemands;
    address judge;
    uint40 faultSeconds;
    uint40 firstOpened;
    bool noticed; // stays true for good when the stream is closed, so that its id is never used again
    uint128 credits;
    uint128 workAtto;
    uint128 paid;
    uint128 accruedNano;
}

/// @notice What is due, what is held, and how segments follow one another. docs/protocol/money.md#stream
/// Knows no caller and moves no pocket of an account: Rails does.
library Streams {
    uint256 internal constant NANO = 1e9;

    // ---- reading ----

    /// @notice due(t): whole credits, cumulative over all segments, one floor, before holds.
    function due(StreamState storage self, uint256 at) internal view returns (uint256) {
        uint256 end = self.end;
        uint256 from = self.earnsFrom;
        if (at > end) at = end;
        uint256 earned = at > from ? (at - from) * self.rateNano : 0;
        return (self.accruedNano + earned) / NANO;
    }

    /// @notice The time up to which seconds are payable now: while demands are open, max(firstOpened, now - hold).
    function payableUntil(StreamState storage self, uint256 holdSeconds) internal view returns (uint256) {
        if (self.openDemands == 0) return block.timestamp;
        uint256 passed = block.timestamp > holdSeconds ? block.timestamp - holdSeconds : 0;
        uint256 first = self.firstOpened;
        return passed > first ? passed : first;
    }

    /// @notice Credits that settling pays now; nothing while paid stands above due.
    function payableNow(StreamState storage self, uint256 holdSeconds) internal view returns (uint128) {
        uint256 dueNow = due(self, payableUntil(self, holdSeconds));
        uint256 paid = self.paid;
        return dueNow > paid ? uint128(dueNow - paid) : 0; // at most credits (law 12)
    }

    /// @notice True while some second that has passed is not payable yet.
    function isHeld(StreamState storage self, uint256 holdSeconds) internal view returns (bool) {
        if (self.openDemands == 0) return false;
        uint256 end = self.end;
        return payableUntil(self, holdSeconds) < (block.timestamp < end ? block.timestamp : end);
    }

    /// @notice The stream as the interface shows it.
    function shown(StreamState storage self) internal view returns (Stream memory s) {
        s.payer = self.payer;
        s.rateNano = self.rateNano;
        s.payee = self.payee;
        s.start = self.earnsFrom - self.faultSeconds;
        s.end = self.end;
        s.openDemands = self.openDemands;
        s.judge = self.judge;
        s.faultSeconds = self.faultSeconds;
        s.firstOpened = self.firstOpened;
        s.noticed = self.noticed;
        (s.credits, s.workAtto) = (self.credits, self.workAtto);
        (s.paid, s.accruedNano) = (self.paid, self.accruedNano);
    }

    /// @notice Law 12: an open stream holds at least what may still fall due.
    function requireFunded(StreamState storage self) internal view {
        uint256 promised = due(self, self.end);
        uint256 paid = self.paid;
        promised = promised > paid ? promised - paid : 0;
        if (self.credits >= promised) return;
        revert IRails.Underfunded(promised > type(uint128).max ? type(uint128).max : uint128(promised), self.credits);
    }

    // ---- changing ----

    /// @notice Takes what is payable now off the stream, with its share of WORK (rounded down).
    function settle(StreamState storage self, uint256 holdSeconds) internal returns (uint128 credits, uint128 workAtto) {
        credits = payableNow(self, holdSeconds);
        if (credits == 0) return (0, 0);
        (uint128 balance, uint128 held) = (self.credits, self.workAtto);
        workAtto = Pockets.share(balance, held, credits, false);
        (self.credits, self.workAtto) = (balance - credits, held - workAtto);
        self.paid += credits;
    }

    /// @notice Puts credits and WORK in.
    function fill(StreamState storage self, uint128 credits, uint128 workAtto) internal {
        (uint128 balance, uint128 held) = (self.credits, self.workAtto);
        (self.credits, self.workAtto) = (balance + credits, held + workAtto);
    }

    /// @notice A new segment from now on: the old one is kept exactly, fault seconds that it did not use carry over.
    /// Refused while pay is held: else a gap would be paid and the past priced anew.
    function startSegment(StreamState storage self, bytes32 id, uint96 rateNano, uint40 end, uint256 holdSeconds)
        internal
    {
        if (isHeld(self, holdSeconds)) revert IRails.PayIsHeld(id);
        (uint256 from, uint256 oldEnd, uint256 faults) = (self.earnsFrom, self.end, self.faultSeconds);
        uint256 until = block.timestamp < oldEnd ? block.timestamp : oldEnd;
        if (until > from) {
            uint256 accrued = self.accruedNano + (until - from) * self.rateNano;
            if (accrued > type(uint128).max) revert IRails.OutOfRange(type(uint128).max, accrued);
            self.accruedNano = uint128(accrued);
        }
        uint256 passed = until - (from - faults);
        uint40 carried = uint40(faults > passed ? faults - passed : 0);
        self.rateNano = rateNano;
        self.faultSeconds = carried;
        self.earnsFrom = uint40(block.timestamp) + carried;
        self.end = end;
    }

    /// @notice Notice: it ends one notice from now, or when it would have ended if that is sooner.
    function giveNotice(StreamState storage self, bytes32 id, uint256 noticeSeconds) internal returns (uint40 end) {
        if (self.noticed) revert IRails.AlreadyNoticed(id);
        self.noticed = true;
        end = self.end;
        uint256 latest = block.timestamp + noticeSeconds;
        if (latest < end) {
            end = uint40(latest);
            self.end = end;
        }
    }

    /// @notice When anyone may finish it, holds aside: its end, and without notice one notice later.
    function finishableFrom(StreamState storage self, uint256 noticeSeconds) internal view returns (uint256) {
        return self.noticed ? self.end : uint256(self.end) + noticeSeconds;
    }

    /// @notice Ends the stream; its id stays taken.
    function close(StreamState storage self) internal returns (uint128 credits, uint128 workAtto) {
        (credits, workAtto) = (self.credits, self.workAtto);
        (self.payer, self.rateNano) = (address(0), 0);
        (self.payee, self.earnsFrom, self.end, self.openDemands) = (address(0), 0, 0, 0);
        (self.judge, self.faultSeconds, self.firstOpened, self.noticed) = (address(0), 0, 0, true);
        (self.credits, self.workAtto, self.paid, self.accruedNano) = (0, 0, 0, 0);
    }

    // ---- the judge's part ----

    /// @notice A demand opens; the first of several holds the pay.
    function openDemand(StreamState storage self) internal returns (uint16 count) {
        count = self.openDemands;
        if (count == type(uint16).max) revert IRails.OutOfRange(type(uint16).max, uint256(count) + 1);
        if (count == 0) self.firstOpened = uint40(block.timestamp);
        self.openDemands = ++count;
    }

    /// @notice A demand is over; with none open this does nothing.
    function closeDemand(StreamState storage self) internal returns (uint16 count) {
        count = self.openDemands;
        if (count == 0) return 0;
        self.openDemands = --count;
        if (count == 0) self.firstOpened = 0;
    }

    /// @notice Seconds that are not paid, saturating at the length of the segment. What was paid stays paid.
    function addFault(StreamState storage self, uint40 faultSeconds) internal returns (uint40 total) {
        uint256 start = self.earnsFrom - self.faultSeconds;
        uint256 length = self.end - start;
        uint256 sum = uint256(self.faultSeconds) + faultSeconds;
        total = uint40(sum < length ? sum : length);
        self.faultSeconds = total;
        self.earnsFrom = uint40(start) + total;
    }
}
