// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SumPath} from "./IStorageJudge.sol";

/// @notice A posted epoch. Totals and sums carry two lanes of 128 bits: rebate (high), bootstrap (low), both in atto-WORK.
struct EpochPost {
    uint64 epoch;
    bytes32 root; // sum tree over cumulative leaves, sorted by account
    uint256 totals; // its sum, cumulative
    bytes32 linesRoot; // sum tree over this epoch's lines, sorted
    uint256 linesTotal; // its sum; totals == previous totals + linesTotal
    uint32 lineCount;
    bytes32 batchesRoot; // sum tree (sum = 1 each) over the digests of the batches that count, sorted
    uint32 batchCount;
    bytes32 evidence; // sha256 of the bundle's root block (dag-cbor)
    uint64 rules; // version of the audit
}

struct Head {
    uint64 epoch; // last finalised, plus one: 0 means none
    bytes32 root;
    uint256 totals;
    bytes32 evidence;
}

struct PendingEpoch {
    bytes32 digest; // keccak256(abi.encode(EpochPost))
    address poster;
    uint48 postedBlock;
    uint48 windowEnd; // it can be challenged at least until this block, and is finalised only after it
    bool available; // enough signatures of drawn operators
    uint64 epoch;
}

struct Seal {
    bytes32 blockHash; // of block closeBlock + 1
    uint64 highUsd8; // the price for the rebate's bound
}

/// @notice EIP-712 header of an evidence batch (type Batch, fields in this order).
struct BatchHeader {
    uint8 network;
    uint64 epoch;
    address signer;
    uint64 counter;
    bytes32 previousDigest;
    bytes32 entriesRoot; // sum tree over entries, sum = the entry's quantity
    uint32 count;
    uint128 sum;
}

struct Claim {
    uint8 network;
    address account;
    uint128 rebateAtto; // cumulative leaf
    uint128 bootstrapAtto;
    SumPath path;
}

interface IEpochs {
    event Sealed(uint8 indexed network, uint64 indexed epoch, bytes32 blockHash, uint64 highUsd8);
    event BatchRegistered(uint8 indexed network, uint64 indexed epoch, address indexed signer, bytes32 digest);
    event EpochPosted(uint8 indexed network, uint64 indexed epoch, address indexed poster, EpochPost post);
    event EpochAvailable(uint8 indexed network, uint64 indexed epoch, address[] signers);
    event EpochRejected(uint8 indexed network, uint64 indexed epoch, address indexed poster, address judge, bytes32 reason);
    event EpochLapsed(uint8 indexed network, uint64 indexed epoch);
    event EpochFinalised(uint8 indexed network, uint64 indexed epoch, bytes32 root, uint256 totals, bytes32 evidence);
    event Claimed(uint8 indexed network, address indexed account, uint128 rebateAtto, uint128 bootstrapAtto);
    event ClaimFailed(uint256 indexed index, bytes reason);
    event BatchVouched(uint8 indexed network, uint64 indexed epoch, bytes32 indexed digest, address[] signers);
    event JudgeNoted(uint8 indexed network, address indexed judge, bool counts);
    event ClaimsHeld(uint8 indexed network, address indexed account, uint48 endBlock);

    error EpochOutOfOrder(uint64 minimum, uint64 actual);
    error NotYet(uint64 allowedBlock, uint64 nowBlock);
    error TooLate(uint64 lastBlock, uint64 nowBlock);
    error NotSealed(uint8 network, uint64 epoch);
    error TotalsDoNotAdd(uint256 expected, uint256 actual);
    error OverAllowance(uint256 allowedAtto, uint256 actualAtto);
    error PendingExists(uint64 epoch);
    error NothingPending(uint8 network);
    error WrongPost(bytes32 expected, bytes32 actual);
    error NotAvailable(uint256 needed, uint256 actual);
    error NotDrawn(address signer);
    error NotJudge(address caller);
    error BadProof(bytes32 expected, bytes32 actual);
    error BadSignature(address expected, address actual);
    error BreakerOpen(uint256 room, uint256 wanted);
    error OnHold(address account, uint48 endBlock);
    error NotHolds(address caller);
    error NotBonded(uint128 needed, uint128 actual);
    error NoSuchNetwork(uint8 network);
    error NoPrice();

