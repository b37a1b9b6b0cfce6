// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice A stream: prepaid pay per second from one payer to one payee. docs/protocol/money.md#stream
struct Stream {
    address payer;
    uint96 rateNano; // nano-credits per second
    address payee;
    uint40 start;
    uint40 end;
    uint16 openDemands;
    address judge;
    uint40 faultSeconds;
    uint40 firstOpened; // when the first of the open demands was opened, 0 when none
    bool noticed;
    uint128 credits;
    uint128 workAtto;
    uint128 paid; // whole credits, cumulative
    uint128 accruedNano; // nano-credits of ended segments
}

struct OpenStream {
    address payee;
    address judge; // address(0): nobody can push a fault
    uint96 rateNano;
    uint40 termSeconds; // 0: the default term
    uint128 credits; // moved from the payer's bought pocket into the stream
    uint128 coverMaxAtto; // WORK the payer lets us burn to reach full cover
    bytes32 salt; // chosen by the payer; the id is keccak256(abi.encode(chainid, rails, payer, payee, salt))
}

struct Voucher {
    address payer;
    address payee;
    uint128 total; // credits, cumulative for ever
}

struct Allotment {
    address signer;
    bool noticed;
    uint40 end; // 0 while no notice was given
    uint128 credits;
    uint128 workAtto;
    uint128 redeemed;
}

struct OpenEscrow {
    address payee;
    address judge;
    uint128 credits;
    uint128 coverMaxAtto;
    uint40 workDeadline; // Unix seconds
    uint40 verdictDeadline;
    bytes32 salt;
}

enum EscrowState { None, Open, Submitted, Ended }

struct Escrow {
    address payer;
    address payee;
    address judge;
    uint40 workDeadline;
    uint40 verdictDeadline;
    EscrowState state;
    uint128 credits;
    uint128 workAtto;
}

/// @notice One entry of a batch: `call` is calldata of Rails itself, run for `msg.sender`; `key` is used up only by success.
struct Entry {
    bytes32 key;
    bytes call;
}

interface IRails {
    event StreamOpened(bytes32 indexed id, address indexed payer, address indexed payee, uint96 rateNano, uint40 start, uint40 end, uint128 credits, uint128 workAtto);
    event StreamChanged(bytes32 indexed id, uint96 rateNano, uint40 start, uint40 end, uint128 credits, uint128 workAtto);
    event StreamSettled(bytes32 indexed id, address indexed payee, uint128 credits, uint128 workAtto, uint128 paid);
    event StreamHeld(bytes32 indexed id, uint16 openDemands);
    event StreamFaulted(bytes32 indexed id, uint40 faultSeconds);
    event StreamNoticed(bytes32 indexed id, uint40 end);
    event StreamClosed(bytes32 indexed id, uint128 creditsBack, uint128 workBackAtto);
    event AllotmentOpened(address indexed payer, address indexed payee, address signer, uint128 credits, uint128 workAtto);
    event AllotmentToppedUp(address indexed payer, address indexed payee, uint128 credits, uint128 workAtto);
    event Redeemed(address indexed payer, address indexed payee, uint128 credits, uint128 workAtto, uint128 redeemed);
    event AllotmentNoticed(address indexed payer, address indexed payee, uint40 end);
    event AllotmentClosed(address indexed payer, address indexed payee, uint128 creditsBack, uint128 workBackAtto);
    event EscrowOpened(bytes32 indexed id, address indexed payer, address indexed payee, uint128 credits, uint128 workAtto, uint40 workDeadline, uint40 verdictDeadline);
    event EscrowCovered(bytes32 indexed id, uint128 workAtto);
    event EscrowSubmitted(bytes32 indexed id);
    event EscrowEnded(bytes32 indexed id, uint128 creditsPaid, uint128 creditsBack);
    event Converted(address indexed payee, uint128 credits, uint128 workAtto, uint128 mintedAtto, uint64 highUsd8);
    event FeePaid(address indexed payer, bytes32 indexed reference_, uint128 credits, uint128 workAtto);
    event EntryFailed(uint256 indexed index, bytes reason);

    error NoSuchRail(bytes32 id);
    error RailExists(bytes32 id);
    error NotParty(address caller);
    error NotJudge(address judge, address caller);
    error NotFullCover(uint256 needed, uint256 actual);
    error Underfunded(uint128 needed, uint128 actual);
    error PayIsHeld(bytes32 id);
    error AlreadyNoticed(bytes32 id);
    error NotYet(uint40 allowedAt, uint40 nowAt);
    error DeadlinePassed(uint40 deadline, uint40 nowAt);
    error OutOfRange(uint256 limit, uint256 actual);
    error BadSignature(address expected, address actual);
    error TooLittleOut(uint128 minimum, uint128 actual);
    error BreakerOpen(uint256 room, uint256 wanted);
    error StalePrice();
    error Paused();

