// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DataSet} from "../src/interfaces/IDataSets.sol";
import {Stream} from "../src/interfaces/IRails.sol";
import {Answer, Demand, IStorageJudge, Place} from "../src/interfaces/IStorageJudge.sol";
import {Possession} from "../src/libraries/Possession.sol";
import {Node} from "../src/libraries/SumTree.sol";
import {NodesFixture} from "./NodesFixture.sol";
import {Piece, Pieces} from "./Pieces.sol";

/// @notice Demands, answers, misses and whole proofs over a set of three small pieces (20 leaves).
contract StorageJudgeTest is NodesFixture {
    bytes32 private streamId;
    bytes32 private lockId;

    function setUp() public override {
        super.setUp();
        streamId = begin(smallPieces());
        lockId = dataSets.lockIdOf(setId);
    }

    function demand(uint64 leafIndex) private returns (bytes32 id) {
        vm.prank(DEMANDER);
        id = judge.demand(setId, leafIndex);
    }

    function commit(bytes32 salt) private {
        vm.prank(REPORTER);
        bonds.commitReport(keccak256(abi.encode(REPORTER, lockId, salt)));
        passBlocks(1);
    }

    // ---- demand ----

    function testFuzz_demand_namesALeafAndHoldsPay(uint64 leafIndex) public {
        leafIndex = uint64(bound(leafIndex, 0, 40));
        if (leafIndex >= 20) {
            vm.expectRevert(abi.encodeWithSelector(IStorageJudge.LeafOutOfSet.selector, 20, leafIndex));
        }
        bytes32 id = demand(leafIndex);
        Demand memory d = judge.demandOf(id);
        if (leafIndex >= 20) return equal(0, d.dataSet);
        assert(d.dataSet == setId && d.leafIndex == leafIndex && d.leafCount == 20 && !d.over);
        assert(d.demander == DEMANDER && d.depositAtto == p.depositAtto && d.openedAt == vm.getBlockTimestamp());
        equal(vm.getBlockNumber() + p.answerBlocks, d.deadlineBlock);
        equal(dataSets.dataSet(setId).root, d.root);
        equal(1, rails.stream(streamId).openDemands);
        equal(p.depositAtto, work.balanceOf(address(judge)));
    }

    function test_demand_needsTheDeposit() public {
        vm.prank(REPORTER); // has no WORK
        vm.expectRevert();
        judge.demand(setId, 0);
        equal(0, rails.stream(streamId).openDemands);
    }

    function test_demand_boundPerSet() public {
        bytes32 last;
        for (uint64 i = 0; i < p.demandsMax; ++i) {
            last = demand(i);
        }
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.TooManyDemands.selector, setId));
        demand(9);
        judge.answer(last, Pieces.answerOf(smallPieces(), p.demandsMax - 1));
        demand(9);
    }

    /// @notice A provider that kept one leaf demands it in every place there is, and answers itself; what it dropped is
    /// asked for all the same, by its customer, and the miss ends the set.
    function test_demand_aProviderCannotKeepItsCustomerOut() public {
        give(customer, 100e18);
        give(provider, 100e18);
        bytes32[] memory own = new bytes32[](p.demandsMax);
        for (uint256 i = 0; i < own.length; ++i) {
            vm.prank(provider);
            own[i] = judge.demand(setId, 0);
        }
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.TooManyDemands.selector, setId));
        demand(9);
        for (uint64 i = 0; i < 4; ++i) {
            vm.prank(customer);
            judge.demand(setId, 9 + i);
        }
        vm.prank(customer);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.TooManyDemands.selector, setId));
        judge.demand(setId, 9);

        passBlocks(p.answerBlocks);
        Answer memory kept = Pieces.answerOf(smallPieces(), 0);
        for (uint256 i = 0; i < own.length; ++i) {
            vm.startPrank(provider);
            judge.answer(own[i], kept);
            if (i < 4) vm.expectRevert(abi.encodeWithSelector(IStorageJudge.TooManyDemands.selector, setId));
            judge.demand(setId, 0); // at once again; the customer's four count as open
            vm.stopPrank();
        }
        bytes32 missed = keccak256(abi.encode(setId, uint64(9), customer, uint256(p.demandsMax) + 1));
        passBlocks(1);
        judge.miss(missed, address(0), 0);
        assert(dataSets.dataSet(setId).faulted && bonds.lockOf(lockId).slashed);
    }

    function test_demand_notOnWhatIsOver() public {
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.LeafOutOfSet.selector, 0, 0));
        vm.prank(DEMANDER);
        judge.demand("none", 0);
        vm.warp(rails.stream(streamId).end - 1);
        demand(0);
        vm.warp(rails.stream(streamId).end);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.SetOver.selector, setId));
        demand(0);
    }

    function test_demand_oneLeafTwiceAreTwoDemands() public {
        assert(demand(3) != demand(3));
        equal(2, rails.stream(streamId).openDemands);
    }

    // ---- answer ----

    function testFuzz_answer_anyoneIsPaidTheDeposit(uint64 leafIndex, address answerer, uint16 waited) public {
        vm.assume(answerer != address(0) && work.balanceOf(answerer) == 0);
        leafIndex %= 20;
        waited = uint16(bound(waited, 0, 2 * p.answerBlocks));
        bytes32 id = demand(leafIndex);
        passBlocks(waited);
        Answer memory answer = Pieces.answerOf(smallPieces(), leafIndex);
        Demand memory d = judge.demandOf(id);
        bool late = waited > p.answerBlocks;
        vm.prank(answerer);
        if (late) {
            vm.expectRevert(
                abi.encodeWithSelector(IStorageJudge.DeadlinePassed.selector, d.deadlineBlock, vm.getBlockNumber())
            );
        }
        judge.answer(id, answer);
        equal(late ? 0 : p.depositAtto, work.balanceOf(answerer));
        equal(late ? 1 : 0, rails.stream(streamId).openDemands);
        assert(judge.demandOf(id).over != late);
        if (late) return;
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.DemandOver.selector, id));
        judge.answer(id, answer);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.DemandOver.selector, id));
        judge.miss(id, address(0), 0);
    }

    function test_answer_noSuchDemand() public {
        Answer memory answer = Pieces.answerOf(smallPieces(), 0);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.NoSuchDemand.selector, bytes32("none")));
        judge.answer("none", answer);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.NoSuchDemand.selector, bytes32("none")));
        judge.miss("none", address(0), 0);
    }

    function testFuzz_answer_ofAnotherLeafIsNone(uint64 leafIndex, uint64 other) public {
        leafIndex %= 20;
        other %= 20;
        vm.assume(leafIndex != other);
        bytes32 id = demand(leafIndex);
        Answer memory answer = Pieces.answerOf(smallPieces(), other);
        vm.expectRevert();
        judge.answer(id, answer);
    }

    function test_answer_saysWhatIsWrong() public {
        bytes32 id = demand(6);
        Answer memory answer = Pieces.answerOf(smallPieces(), 12);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.WrongPlace.selector, 6, 9));
        judge.answer(id, answer);
        answer = Pieces.answerOf(smallPieces(), 6);
        answer.leaf ^= bytes32(uint256(1) << 200);
        (,, bytes32 folded) = this.foldedBy(answer, 6);
        vm.expectRevert(
            abi.encodeWithSelector(IStorageJudge.WrongAnswer.selector, dataSets.dataSet(setId).root, folded)
        );
        judge.answer(id, answer);
    }

    function foldedBy(Answer calldata answer, uint64 leafIndex) external view returns (bool, uint256, bytes32) {
        DataSet memory set = dataSets.dataSet(setId);
        return Possession.verify(set.root, set.leafCount, leafIndex, answer);
    }

    function test_answer_isForTheRootThatStoodWhenDemanded() public {
        bytes32 id = demand(6);
        Piece[] memory more = new Piece[](4);
        for (uint256 i = 0; i < 3; ++i) {
            more[i] = smallPieces()[i];
        }
        more[3] = Pieces.whole("d", 2, 4);
        post(setOf(more, "one", 2));
        Answer memory later = Pieces.answerOf(more, 6);
        vm.expectRevert();
        judge.answer(id, later);
        judge.answer(id, Pieces.answerOf(smallPieces(), 6));
    }

    function test_answer_isNeverRefusedByAPauseOrAClosedStream() public {
        bytes32 id = demand(6);
        pause();
        vm.prank(provider);
        rails.notice(streamId);
        vm.warp(vm.getBlockTimestamp() + 3 days); // blocks came to a halt: pay is no longer held
        rails.finish(streamId);
        dataSets.end(setId);
        uint256 had = work.balanceOf(provider);
        Answer memory answer = Pieces.answerOf(smallPieces(), 6);
        vm.prank(provider);
        judge.answer(id, answer);
        equal(had + p.depositAtto, work.balanceOf(provider));
        assert(judge.demandOf(id).over);
    }

    // ---- check ----

    /// @notice Whatever is changed in an answer, check says no and does not revert.
    function testFuzz_check_oneChangeMakesItWrong(uint64 leafIndex, uint8 field, uint256 salt) public view {
        leafIndex %= 20;
        DataSet memory set = dataSets.dataSet(setId);
        Answer memory answer = Pieces.answerOf(smallPieces(), leafIndex);
        assert(judge.check(set.root, set.leafCount, leafIndex, answer));
        bytes32 flip = bytes32(uint256(1) << (salt % 256));
        uint256 step = bound(salt, 1, type(uint64).max);
        if (field % 11 == 0) answer.leaf ^= flip;
        if (field % 11 == 1) answer.piecePath[salt % answer.piecePath.length] ^= flip;
        if (field % 11 == 2) answer.piecePath = new bytes32[](salt % 60);
        if (field % 11 == 3) answer.pieceLeafCount ^= uint64(step);
        if (field % 11 == 4) answer.setPath.sides ^= uint256(flip);
        if (field % 11 == 5) answer.setPath.hashes[salt % answer.setPath.hashes.length] ^= flip;
        if (field % 11 == 6) answer.setPath.sums[salt % answer.setPath.sums.length] ^= uint256(flip);
        if (field % 11 == 7) answer.setPath.hashes = new bytes32[](salt % 60);
        if (field % 11 == 8) answer.setPath.sums = new uint256[](salt % 60);
        if (field % 11 == 9) set.leafCount ^= uint64(step);
        if (field % 11 == 10) leafIndex = uint64(20 + step % 1e9);
        if (field % 11 == 7 && answer.setPath.hashes.length == answer.setPath.sums.length) {
            answer.setPath.hashes[0] = flip;
        }
        if (field % 11 == 8 && answer.setPath.hashes.length == answer.setPath.sums.length) {
            answer.setPath.sums[0] = ~uint256(0);
        }
        assert(!judge.check(set.root, set.leafCount, leafIndex, answer));
    }

    /// @notice The published case merkle-4: a place beyond the width of the tree.
    function test_check_noPlaceBeyondThePiece() public view {
        Piece[] memory pieces = new Piece[](1);
        pieces[0] = Pieces.whole("a", 2, 5); // claims a fifth leaf of four
        pieces[0].filled = new uint64[](1);
        Node memory root = Pieces.rootOf(Pieces.leavesOf(pieces));
        Answer memory answer = Pieces.answerOf(pieces, 0);
        assert(judge.check(root.hash, 5, 0, answer));
        assert(!judge.check(root.hash, 5, 4, answer)); // 4 has the low bits of 0
    }

    function testFuzz_check_anySetOfPieces(uint256 seed, uint8 count, uint64 leafIndex) public view {
        Piece[] memory pieces = new Piece[](bound(count, 1, 7));
        for (uint256 i = 0; i < pieces.length; ++i) {
            uint8 height = uint8((seed >> (8 * i)) % 4);
            uint256 leafCount = 1 + (seed >> (64 + 8 * i)) % (1 << height);
            pieces[i] = Pieces.whole(bytes32(seed), height, uint64(leafCount));
        }
        Node memory root = Pieces.rootOf(Pieces.leavesOf(pieces));
        leafIndex %= uint64(root.sum);
        Answer memory answer = Pieces.answerOf(pieces, leafIndex);
        assert(judge.check(root.hash, uint64(root.sum), leafIndex, answer));
        answer.leaf = ~answer.leaf;
        assert(!judge.check(root.hash, uint64(root.sum), leafIndex, answer));
    }

    // ---- miss ----

    function testFuzz_miss_afterTheDeadlineOnly(uint16 waited, address caller) public {
        waited = uint16(bound(waited, 0, 2 * p.answerBlocks));
        bytes32 id = demand(6);
        uint48 deadline = judge.demandOf(id).deadlineBlock;
        passBlocks(waited);
        bool early = waited <= p.answerBlocks;
        vm.prank(caller);
        if (early) {
            vm.expectRevert(abi.encodeWithSelector(IStorageJudge.NotYet.selector, deadline, vm.getBlockNumber()));
        }
        judge.miss(id, address(0), 0);
        assert(dataSets.dataSet(setId).faulted != early && bonds.lockOf(lockId).slashed != early);
    }

    function test_miss_takesTheLockPaysTheReporterAndReturnsTheDeposit() public {
        uint256 demanderHad = work.balanceOf(DEMANDER);
        vm.warp(vm.getBlockTimestamp() + 1000); // a thousand seconds of good service
        bytes32 id = demand(6);
        passBlocks(p.answerBlocks);
        commit("salt");
        uint256 supply = work.totalSupply();
        judge.miss(id, REPORTER, "salt");

        equal(1e18, work.balanceOf(REPORTER));
        equal(supply - 9e18, work.totalSupply());
        equal(demanderHad, work.balanceOf(DEMANDER));
        equal(0, work.balanceOf(address(judge)));
        equal(50_000e18 - 10e18, bonds.stake(provider, STORAGE).totalAtto);
        Stream memory stream = rails.stream(streamId);
        equal(0, stream.openDemands);
        vm.warp(stream.end);
        equal(1000, rails.due(streamId, stream.end));
        rails.settle(streamId);
        equal(1000, credits.earned(provider).credits);
        assert(dataSets.dataSet(setId).faulted && judge.demandOf(id).over);
    }

    function test_miss_otherDemandsAreClosedWithoutASecondSlash() public {
        bytes32 first = demand(6);
        passBlocks(10);
        bytes32 second = demand(7);
        bytes32 third = demand(8);
        passBlocks(p.answerBlocks - 9);
        uint256 had = work.balanceOf(DEMANDER);
        judge.miss(first, address(0), 0);
        uint128 left = bonds.stake(provider, STORAGE).totalAtto;
        judge.miss(second, REPORTER, 0); // at once: its set is over
        equal(1, rails.stream(streamId).openDemands);
        vm.prank(provider);
        judge.answer(third, Pieces.answerOf(smallPieces(), 8)); // still taken, still paid
        equal(had + 2 * p.depositAtto, work.balanceOf(DEMANDER));
        equal(left, bonds.stake(provider, STORAGE).totalAtto);
        equal(0, rails.stream(streamId).openDemands);
        equal(0, work.balanceOf(address(judge)));
    }

    function test_miss_aLaterGenerationIsLeftAlone() public {
        bytes32 first = demand(6);
        bytes32 second = demand(7);
        passBlocks(p.answerBlocks + 1);
        judge.miss(first, address(0), 0);
        openStream("two");
        post(setOf(smallPieces(), "two", 2));
        judge.miss(second, address(0), 0);
        assert(!dataSets.dataSet(setId).faulted && dataSets.dataSet(setId).root != 0);
        equal(10e18, bonds.lockOf(dataSets.lockIdOf(setId)).amountAtto);
        assert(!bonds.lockOf(dataSets.lockIdOf(setId)).slashed);
    }

    /// @notice Closing the stream first does not save a provider: the lock thaws, and is slashable until it has.
    function testFuzz_miss_reachesAThawingLock(uint40 waited) public {
        waited = uint40(bound(waited, 0, 28 days));
        bytes32 id = demand(6);
        vm.prank(provider);
        rails.notice(streamId);
        vm.warp(vm.getBlockTimestamp() + 3 days);
        rails.finish(streamId);
        dataSets.end(setId);
        vm.warp(vm.getBlockTimestamp() + waited);
        vm.roll(vm.getBlockNumber() + p.answerBlocks + 1);
        uint256 had = work.balanceOf(DEMANDER);
        judge.miss(id, address(0), 0);
        assert(bonds.lockOf(lockId).slashed == (waited < 14 days));
        equal(had + p.depositAtto, work.balanceOf(DEMANDER));
        assert(!dataSets.dataSet(setId).faulted);
    }

    function test_miss_whilePaused() public {
        bytes32 id = demand(6);
        pause();
        passBlocks(p.answerBlocks + 1);
        judge.miss(id, address(0), 0);
        assert(bonds.lockOf(lockId).slashed);
    }

    // ---- prove ----

    function closeEpoch() private returns (uint64 epoch, bytes32 seed) {
        epoch = epochs.epochAt(uint64(vm.getBlockNumber()));
        vm.roll(epochs.closeBlock(epoch) + 2);
        vm.setBlockhash(epochs.closeBlock(epoch) + 1, keccak256("a block"));
        epochs.seal(STORAGE, epoch);
        seed = keccak256(abi.encodePacked("groundwork/storage/possession/1", keccak256("a block"), setId));
    }

    function proof(bytes32 seed) private pure returns (Place[] memory places, bytes32[][] memory paths) {
        Piece[] memory pieces = smallPieces();
        places = new Place[](3);
        for (uint256 i = 0; i < 3; ++i) {
            places[i] = Place(pieces[i].leafCount, Pieces.pathOf(Pieces.leavesOf(pieces), i));
        }
        paths = new bytes32[][](5);
        for (uint32 turn = 0; turn < 5; ++turn) {
            uint64 leafIndex = uint64(uint256(keccak256(abi.encodePacked(seed, turn))) % 20);
            Answer memory answer = Pieces.answerOf(pieces, leafIndex);
            paths[turn] = new bytes32[](answer.piecePath.length + 1);
            paths[turn][0] = answer.leaf;
            for (uint256 i = 0; i < answer.piecePath.length; ++i) {
                paths[turn][i + 1] = answer.piecePath[i];
            }
        }
    }

    function test_prove_alsoTenThousandBlocksAfterTheSeal() public {
        (uint64 epoch, bytes32 seed) = closeEpoch();
        (Place[] memory places, bytes32[][] memory paths) = proof(seed);
        judge.prove(setId, epoch, places, paths);
        vm.roll(vm.getBlockNumber() + 10_000);
        vm.recordLogs();
        judge.prove(setId, epoch, places, paths);
        equal(IStorageJudge.Proven.selector, vm.getRecordedLogs()[0].topics[0]);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_prove_oneChangeMakesItWrong(uint8 field, uint256 salt) public {
        (uint64 epoch, bytes32 seed) = closeEpoch();
        (Place[] memory places, bytes32[][] memory paths) = proof(seed);
        uint256 path = salt % 5;
        bytes32 flip = bytes32(uint256(1) << ((salt >> 8) % 254));
        if (field % 4 == 0) paths[path][(salt >> 16) % paths[path].length] ^= flip;
        if (field % 4 == 1) paths[path] = new bytes32[](salt % 70);
        if (field % 4 == 2) (places[0], places[2]) = (Place(0, places[0].path), Place(0, places[0].path));
        if (field % 4 == 3) places[0].path.sides = 7;
        if (field % 4 == 2) places[1] = places[0];
        if (field % 4 == 3) places[1] = places[2] = places[0];
        vm.expectRevert();
        judge.prove(setId, epoch, places, paths);
    }

    function test_prove_refusals() public {
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.NotSealed.selector, 0));
        judge.prove(setId, 0, new Place[](0), new bytes32[][](5));
        (uint64 epoch, bytes32 seed) = closeEpoch();
        (Place[] memory places, bytes32[][] memory paths) = proof(seed);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.WrongCount.selector, 5, 4));
        judge.prove(setId, epoch, places, new bytes32[][](4));
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.WrongCount.selector, 5, 6));
        judge.prove(setId, epoch, new Place[](6), paths);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.SetOver.selector, bytes32("none")));
        judge.prove("none", epoch, places, paths);
        post(setOf(smallPieces(), "one", 2));
        vm.expectRevert(
            abi.encodeWithSelector(IStorageJudge.SetChanged.selector, epochs.closeBlock(epoch), vm.getBlockNumber())
        );
        judge.prove(setId, epoch, places, paths);
    }
}