    /// @notice Stores the hash of block closeBlock(epoch) + 1 while the chain still knows it (EIP-2935: 8191 blocks).
    function seal(uint8 network, uint64 epoch) external;
    /// @notice Puts a batch on chain's record before the evidence deadline, so that leaving it out can be shown. Who registers it pays.
    function registerBatch(BatchHeader calldata header, bytes calldata signature) external;
    /// @notice Operators drawn from the epoch's seal say, before the deadline, that they hold a registered batch with its proofs
    /// (Available{network, epoch, digest, post 0}). Leaving out a registered batch is a fault only when it was vouched for: nobody can
    /// make an honest post wrong by registering a header and keeping the rest to himself.
    function vouchBatch(bytes32 digest, bytes[] calldata signatures) external;
    function post(uint8 network, EpochPost calldata post_) external;
    /// @notice Signatures of drawn operators over Available{network, epoch, evidence, post}; post is the pending digest.
    function attest(uint8 network, EpochPost calldata post_, bytes[] calldata signatures) external;
    function finalise(uint8 network, EpochPost calldata post_) external;
    /// @notice Anyone, one more window after an unavailable post's window: drops the post; the poster's lock thaws.
    function lapse(uint8 network) external;
    /// @notice A judge, until the post is finalised: this post is wrong. Drops it and slashes its poster.
    /// Only judges noted before the post count for it.
    function reject(uint8 network, bytes32 reason, address reporter, bytes32 salt) external;
    /// @notice Takes over what Guard says of a judge ("sum" or "receipt"), for posts from the next block on. Anyone.
    function noteJudge(uint8 network, address judge) external;
    /// @notice Pays what is open of a cumulative leaf of the head. Pays a part when limit, total or breaker leave no more room.
    function claim(Claim calldata claim_) external returns (uint128 rebateAtto, uint128 bootstrapAtto);
    function claimMany(Claim[] calldata claims) external;
    /// @notice Holds alone: claims of the account on this network are put off before this block; 0 ends that. It changes no leaf
    /// and no sum, so whatever was put off is paid by the first claim after it. docs/protocol/holds.md
    function hold(uint8 network, address account, uint48 endBlock) external;

    function closeBlock(uint64 epoch) external view returns (uint64);
    function epochAt(uint64 blockNumber) external view returns (uint64);
    function sealOf(uint8 network, uint64 epoch) external view returns (Seal memory);
    function head(uint8 network) external view returns (Head memory);
    function pending(uint8 network) external view returns (PendingEpoch memory);
    /// @notice The operators drawn to keep a pending epoch's evidence: from the hash of the block after the post.
    function committee(uint8 network) external view returns (address[] memory);
    function allowance(uint8 network, uint64 epoch) external view returns (uint256 bootstrapAtto);
    function got(uint8 network, address account) external view returns (uint128 rebateAtto, uint128 bootstrapAtto);
    function gotAll(address account) external view returns (uint128 rebateAtto);
    /// @notice The first block in which the account may claim from the network again; 0 when nothing holds it. It may be past.
    function heldBefore(uint8 network, address account) external view returns (uint48);
    /// @notice Block in which a registered batch was recorded, 0 when it was not.
    function batchBlock(bytes32 digest) external view returns (uint48);
    /// @notice Block in which a registered batch was vouched for, 0 when it was not.
    function vouchedBlock(bytes32 digest) external view returns (uint48);
    /// @notice The operators whose vouching counts, drawn from the epoch's seal.
    function vouchers(uint8 network, uint64 epoch) external view returns (address[] memory);
    /// @notice Last block in which evidence of an epoch may be registered.
    function evidenceDeadline(uint64 epoch) external view returns (uint64);
    /// @notice batchesRoot of the last finalised epoch with this remainder by 8; zero when there was none.
    function countedRoot(uint8 network, uint64 epoch) external view returns (bytes32);
    /// @notice Bonds lock of the pending or the head's post of that epoch: keccak256(abi.encode("post", network, epoch, postedBlock)); else zero.
    function posterLockId(uint8 network, uint64 epoch) external view returns (bytes32);
}
