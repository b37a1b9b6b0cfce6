// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "solady/utils/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";

import {ICredits} from "./interfaces/ICredits.sol";
import {IGuard} from "./interfaces/IGuard.sol";
import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {
    Allotment,
    Entry,
    Escrow,
    IRails,
    OpenEscrow,
    OpenStream,
    Stream,
    Voucher
} from "./interfaces/IRails.sol";
import {IWorkToken} from "./interfaces/IWorkToken.sol";
import {Allotments} from "./libraries/Allotments.sol";
import {Breaker, Window} from "./libraries/Breaker.sol";
import {Conversions} from "./libraries/Conversions.sol";
import {Escrows} from "./libraries/Escrows.sol";
import {Pockets} from "./libraries/Pockets.sol";
import {Streams, StreamState} from "./libraries/Streams.sol";
import {Addresses, Parameters} from "./Parameters.sol";

/// @title Streams, allotments and escrows: pockets of one payer for one payee, and the way out of credits.
/// @notice docs/protocol/money.md#rails. Judges push faults and verdicts in; settling calls nobody. Calls go only to
/// Credits, WorkToken, PriceFeed and Guard of the same deployment, which call nobody back.
contract Rails is IRails, EIP712 {
    using Allotments for Allotment;
    using Breaker for Window;
    using Escrows for Escrow;
    using Streams for StreamState;

    /// @notice Gas that one entry of a batch may use; the batch runs it only when that and what follows is there.
    uint256 public constant ENTRY_GAS_MAX = 500_000;
    uint256 private constant ENTRY_GAS_NEEDED = ENTRY_GAS_MAX * 64 / 63 + 60_000;
    bytes32 private constant CUT = keccak256("Cut(bytes32 id,uint96 rateNano,uint40 start)");
    bytes32 private constant CONVERT =
        keccak256("Convert(address account,uint128 credits,uint128 minOutAtto,uint256 nonce,uint40 deadline)");

    error KeyUsed(bytes32 key);
    error NotEnoughGas(uint256 needed, uint256 left);

    /// @dev What an account's converts and fees retired, and the most rebate that it may be paid in all.
    struct Retired {
        uint128 workAtto;
        uint128 limitAtto;
    }

    IGuard private immutable guard;
    IPriceFeed private immutable priceFeed;
    ICredits private immutable ledger;
    IWorkToken private immutable workToken;
    uint256 private immutable noticeSeconds;
    uint256 private immutable termSecondsDefault;
    uint256 private immutable holdSeconds;
    uint32 private immutable windowSeconds;
    uint128 private immutable convertPerWindowAtto;

    Window private convertWindow;
    mapping(bytes32 id => StreamState) private streams;
    mapping(bytes32 id => Allotment) private allotments;
    mapping(bytes32 id => Escrow) private escrows;
    mapping(address account => Retired) private retiredBy;
    mapping(address sender => mapping(bytes32 key => bool)) private keys;
    /// @inheritdoc IRails
    mapping(address account => uint256) public nonces;

    constructor(Addresses memory addresses, Parameters memory parameters) {
        guard = IGuard(addresses.guard);
        priceFeed = IPriceFeed(addresses.priceFeed);
        ledger = ICredits(addresses.credits);
        workToken = IWorkToken(addresses.workToken);
        noticeSeconds = parameters.noticeSeconds;
        termSecondsDefault = parameters.termSeconds;
        holdSeconds = parameters.holdSeconds;
        windowSeconds = parameters.breakerWindowSeconds;
        convertPerWindowAtto = parameters.convertPerWindowAtto;
        Breaker.check(convertPerWindowAtto, windowSeconds);
    }

    // ---- streams ----

    /// @inheritdoc IRails
    function open(OpenStream calldata terms) external returns (bytes32 id) {
        uint64 lowUsd8 = _inflowPrice();
        if (terms.payee == address(0)) revert NotParty(address(0));
        id = streamId(msg.sender, terms.payee, terms.salt);
        StreamState storage s = streams[id];
        if (s.payer != address(0) || s.noticed) revert RailExists(id);
        uint40 end = _termFrom(block.timestamp, terms.termSeconds);
        (s.payer, s.rateNano) = (msg.sender, terms.rateNano);
        (s.payee, s.earnsFrom, s.end, s.openDemands) = (terms.payee, uint40(block.timestamp), end, 0);
        if (terms.judge != address(0)) s.judge = terms.judge;
        uint128 workAtto = _enter(terms.credits, terms.coverMaxAtto, 0, 0, lowUsd8);
        (s.credits, s.workAtto) = (terms.credits, workAtto);
        s.requireFunded();
        emit StreamOpened(
            id, msg.sender, terms.payee, terms.rateNano, uint40(block.timestamp), end, terms.credits, workAtto
        );
    }

    /// @inheritdoc IRails
    function topUp(bytes32 id, uint128 credits, uint128 coverMaxAtto) external {
        uint64 lowUsd8 = _inflowPrice();
        StreamState storage s = _ownStream(id);
        if (s.noticed) revert AlreadyNoticed(id);
        s.fill(credits, _enter(credits, coverMaxAtto, 0, 0, lowUsd8));
        _changed(id, s);
    }

    /// @inheritdoc IRails
    /// @dev The whole rail ends at full cover at today's low.
    function renew(bytes32 id, uint40 termSeconds, uint128 credits, uint128 coverMaxAtto) external {
        uint64 lowUsd8 = _inflowPrice();
        StreamState storage s = _ownStream(id);
        if (s.noticed) revert AlreadyNoticed(id);
        if (block.timestamp < s.end) s.end = _termFrom(s.end, termSeconds);
        else s.startSegment(id, s.rateNano, _termFrom(block.timestamp, termSeconds), holdSeconds);
        s.fill(credits, _enter(credits, coverMaxAtto, s.credits, s.workAtto, lowUsd8));
        s.requireFunded();
        _changed(id, s);
    }

    /// @inheritdoc IRails
    function raise(bytes32 id, uint96 rateNano, uint128 credits, uint128 coverMaxAtto) external {
        uint64 lowUsd8 = _inflowPrice();
        StreamState storage s = _ownStream(id);
        _startRate(id, s, rateNano, true);
        s.fill(credits, _enter(credits, coverMaxAtto, 0, 0, lowUsd8));
        s.requireFunded();
        _changed(id, s);
    }

    /// @inheritdoc IRails
    function cut(bytes32 id, uint96 rateNano, bytes calldata payeeSignature) external {
        _requireInflows();
        StreamState storage s = _ownStream(id);
        bytes32 digest = keccak256(abi.encode(CUT, id, rateNano, s.earnsFrom - s.faultSeconds));
        _startRate(id, s, rateNano, false);
        _requireSigner(s.payee, digest, payeeSignature);
        _changed(id, s);
    }

    /// @inheritdoc IRails
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
        if (msg.sender != s.payer && msg.sender != s.payee) revert NotParty(msg.sender);
        emit StreamNoticed(id, s.giveNotice(id, noticeSeconds));
    }

    /// @notice Anyone, always: pays the payee what is due and not held. Pays 0 when there is nothing.
    function settle(bytes32 id) external returns (uint128 credits) {
        StreamState storage s = _stream(id);
        uint128 workAtto;
        (credits, workAtto) = _settle(id, s);
        if (credits != 0) ledger.give(s.payee, true, credits, workAtto);
    }

    /// @notice As settle for each; skips missing ones. Neighbours of one payee are given in one sum.
    function settleMany(bytes32[] calldata ids) external returns (uint128 credits) {
        address payee;
        uint128 sum;
        uint128 sumAtto;
        for (uint256 i = 0; i < ids.length; i++) {
            StreamState storage s = streams[ids[i]];
            if (s.payer == address(0)) {
                emit EntryFailed(i, abi.encodeWithSelector(NoSuchRail.selector, ids[i]));
                continue;
            }
            (uint128 paid, uint128 workAtto) = _settle(ids[i], s);
            if (paid == 0) continue;
            if (s.payee != payee) {
                if (sum != 0) ledger.give(payee, true, sum, sumAtto);
                (payee, sum, sumAtto) = (s.payee, 0, 0);
            }
            sum += paid;
            sumAtto += workAtto;
            credits += paid;
        }
        if (sum != 0) ledger.give(payee, true, sum, sumAtto);
    }

    /// @inheritdoc IRails
    function finish(bytes32 id) external {
        StreamState storage s = _stream(id);
        uint256 allowedAt = s.finishableFrom(noticeSeconds);
        if (block.timestamp < allowedAt) revert NotYet(uint40(allowedAt), uint40(block.timestamp));
        if (s.isHeld(holdSeconds)) revert PayIsHeld(id);
        (uint128 credits, uint128 workAtto) = _settle(id, s);
        if (credits != 0) ledger.give(s.payee, true, credits, workAtto);
        address payer = s.payer;
        (credits, workAtto) = s.close();
        ledger.give(payer, false, credits, workAtto);
        emit StreamClosed(id, credits, workAtto);
    }

    /// @inheritdoc IRails
    function streamId(address payer, address payee, bytes32 salt) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), payer, payee, salt));
    }

    /// @notice All zero when there was none; all zero but `noticed` when it is closed.
    function stream(bytes32 id) external view returns (Stream memory) {
        return streams[id].shown();
    }

    /// @inheritdoc IRails
    function due(bytes32 id, uint40 at) external view returns (uint128 credits) {
        return uint128(streams[id].due(at));
    }

    /// @inheritdoc IRails
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
        if (s.payer == address(0)) return;
        if (msg.sender != s.judge) revert NotJudge(s.judge, msg.sender);
        emit StreamHeld(id, s.closeDemand());
    }

    /// @inheritdoc IRails
    /// @dev Does nothing on a closed stream, so that no miss is refused.
    function fault(bytes32 id, uint40 faultSeconds) external {
        StreamState storage s = streams[id];
        if (s.payer == address(0)) return;
        if (msg.sender != s.judge) revert NotJudge(s.judge, msg.sender);
        emit StreamFaulted(id, s.addFault(faultSeconds));
        emit StreamHeld(id, s.closeDemand());
    }

    // ---- allotments ----

    /// @notice Opens the caller's allotment for a payee. `signer` signs its vouchers and never changes while it is open.
    function openAllotment(address payee, address signer, uint128 credits, uint128 coverMaxAtto) external {
        uint64 lowUsd8 = _inflowPrice();
        if (payee == address(0)) revert NotParty(address(0));
        bytes32 id = Allotments.idOf(msg.sender, payee);
        Allotment storage a = allotments[id];
        if (a.signer != address(0)) revert RailExists(id);
        if (signer == address(0)) revert BadSignature(address(0), address(0));
        a.signer = signer;
        uint128 workAtto = _enter(credits, coverMaxAtto, 0, 0, lowUsd8);
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
        a.fill(credits, _enter(credits, coverMaxAtto, 0, 0, lowUsd8));
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

    /// @inheritdoc IRails
    function allotment(address payer, address payee) external view returns (Allotment memory) {
        return allotments[Allotments.idOf(payer, payee)];
    }
}
