// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IRails, Stream} from "../interfaces/IRails.sol";
import {Lanes} from "./Lanes.sol";
import {Pockets} from "./Pockets.sol";
import {Span, Spans} from "./Spans.sol";

/// @notice A stream as it is stored: five words, of which settling reads four while nothing is held and writes two.
struct StreamState {
    address payer; // 0: none, or closed
    uint96 rateNano;
    Span span; // payee, earnsFrom = start + faultSeconds, end, openDemands
    address judge;
    uint40 faultSeconds;
    uint40 firstOpened; // counts only while openDemands is not 0: not cleared, so that an answer writes one word less
    bool noticed; // stays true for good when the stream is closed, so that its id is never used again
    uint256 funds; // lanes: credits, workAtto
    uint256 progress; // lanes: paid (whole credits), accruedNano
}

/// @notice What is due, what is held, and how segments follow one another. docs/protocol/money.md#stream
/// Knows no caller and moves no pocket of an account: Rails does.
library Streams {
    using Spans for Span;

    uint256 internal constant NANO = 1e9;

    // ---- reading ----

    /// @notice due(t): whole credits, cumulative over all segments, one floor, before holds.
    function due(StreamState storage self, uint256 timestamp) internal view returns (uint256) {
        return dueOf(self.span, self.rateNano, Lanes.low(self.progress), timestamp);
    }

    /// @dev Fits: 2^128 + 2^40 * 2^96.
    function dueOf(Span span, uint256 rateNano, uint256 accruedNano, uint256 timestamp) internal pure returns (uint256) {
        unchecked {
            uint256 end = span.end();
            uint256 from = span.earnsFrom();
            if (timestamp > end) timestamp = end;
            if (timestamp > from) accruedNano += (timestamp - from) * rateNano;
            return accruedNano / NANO;
        }
    }

    /// @notice The time up to which seconds are payable now: while demands are open, max(firstOpened, now - hold).
    function payableUntil(StreamState storage self, uint256 holdSeconds) internal view returns (uint256) {
        if (self.span.openDemands() == 0) return block.timestamp;
        uint256 passed = block.timestamp > holdSeconds ? block.timestamp - holdSeconds : 0;
        uint256 first = self.firstOpened;
        return passed > first ? passed : first;
    }

    /// @notice Credits that settling pays now; nothing while paid stands above due.
    function payableNow(StreamState storage self, uint256 holdSeconds) internal view returns (uint128) {
        uint256 dueNow = due(self, payableUntil(self, holdSeconds));
        uint256 paid = Lanes.high(self.progress);
        return dueNow > paid ? uint128(dueNow - paid) : 0; // at most credits (law 12)
    }

    /// @notice True while some second that has passed is not payable yet.
    function isHeld(StreamState storage self, uint256 holdSeconds) internal view returns (bool) {
        if (self.span.openDemands() == 0) return false;
        uint256 end = self.span.end();
        return payableUntil(self, holdSeconds) < (block.timestamp < end ? block.timestamp : end);
    }

    /// @notice Start of the present segment, Unix seconds.
    function startOf(StreamState storage self) internal view returns (uint40) {
        return self.span.earnsFrom() - self.faultSeconds;
    }

    /// @notice The stream as the interface shows it.
    function shown(StreamState storage self) internal view returns (Stream memory s) {
        Span span = self.span;
        (s.payer, s.rateNano) = (self.payer, self.rateNano);
        (s.payee, s.start, s.end, s.openDemands) = (span.payee(), startOf(self), span.end(), span.openDemands());
        s.judge = self.judge;
        s.faultSeconds = self.faultSeconds;
        if (s.openDemands != 0) s.firstOpened = self.firstOpened;
        s.noticed = self.noticed;
        (s.credits, s.workAtto) = (Lanes.high(self.funds), Lanes.low(self.funds));
        (s.paid, s.accruedNano) = (Lanes.high(self.progress), Lanes.low(self.progress));
    }

    /// @notice Law 12: an open stream holds at least what may still fall due.
    function requireFunded(StreamState storage self) internal view {
        uint256 dueAtEnd = due(self, self.span.end());
        uint256 paid = Lanes.high(self.progress);
        requireCovers(Lanes.high(self.funds), dueAtEnd > paid ? dueAtEnd - paid : 0);
    }

    function requireCovers(uint128 credits, uint256 promised) internal pure {
        if (credits >= promised) return;
        revert IRails.Underfunded(promised > type(uint128).max ? type(uint128).max : uint128(promised), credits);
    }

    // ---- changing ----

    /// @notice Takes what is payable now off the stream, with its share of WORK (rounded down);
    /// `paid` is cumulative and counts it.
    function settle(StreamState storage self, uint256 holdSeconds)
        internal
        returns (address payee, uint128 credits, uint128 workAtto, uint128 paid)
    {
        Span span = self.span;
        uint256 progress = self.progress;
        uint256 until = span.openDemands() == 0 ? block.timestamp : payableUntil(self, holdSeconds);
        uint256 dueNow = dueOf(span, self.rateNano, Lanes.low(progress), until);
        (payee, paid) = (span.payee(), Lanes.high(progress));
        if (dueNow <= paid) return (payee, 0, 0, paid);
        uint256 funds = self.funds;
        (uint128 balance, uint128 held) = (Lanes.high(funds), Lanes.low(funds));
        credits = uint128(dueNow - paid); // at most the balance (law 12)
        workAtto = Pockets.share(balance, held, credits, false);
        paid = uint128(dueNow);
        self.funds = Lanes.pack(balance - credits, held - workAtto);
        self.progress = Lanes.pack(paid, Lanes.low(progress));
    }

    /// @notice Puts credits and WORK in.
    function fill(StreamState storage self, uint128 credits, uint128 workAtto) internal {
        uint256 funds = self.funds;
        self.funds = Lanes.pack(Lanes.high(funds) + credits, Lanes.low(funds) + workAtto);
    }

    /// @notice A new segment from now on: the old one is kept exactly, fault seconds that it did not use carry over.
    /// Refused while pay is held: else a gap would be paid and the past priced anew.
    function startSegment(StreamState storage self, bytes32 id, uint96 rateNano, uint40 end, uint256 holdSeconds)
        internal
    {
        if (isHeld(self, holdSeconds)) revert IRails.PayIsHeld(id);
        Span span = self.span;
        uint256 start = startOf(self);
        (uint256 from, uint256 until, uint256 faults) = (span.earnsFrom(), span.end(), self.faultSeconds);
        if (block.timestamp < until) until = block.timestamp;
        if (until > from) {
            uint256 accrued = Lanes.low(self.progress) + (until - from) * self.rateNano;
            if (accrued > type(uint128).max) revert IRails.OutOfRange(type(uint128).max, accrued);
            self.progress = Lanes.pack(Lanes.high(self.progress), uint128(accrued));
        }
        uint40 carried = uint40(faults > until - start ? faults - (until - start) : 0);
        self.rateNano = rateNano;
        self.faultSeconds = carried;
        self.span = Spans.pack(span.payee(), uint40(block.timestamp) + carried, end, span.openDemands());
    }

    /// @notice Moves the end of the present segment.
    function setEnd(StreamState storage self, uint40 end) internal {
        Span span = self.span;
        self.span = Spans.pack(span.payee(), span.earnsFrom(), end, span.openDemands());
    }

    /// @notice Notice: it ends one notice from now, or when it would have ended if that is sooner.
    function giveNotice(StreamState storage self, bytes32 id, uint256 noticeSeconds) internal returns (uint40 end) {
        if (self.noticed) revert IRails.AlreadyNoticed(id);
        self.noticed = true;
        end = self.span.end();
        uint256 latest = block.timestamp + noticeSeconds;
        if (latest >= end) return end;
        end = uint40(latest);
        setEnd(self, end);
    }

    /// @notice When anyone may finish it, holds aside: its end, and without notice one notice later.
    function finishableFrom(StreamState storage self, uint256 noticeSeconds) internal view returns (uint256) {
        uint256 end = self.span.end();
        return self.noticed ? end : end + noticeSeconds;
    }

    /// @notice Ends the stream; its id stays taken.
    function close(StreamState storage self) internal returns (uint128 credits, uint128 workAtto) {
        (credits, workAtto) = (Lanes.high(self.funds), Lanes.low(self.funds));
        (self.payer, self.rateNano) = (address(0), 0);
        self.span = Span.wrap(0);
        (self.judge, self.faultSeconds, self.firstOpened, self.noticed) = (address(0), 0, 0, true);
        (self.funds, self.progress) = (0, 0);
    }

    // ---- the judge's part ----

    /// @notice A demand opens; the first of several holds the pay.
    function openDemand(StreamState storage self) internal returns (uint16 count) {
        Span span = self.span;
        count = span.openDemands();
        if (count == type(uint16).max) revert IRails.OutOfRange(type(uint16).max, uint256(count) + 1);
        if (count == 0) self.firstOpened = uint40(block.timestamp);
        self.span = Spans.pack(span.payee(), span.earnsFrom(), span.end(), ++count);
    }

    /// @notice A demand is over; with none open this does nothing.
    function closeDemand(StreamState storage self) internal returns (uint16 count) {
        Span span = self.span;
        count = span.openDemands();
        if (count == 0) return 0;
        self.span = Spans.pack(span.payee(), span.earnsFrom(), span.end(), --count);
    }

    /// @notice Seconds that are not paid, saturating at the length of the segment. What was paid stays paid.
    function addFault(StreamState storage self, uint40 faultSeconds) internal returns (uint40 total) {
        Span span = self.span;
        uint256 start = startOf(self);
        uint256 length = span.end() - start;
        uint256 sum = uint256(self.faultSeconds) + faultSeconds;
        total = uint40(sum < length ? sum : length);
        self.faultSeconds = total;
        self.span = Spans.pack(span.payee(), uint40(start) + total, span.end(), span.openDemands());
    }
}
