// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bonds} from "../../src/Bonds.sol";
import {Lock} from "../../src/interfaces/IBonds.sol";
import {MoneyHarness} from "../MoneyHarness.sol";

/// @notice Random deposits, locks, thaws and slashes of three operators by every keeper, a judge and strangers.
contract BondsHandler is MoneyHarness {
    uint256 public constant OPERATIONS = 11;
    uint256 private constant OPERATORS = 3;

    Bonds public bonds;
    uint256 public nowAt;
    uint256 public slashBurned;
    string public broken;
    mapping(uint256 operation => uint256) public done;
    mapping(bytes32 lockId => bool) private known;
    bytes32[] private lockIds;
    uint256 private blockAt = 100;

    constructor() {
        vm.warp(T0);
        vm.roll(blockAt);
        nowAt = T0;
        deployMoney();
        bonds = new Bonds(at_, p);
        equal(at_.bonds, address(bonds));
        for (uint256 i = 0; i < OPERATORS; i++) give(operatorAt(i), 1_000_000e18);
    }

    function operatorAt(uint256 index) public pure returns (address) {
        return address(uint160(0x09E4A0 + index % OPERATORS));
    }

    function locks() external view returns (bytes32[] memory) {
        return lockIds;
    }

    function token() external view returns (address) {
        return address(work);
    }

    function faucet() external pure returns (address) {
        return FAUCET;
    }

    function step(uint256 operation, uint256 a, uint256 b, uint256 c) external {
        vm.warp(nowAt);
        vm.roll(blockAt);
        operation = operation % OPERATIONS;
        address operator = operatorAt(a);
        uint8 network = uint8(1 + b % 2);
        if (operation == 0) {
            nowAt += c % 5 == 0 ? c % 20 days : c % 1 days;
            blockAt += 1 + c % 5;
        } else if (operation <= 2) {
            uint128 amount = uint128(c % (work.balanceOf(operator) + 1) / 10);
            vm.prank(operator);
            bonds.deposit(operatorAt(b >> 8), network, amount);
        } else if (operation == 3) {
            withdraw(operator, network, c);
        } else if (operation <= 5) {
            bytes32 lockId = bytes32(1 + b % 24);
            uint128 amount = uint128(c % (uint256(bonds.free(operator, network)) + 2));
            vm.prank(keeper(b));
            bonds.lock(lockId, operator, network, amount, JUDGE);
            if (!known[lockId]) lockIds.push(lockId);
            known[lockId] = true;
        } else {
            change(operation, lockIds[a % lockIds.length], b, c);
        }
        done[operation]++;
    }

    /// @dev Free stake leaves at once: no state refuses it.
    function withdraw(address operator, uint8 network, uint256 c) private {
        uint128 free = bonds.free(operator, network);
        uint128 amount = uint128(c % (uint256(free) + 2));
        vm.prank(operator);
        try bonds.withdraw(network, amount) {
            if (amount > free) breaks("9: withdrew what is locked");
        } catch {
            if (amount <= free) breaks("11: withdraw refused");
            revert();
        }
    }

    function change(uint256 operation, bytes32 lockId, uint256 b, uint256 c) private {
        Lock memory l = bonds.lockOf(lockId);
        if (operation == 6) {
            vm.prank(l.keeper);
            bonds.raiseLock(lockId, uint128(c % 1000e18));
        } else if (operation == 7) {
            vm.prank(l.keeper);
            bonds.thaw(lockId);
        } else if (operation == 8) {
            if (b % 4 != 0) revert(); // seldom
            vm.prank(l.keeper);
            bonds.unlock(lockId);
        } else if (operation == 9) {
            bool over = l.operator != address(0) && !l.slashed && l.thawEnd != 0 && nowAt >= l.thawEnd;
            try bonds.releaseThawed(lockId) {
                if (!over) breaks("9: released too early");
            } catch {
                if (over) breaks("11: release refused");
                revert();
            }
        } else {
            slash(lockId, l, b, c);
        }
    }

    /// @dev Takes the lock, the whole lock and nothing but the lock; a tenth to a reporter that committed before.
    function slash(bytes32 lockId, Lock memory l, uint256 b, uint256 c) private {
        bytes32 salt = bytes32(c);
        if (b % 2 == 0) bonds.commitReport(keccak256(abi.encode(STRANGER, lockId, salt)));
        if (b % 4 == 0) vm.roll(++blockAt);
        uint256 before = work.balanceOf(STRANGER);
        vm.prank(b % 7 == 0 ? STRANGER : JUDGE);
        uint128 taken = bonds.slash(lockId, STRANGER, salt);
        uint256 reward = work.balanceOf(STRANGER) - before;
        if (b % 7 == 0) breaks("9: slashed by another than the judge");
        if (taken != l.amountAtto || l.slashed) breaks("9: slashed another amount, or twice");
        if (l.thawEnd != 0 && nowAt >= l.thawEnd) breaks("9: slashed after the thaw");
        if (reward != (b % 4 == 0 ? taken / 10 : 0)) breaks("9: reward");
        slashBurned += taken - reward;
    }

    function keeper(uint256 b) private view returns (address) {
        return b % 3 == 0 ? at_.dataSets : b % 3 == 1 ? at_.epochs : at_.storageJudge;
    }

    function breaks(string memory law) private {
        if (bytes(broken).length == 0) broken = law;
    }
}
