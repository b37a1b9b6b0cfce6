// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IBonds, Lock} from "../src/interfaces/IBonds.sol";
import {NodesFixture} from "./NodesFixture.sol";

/// @notice Stake, locks and slashes, from every caller and at every edge. Keepers are played by DataSets' address.
contract BondsTest is NodesFixture {
    bytes32 private constant LOCK = keccak256("a lock");
    address private constant JUDGE = address(0x1D9E);
    uint128 private constant STAKE = 50_000e18; // the fixture's deposit

    function lock(bytes32 id, uint128 amountAtto) private {
        vm.prank(address(dataSets));
        bonds.lock(id, provider, STORAGE, amountAtto, JUDGE);
    }

    function lockAs(address keeper, uint128 amountAtto) private {
        vm.prank(keeper);
        bonds.lock(LOCK, provider, STORAGE, amountAtto, JUDGE);
    }

    function committed(address reporter, bytes32 id, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(reporter, id, salt));
    }

    // ---- stake ----

    function testFuzz_deposit_anyoneForAnyOperator(address operator, uint8 network, uint128 amountAtto) public {
        amountAtto = uint128(bound(amountAtto, 0, 50_000e18));
        uint128 before = bonds.stake(operator, network).totalAtto;
        vm.prank(provider);
        bonds.deposit(operator, network, amountAtto);
        equal(before + amountAtto, bonds.stake(operator, network).totalAtto);
        equal(STAKE + amountAtto, work.balanceOf(address(bonds)));
    }

    function test_deposit_refusesMoreThanTheCallerHas() public {
        uint128 all = uint128(work.balanceOf(provider));
        vm.prank(provider);
        vm.expectRevert();
        bonds.deposit(provider, STORAGE, all + 1);
        equal(STAKE, bonds.stake(provider, STORAGE).totalAtto);
    }

    function testFuzz_withdraw_freeStakeLeavesAtOnce(uint128 lockedAtto, uint128 outAtto, bool whilePaused) public {
        lockedAtto = uint128(bound(lockedAtto, 0, STAKE));
        lock(LOCK, lockedAtto);
        if (whilePaused) pause();
        outAtto = uint128(bound(outAtto, 0, STAKE));
        uint128 freeAtto = STAKE - lockedAtto;
        bool fits = outAtto <= freeAtto;
        vm.prank(provider);
        if (!fits) vm.expectRevert(abi.encodeWithSelector(IBonds.NotEnoughFree.selector, freeAtto, outAtto));
        bonds.withdraw(STORAGE, outAtto);
        equal(fits ? STAKE - outAtto : STAKE, work.balanceOf(address(bonds)));
        equal(fits ? freeAtto - outAtto : freeAtto, bonds.free(provider, STORAGE));
    }

    function testFuzz_withdraw_onlyOnesOwn(address stranger) public {
        vm.assume(stranger != provider);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IBonds.NotEnoughFree.selector, 0, 1));
        bonds.withdraw(STORAGE, 1);
    }

    function test_pause_refusesInflowsAndNothingElse() public {
        lock(LOCK, 10e18);
        lock("second", 10e18);
        lock("third", 10e18);
        pause();
        vm.prank(provider);
        vm.expectRevert(IBonds.Paused.selector);
        bonds.deposit(provider, STORAGE, 1);
        vm.startPrank(address(dataSets));
        vm.expectRevert(IBonds.Paused.selector);
        bonds.lock("new", provider, STORAGE, 1, JUDGE);
        vm.expectRevert(IBonds.Paused.selector);
        bonds.raiseLock(LOCK, 1);
        bonds.thaw(LOCK);
        bonds.unlock("second");
        vm.stopPrank();
        vm.prank(JUDGE);
        bonds.slash("third", address(0), 0);
        vm.warp(vm.getBlockTimestamp() + 7 days - 1);
        vm.prank(provider);
        bonds.withdraw(STORAGE, STAKE - 20e18);
    }

    // ---- locks ----

    function testFuzz_lock_onlyKeepers(address caller) public {
        bool keeper = caller == address(dataSets) || caller == address(epochs) || caller == address(judge);
        if (!keeper) {
            vm.prank(caller);
            vm.expectRevert(abi.encodeWithSelector(IBonds.NotKeeper.selector, caller));
            bonds.lock(LOCK, provider, STORAGE, 1, JUDGE);
        }
        lockAs(address(epochs), 5e18);
        vm.prank(address(dataSets)); // another keeper does not keep this one
        vm.expectRevert(abi.encodeWithSelector(IBonds.NotKeeper.selector, address(dataSets)));
        bonds.thaw(LOCK);
        vm.prank(address(dataSets));
        vm.expectRevert(abi.encodeWithSelector(IBonds.NotKeeper.selector, address(dataSets)));
        bonds.unlock(LOCK);
        vm.prank(address(dataSets));
        vm.expectRevert(abi.encodeWithSelector(IBonds.NotKeeper.selector, address(dataSets)));
        bonds.raiseLock(LOCK, 1);
        equal(address(epochs), bonds.lockOf(LOCK).keeper);
    }

    function testFuzz_lock_takesFreeStakeOnce(uint128 amountAtto) public {
        amountAtto = uint128(bound(amountAtto, 0, 2 * STAKE));
        if (amountAtto > STAKE) {
            vm.expectRevert(abi.encodeWithSelector(IBonds.NotEnoughFree.selector, STAKE, amountAtto));
            vm.prank(address(dataSets));
            bonds.lock(LOCK, provider, STORAGE, amountAtto, JUDGE);
            return;
        }
        lock(LOCK, amountAtto);
        equal(amountAtto, bonds.stake(provider, STORAGE).lockedAtto);
        vm.expectRevert(abi.encodeWithSelector(IBonds.LockExists.selector, LOCK));
        vm.prank(address(dataSets));
        bonds.lock(LOCK, provider, STORAGE, 0, JUDGE);
    }

    function testFuzz_raiseLock_adds(uint128 first, uint128 more) public {
        first = uint128(bound(first, 0, STAKE));
        more = uint128(bound(more, 0, STAKE));
        lock(LOCK, first);
        uint128 freeAtto = STAKE - first;
        bool fits = more <= freeAtto;
        vm.prank(address(dataSets));
        if (!fits) vm.expectRevert(abi.encodeWithSelector(IBonds.NotEnoughFree.selector, freeAtto, more));
        bonds.raiseLock(LOCK, more);
        equal(fits ? first + more : first, bonds.lockOf(LOCK).amountAtto);
        equal(bonds.lockOf(LOCK).amountAtto, bonds.stake(provider, STORAGE).lockedAtto);
    }

    function test_raiseLock_notWhatIsOver() public {
        vm.startPrank(address(dataSets));
        vm.expectRevert(abi.encodeWithSelector(IBonds.NoSuchLock.selector, LOCK));
        bonds.raiseLock(LOCK, 1);
        bonds.lock(LOCK, provider, STORAGE, 1, JUDGE);
        bonds.thaw(LOCK);
        vm.expectRevert(abi.encodeWithSelector(IBonds.NoSuchLock.selector, LOCK));
        bonds.raiseLock(LOCK, 1);
    }

    function testFuzz_thaw_releasesOnlyAfterwards(uint40 waited) public {
        waited = uint40(bound(waited, 0, 3 * 14 days));
        lock(LOCK, 10e18);
        vm.expectRevert(abi.encodeWithSelector(IBonds.StillThawing.selector, 0, vm.getBlockTimestamp()));
        bonds.releaseThawed(LOCK);
        vm.prank(address(dataSets));
        bonds.thaw(LOCK);
        uint40 thawEnd = bonds.lockOf(LOCK).thawEnd;
        equal(vm.getBlockTimestamp() + 14 days, thawEnd);
        vm.warp(vm.getBlockTimestamp() + waited);
        vm.prank(address(dataSets));
        bonds.thaw(LOCK); // once more moves nothing
        equal(thawEnd, bonds.lockOf(LOCK).thawEnd);
        bool over = waited >= 14 days;
        if (!over) {
            vm.expectRevert(abi.encodeWithSelector(IBonds.StillThawing.selector, thawEnd, vm.getBlockTimestamp()));
        }
        bonds.releaseThawed(LOCK);
        equal(over ? STAKE : STAKE - 10e18, bonds.free(provider, STORAGE));
        equal(over ? address(0) : provider, bonds.lockOf(LOCK).operator);
    }

    function test_unlock_freesAtOnceAndTheIdMayServeAgain() public {
        lock(LOCK, 10e18);
        vm.prank(address(dataSets));
        bonds.unlock(LOCK);
        equal(STAKE, bonds.free(provider, STORAGE));
        vm.prank(address(dataSets));
        vm.expectRevert(abi.encodeWithSelector(IBonds.NoSuchLock.selector, LOCK));
        bonds.unlock(LOCK);
        lockAs(address(epochs), 20e18);
        equal(20e18, bonds.lockOf(LOCK).amountAtto);
    }

    // ---- slashes ----

    function testFuzz_slash_onlyTheJudgeOfTheLock(address caller) public {
        vm.assume(caller != JUDGE);
        lock(LOCK, 10e18);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IBonds.NotJudge.selector, JUDGE, caller));
        bonds.slash(LOCK, address(0), 0);
        vm.prank(JUDGE);
        vm.expectRevert(abi.encodeWithSelector(IBonds.NoSuchLock.selector, bytes32("none")));
        bonds.slash("none", address(0), 0);
    }

    function testFuzz_slash_takesTheLockOnceAndPaysWhoCommitted(uint128 amountAtto, uint8 waitedBlocks, bytes32 salt)
        public
    {
        amountAtto = uint128(bound(amountAtto, 0, STAKE));
        lock(LOCK, amountAtto);
        vm.prank(REPORTER);
        bonds.commitReport(committed(REPORTER, LOCK, salt));
        passBlocks(waitedBlocks);
        uint256 supply = work.totalSupply();
        vm.prank(JUDGE);
        equal(amountAtto, bonds.slash(LOCK, REPORTER, salt));
        uint256 reward = waitedBlocks == 0 ? 0 : amountAtto / 10;
        equal(reward, work.balanceOf(REPORTER));
        equal(supply - (amountAtto - reward), work.totalSupply());
        equal(STAKE - amountAtto, bonds.stake(provider, STORAGE).totalAtto);
        equal(0, bonds.stake(provider, STORAGE).lockedAtto);
        equal(STAKE - amountAtto, work.balanceOf(address(bonds)));
        vm.prank(JUDGE);
        vm.expectRevert(abi.encodeWithSelector(IBonds.NoSuchLock.selector, LOCK));
        bonds.slash(LOCK, REPORTER, salt);
    }

    function testFuzz_slash_paysNobodyWithoutTheirCommitment(address reporter, bytes32 salt, bytes32 otherSalt) public {
        vm.assume(reporter != REPORTER && salt != otherSalt && reporter != address(bonds) && reporter != provider);
        vm.assume(work.balanceOf(reporter) == 0);
        vm.prank(REPORTER);
        bonds.commitReport(committed(REPORTER, LOCK, salt));
        passBlocks(1);
        lock(LOCK, 100e18);
        vm.startPrank(JUDGE);
        bonds.slash(LOCK, reporter, salt); // copies the revealed salt
        equal(0, work.balanceOf(reporter));
        vm.stopPrank();
        lock(LOCK, 100e18); // a slashed id may serve again
        vm.prank(JUDGE);
        bonds.slash(LOCK, REPORTER, otherSalt);
        equal(0, work.balanceOf(REPORTER));
    }

    function test_commitReport_aLaterCopyDoesNotTakeTheFirstOnesTime() public {
        bytes32 commitment = committed(REPORTER, LOCK, "salt");
        bonds.commitReport(commitment);
        uint256 first = bonds.reportBlock(commitment);
        passBlocks(5);
        vm.prank(provider);
        bonds.commitReport(commitment);
        equal(first, bonds.reportBlock(commitment));
    }

    function test_slash_aCommitmentServesOnce() public {
        lock(LOCK, 100e18);
        bonds.commitReport(committed(REPORTER, LOCK, "salt"));
        passBlocks(1);
        vm.prank(JUDGE);
        bonds.slash(LOCK, REPORTER, "salt");
        lock(LOCK, 100e18);
        vm.prank(JUDGE);
        bonds.slash(LOCK, REPORTER, "salt");
        equal(10e18, work.balanceOf(REPORTER));
    }

    function testFuzz_slash_untilTheThawEnds(uint40 waited) public {
        waited = uint40(bound(waited, 0, 2 * 14 days));
        lock(LOCK, 10e18);
        vm.prank(address(dataSets));
        bonds.thaw(LOCK);
        vm.warp(vm.getBlockTimestamp() + waited);
        bool late = waited >= 14 days;
        vm.prank(JUDGE);
        if (late) vm.expectRevert(abi.encodeWithSelector(IBonds.NoSuchLock.selector, LOCK));
        bonds.slash(LOCK, address(0), 0);
        equal(late ? STAKE : STAKE - 10e18, bonds.stake(provider, STORAGE).totalAtto);
    }

    function test_thawAndUnlock_ofASlashedLockDoNothing() public {
        lock(LOCK, 10e18);
        vm.prank(JUDGE);
        bonds.slash(LOCK, address(0), 0);
        vm.startPrank(address(dataSets));
        bonds.thaw(LOCK);
        bonds.unlock(LOCK);
        vm.stopPrank();
        Lock memory over = bonds.lockOf(LOCK);
        assert(over.slashed && over.amountAtto == 0 && over.thawEnd == 0);
        equal(STAKE - 10e18, bonds.free(provider, STORAGE));
        vm.expectRevert(abi.encodeWithSelector(IBonds.NoSuchLock.selector, LOCK));
        bonds.releaseThawed(LOCK);
    }

    // ---- seats ----

    function testFuzz_operators_areThoseWithASeat(uint256 seed) public {
        uint8 network = 2;
        uint128[8] memory staked;
        give(FAUCET, 0);
        for (uint256 step = 0; step < 24; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint160 who = uint160(seed % 8);
            uint128 amountAtto = uint128((seed >> 8) % (2 * p.seatAtto));
            if (seed >> 200 & 1 == 0) {
                vm.prank(FAUCET);
                bonds.deposit(address(0x1000 + who), network, amountAtto);
                staked[who] += amountAtto;
            } else {
                if (amountAtto > staked[who]) amountAtto = staked[who];
                vm.prank(address(0x1000 + who));
                bonds.withdraw(network, amountAtto);
                staked[who] -= amountAtto;
            }
            requireSeats(network, staked);
        }
    }

    function requireSeats(uint8 network, uint128[8] memory staked) private view {
        uint256 seated;
        for (uint160 who = 0; who < 8; ++who) {
            if (staked[who] >= p.seatAtto) ++seated;
        }
        equal(seated, bonds.operatorCount(network));
        uint256 seen;
        for (uint256 i = 0; i < seated; ++i) {
            uint256 who = uint160(bonds.operatorAt(network, i)) - 0x1000;
            assert(staked[who] >= p.seatAtto && seen >> who & 1 == 0);
            seen |= 1 << who;
        }
    }

    function test_slash_takesTheSeat() public {
        equal(1, bonds.operatorCount(STORAGE));
        lock(LOCK, STAKE - p.seatAtto + 1);
        equal(1, bonds.operatorCount(STORAGE));
        vm.prank(JUDGE);
        bonds.slash(LOCK, address(0), 0);
        equal(0, bonds.operatorCount(STORAGE));
    }
}
