// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IBonds, Lock, Stake} from "./interfaces/IBonds.sol";
import {IGuard} from "./interfaces/IGuard.sol";
import {IWorkToken} from "./interfaces/IWorkToken.sol";
import {Addresses, Parameters} from "./Parameters.sol";
import {Seats} from "./libraries/Seats.sol";

/// @notice Stake per (operator, network) and the locks on it. It judges nothing: keepers lock for obligations, judges
/// slash. docs/protocol/money.md#bonds
///
/// A pause refuses deposit, lock and raiseLock only. WORK has no transfer hooks; state is written before every transfer
/// anyway.
contract Bonds is IBonds {
    using Seats for Seats.List;

    /// @dev A lock in two words: WORK is capped at 1e28 atto, far below 2^96.
    struct Record {
        address operator;
        uint8 network;
        uint40 thawEnd;
        bool slashed;
        uint8 keeper; // which of the keepers, from 0
        address judge;
        uint96 amountAtto;
    }

    uint256 public constant REPORTER_DIVISOR = 10;

    IGuard private immutable GUARD;
    IWorkToken private immutable WORK;
    address private immutable KEEPER_0; // DataSets
    address private immutable KEEPER_1; // Epochs
    address private immutable KEEPER_2; // StorageJudge
    uint40 private immutable THAW_SECONDS;
    uint128 private immutable SEAT_ATTO;

    mapping(address operator => mapping(uint8 network => Stake)) private _stakes;
    mapping(bytes32 lockId => Record) private _locks;
    mapping(bytes32 commitment => uint256) public reportBlock;
    mapping(uint8 network => Seats.List) private _seats;

    constructor(Addresses memory addresses, Parameters memory parameters) {
        GUARD = IGuard(addresses.guard);
        WORK = IWorkToken(addresses.workToken);
        KEEPER_0 = addresses.dataSets;
        KEEPER_1 = addresses.epochs;
        KEEPER_2 = addresses.storageJudge;
        THAW_SECONDS = parameters.thawSeconds;
        SEAT_ATTO = parameters.seatAtto;
    }

    // ---- stake ----

    /// @inheritdoc IBonds
    function deposit(address operator, uint8 network, uint128 amountAtto) external {
        _requireRunning();
        _stakes[operator][network].totalAtto += amountAtto;
        _reseat(operator, network);
        emit Deposited(operator, network, amountAtto);
        WORK.transferFrom(msg.sender, address(this), amountAtto);
    }

    /// @inheritdoc IBonds
    function withdraw(uint8 network, uint128 amountAtto) external {
        Stake storage stake_ = _stakes[msg.sender][network];
        _requireFree(stake_, amountAtto);
        stake_.totalAtto -= amountAtto;
        _reseat(msg.sender, network);
        emit Withdrawn(msg.sender, network, amountAtto);
        WORK.transfer(msg.sender, amountAtto);
    }

    // ---- locks: keepers ----

    /// @notice A slashed lock is over: its id may serve a new obligation.
    function lock(bytes32 lockId, address operator, uint8 network, uint128 amountAtto, address judge) external {
        _requireRunning();
        uint8 keeper = _keeperIndex(msg.sender);
        Record storage record = _locks[lockId];
        if (record.operator != address(0) && !record.slashed) revert LockExists(lockId);
        _take(operator, network, amountAtto);
        _locks[lockId] = Record(operator, network, 0, false, keeper, judge, _narrow(amountAtto));
        emit Locked(lockId, operator, network, amountAtto, judge);
    }

    /// @inheritdoc IBonds
    function raiseLock(bytes32 lockId, uint128 amountAtto) external {
        _requireRunning();
        Record storage record = _kept(lockId);
        if (record.slashed || record.thawEnd != 0) revert NoSuchLock(lockId);
        _take(record.operator, record.network, amountAtto);
        uint96 totalAtto = _narrow(uint256(record.amountAtto) + amountAtto);
        record.amountAtto = totalAtto;
        emit Locked(lockId, record.operator, record.network, totalAtto, record.judge);
    }

    /// @inheritdoc IBonds
    function thaw(bytes32 lockId) external {
        Record storage record = _kept(lockId);
        if (record.slashed || record.thawEnd != 0) return;
        uint40 thawEnd = uint40(block.timestamp) + THAW_SECONDS;
        record.thawEnd = thawEnd;
        emit Thawing(lockId, thawEnd);
    }

    /// @inheritdoc IBonds
    function unlock(bytes32 lockId) external {
        Record storage record = _kept(lockId);
        if (!record.slashed) _release(lockId, record);
    }

    /// @inheritdoc IBonds
    function releaseThawed(bytes32 lockId) external {
        Record storage record = _locks[lockId];
        if (record.operator == address(0) || record.slashed) revert NoSuchLock(lockId);
        if (!_thawed(record)) revert StillThawing(record.thawEnd, uint40(block.timestamp));
        _release(lockId, record);
    }

    // ---- locks: judges ----

    /// @inheritdoc IBonds
    function slash(bytes32 lockId, address reporter, bytes32 salt) external returns (uint128 takenAtto) {
        Record storage record = _locks[lockId];
        address operator = record.operator;
        if (operator == address(0) || record.slashed || _thawed(record)) revert NoSuchLock(lockId);
        if (msg.sender != record.judge) revert NotJudge(record.judge, msg.sender);
        takenAtto = record.amountAtto;
        uint8 network = record.network;
        record.slashed = true;
        record.amountAtto = 0;
        Stake storage stake_ = _stakes[operator][network];
        stake_.totalAtto -= takenAtto;
        stake_.lockedAtto -= takenAtto;
        _reseat(operator, network);
        uint128 rewardAtto = _useReport(lockId, reporter, salt) ? uint128(takenAtto / REPORTER_DIVISOR) : 0;
        emit Slashed(lockId, operator, reporter, takenAtto, rewardAtto);
        if (rewardAtto != 0) WORK.transfer(reporter, rewardAtto);
        WORK.burn(takenAtto - rewardAtto);
    }

    /// @inheritdoc IBonds
    function commitReport(bytes32 commitment) external {
        if (reportBlock[commitment] != 0) return; // else a copy in a later block would take the first one's time away
        reportBlock[commitment] = block.number;
        emit ReportCommitted(commitment, msg.sender);
    }

    // ---- views ----

    function stake(address operator, uint8 network) external view returns (Stake memory) {
        return _stakes[operator][network];
    }

    function free(address operator, uint8 network) external view returns (uint128) {
        Stake storage stake_ = _stakes[operator][network];
        return stake_.totalAtto - stake_.lockedAtto;
    }

    function lockOf(bytes32 lockId) external view returns (Lock memory) {
        Record storage record = _locks[lockId];
        address keeper = record.operator == address(0) ? address(0) : _keeperAt(record.keeper);
        return
            Lock(
                record.operator, record.network, record.thawEnd, record.slashed, record.amountAtto, record.judge, keeper
            );
    }

    function operatorCount(uint8 network) external view returns (uint256) {
        return _seats[network].operators.length;
    }

    function operatorAt(uint8 network, uint256 index) external view returns (address) {
        return _seats[network].operators[index];
    }

    // ---- steps ----

    function _requireRunning() private view {
        if (GUARD.paused()) revert Paused();
    }

    function _requireFree(Stake storage stake_, uint128 wantedAtto) private view {
        uint128 freeAtto = stake_.totalAtto - stake_.lockedAtto;
        if (wantedAtto > freeAtto) revert NotEnoughFree(freeAtto, wantedAtto);
    }

    function _take(address operator, uint8 network, uint128 amountAtto) private {
        Stake storage stake_ = _stakes[operator][network];
        _requireFree(stake_, amountAtto);
        stake_.lockedAtto += amountAtto;
    }

    function _release(bytes32 lockId, Record storage record) private {
        _stakes[record.operator][record.network].lockedAtto -= record.amountAtto;
        delete _locks[lockId];
        emit Released(lockId);
    }

    /// @return true when the reporter committed in an earlier block; a commitment serves once
    function _useReport(bytes32 lockId, address reporter, bytes32 salt) private returns (bool) {
        if (reporter == address(0)) return false;
        bytes32 commitment = keccak256(abi.encode(reporter, lockId, salt));
        uint256 committedAt = reportBlock[commitment];
        if (committedAt == 0 || committedAt >= block.number) return false;
        delete reportBlock[commitment];
        return true;
    }

    function _thawed(Record storage record) private view returns (bool) {
        return record.thawEnd != 0 && block.timestamp >= record.thawEnd;
    }

    function _reseat(address operator, uint8 network) private {
        _seats[network].set(operator, _stakes[operator][network].totalAtto >= SEAT_ATTO);
    }

    /// @return record of a lock that the caller keeps
    function _kept(bytes32 lockId) private view returns (Record storage record) {
        record = _locks[lockId];
        if (record.operator == address(0)) revert NoSuchLock(lockId);
        if (_keeperAt(record.keeper) != msg.sender) revert NotKeeper(msg.sender);
    }

    function _keeperIndex(address caller) private view returns (uint8) {
        if (caller == KEEPER_0) return 0;
        if (caller == KEEPER_1) return 1;
        if (caller == KEEPER_2) return 2;
        revert NotKeeper(caller);
    }

    function _keeperAt(uint8 index) private view returns (address) {
        return index == 0 ? KEEPER_0 : index == 1 ? KEEPER_1 : KEEPER_2;
    }

    function _narrow(uint256 amountAtto) private pure returns (uint96) {
        if (amountAtto > type(uint96).max) revert TooLarge(type(uint96).max, amountAtto);
        return uint96(amountAtto);
    }
}
