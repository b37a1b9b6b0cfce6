// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {OpenStream, Stream} from "../interfaces/IRails.sol";
import {Lanes} from "../libraries/Lanes.sol";
import {Pockets} from "../libraries/Pockets.sol";
import {Span, Spans} from "../libraries/Spans.sol";
import {Streams, StreamState} from "../libraries/Streams.sol";
import {Parameters} from "../Parameters.sol";
import {RailsBase} from "./RailsBase.sol";

/// @notice Streams: prepaid pay per second, with faults and holds that judges push in. docs/protocol/money.md#stream
/// Settling calls no judge and no party.
abstract contract StreamRails is RailsBase {
    using Spans for Span;
    using Streams for StreamState;

    bytes32 private constant CUT = keccak256("Cut(bytes32 id,uint96 rateNano,uint40 start)");

    uint256 private immutable termSecondsDefault;
    uint256 private immutable holdSeconds;

    mapping(bytes32 id => StreamState) private streams;

    constructor(Parameters memory parameters) {
        termSecondsDefault = parameters.termSeconds;
        holdSeconds = parameters.holdSeconds;
    }

    /// @notice Opens the caller's stream to `terms.payee`: its credits are at least what falls due by the end.
    /// @return id used once: a closed stream's id stays taken
    function open(OpenStream calldata terms) external returns (bytes32 id) {
        uint64 lowUsd8 = _inflowPrice();
        address payee = terms.payee;
        if (payee == address(0)) revert NotParty(address(0));
        id = streamId(msg.sender, payee, terms.salt);
        StreamState storage s = streams[id];
        if (s.payer != address(0) || s.noticed) revert RailExists(id);
        uint96 rateNano = terms.rateNano;
        uint128 credits = terms.credits;
        uint40 end = _termFrom(block.timestamp, terms.termSeconds);
        (s.payer, s.rateNano) = (msg.sender, rateNano);
        s.span = Spans.pack(payee, uint40(block.timestamp), end, 0);
        if (terms.judge != address(0)) s.judge = terms.judge;
        uint128 workAtto = _enter(credits, terms.coverMaxAtto, lowUsd8);
        s.funds = Lanes.pack(credits, workAtto);
        Streams.requireCovers(credits, uint256(rateNano) * (end - block.timestamp) / Streams.NANO);
        emit StreamOpened(id, msg.sender, payee, rateNano, uint40(block.timestamp), end, credits, workAtto);
    }

    /// @notice More credits for the caller's stream; not after notice. Moved at full cover at today's low.
    function topUp(bytes32 id, uint128 credits, uint128 coverMaxAtto) external {
        uint64 lowUsd8 = _inflowPrice();
        StreamState storage s = _ownStream(id);
        if (s.noticed) revert AlreadyNoticed(id);
        s.fill(credits, _enter(credits, coverMaxAtto, lowUsd8));
        _changed(id, s);
    }

    /// @notice Before the end, moves the end out by `termSeconds` (0: the default); after it, starts a new segment now.
    /// The caller's stream, not after notice. The whole rail ends at full cover at today's low.
    function renew(bytes32 id, uint40 termSeconds, uint128 credits, uint128 coverMaxAtto) external {
        uint64 lowUsd8 = _inflowPrice();
        StreamState storage s = _ownStream(id);
        if (s.noticed) revert AlreadyNoticed(id);
        if (block.timestamp < s.span.end()) s.setEnd(_termFrom(s.span.end(), termSeconds));
        else s.startSegment(id, s.rateNano, _termFrom(block.timestamp, termSeconds), holdSeconds);
        _renewCover(s, credits, coverMaxAtto, lowUsd8);
        s.requireFunded();
        _changed(id, s);
    }

    /// @notice The payer raises the rate from now on, to the same end; not after notice, not while pay is held.
    function raise(bytes32 id, uint96 rateNano, uint128 credits, uint128 coverMaxAtto) external {
        uint64 lowUsd8 = _inflowPrice();
        StreamState storage s = _ownStream(id);
        _startRate(id, s, rateNano, true);
        s.fill(credits, _enter(credits, coverMaxAtto, lowUsd8));
        s.requireFunded();
        _changed(id, s);
    }

    /// @notice The payer cuts the rate from now on, with the payee's signature over Cut{id, rateNano, start of the
    /// present segment}; not after notice, not while pay is held. No credits move.
    function cut(bytes32 id, uint96 rateNano, bytes calldata payeeSignature) external {
        _requireInflows();
        StreamState storage s = _ownStream(id);
        bytes32 digest = keccak256(abi.encode(CUT, id, rateNano, s.startOf()));
        _startRate(id, s, rateNano, false);
        _requireSigner(s.span.payee(), digest, payeeSignature);
        _changed(id, s);
    }

    /// @notice Burns the caller's WORK into one of its open streams.
    function coverStream(bytes32 id, uint128 workAtto) external {
        _requireInflows();
        StreamState storage s = _ownStream(id);
        s.fill(0, workAtto);
        ledger.burnCover(msg.sender, workAtto);
        _changed(id, s);
    }

    /// @notice Either party; once. The stream earns until its end, then anyone finishes it. Never paused.
    function notice(bytes32 id) external {
        StreamState storage s = _stream(id);
        if (msg.sender != s.payer && msg.sender != s.span.payee()) revert NotParty(msg.sender);
        emit StreamNoticed(id, s.giveNotice(id, noticeSeconds));
    }

    /// @notice Anyone, always: pays the payee what is due and not held. Pays 0 when there is nothing.
    function settle(bytes32 id) external returns (uint128 credits) {
        address payee;
        uint128 workAtto;
        (payee, credits, workAtto) = _settle(id, streams[id]);
        if (payee == address(0)) revert NoSuchRail(id);
        if (credits != 0) ledger.give(payee, true, credits, workAtto);
    }

    /// @notice As settle for each; skips missing ones. Neighbours of one payee are given in one sum.
    function settleMany(bytes32[] calldata ids) external returns (uint128 credits) {
        address payee;
        uint128 sum;
        uint128 sumAtto;
        // Sums are at most what was issued and burned, which are uint128.
        unchecked {
            for (uint256 i = 0; i < ids.length; ++i) {
                bytes32 id = ids[i];
                (address to, uint128 paid, uint128 workAtto) = _settle(id, streams[id]);
                if (to == address(0)) emit EntryFailed(i, abi.encodeWithSelector(NoSuchRail.selector, id));
                if (paid == 0) continue;
                if (to != payee) {
                    if (sum != 0) ledger.give(payee, true, sum, sumAtto);
                    (payee, sum, sumAtto) = (to, 0, 0);
                }
                sum += paid;
                sumAtto += workAtto;
                credits += paid;
            }
        }
        if (sum != 0) ledger.give(payee, true, sum, sumAtto);
    }

    /// @notice Anyone, from the end of a noticed stream or one notice after the end of another, once no pay is held:
    /// settles, and returns the rest {credits, WORK} to the payer's bought pocket.
    function finish(bytes32 id) external {
        StreamState storage s = _stream(id);
        uint256 allowedAt = s.finishableFrom(noticeSeconds);
        if (block.timestamp < allowedAt) revert NotYet(uint40(allowedAt), uint40(block.timestamp));
        if (s.isHeld(holdSeconds)) revert PayIsHeld(id);
        (address payee, uint128 credits, uint128 workAtto) = _settle(id, s);
        if (credits != 0) ledger.give(payee, true, credits, workAtto);
        address payer = s.payer;
        (credits, workAtto) = s.close();
        ledger.give(payer, false, credits, workAtto);
        emit StreamClosed(id, credits, workAtto);
    }

    /// @notice keccak256(abi.encode(chainid, rails, payer, payee, salt)).
    function streamId(address payer, address payee, bytes32 salt) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), payer, payee, salt));
    }

    /// @notice All zero when there was none; all zero but `noticed` when it is closed.
    function stream(bytes32 id) external view returns (Stream memory) {
        return streams[id].shown();
    }

    /// @notice Whole credits due by `timestamp` (Unix seconds), cumulative, before holds.
    function due(bytes32 id, uint40 timestamp) external view returns (uint128 credits) {
        return uint128(streams[id].due(timestamp));
    }

    /// @notice Credits that settle would pay now.
    function payable_(bytes32 id) external view returns (uint128 credits) {
        return streams[id].payableNow(holdSeconds);
    }

    // ---- judges of a stream ----

    /// @notice The stream's judge: a demand is open. Seconds after the first one's opening wait `holdSeconds` each.
    function hold(bytes32 id) external {
        StreamState storage s = _stream(id);
        if (msg.sender != s.judge) revert NotJudge(s.judge, msg.sender);
        emit StreamHeld(id, s.openDemand());
    }

    /// @notice The stream's judge: a demand is over. Does nothing on a closed stream, so that no answer is refused.
    function release(bytes32 id) external {
        StreamState storage s = streams[id];
        if (s.judge == address(0)) return;
        if (msg.sender != s.judge) revert NotJudge(s.judge, msg.sender);
        emit StreamHeld(id, s.closeDemand());
    }

    /// @notice The stream's judge: pushes seconds that are not paid (saturating at end - start) and releases one demand,
    /// in one call. Does nothing on a closed stream, so that no miss is refused.
    function fault(bytes32 id, uint40 faultSeconds) external {
        StreamState storage s = streams[id];
        if (s.payer == address(0)) return;
        if (msg.sender != s.judge) revert NotJudge(s.judge, msg.sender);
        emit StreamFaulted(id, s.addFault(faultSeconds));
        emit StreamHeld(id, s.closeDemand());
    }

    // ---- inside ----

    function _stream(bytes32 id) private view returns (StreamState storage s) {
        s = streams[id];
        if (s.payer == address(0)) revert NoSuchRail(id);
    }

    function _ownStream(bytes32 id) private view returns (StreamState storage s) {
        s = _stream(id);
        if (msg.sender != s.payer) revert NotParty(msg.sender);
    }

    /// @dev Pays out of the stream; the caller of this gives it to the payee, which is 0 when there is no stream.
    function _settle(bytes32 id, StreamState storage s)
        private
        returns (address payee, uint128 credits, uint128 workAtto)
    {
        uint128 paid;
        (payee, credits, workAtto, paid) = s.settle(holdSeconds);
        if (credits != 0) emit StreamSettled(id, payee, credits, workAtto, paid);
    }

    /// @dev A change of rate: a new segment with the old end.
    function _startRate(bytes32 id, StreamState storage s, uint96 rateNano, bool up) private {
        if (s.noticed) revert AlreadyNoticed(id);
        uint40 end = s.span.end();
        if (block.timestamp >= end) revert DeadlinePassed(end, uint40(block.timestamp));
        uint96 present = s.rateNano;
        s.startSegment(id, rateNano, end, holdSeconds);
        if (up ? rateNano <= present : rateNano >= present) revert OutOfRange(present, rateNano);
    }

    /// @dev The move at full cover, and the whole rail after it, both at today's low and within one maximum.
    function _renewCover(StreamState storage s, uint128 credits, uint128 coverMaxAtto, uint64 lowUsd8) private {
        uint128 moved = credits == 0 ? 0 : ledger.take(msg.sender, false, credits, true);
        uint256 wholeCredits = uint256(Lanes.high(s.funds)) + credits;
        uint256 wholeAtto = uint256(Lanes.low(s.funds)) + moved;
        uint256 missingAtto = Pockets.missing(credits, moved, lowUsd8);
        uint256 missingWholeAtto = Pockets.missing(wholeCredits, wholeAtto, lowUsd8);
        if (missingAtto > missingWholeAtto) (wholeAtto, missingWholeAtto) = (moved, missingAtto);
        s.fill(credits, moved + _cover(wholeAtto, missingWholeAtto, coverMaxAtto));
    }

    function _termFrom(uint256 from, uint40 termSeconds) private view returns (uint40) {
        uint256 end = from + (termSeconds == 0 ? termSecondsDefault : termSeconds);
        if (end > type(uint40).max) revert OutOfRange(type(uint40).max, end);
        return uint40(end);
    }

    function _changed(bytes32 id, StreamState storage s) private {
        Stream memory now_ = s.shown();
        emit StreamChanged(id, now_.rateNano, now_.start, now_.end, now_.credits, now_.workAtto);
    }
}
