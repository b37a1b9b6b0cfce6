// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Addresses, Parameters} from "./Parameters.sol";
import {EpochClock} from "./EpochClock.sol";
import {IBonds, Stake} from "./interfaces/IBonds.sol";
import {BatchHeader, Claim, EpochPost, Head, IEpochs, PendingEpoch, Seal} from "./interfaces/IEpochs.sol";
import {IGuard} from "./interfaces/IGuard.sol";
import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {IRails} from "./interfaces/IRails.sol";
import {IWorkToken} from "./interfaces/IWorkToken.sol";
import {BlockHashes} from "./libraries/BlockHashes.sol";
import {Breaker, Window} from "./libraries/Breaker.sol";
import {Committee} from "./libraries/Committee.sol";
import {Evidence} from "./libraries/Evidence.sol";
import {Node, SumTree} from "./libraries/SumTree.sol";

/// @notice Seals, posts, finalises and pays epochs, one chain of them per network. docs/protocol/epochs.md
/// It judges nothing: wrong posts are shown to the judges, who reject them here.
contract Epochs is IEpochs, EpochClock {
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

    struct BatchRecord {
        uint48 registeredBlock;
        uint48 vouchedBlock;
        uint8 network;
        uint64 epoch;
    }

    struct JudgeSpan {
        uint48 since; // counts for posts of later blocks
        uint48 until; // and, when set, of blocks up to this one
    }

    /// @dev Gas of one entry of claimMany: a path of 40 levels and a first claim fit.
    uint256 internal constant CLAIM_GAS_MAX = 250_000;
    uint256 internal constant AFTER_CLAIM_GAS = 20_000;
    uint64 internal constant RING = 8; // a batch may count in its own epoch and 7 later ones

    IGuard public immutable GUARD;
    IWorkToken public immutable WORK;
    IPriceFeed public immutable FEED;
    IRails public immutable RAILS;
    IBonds public immutable BONDS;
    uint48 internal immutable WINDOW_BLOCKS;
    uint128 internal immutable CLAIM_PER_WINDOW_ATTO;
    uint32 internal immutable BREAKER_SECONDS;
    uint128 internal immutable SEAT_ATTO;
    uint128 internal immutable POSTER_BOND_MIN_ATTO;
    uint8 internal immutable COMMITTEE_SIZE;
    uint8 internal immutable COMMITTEE_QUORUM;

    mapping(uint8 network => HeadRecord) internal _heads;
    mapping(uint8 network => PendingRecord) internal _pendings;
    mapping(uint8 network => uint256 lanes) internal _unclaimed; // finalised totals less what was claimed of them
    mapping(uint8 network => bytes32[RING]) internal _countedRoots;
    mapping(uint8 network => mapping(uint64 epoch => Seal)) internal _seals;
    mapping(bytes32 digest => BatchRecord) internal _batches;
    mapping(uint8 network => mapping(address judge => JudgeSpan)) internal _judges;
    mapping(uint8 network => mapping(address account => uint256 lanes)) internal _got;
    mapping(address account => uint128 rebateAtto) public gotAll;
    Window internal _breaker;

    constructor(Addresses memory addresses, Parameters memory parameters)
        EpochClock(parameters, IWorkToken(addresses.workToken).bootstrapMax())
    {
        Breaker.check(parameters.claimPerWindowAtto, parameters.breakerWindowSeconds);
        GUARD = IGuard(addresses.guard);
        WORK = IWorkToken(addresses.workToken);
        FEED = IPriceFeed(addresses.priceFeed);
        RAILS = IRails(addresses.rails);
        BONDS = IBonds(addresses.bonds);
        WINDOW_BLOCKS = parameters.windowBlocks;
        CLAIM_PER_WINDOW_ATTO = parameters.claimPerWindowAtto;
        BREAKER_SECONDS = parameters.breakerWindowSeconds;
        SEAT_ATTO = parameters.seatAtto;
        POSTER_BOND_MIN_ATTO = parameters.posterBondMinAtto;
        COMMITTEE_SIZE = parameters.committeeSize > Committee.SIZE_MAX ? uint8(Committee.SIZE_MAX) : parameters.committeeSize;
        COMMITTEE_QUORUM = parameters.committeeQuorum;
        for (uint8 network = 1; network <= parameters.networks; ++network) {
            _judges[network][addresses.sumJudge].since = uint48(block.number);
            _judges[network][addresses.receiptJudge].since = uint48(block.number);
        }
    }

    // ---- the seal and the record of batches ----

    function seal(uint8 network, uint64 epoch) external {
        if (network == 0 || network > NETWORKS) revert NoSuchNetwork(network);
        if (_seals[network][epoch].blockHash != 0) return;
        uint64 sealedBlock = closeBlock(epoch) + 1;
        if (block.number <= sealedBlock) revert NotYet(sealedBlock + 1, uint64(block.number));
        bytes32 blockHash = BlockHashes.hashOf(sealedBlock);
        if (blockHash == 0) revert TooLate(sealedBlock, uint64(block.number));
        (, uint64 highUsd8,) = FEED.quote();
        if (highUsd8 == 0) revert NoPrice();
        _seals[network][epoch] = Seal(blockHash, highUsd8);
        emit Sealed(network, epoch, blockHash, highUsd8);
    }

    function registerBatch(BatchHeader calldata header, bytes calldata signature) external {
        if (header.network == 0 || header.network > NETWORKS) revert NoSuchNetwork(header.network);
        _requireBefore(evidenceDeadline(header.epoch));
        bytes32 digest = Evidence.batchDigest(address(this), header);
        address signer = Evidence.recover(digest, signature);
        if (signer == address(0) || signer != header.signer) revert BadSignature(header.signer, signer);
        if (_batches[digest].registeredBlock != 0) return;
        _batches[digest] = BatchRecord(uint48(block.number), 0, header.network, header.epoch);
        emit BatchRegistered(header.network, header.epoch, signer, digest);
    }

    function vouchBatch(bytes32 digest, bytes[] calldata signatures) external {
        BatchRecord storage batch = _batches[digest];
        (uint8 network, uint64 epoch) = (batch.network, batch.epoch);
        if (batch.registeredBlock == 0) revert BadProof(digest, 0);
        if (batch.vouchedBlock != 0) return;
        _requireBefore(evidenceDeadline(epoch));
        address[] memory signers = _quorumOf(network, epoch, digest, signatures, vouchers(network, epoch));
        batch.vouchedBlock = uint48(block.number);
        emit BatchVouched(network, epoch, digest, signers);
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
        address[] memory signers = _quorumOf(network, post_.epoch, post_.evidence, signatures, committee(network));
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

    /// @dev The root alone is compared, not its total: what a network pays stays under its finalised totals by _unclaimed.
    function claim(Claim calldata claim_) public returns (uint128 rebateAtto, uint128 bootstrapAtto) {
        (uint8 network, address account) = (claim_.network, claim_.account);
        (Node memory folded,) =
            SumTree.fold(SumTree.accountLeaf(network, account, claim_.rebateAtto, claim_.bootstrapAtto), claim_.path);
        bytes32 root = _heads[network].root;
        if (folded.hash != root) revert BadProof(root, folded.hash);

        uint256 got_ = _got[network][account];
        rebateAtto = _less(claim_.rebateAtto, SumTree.highOf(got_));
        bootstrapAtto = _less(claim_.bootstrapAtto, SumTree.lowOf(got_));
        uint128 paidRebate;
        if (rebateAtto != 0) {
            paidRebate = gotAll[account];
            rebateAtto = _min(rebateAtto, _less(RAILS.limit(account), paidRebate));
        }
        uint256 open = _unclaimed[network];
        rebateAtto = _min(rebateAtto, SumTree.highOf(open));
        bootstrapAtto = _min(bootstrapAtto, SumTree.lowOf(open));
        if (rebateAtto == 0 && bootstrapAtto == 0) return (0, 0);
        (rebateAtto, bootstrapAtto) = _useBreaker(rebateAtto, bootstrapAtto);

        uint256 lanes = SumTree.pack(rebateAtto, bootstrapAtto);
        _got[network][account] = SumTree.addLanes(got_, lanes);
        _unclaimed[network] = open - lanes; // both lanes were bounded above
        if (rebateAtto != 0) gotAll[account] = paidRebate + rebateAtto;
        emit Claimed(network, account, rebateAtto, bootstrapAtto);
        WORK.mint(account, uint256(rebateAtto) + bootstrapAtto);
    }

    function claimMany(Claim[] calldata claims) external {
        for (uint256 i = 0; i < claims.length; ++i) {
            uint256 needed = (CLAIM_GAS_MAX + AFTER_CLAIM_GAS) * 64 / 63;
            if (gasleft() < needed) revert NotEnoughGas(needed, gasleft());
            try this.claim{gas: CLAIM_GAS_MAX}(claims[i]) {}
            catch (bytes memory reason) {
                emit ClaimFailed(i, reason);
            }
        }
    }

    // ---- views ----

    function sealOf(uint8 network, uint64 epoch) external view returns (Seal memory) {
        return _seals[network][epoch];
    }

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

    /// @return empty while the epoch is not sealed
    function vouchers(uint8 network, uint64 epoch) public view returns (address[] memory) {
        return _draw("groundwork/epochs/vouchers/1", network, epoch, _seals[network][epoch].blockHash);
    }

    function got(uint8 network, address account) external view returns (uint128 rebateAtto, uint128 bootstrapAtto) {
        uint256 lanes = _got[network][account];
        return (SumTree.highOf(lanes), SumTree.lowOf(lanes));
    }

    function batchBlock(bytes32 digest) external view returns (uint48) {
        return _batches[digest].registeredBlock;
    }

    function vouchedBlock(bytes32 digest) external view returns (uint48) {
        return _batches[digest].vouchedBlock;
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

    function _requireBefore(uint64 lastBlock) private view {
        if (block.number > lastBlock) revert TooLate(lastBlock, uint64(block.number));
    }

    function _quorumOf(uint8 network, uint64 epoch, bytes32 evidence, bytes[] calldata signatures, address[] memory drawn)
        private
        view
        returns (address[] memory signers)
    {
        signers = Committee.signersOf(Evidence.availableDigest(address(this), network, epoch, evidence), signatures, drawn);
        uint256 needed = Committee.quorumOf(COMMITTEE_QUORUM, drawn.length);
        if (signers.length < needed) revert NotAvailable(needed, signers.length);
    }

    function _draw(string memory tag, uint8 network, uint64 epoch, bytes32 hash) private view returns (address[] memory) {
        if (hash == 0) return new address[](0);
        return Committee.draw(BONDS, network, keccak256(abi.encode(tag, hash, network, epoch)), COMMITTEE_SIZE);
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

    /// @dev A claim's amount is nobody's choice, so it takes what room there is instead of being refused.
    function _useBreaker(uint128 rebateAtto, uint128 bootstrapAtto) private returns (uint128, uint128) {
        uint64 index = uint64(block.timestamp / BREAKER_SECONDS);
        uint128 room = CLAIM_PER_WINDOW_ATTO - (_breaker.index == index ? _breaker.usedAtto : 0);
        if (room == 0) revert BreakerOpen(0, uint256(rebateAtto) + bootstrapAtto);
        rebateAtto = _min(rebateAtto, room);
        bootstrapAtto = _min(bootstrapAtto, room - rebateAtto);
        _breaker = Window(index, CLAIM_PER_WINDOW_ATTO - room + rebateAtto + bootstrapAtto);
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
