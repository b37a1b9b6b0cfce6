// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Addresses, Parameters} from "./Parameters.sol";
import {BatchLog} from "./BatchLog.sol";
import {Stake} from "./interfaces/IBonds.sol";
import {Claim, EpochPost, Head, PendingEpoch} from "./interfaces/IEpochs.sol";
import {IGuard} from "./interfaces/IGuard.sol";
import {IRails} from "./interfaces/IRails.sol";
import {IWorkToken} from "./interfaces/IWorkToken.sol";
import {BlockHashes} from "./libraries/BlockHashes.sol";
import {Breaker, Window} from "./libraries/Breaker.sol";
import {Evidence} from "./libraries/Evidence.sol";
import {Payouts} from "./libraries/Payouts.sol";
import {Node, SumTree} from "./libraries/SumTree.sol";

/// @notice Seals, posts, finalises and pays epochs, one chain of them per network. docs/protocol/epochs.md
/// It judges nothing: wrong posts are shown to the judges, who reject them here.
contract Epochs is BatchLog {
    using Payouts for Payouts.Book;

    struct HeadRecord {
        uint64 next; // first epoch that may be posted: the last finalised plus one
        uint48 postedBlock; // names the lock of its poster; 0 before the first
        bytes32 root;
        uint256 totals;
        bytes32 evidence;
    }

    struct PendingRecord {
        bytes32 digest; // stays when the post is gone, so that the next post finds a used slot
        address poster; // zero: nothing is pending
        uint48 postedBlock;
        uint40 epoch;
        bool available;
    }

    struct JudgeSpan {
        uint48 since; // counts for posts of later blocks
        uint48 until; // and, when set, of blocks up to this one
    }

    uint64 internal constant RING = 8; // a batch may count in its own epoch and 7 later ones

    IGuard public immutable GUARD;
    IWorkToken public immutable WORK;
    IRails public immutable RAILS;
    address public immutable HOLDS;
    uint48 internal immutable WINDOW_BLOCKS;
    uint128 internal immutable CLAIM_PER_WINDOW_ATTO;
    uint32 internal immutable BREAKER_SECONDS;
    uint128 internal immutable SEAT_ATTO;
    uint128 internal immutable POSTER_BOND_MIN_ATTO;

    mapping(uint8 network => HeadRecord) internal _heads;
    mapping(uint8 network => PendingRecord) internal _pendings;
    mapping(uint8 network => uint256 lanes) internal _unclaimed; // finalised totals less what was claimed of them
    mapping(uint8 network => bytes32[RING]) internal _countedRoots;
    mapping(uint8 network => mapping(address judge => JudgeSpan)) internal _judges;
    Payouts.Book internal _payouts;
    Window internal _breaker;

    constructor(Addresses memory addresses, Parameters memory parameters)
        BatchLog(addresses, parameters)
    {
        Breaker.check(parameters.claimPerWindowAtto, parameters.breakerWindowSeconds);
        GUARD = IGuard(addresses.guard);
        WORK = IWorkToken(addresses.workToken);
        RAILS = IRails(addresses.rails);
        HOLDS = addresses.holds;
        WINDOW_BLOCKS = parameters.windowBlocks;
        CLAIM_PER_WINDOW_ATTO = parameters.claimPerWindowAtto;
        BREAKER_SECONDS = parameters.breakerWindowSeconds;
        SEAT_ATTO = parameters.seatAtto;
        POSTER_BOND_MIN_ATTO = parameters.posterBondMinAtto;
        for (uint8 network = 1; network <= parameters.networks; ++network) {
            _judges[network][addresses.sumJudge].since = uint48(block.number);
            _judges[network][addresses.receiptJudge].since = uint48(block.number);
        }
    }

    // ---- a post and what becomes of it ----

    function post(uint8 network, EpochPost calldata post_) external {
        HeadRecord storage head_ = _heads[network];
        PendingRecord storage pending_ = _pendings[network];
        if (pending_.poster != address(0)) {
            if (!_canLapse(pending_)) revert PendingExists(pending_.epoch);
            _lapse(network, pending_);
        }
        if (post_.epoch < head_.next) revert EpochOutOfOrder(head_.next, post_.epoch);
        if (_seals[network][post_.epoch].blockHash == 0) revert NotSealed(network, post_.epoch);
        uint64 deadline = evidenceDeadline(post_.epoch);
        if (block.number <= deadline) revert NotYet(deadline + 1, uint64(block.number));
        uint256 totals = SumTree.addLanes(head_.totals, post_.linesTotal);
        if (totals != post_.totals) revert TotalsDoNotAdd(totals, post_.totals);
        uint128 addition = SumTree.lowOf(post_.linesTotal);
        uint256 allowed = allowance(network, post_.epoch);
        if (addition > allowed) revert OverAllowance(allowed, addition);

        pending_.digest = keccak256(abi.encode(post_));
        pending_.poster = msg.sender;
        pending_.postedBlock = uint48(block.number);
        pending_.epoch = uint40(post_.epoch); // sealed, so its close is a block of this chain
        pending_.available = false;
        emit EpochPosted(network, post_.epoch, msg.sender, post_);
        _lockBond(network, _lockId(network, post_.epoch, uint48(block.number)), addition);
    }

    function attest(uint8 network, EpochPost calldata post_, bytes[] calldata signatures) external {
        PendingRecord storage pending_ = _requirePending(network, post_);
        if (pending_.available) return;
        if (_canLapse(pending_)) revert TooLate(_lapseBlock(pending_) - 1, uint64(block.number));
        if (block.number <= pending_.postedBlock + 1) revert NotYet(pending_.postedBlock + 2, uint64(block.number));
        bytes32 available = Evidence.availableDigest(address(this), network, post_.epoch, post_.evidence, pending_.digest);
        address[] memory signers = _quorumOf(available, signatures, committee(network));
        pending_.available = true;
        emit EpochAvailable(network, post_.epoch, signers);
    }

    function finalise(uint8 network, EpochPost calldata post_) external {
        PendingRecord storage pending_ = _requirePending(network, post_);
        uint48 windowEnd = pending_.postedBlock + WINDOW_BLOCKS;
        if (block.number <= windowEnd) revert NotYet(windowEnd + 1, uint64(block.number));
        if (!pending_.available) revert NotAvailable(COMMITTEE_QUORUM, 0);
        HeadRecord storage head_ = _heads[network];
        (uint64 lastNext, uint48 lastPosted) = (head_.next, head_.postedBlock);
        head_.next = post_.epoch + 1;
        head_.postedBlock = pending_.postedBlock;
        head_.root = post_.root;
        head_.totals = post_.totals;
        head_.evidence = post_.evidence;
        _unclaimed[network] = SumTree.addLanes(_unclaimed[network], post_.linesTotal);
        _countedRoots[network][post_.epoch % RING] = post_.batchesRoot;
        _drop(pending_);
        emit EpochFinalised(network, post_.epoch, post_.root, post_.totals, post_.evidence);
        if (lastPosted != 0) BONDS.unlock(_lockId(network, lastNext - 1, lastPosted));
    }

    function lapse(uint8 network) external {
        PendingRecord storage pending_ = _pendings[network];
        if (pending_.poster == address(0)) revert NothingPending(network);
        if (pending_.available) revert PendingExists(pending_.epoch);
        if (!_canLapse(pending_)) revert NotYet(_lapseBlock(pending_), uint64(block.number));
        _lapse(network, pending_);
    }

    function reject(uint8 network, bytes32 reason, address reporter, bytes32 salt) external {
        PendingRecord storage pending_ = _pendings[network];
        if (pending_.poster == address(0)) revert NothingPending(network);
        JudgeSpan memory span = _judges[network][msg.sender];
        bool counts = span.since != 0 && span.since < pending_.postedBlock && (span.until == 0 || span.until >= pending_.postedBlock);
        if (!counts) revert NotJudge(msg.sender);
        (address poster, uint40 epoch, uint48 postedBlock) = (pending_.poster, pending_.epoch, pending_.postedBlock);
        _drop(pending_);
        emit EpochRejected(network, epoch, poster, msg.sender, reason);
        BONDS.slash(_lockId(network, epoch, postedBlock), reporter, salt);
    }

    function noteJudge(uint8 network, address judge) external {
        bool holds = GUARD.isJudge(network, "sum", judge) || GUARD.isJudge(network, "receipt", judge);
        JudgeSpan storage span = _judges[network][judge];
        bool held = span.since != 0 && span.until == 0;
        if (holds == held) return;
        if (holds) (span.since, span.until) = (uint48(block.number), 0);
        else span.until = uint48(block.number);
        emit JudgeNoted(network, judge, holds);
    }

    // ---- pay ----

    function claim(Claim calldata claim_) external returns (uint128 rebateAtto, uint128 bootstrapAtto) {
        bytes memory refusal;
        (rebateAtto, bootstrapAtto, refusal) = _pay(claim_);
        if (refusal.length != 0) {
            assembly ("memory-safe") {
                revert(add(refusal, 0x20), mload(refusal))
            }
        }
    }

    /// @dev Nothing of an entry can revert here: a refusal is a value, and the two calls go to contracts of ours that refuse nothing.
    function claimMany(Claim[] calldata claims) external {
        for (uint256 i = 0; i < claims.length; ++i) {
            (,, bytes memory refusal) = _pay(claims[i]);
            if (refusal.length != 0) emit ClaimFailed(i, refusal);
        }
    }

    function hold(uint8 network, address account, uint48 endBlock) external {
        if (msg.sender != HOLDS) revert NotHolds(msg.sender);
        _payouts.hold(network, account, endBlock);
        emit ClaimsHeld(network, account, endBlock);
    }

    // ---- views ----

    function head(uint8 network) external view returns (Head memory) {
        HeadRecord storage head_ = _heads[network];
        return Head(head_.next, head_.root, head_.totals, head_.evidence);
    }

    function pending(uint8 network) external view returns (PendingEpoch memory answer) {
        PendingRecord storage pending_ = _pendings[network];
        if (pending_.poster == address(0)) return answer;
        uint48 postedBlock = pending_.postedBlock;
        return PendingEpoch(
            pending_.digest, pending_.poster, postedBlock, postedBlock + WINDOW_BLOCKS, pending_.available, pending_.epoch
        );
    }

    /// @return empty while the block after the post is not mined, or is forgotten
    function committee(uint8 network) public view returns (address[] memory) {
        PendingRecord storage pending_ = _pendings[network];
        if (pending_.poster == address(0)) revert NothingPending(network);
        bytes32 hash = BlockHashes.hashOf(pending_.postedBlock + 1);
        return _draw("groundwork/epochs/committee/1", network, pending_.epoch, hash);
    }

    function got(uint8 network, address account) external view returns (uint128 rebateAtto, uint128 bootstrapAtto) {
        (uint256 lanes,) = _payouts.paid(network, account);
        return (SumTree.highOf(lanes), SumTree.lowOf(lanes));
    }

    function gotAll(address account) external view returns (uint128 rebateAtto) {
        return _payouts.accounts[account].rebateAtto;
    }

    function heldBefore(uint8 network, address account) external view returns (uint48) {
        return _payouts.heldBefore(network, account);
    }

    function countedRoot(uint8 network, uint64 epoch) external view returns (bytes32) {
        return _countedRoots[network][epoch % RING];
    }

    function posterLockId(uint8 network, uint64 epoch) external view returns (bytes32) {
        PendingRecord storage pending_ = _pendings[network];
        if (pending_.poster != address(0) && pending_.epoch == epoch) return _lockId(network, epoch, pending_.postedBlock);
        HeadRecord storage head_ = _heads[network];
        if (head_.next != 0 && head_.next - 1 == epoch) return _lockId(network, epoch, head_.postedBlock);
        return 0;
    }

    // ---- steps ----

    /// @dev The root alone is compared, not its total: what a network pays stays under its finalised totals by _unclaimed.
    function _pay(Claim calldata claim_) private returns (uint128 rebateAtto, uint128 bootstrapAtto, bytes memory refusal) {
        (uint8 network, address account) = (claim_.network, claim_.account);
        {
            bytes32 root = _heads[network].root;
            Node memory leaf = SumTree.accountLeaf(network, account, claim_.rebateAtto, claim_.bootstrapAtto);
            bytes32 folded = SumTree.hashUp(leaf, claim_.path);
            if (folded != root || root == 0) return (0, 0, abi.encodeWithSelector(BadProof.selector, root, folded));
            uint48 endBlock = _payouts.heldBefore(network, account);
            if (block.number < endBlock) return (0, 0, abi.encodeWithSelector(OnHold.selector, account, endBlock));
        }
        (uint256 got_, uint128 gotAll_) = _payouts.paid(network, account);
        uint256 open = _unclaimed[network];
        rebateAtto = _min(_less(claim_.rebateAtto, SumTree.highOf(got_)), SumTree.highOf(open));
        bootstrapAtto = _min(_less(claim_.bootstrapAtto, SumTree.lowOf(got_)), SumTree.lowOf(open));
        if (rebateAtto != 0) rebateAtto = _min(rebateAtto, _less(RAILS.limit(account), gotAll_));
        if (rebateAtto == 0 && bootstrapAtto == 0) return (0, 0, "");
        uint256 wanted = uint256(rebateAtto) + bootstrapAtto;
        (rebateAtto, bootstrapAtto) = _useBreaker(rebateAtto, bootstrapAtto);
        if (rebateAtto == 0 && bootstrapAtto == 0) return (0, 0, abi.encodeWithSelector(BreakerOpen.selector, 0, wanted));

        _payouts.add(network, account, rebateAtto, bootstrapAtto);
        _unclaimed[network] = open - SumTree.pack(rebateAtto, bootstrapAtto); // each lane was bounded by what is open
        emit Claimed(network, account, rebateAtto, bootstrapAtto);
        WORK.mint(account, uint256(rebateAtto) + bootstrapAtto);
    }

    function _lockBond(uint8 network, bytes32 lockId, uint128 additionAtto) private {
        uint128 needed = 2 * additionAtto;
        if (needed < POSTER_BOND_MIN_ATTO) needed = POSTER_BOND_MIN_ATTO;
        Stake memory stake = BONDS.stake(msg.sender, network);
        if (stake.totalAtto < SEAT_ATTO) revert NotBonded(SEAT_ATTO, stake.totalAtto);
        if (stake.totalAtto - stake.lockedAtto < needed) revert NotBonded(needed, stake.totalAtto - stake.lockedAtto);
        BONDS.lock(lockId, msg.sender, network, needed, address(this));
    }

    function _requirePending(uint8 network, EpochPost calldata post_) private view returns (PendingRecord storage pending_) {
        pending_ = _pendings[network];
        if (pending_.poster == address(0)) revert NothingPending(network);
        bytes32 digest = keccak256(abi.encode(post_));
        if (pending_.digest != digest) revert WrongPost(pending_.digest, digest);
    }

    function _lapseBlock(PendingRecord storage pending_) private view returns (uint48) {
        return pending_.postedBlock + 2 * WINDOW_BLOCKS + 1;
    }

    function _canLapse(PendingRecord storage pending_) private view returns (bool) {
        return !pending_.available && block.number >= _lapseBlock(pending_);
    }

    function _lapse(uint8 network, PendingRecord storage pending_) private {
        (uint40 epoch, uint48 postedBlock) = (pending_.epoch, pending_.postedBlock);
        _drop(pending_);
        emit EpochLapsed(network, epoch);
        BONDS.thaw(_lockId(network, epoch, postedBlock));
    }

    function _drop(PendingRecord storage pending_) private {
        pending_.poster = address(0);
        pending_.available = false;
    }

    /// @dev A claim's amount is nobody's choice, so it takes what room there is; only a full window puts it off.
    /// @return zeros when there is no room
    function _useBreaker(uint128 rebateAtto, uint128 bootstrapAtto) private returns (uint128, uint128) {
        uint64 index = uint64(block.timestamp / BREAKER_SECONDS);
        uint128 room = CLAIM_PER_WINDOW_ATTO - (_breaker.index == index ? _breaker.usedAtto : 0);
        rebateAtto = _min(rebateAtto, room);
        bootstrapAtto = _min(bootstrapAtto, room - rebateAtto);
        if (room != 0) _breaker = Window(index, CLAIM_PER_WINDOW_ATTO - room + rebateAtto + bootstrapAtto);
        return (rebateAtto, bootstrapAtto);
    }

    function _lockId(uint8 network, uint64 epoch, uint48 postedBlock) private pure returns (bytes32) {
        return keccak256(abi.encode("post", network, epoch, postedBlock));
    }

    function _less(uint128 whole, uint128 part) private pure returns (uint128) {
        return whole > part ? whole - part : 0;
    }

    function _min(uint128 a, uint128 b) private pure returns (uint128) {
        return a < b ? a : b;
    }
}
