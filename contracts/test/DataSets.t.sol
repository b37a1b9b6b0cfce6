// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IBonds} from "../src/interfaces/IBonds.sol";
import {DataSet, IDataSets, PieceSet} from "../src/interfaces/IDataSets.sol";
import {Piece} from "./Pieces.sol";
import {NodesFixture} from "./NodesFixture.sol";

/// @notice Sets from their first post to their end: who signs, what may change, what must be locked.
contract DataSetsTest is NodesFixture {
    PieceSet private first;

    function setUp() public override {
        super.setUp();
        openStream("one");
        first = setOf(smallPieces(), "one", 1);
    }

    function state() private view returns (DataSet memory) {
        return dataSets.dataSet(setId);
    }

    // ---- the first post ----

    function test_post_keepsTheSetAndLocks() public {
        post(first);
        DataSet memory set = state();
        equal(first.root, set.root);
        equal(20, set.leafCount);
        equal(3, set.pieceCount);
        equal(1, set.version);
        equal(vm.getBlockNumber(), set.changedBlock);
        equal(rails.streamId(customer, provider, "one"), dataSets.streamOf(setId));
        (address customer_, address provider_) = dataSets.partiesOf(setId);
        assert(customer_ == customer && provider_ == provider);
        equal(keccak256(abi.encode("dataset", setId, uint32(1))), dataSets.lockIdOf(setId));
        equal(10e18, bonds.lockOf(dataSets.lockIdOf(setId)).amountAtto);
        equal(address(judge), bonds.lockOf(dataSets.lockIdOf(setId)).judge);
    }

    function testFuzz_post_everyFieldIsSignedByBoth(uint8 field, bool byCustomer) public {
        bytes32 digest = digestOf(first);
        bytes32 other = digestOf(changed(first, field));
        bytes memory one = signature(CUSTOMER_KEY, byCustomer ? other : digest);
        bytes memory two = signature(PROVIDER_KEY, byCustomer ? digest : other);
        vm.expectRevert();
        dataSets.post(first, one, two);
        dataSets.post(first, signature(CUSTOMER_KEY, digest), signature(PROVIDER_KEY, digest));
    }

    function changed(PieceSet memory set, uint8 field) private pure returns (PieceSet memory other) {
        other = abi.decode(abi.encode(set), (PieceSet));
        if (field % 9 == 0) other.customer = address(1);
        if (field % 9 == 1) other.provider = address(1);
        if (field % 9 == 2) other.streamSalt = "two";
        if (field % 9 == 3) other.root = "root";
        if (field % 9 == 4) other.leafCount += 1;
        if (field % 9 == 5) other.pieceCount += 1;
        if (field % 9 == 6) other.version += 1;
        if (field % 9 == 7) other.lockAtto += 1;
        if (field % 9 == 8) other.manifest = "manifest";
    }

    function testFuzz_post_signersAreTheParties(uint256 wrongKey) public {
        wrongKey = bound(wrongKey, 1, 1e40);
        vm.assume(wrongKey != CUSTOMER_KEY && wrongKey != PROVIDER_KEY);
        bytes32 digest = digestOf(first);
        bytes memory wrong = signature(wrongKey, digest);
        bytes memory byCustomer = signature(CUSTOMER_KEY, digest);
        vm.expectRevert(abi.encodeWithSelector(IDataSets.BadSignature.selector, customer, vm.addr(wrongKey)));
        dataSets.post(first, wrong, byCustomer);
        vm.expectRevert(abi.encodeWithSelector(IDataSets.BadSignature.selector, provider, customer));
        dataSets.post(first, byCustomer, byCustomer);
        vm.expectRevert(abi.encodeWithSelector(IDataSets.BadSignature.selector, customer, address(0)));
        dataSets.post(first, new bytes(64), byCustomer);
    }

    function test_post_refusesHighS() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CUSTOMER_KEY, digestOf(first));
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes memory high = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        bytes memory byProvider = signature(PROVIDER_KEY, digestOf(first));
        vm.expectRevert(abi.encodeWithSelector(IDataSets.BadSignature.selector, customer, address(0)));
        dataSets.post(first, high, byProvider);
    }

    function test_post_needsAnOpenStreamOfTheStorageJudge() public {
        first.streamSalt = "none";
        postFails(
            first, abi.encodeWithSelector(IDataSets.StreamNotOpen.selector, rails.streamId(customer, provider, "none"))
        );
        openStream("own", address(this));
        first.streamSalt = "own";
        postFails(first, abi.encodeWithSelector(IDataSets.NotStreamJudge.selector, address(this)));
        openStream("judgeless", address(0));
        first.streamSalt = "judgeless";
        postFails(first, abi.encodeWithSelector(IDataSets.NotStreamJudge.selector, address(0)));
    }

    function test_post_refusesTheEmpty() public {
        bytes memory reason = abi.encodeWithSelector(IDataSets.EmptySet.selector, setId);
        PieceSet memory set = changed(first, 5);
        set.root = 0;
        postFails(set, reason);
        set = changed(first, 3);
        (set.pieceCount, set.leafCount) = (0, 10);
        postFails(set, reason);
        (set.pieceCount, set.leafCount) = (5, 4);
        postFails(set, reason);
        set.leafCount = 5;
        post(set);
    }

    // ---- the lock ----

    function testFuzz_post_locksWhatTheStreamMayStillPay(uint64 priceUsd8, uint128 lockAtto) public {
        priceUsd8 = uint64(bound(priceUsd8, 1e6, 1e8)); // falls at once
        postPrice(priceUsd8);
        (uint64 low,,) = feed.quote();
        uint256 needed = (uint256(700_000) * 1e21 + low - 1) / low;
        lockAtto = uint128(bound(lockAtto, needed / 2, 2 * needed));
        first.lockAtto = lockAtto;
        if (lockAtto < needed) {
            postFails(first, abi.encodeWithSelector(IDataSets.LockTooSmall.selector, needed, lockAtto));
        } else {
            post(first);
            equal(lockAtto, bonds.lockOf(dataSets.lockIdOf(setId)).amountAtto);
        }
    }

    function test_post_lockNeedsFreeStake() public {
        vm.prank(provider);
        bonds.withdraw(STORAGE, 50_000e18 - 9e18);
        postFails(first, abi.encodeWithSelector(IBonds.NotEnoughFree.selector, 9e18, 10e18));
        equal(0, state().root);
    }

    function test_post_lockFitsAWord() public {
        first.lockAtto = uint128(1) << 96;
        postFails(first, abi.encodeWithSelector(IBonds.TooLarge.selector, type(uint96).max, first.lockAtto));
    }

    function test_post_worksAtAStaleLow() public {
        vm.warp(vm.getBlockTimestamp() + 1 days);
        (,, bool fresh) = feed.quote();
        assert(!fresh);
        post(first);
        equal(1, state().version);
    }

    function testFuzz_post_raisesTheLockAsTheStreamGrows(uint128 more, uint128 lockAtto) public {
        post(first);
        more = uint128(bound(more, 0, 200_000_000));
        bytes32 streamId = dataSets.streamOf(setId);
        vm.prank(customer);
        rails.topUp(streamId, more, 1e18); // what a share of the pocket lacks by rounding is burned on top
        (uint64 low,,) = feed.quote();
        uint256 needed = (uint256(700_000 + more) * 1e21 + low - 1) / low;
        lockAtto = uint128(bound(lockAtto, 1e18, 3000e18));
        PieceSet memory next = setOf(smallPieces(), "one", 2);
        next.lockAtto = lockAtto;
        uint256 best = lockAtto > 10e18 ? lockAtto : 10e18; // never lowered
        if (best < needed) {
            postFails(next, abi.encodeWithSelector(IDataSets.LockTooSmall.selector, needed, best));
            best = 10e18;
        } else {
            post(next);
        }
        equal(best, bonds.lockOf(dataSets.lockIdOf(setId)).amountAtto);
        equal(best, bonds.stake(provider, STORAGE).lockedAtto);
    }

    function test_post_pauseStopsLocksOnly() public {
        post(first);
        pause();
        post(setOf(smallPieces(), "one", 2));
        PieceSet memory next = setOf(smallPieces(), "one", 3);
        next.lockAtto += 1;
        postFails(next, abi.encodeWithSelector(IBonds.Paused.selector));
    }

    // ---- changes ----

    function testFuzz_post_versionsRise(uint64 version, uint64 next) public {
        version = uint64(bound(version, 1, type(uint64).max));
        first.version = version;
        post(first);
        PieceSet memory set = setOf(smallPieces(), "one", next);
        if (next <= version) postFails(set, abi.encodeWithSelector(IDataSets.OldVersion.selector, version, next));
        else post(set);
        equal(next > version ? next : version, state().version);
    }

    function testFuzz_post_neverShrinks(uint64 leafCount, uint32 pieceCount) public {
        post(first);
        PieceSet memory set = setOf(smallPieces(), "one", 2);
        (set.leafCount, set.pieceCount) = (uint64(bound(leafCount, 15, 30)), uint32(bound(pieceCount, 1, 6)));
        if (set.leafCount < 20) postFails(set, abi.encodeWithSelector(IDataSets.Shrunk.selector, 20, set.leafCount));
        else if (set.pieceCount < 3) postFails(
            set, abi.encodeWithSelector(IDataSets.Shrunk.selector, 3, set.pieceCount)
        );
        else post(set);
        assert(state().leafCount >= 20 && state().pieceCount >= 3);
    }

    function test_post_oneStreamAGeneration() public {
        post(first);
        openStream("two");
        postFails(setOf(smallPieces(), "two", 2), abi.encodeWithSelector(IDataSets.NotOver.selector, setId));
    }

    // ---- the end ----

    function test_end_whenItsStreamIsClosed() public {
        vm.expectRevert(abi.encodeWithSelector(IDataSets.NoSuchDataSet.selector, setId));
        dataSets.end(setId);
        post(first);
        bytes32 lockId = dataSets.lockIdOf(setId);
        vm.expectRevert(abi.encodeWithSelector(IDataSets.NotOver.selector, setId));
        dataSets.end(setId);
        closeStream(dataSets.streamOf(setId));
        vm.prank(DEMANDER);
        dataSets.end(setId);
        equal(vm.getBlockTimestamp() + 14 days, bonds.lockOf(lockId).thawEnd);
        equal(0, state().root);
        equal(1, state().version);
        vm.expectRevert(abi.encodeWithSelector(IDataSets.NoSuchDataSet.selector, setId));
        dataSets.end(setId);
    }

    function test_end_aNewGenerationFollowsOnAnotherStream() public {
        post(first);
        bytes32 firstLock = dataSets.lockIdOf(setId);
        closeStream(dataSets.streamOf(setId));
        dataSets.end(setId);
        postFails(
            setOf(smallPieces(), "one", 2),
            abi.encodeWithSelector(IDataSets.StreamNotOpen.selector, dataSets.streamOf(setId))
        );
        openStream("two");
        PieceSet memory fewer = setOf(onePiece(), "two", 1);
        postFails(fewer, abi.encodeWithSelector(IDataSets.OldVersion.selector, 1, 1));
        fewer.version = 2;
        post(fewer); // may be smaller than the last one was
        equal(2, state().generation);
        equal(rails.streamId(customer, provider, "two"), dataSets.streamOf(setId));
        assert(dataSets.lockIdOf(setId) != firstLock && bonds.lockOf(firstLock).thawEnd != 0);
        equal(20e18, bonds.stake(provider, STORAGE).lockedAtto);
    }

    function onePiece() private pure returns (Piece[] memory pieces) {
        pieces = new Piece[](1);
        pieces[0] = smallPieces()[1];
    }

    function testFuzz_markFaulted_onlyTheJudgeOfTheLock(address caller) public {
        vm.assume(caller != address(judge));
        vm.prank(address(judge));
        vm.expectRevert(abi.encodeWithSelector(IDataSets.NoSuchDataSet.selector, setId));
        dataSets.markFaulted(setId);
        post(first);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IDataSets.NotJudge.selector, address(judge), caller));
        dataSets.markFaulted(setId);
        vm.prank(address(judge));
        dataSets.markFaulted(setId);
        assert(state().faulted && state().root == 0);
    }

    function test_markFaulted_theStreamServesNoSetAgain() public {
        post(first);
        vm.prank(address(judge));
        dataSets.markFaulted(setId);
        postFails(setOf(smallPieces(), "one", 2), abi.encodeWithSelector(IDataSets.Faulted.selector, setId));
        openStream("two");
        post(setOf(smallPieces(), "two", 2));
        assert(!state().faulted && state().generation == 2);
    }

    // ---- batches ----

    function testFuzz_postMany_skipsBadOnes(uint8 bad, uint8 count) public {
        count = uint8(bound(count, 1, 5));
        (PieceSet[] memory sets, bytes[] memory ones, bytes[] memory twos) = versions(count);
        bool spoil = bad < count;
        if (spoil) ones[bad] = twos[bad];
        bool[] memory done = dataSets.postMany(sets, ones, twos);
        for (uint256 i = 0; i < count; ++i) {
            assert(done[i] != (spoil && i == bad));
        }
        equal(spoil && bad == count - 1 ? count - 1 : count, state().version);
    }

    function versions(uint256 count)
        private
        view
        returns (PieceSet[] memory sets, bytes[] memory ones, bytes[] memory twos)
    {
        sets = new PieceSet[](count);
        ones = new bytes[](count);
        twos = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            sets[i] = setOf(smallPieces(), "one", uint64(i + 1));
            ones[i] = signature(CUSTOMER_KEY, digestOf(sets[i]));
            twos[i] = signature(PROVIDER_KEY, digestOf(sets[i]));
        }
    }

    function test_postMany_sizes() public {
        equal(0, dataSets.postMany(new PieceSet[](0), new bytes[](0), new bytes[](0)).length);
        vm.expectRevert(abi.encodeWithSelector(IDataSets.WrongBatch.selector, 128, 129));
        dataSets.postMany(new PieceSet[](129), new bytes[](129), new bytes[](129));
        vm.expectRevert(abi.encodeWithSelector(IDataSets.WrongBatch.selector, 1, 2));
        dataSets.postMany(new PieceSet[](1), new bytes[](2), new bytes[](1));
        vm.expectRevert(abi.encodeWithSelector(IDataSets.WrongBatch.selector, 1, 0));
        dataSets.postMany(new PieceSet[](1), new bytes[](1), new bytes[](0));
    }

    /// @notice With whatever gas: either the whole batch reverts, or the good entry is done. Starving cannot skip it.
    function testFuzz_postMany_cannotBeStarved(uint256 gasGiven) public {
        gasGiven = bound(gasGiven, 50_000, 1_500_000);
        (PieceSet[] memory sets, bytes[] memory ones, bytes[] memory twos) = versions(1);
        try dataSets.postMany{gas: gasGiven}(sets, ones, twos) returns (bool[] memory done) {
            assert(done[0] && state().version == 1);
        } catch {
            equal(0, state().version);
        }
    }
}