    // ---- streams ----
    function open(OpenStream calldata terms) external returns (bytes32 id);
    /// @notice More credits, payer only, not after notice.
    function topUp(bytes32 id, uint128 credits, uint128 coverMaxAtto) external;
    /// @notice Extends before the end (end moves out by termSeconds) or opens a new segment after it.
    function renew(bytes32 id, uint40 termSeconds, uint128 credits, uint128 coverMaxAtto) external;
    /// @notice Payer raises the rate: a new segment from now.
    function raise(bytes32 id, uint96 rateNano, uint128 credits, uint128 coverMaxAtto) external;
    /// @notice Payer cuts the rate with the payee's EIP-712 signature over Cut{id, rateNano, start of the present segment}.
    function cut(bytes32 id, uint96 rateNano, bytes calldata payeeSignature) external;
    /// @notice Burns the caller's WORK into one of its open streams.
    function coverStream(bytes32 id, uint128 workAtto) external;
    function notice(bytes32 id) external;
    function settle(bytes32 id) external returns (uint128 credits);
    function settleMany(bytes32[] calldata ids) external returns (uint128 credits);
    /// @notice Settles and returns the rest to the payer, once it may.
    function finish(bytes32 id) external;
    function streamId(address payer, address payee, bytes32 salt) external view returns (bytes32);
    function stream(bytes32 id) external view returns (Stream memory);
    /// @return credits due by `timestamp` (Unix seconds), cumulative, before holds
    function due(bytes32 id, uint40 timestamp) external view returns (uint128 credits);
    /// @return credits that settle would pay now
    function payable_(bytes32 id) external view returns (uint128 credits);

    // ---- judges of a stream ----
    function hold(bytes32 id) external;
    function release(bytes32 id) external;
    /// @notice Pushes fault seconds (saturating at end - start) and releases one demand, in one call.
    function fault(bytes32 id, uint40 faultSeconds) external;

    // ---- allotments ----
    function openAllotment(address payee, address signer, uint128 credits, uint128 coverMaxAtto) external;
    function topUpAllotment(address payee, uint128 credits, uint128 coverMaxAtto) external;
    /// @notice Burns the caller's WORK into its open allotment for a payee.
    function coverAllotment(address payee, uint128 workAtto) external;
    function redeem(Voucher calldata voucher, bytes calldata signature) external returns (uint128 credits);
    function redeemMany(Voucher[] calldata vouchers, bytes[] calldata signatures) external returns (uint128 credits);
    function noticeAllotment(address payer, address payee) external;
    function finishAllotment(address payer, address payee) external;
    function allotment(address payer, address payee) external view returns (Allotment memory);

    // ---- escrow ----
    function openEscrow(OpenEscrow calldata terms) external returns (bytes32 id);
    /// @notice Burns the caller's WORK into one of its escrows that has not ended.
    function coverEscrow(bytes32 id, uint128 workAtto) external;
    function submit(bytes32 id) external;
    function accept(bytes32 id) external;
    function decline(bytes32 id) external;
    function verdict(bytes32 id, uint128 creditsToPayee) external;
    function finishEscrow(bytes32 id) external;
    function escrow(bytes32 id) external view returns (Escrow memory);

    // ---- out ----
    function convert(uint128 credits, uint128 minOutAtto) external returns (uint128 mintedAtto);
    /// @notice As convert, for `account`, by its EIP-712 signature over Convert{account, credits, minOutAtto, nonce, deadline}.
    function convertFor(address account, uint128 credits, uint128 minOutAtto, uint40 deadline, bytes calldata signature) external returns (uint128 mintedAtto);
    /// @notice A network fee: a convert with nothing minted, from the caller's bought or earned pocket.
    function payFee(bool fromEarned, uint128 credits, bytes32 reference_) external;
    function retired(address account) external view returns (uint128 workAtto);
    function limit(address account) external view returns (uint128 workAtto);
    function nonces(address account) external view returns (uint256);

    /// @notice Runs entries for the caller, skipping those whose key it has used and those that fail.
    function batch(Entry[] calldata entries) external returns (bool[] memory done);
    function keyUsed(address sender, bytes32 key) external view returns (bool);
}
