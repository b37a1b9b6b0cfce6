// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

struct Stake {
    uint128 totalAtto; // deposited, slashes taken off
    uint128 lockedAtto; // in locks, thawing ones included
}

struct Lock {
    address operator;
    uint8 network;
    uint40 thawEnd; // 0 while the obligation lives
    bool slashed;
    uint128 amountAtto;
    address judge; // the only one that may slash it
    address keeper; // the contract that locked it: the only one that may change or thaw it
}

/// @notice Stake per (operator, network) and the locks on it. docs/protocol/money.md#bonds
interface IBonds {
    event Deposited(address indexed operator, uint8 indexed network, uint128 amountAtto);
    event Withdrawn(address indexed operator, uint8 indexed network, uint128 amountAtto);
    event Locked(bytes32 indexed lockId, address indexed operator, uint8 indexed network, uint128 amountAtto, address judge);
    event Thawing(bytes32 indexed lockId, uint40 thawEnd);
    event Released(bytes32 indexed lockId);
    event Slashed(bytes32 indexed lockId, address indexed operator, address indexed reporter, uint128 amountAtto, uint128 rewardAtto);
    event ReportCommitted(bytes32 indexed commitment, address indexed reporter);

    error NotKeeper(address caller);
    error NotJudge(address judge, address caller);
    error NoSuchLock(bytes32 lockId);
    error LockExists(bytes32 lockId);
    error NotEnoughFree(uint128 free, uint128 wanted);
    error StillThawing(uint40 thawEnd, uint40 nowAt);
    error TooLarge(uint256 limit, uint256 actual);
    error Paused();

    /// @notice Moves the caller's WORK into `operator`'s stake.
    function deposit(address operator, uint8 network, uint128 amountAtto) external;
    /// @notice Free stake leaves at once.
    function withdraw(uint8 network, uint128 amountAtto) external;
    // ---- only keepers (DataSets, Epochs ...): an obligation's lock ----
    function lock(bytes32 lockId, address operator, uint8 network, uint128 amountAtto, address judge) external;
    /// @notice Adds `amountAtto` more of the operator's free stake to a living lock.
    function raiseLock(bytes32 lockId, uint128 amountAtto) external;
    /// @notice The obligation is over: slashable until the thaw ends. Nothing happens to a lock that thaws or was slashed.
    function thaw(bytes32 lockId) external;
    /// @notice Ends a lock at once (a posted root replaced by its successor). Nothing happens to one that was slashed.
    function unlock(bytes32 lockId) external;
    /// @notice Anyone, after the thaw.
    function releaseThawed(bytes32 lockId) external;
    // ---- judges ----
    /// @notice Only the lock's judge, until its thaw ends. Takes the whole lock: 10% to `reporter` if it committed keccak256(abi.encode(reporter, lockId, salt)) in an earlier block, the rest burned.
    function slash(bytes32 lockId, address reporter, bytes32 salt) external returns (uint128 takenAtto);
    /// @notice Notes this block for a commitment; a later commitReport of the same changes nothing.
    function commitReport(bytes32 commitment) external;
    /// @notice Block in which it was committed, 0 when it was not or has been used.
    function reportBlock(bytes32 commitment) external view returns (uint256);

    function stake(address operator, uint8 network) external view returns (Stake memory);
    function free(address operator, uint8 network) external view returns (uint128);
    function lockOf(bytes32 lockId) external view returns (Lock memory);
    /// @notice Operators with at least `seatAtto` staked on a network, for draws. Order is stable between changes.
    function operatorCount(uint8 network) external view returns (uint256);
    function operatorAt(uint8 network, uint256 index) external view returns (address);
}
