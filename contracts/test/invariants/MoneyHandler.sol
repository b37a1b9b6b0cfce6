// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Allotment, Entry, Escrow, IRails, OpenEscrow, OpenStream, Stream, Voucher} from "../../src/interfaces/IRails.sol";
import {MoneyHarness} from "../MoneyHarness.sol";

/// @notice Random moves of four accounts, a hostile judge, posters, the guardian and a stand-in for Epochs against the
/// five money contracts, with ghost sums kept beside them. It judges single moves (laws 7, 8, 11); sums are judged by
/// the invariants. A refused move reverts and leaves no ghost behind.
contract MoneyHandler is MoneyHarness {
    uint256 public constant ACTORS = 4;
    uint256 public constant OPERATIONS = 36;
    uint256 private constant Q = 1e21;

    uint256 public nowAt;
    string public broken; // the first single move that broke a law
    mapping(uint256 operation => uint256) public done;
    mapping(bytes4 => uint256) public refused;

    // ghosts
    uint256 public rebates;
    uint256 public bootstrap;
    uint256 public destroyed;
    uint256 public drawnFinished; // allotments finished after something was redeemed
    mapping(address => uint256) public minted;
    mapping(address => uint256) public gotAll;
    mapping(address => uint256) public burned;
    mapping(address => uint256) public paidIn;
    mapping(address => uint256) public paidOut;

    address[] private actors;
    bytes32[] private streamIds;
    bytes32[] private escrowIds;
    uint256 private salts;

    constructor() {
        vm.warp(T0);
        deployMoney();
        post(USD);
        for (uint256 i = 0; i < ACTORS; i++) {
            actors.push(vm.addr(keyOf(i)));
            give(actors[i], 10_000_000e18);
            vm.prank(actors[i]);
            credits.buy(1000e18, 0);
            burned[actors[i]] = 1000e18;
        }
        nowAt = T0;
        for (uint256 i = 0; i < ACTORS; i++) {
            address to = actors[(i + 1) % ACTORS];
            vm.prank(actors[i]);
            streamIds.push(rails.open(OpenStream(to, JUDGE, 1e9, 7 days, 700_000, 0, bytes32(salts++))));
            vm.prank(actors[i]);
            rails.openAllotment(to, signer, 1_000_000, 0);
        }
    }

    // ---- what invariants read ----

    function accounts() external view returns (address[] memory) {
        return actors;
    }

    function streams() external view returns (bytes32[] memory) {
        return streamIds;
    }

    function escrows() external view returns (bytes32[] memory) {
        return escrowIds;
    }

    function parts() external view returns (address work_, address feed_, address credits_, address rails_) {
        return (address(work), address(feed), address(credits), address(rails));
    }

    // ---- one move ----

    /// @notice The operation by number, folded into range, with three free words for its arguments.
    function step(uint256 operation, uint256 a, uint256 b, uint256 c) external {
        vm.warp(nowAt);
        operation = operation % OPERATIONS;
        if (operation < 8) world(operation, a, b, c);
        else if (operation < 15) streamIn(operation, a, b, c);
        else if (operation < 22) streamOut(operation, a, b, c);
        else if (operation < 27) allotmentMove(operation, a, b, c);
        else if (operation < 31) escrowMove(operation, a, b, c);
        else if (operation < 34) out(operation, a, b, c);
        else coverRail(operation, a, b, c);
        done[operation]++;
    }

    function world(uint256 operation, uint256 a, uint256 b, uint256 c) private {
        address who = actor(a);
        if (operation == 0) {
            nowAt += c % 8 == 0 ? b % 20 days : b % 2 hours;
            vm.warp(nowAt);
            if (c % 4 != 1) post(low()); // else the price goes stale
        } else if (operation == 1) {
            uint64 stated = price(b);
            vm.prank(posterSet()[a % 3]);
            feed.post(stated);
        } else if (operation == 2) {
            post(price(b));
        } else if (operation == 3) {
            uint128 amount = amountOf(work.balanceOf(who), b, c) / 4;
            vm.prank(who);
            credits.buy(amount, 0);
            burned[who] += amount;
        } else if (operation == 4) {
            uint128 amount = amountOf(work.balanceOf(who), b, c) / 16;
            vm.prank(who);
            credits.cover(amount);
            burned[who] += amount;
        } else if (operation == 5) {
            if (b % 8 != 0) return; // seldom and mostly short, so that inflows stay the common case
            vm.prank(GUARDIAN);
            guard.pause(uint40(b % 64 == 0 ? c % 8 days : c % 3 hours));
        } else if (operation == 6) {
            epochs(who, b, c);
        } else {
            uint128 amount = amountOf(work.balanceOf(who), b, c) / 1000;
            vm.prank(who);
            if (c % 2 == 0) {
                work.burn(amount);
                destroyed += amount;
            } else {
                work.transfer(actor(b), amount);
            }
        }
    }

    /// @dev The stand-in for Epochs: arbitrary leaves, paid under the rule of the rebate, and bootstrap within its maximum.
    function epochs(address who, uint256 b, uint256 c) private {
        if (c % 2 == 0) {
            uint256 room = rails.limit(who) - gotAll[who];
            uint256 leaf = b % (room * 2 + 1);
            uint256 pays = leaf < room ? leaf : room;
            vm.prank(at_.epochs);
            work.mint(who, pays);
            gotAll[who] += pays;
            rebates += pays;
        } else {
            uint256 amount = b % (BOOTSTRAP_MAX - bootstrap + 1) / 100;
            vm.prank(at_.epochs);
            work.mint(who, amount);
            bootstrap += amount;
        }
    }

    function streamIn(uint256 operation, uint256 a, uint256 b, uint256 c) private {
        uint256 burnedBefore = burnedNow();
        if (operation == 8) {
            openOne(actor(a), actor(b), b, c);
            burned[actor(a)] += burnedNow() - burnedBefore;
            return;
        }
        bytes32 id = recent(streamIds, a);
        Stream memory s = streamOf(id);
        (uint128 balance,) = bought(s.payer);
        uint128 funds = amountOf(balance, b, c);
        uint128 cover = coverMax(s.payer, c);
        if (operation == 9) {
            vm.prank(s.payer);
            rails.topUp(id, funds, cover);
        } else if (operation == 10) {
            vm.prank(s.payer);
            rails.renew(id, uint40(b % 9 days), funds, cover);
        } else if (operation == 11) {
            uint256 most = uint256(s.credits + funds) * 1e9 / 7 days;
            vm.prank(s.payer);
            rails.raise(id, uint96(bound(b, s.rateNano, s.rateNano + most)), funds, cover);
        } else if (operation == 12) {
            cutOne(id, s, uint96(b % (uint256(s.rateNano) + 1)));
        } else if (operation == 13) {
            vm.prank(s.payer);
            rails.coverStream(id, cover / 1000);
        } else {
            if (b % 4 != 0) revert IRails.NotParty(s.payer); // seldom
            vm.prank(b % 8 == 0 ? s.payer : s.payee);
            rails.notice(id);
        }
        burned[s.payer] += burnedNow() - burnedBefore;
        Stream memory now_ = streamOf(id);
        if (now_.start != s.start && isHeld(s)) breaks("8: a new segment while pay was held");
        checkLawSeven(s, now_);
        checkNeverFalls(s, now_);
    }

    function cutOne(bytes32 id, Stream memory s, uint96 rate) private {
        bytes memory sig = cutSignature(keyOfAddress(s.payee), id, rate, s.start);
        vm.prank(s.payer);
        rails.cut(id, rate, sig);
    }

    function openOne(address from, address to, uint256 b, uint256 c) private {
        (uint128 balance,) = bought(from);
        uint40 term = c % 3 == 0 ? 0 : uint40(b % 9 days);
        uint128 funds = amountOf(balance, b, c);
        uint96 rate = uint96(uint256(funds) * 1e9 / (term == 0 ? 7 days : uint256(term) + 1));
        if (c % 5 == 0) rate /= 2;
        uint128 cover = coverMax(from, c);
        vm.prank(from);
        streamIds.push(rails.open(OpenStream(to, JUDGE, rate, term, funds, cover, bytes32(salts++))));
    }

    function streamOut(uint256 operation, uint256 a, uint256 b, uint256) private {
        bytes32 id = recent(streamIds, a);
        Stream memory s = streamOf(id);
        if (operation <= 16) {
            settleOne(id, s, operation == 16);
        } else if (operation == 17) {
            finishOne(id, s);
        } else {
            vm.prank(JUDGE);
            if (operation == 18) rails.hold(id);
            else if (operation == 19) rails.release(id);
            else if (operation == 20) rails.fault(id, uint40(b % 2 == 0 ? b % 3 hours : b));
            else batchOf(id, b);
            if (operation != 21) checkNeverFalls(s, streamOf(id));
        }
    }

    function settleOne(bytes32 id, Stream memory s, bool many) private {
        if (s.payer == address(0)) revert IRails.NoSuchRail(id);
        (uint128 before, uint128 beforeAtto) = earned(s.payee);
        bool ok;
        if (many) {
            bytes32[] memory ids = new bytes32[](3);
            (ids[0], ids[1]) = (bytes32(uint256(1)), id); // a missing one first, a doubled one last
            ids[2] = id;
            (ok,) = address(rails).call(abi.encodeCall(rails.settleMany, (ids)));
        } else {
            (ok,) = address(rails).call(abi.encodeCall(rails.settle, (id)));
        }
        if (!ok) breaks("11: settle refused");
        (uint128 afterwards, uint128 afterAtto) = earned(s.payee);
        paid(s.payer, s.payee, afterAtto - beforeAtto);
        checkPayment(s, streamOf(id), afterwards - before);
    }

    function finishOne(bytes32 id, Stream memory s) private {
        if (s.payer == address(0)) revert IRails.NoSuchRail(id);
        (, uint128 beforeAtto) = earned(s.payee);
        bool may = nowAt >= (s.noticed ? s.end : uint256(s.end) + p.noticeSeconds) && !isHeld(s);
        (bool ok,) = address(rails).call(abi.encodeCall(rails.finish, (id)));
        if (ok != may) breaks("11: finish refused, or done too early");
        (, uint128 afterAtto) = earned(s.payee);
        paid(s.payer, s.payee, afterAtto - beforeAtto);
        if (!ok) revert IRails.PayIsHeld(id);
    }

    function allotmentMove(uint256 operation, uint256 a, uint256 b, uint256 c) private {
        address from = actor(a);
        address to = actor(b % 4 == 0 ? b >> 8 : a + 1); // mostly one of the four that were opened at the start
        if (operation == 26) (from, to) = noticedPair(from, to);
        Allotment memory old = rails.allotment(from, to);
        uint256 burnedBefore = burnedNow();
        (uint128 balance,) = bought(from);
        uint128 cover = coverMax(from, c);
        if (operation == 22) {
            vm.prank(from);
            rails.openAllotment(to, signer, amountOf(balance, b, c), cover);
        } else if (operation == 23) {
            vm.prank(from);
            rails.topUpAllotment(to, amountOf(balance, b, c), cover);
            Allotment memory a_ = rails.allotment(from, to);
            lawSeven(old.credits, old.workAtto, a_.credits, a_.workAtto);
        } else if (operation == 24) {
            redeemOne(old, Voucher(from, to, old.redeemed + amountOf(uint256(old.credits) + 10, c, b)));
        } else if (operation == 25) {
            if (c % 2 != 0) revert IRails.NotParty(from); // seldom
            vm.prank(b % 2 == 0 ? from : to);
            rails.noticeAllotment(from, to);
        } else {
            if (old.noticed && nowAt < old.end && c % 4 != 0) waitUntil(old.end); // else hardly any is ever finished
            (bool ok,) = address(rails).call(abi.encodeCall(rails.finishAllotment, (from, to)));
            if (ok != (old.signer != address(0) && old.noticed && nowAt >= old.end)) breaks("11: finishAllotment");
            if (!ok) revert IRails.NoSuchRail(0);
            if (old.redeemed != 0) drawnFinished++;
        }
        burned[from] += burnedNow() - burnedBefore;
        if (rails.allotment(from, to).redeemed < old.redeemed) breaks("8: redeemed fell");
    }

    function waitUntil(uint256 timestamp) private {
        nowAt = timestamp;
        vm.warp(nowAt);
        post(low());
    }

    /// @dev Notices are seldom; whoever gave one is mostly the next to be finished.
    function noticedPair(address from, address to) private view returns (address, address) {
        for (uint256 i = 0; i < ACTORS; i++) {
            if (rails.allotment(actor(i), actor(i + 1)).noticed) return (actor(i), actor(i + 1));
        }
        return (from, to);
    }

    function redeemOne(Allotment memory old, Voucher memory v) private {
        if (old.signer == address(0)) revert IRails.NoSuchRail(0);
        (uint128 before, uint128 beforeAtto) = earned(v.payee);
        bytes memory sig = voucherSignature(SIGNER_KEY, v);
        (bool ok,) = address(rails).call(abi.encodeCall(rails.redeem, (v, sig)));
        if (!ok) breaks("11: redeem refused");
        (uint128 afterwards, uint128 afterAtto) = earned(v.payee);
        uint256 reach = uint256(old.redeemed) + old.credits;
        uint256 pays = (v.total < reach ? v.total : reach) - old.redeemed;
        if (afterwards - before != pays) breaks("8: redeem paid another amount");
        paid(v.payer, v.payee, afterAtto - beforeAtto);
    }

    function escrowMove(uint256 operation, uint256 a, uint256 b, uint256 c) private {
        if (operation == 27) {
            uint256 burnedBefore = burnedNow();
            openEscrowOne(actor(a), actor(b), b, c);
            burned[actor(a)] += burnedNow() - burnedBefore;
            return;
        }
        bytes32 id = recent(escrowIds, a);
        Escrow memory e = rails.escrow(id);
        (, uint128 beforeAtto) = earned(e.payee);
        if (operation == 28) {
            vm.prank(e.payee);
            rails.submit(id);
        } else if (operation == 29) {
            rails.finishEscrow(id);
        } else if (c % 9 == 0) {
            vm.prank(e.payer);
            rails.accept(id);
        } else if (c % 9 == 1) {
            vm.prank(e.payee);
            rails.decline(id);
        } else {
            vm.prank(JUDGE);
            rails.verdict(id, amountOf(e.credits, b, c));
        }
        (, uint128 afterAtto) = earned(e.payee);
        paid(e.payer, e.payee, afterAtto - beforeAtto);
    }

    function openEscrowOne(address from, address to, uint256 b, uint256 c) private {
        (uint128 balance,) = bought(from);
        uint128 funds = amountOf(balance, b, c);
        uint128 cover = coverMax(from, c);
        uint40 workBy = uint40(nowAt + b % 2 days);
        vm.prank(from);
        escrowIds.push(rails.openEscrow(OpenEscrow(to, JUDGE, funds, cover, workBy, workBy + 1 days, bytes32(salts++))));
    }

    function coverRail(uint256 operation, uint256 a, uint256 b, uint256 c) private {
        bytes32 id = operation == 35 ? recent(escrowIds, a) : bytes32(0);
        address who = operation == 35 ? rails.escrow(id).payer : actor(a);
        uint128 amount = amountOf(work.balanceOf(who), b, c) / 1000;
        vm.prank(who);
        if (operation == 34) rails.coverAllotment(actor(a + 1), amount);
        else rails.coverEscrow(id, amount);
        burned[who] += amount;
    }

    function out(uint256 operation, uint256 a, uint256 b, uint256 c) private {
        address who = actor(a);
        (uint128 balance, uint128 workAtto) = earned(who);
        uint128 amount = amountOf(balance, b, c);
        uint256 wallet = work.balanceOf(who);
        if (operation == 31) {
            vm.prank(who);
            (bool ok, bytes memory reason) = address(rails).call(abi.encodeCall(rails.convert, (amount, 0)));
            if (ok != (amount <= balance) && bytes4(reason) != IRails.BreakerOpen.selector) breaks("11: convert");
            if (!ok) revert IRails.TooLittleOut(0, 0);
        } else if (operation == 32) {
            convertSigned(keyOf(a % ACTORS), who, amount);
        } else {
            bool fromEarned = c % 2 == 0;
            if (!fromEarned) (balance,) = bought(who);
            vm.prank(who);
            rails.payFee(fromEarned, amountOf(balance, b, c) / 100, bytes32(b));
        }
        (, uint128 left) = earned(who);
        wallet = work.balanceOf(who) - wallet;
        if (wallet * 1e4 > uint256(workAtto - left) * 9500) breaks("4: a convert minted more than its lineage");
        minted[who] += wallet;
    }

    function convertSigned(uint256 key, address who, uint128 amount) private {
        bytes memory sig = convertSignature(key, who, amount, 0, rails.nonces(who), uint40(nowAt));
        rails.convertFor(who, amount, 0, uint40(nowAt), sig);
    }

    /// @dev A batch of a good entry, the same again, a wrong call and one that would burn all its gas.
    function batchOf(bytes32 id, uint256 b) private {
        vm.stopPrank();
        Entry[] memory entries = new Entry[](4);
        bytes32[] memory ids = new bytes32[](200);
        for (uint256 i = 0; i < 200; i++) ids[i] = bytes32(i);
        entries[0] = Entry(bytes32(b), abi.encodeCall(rails.hold, (id)));
        entries[1] = Entry(bytes32(b), abi.encodeCall(rails.hold, (id)));
        entries[2] = Entry(bytes32(uint256(1)), abi.encodeCall(rails.convert, (type(uint128).max, 0)));
        entries[3] = Entry(bytes32(uint256(2)), abi.encodeCall(rails.settleMany, (ids)));
        uint16 before = streamOf(id).openDemands;
        vm.prank(JUDGE);
        try rails.batch{gas: 5_000_000}(entries) returns (bool[] memory ran) {
            if (ran[1] || ran[2] || ran[3]) breaks("batch: a bad entry ran");
            if (streamOf(id).openDemands != before + (ran[0] ? 1 : 0)) breaks("batch: an entry ran twice");
        } catch {
            breaks("batch: threw for a bad entry");
        }
    }

    // ---- laws of a single move ----

    /// @dev Due by an arithmetic of its own, from the record as it is shown.
    function dueAt(Stream memory s, uint256 timestamp) public pure returns (uint256) {
        uint256 until = timestamp < s.end ? timestamp : s.end;
        uint256 from = uint256(s.start) + s.faultSeconds;
        return (s.accruedNano + (until > from ? (until - from) * s.rateNano : 0)) / 1e9;
    }

    function payableUntil(Stream memory s) private view returns (uint256) {
        if (s.openDemands == 0) return nowAt;
        uint256 passed = nowAt - p.holdSeconds;
        return passed > s.firstOpened ? passed : s.firstOpened;
    }

    function isHeld(Stream memory s) private view returns (bool) {
        return s.openDemands != 0 && payableUntil(s) < (nowAt < s.end ? nowAt : s.end);
    }

    function checkPayment(Stream memory old, Stream memory s, uint256 amount) private {
        uint256 due = dueAt(old, payableUntil(old));
        uint256 expected = due > old.paid ? due - old.paid : 0;
        if (amount != expected) breaks("8: settle paid another amount than due - paid");
        if (s.paid != old.paid + amount || s.credits != old.credits - amount) breaks("8: paid and credits disagree");
        if (amount != 0 && s.paid > dueAt(s, nowAt)) breaks("8: paid above due");
    }

    function checkNeverFalls(Stream memory old, Stream memory s) private {
        if (s.paid < old.paid) breaks("8: paid fell");
    }

    function checkLawSeven(Stream memory old, Stream memory s) private {
        lawSeven(old.credits, old.workAtto, s.credits, s.workAtto);
    }

    function lawSeven(uint256 cOld, uint256 wOld, uint256 c, uint256 w) private {
        if (w * low() < c * Q && w * cOld < wOld * c) breaks("7: a top-up, renewal or change of rate thinned the cover");
    }

    function breaks(string memory law) private {
        if (bytes(broken).length == 0) broken = law;
    }

    // ---- choosing ----

    function paid(address from, address to, uint256 workAtto) private {
        paidOut[from] += workAtto;
        paidIn[to] += workAtto;
    }

    function burnedNow() private view returns (uint256 burnedAtto) {
        (,, burnedAtto,,) = credits.totals();
    }

    /// @dev One of the last six, so that most are open.
    function recent(bytes32[] storage ids, uint256 word) private view returns (bytes32) {
        uint256 count = ids.length < 6 ? ids.length : 6;
        if (count == 0) revert IRails.NoSuchRail(0);
        return ids[ids.length - 1 - word % count];
    }

    function keyOf(uint256 index) private pure returns (uint256) {
        return 0xAC7012 + index;
    }

    function actor(uint256 word) private view returns (address) {
        return actors[word % ACTORS];
    }

    function keyOfAddress(address account) private view returns (uint256) {
        for (uint256 i = 0; i < ACTORS; i++) if (actors[i] == account) return keyOf(i);
        return SIGNER_KEY;
    }

    /// @dev Half of the time up to one part in 64 of a balance, else anything up to all of it; seldom one too many.
    function amountOf(uint256 balance, uint256 b, uint256 c) private pure returns (uint128) {
        uint256 mixed = uint256(keccak256(abi.encode(b, c)));
        if (mixed % 32 == 0) return uint128(balance);
        if (mixed % 61 == 0) return uint128(balance + 1);
        uint256 most = mixed % 2 == 0 ? balance / 64 : balance;
        return uint128((mixed >> 8) % (most + 1));
    }

    function coverMax(address who, uint256 c) private view returns (uint128) {
        return c % 4 == 0 ? 0 : uint128(work.balanceOf(who));
    }

    /// @dev Mostly near the present price, else anywhere between the bounds and a little beyond.
    function price(uint256 b) private view returns (uint64) {
        if (b % 512 == 0) return uint64(1 << (b >> 8) % 63);
        if (b % 512 == 1) return uint64(b >> 8);
        (uint64 low_, uint64 high_,) = feed.quote();
        return uint64((uint256(low_) + high_) * (950 + (b >> 8) % 102) / 2000) + 1;
    }
}
