// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Claim, EpochPost, IEpochs} from "../src/interfaces/IEpochs.sol";
import {HoldState, IHolds} from "../src/interfaces/IHolds.sol";
import {Book} from "./EpochBook.sol";
import {HoldsFixture} from "./HoldsFixture.sol";
import {Vm} from "./Harness.sol";

/// @notice A hold puts off and takes nothing: whoever is released is paid everything. And the way there: who may say what, when.
contract HoldsTest is HoldsFixture {
    Book private none;

    function stateIs(bytes32 id, HoldState expected) private view {
        equal(uint256(expected), uint256(holds.holdOf(id).state));
    }

    function refusesNotOpen(bytes32 id, HoldState state) private {
        vm.expectRevert(abi.encodeWithSelector(IHolds.NotOpen.selector, id, state));
    }

    // ---- what it does to pay ----

    function finaliseNow(Book memory last, uint256 seed) private returns (Book memory book) {
        uint64 epoch = epochNow();
        rollToPost(epoch);
        book = honest(epoch, counts5(3, 2, 20, 1, 2), seed, last);
        finaliseEpoch(book);
    }

    function onHold(address account) private view returns (bytes memory) {
        return abi.encodeWithSelector(IEpochs.OnHold.selector, account, epochs.heldBefore(NETWORK, account));
    }

    /// @notice However a hold ends, the account gets the whole cumulative leaf: what it had before, and what it earned meanwhile.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_releasePaysEverything(uint256 seed, uint8 way) external {
        Book memory first = finaliseNow(none, seed);
        rails.setLimit(accused, type(uint128).max);
        bytes32 id = place();
        uint256 before = work.balanceOf(accused);
        Claim memory claim = claimOf(first, accused);
        vm.expectRevert(onHold(accused));
        epochs.claim(claim);
        Book memory second = finaliseNow(first, seed ^ 1); // the epochs go on as if nothing were

        uint256 compensation = endSomehow(id, way % 5);
        claim = claimOf(second, accused);
        (uint128 rebate, uint128 bootstrap) = epochs.claim(claim);
        equal(claim.rebateAtto, rebate);
        equal(claim.bootstrapAtto, bootstrap);
        equal(before + compensation + rebate + bootstrap, work.balanceOf(accused));
        assert(rebate > claimOf(first, accused).rebateAtto);
    }

    /// @return depositAtto that the accused gets
    function endSomehow(bytes32 id, uint256 way) private returns (uint256 depositAtto) {
        depositAtto = holds.depositAtto();
        if (way == 0) {
            decide(id, false);
        } else if (way == 1) {
            vm.prank(ACCUSER);
            holds.release(id);
        } else if (way == 2) {
            rollTo(holds.holdOf(id).endBlock);
            holds.release(id);
        } else if (way == 3) {
            decide(id, true);
            appeal(id);
            decide(id, false);
            depositAtto = 0;
        } else {
            decide(id, true);
            rollTo(holds.holdOf(id).endBlock); // over by itself, without a call
            depositAtto = 0;
        }
        assert(!isHeld(accused));
    }

    function test_nobodyElseIsHeldAndNoRootChanges() external {
        Book memory book = finaliseNow(none, 3);
        bytes32 root = epochs.head(NETWORK).root;
        place();
        equal(root, epochs.head(NETWORK).root);
        Claim[] memory claims = new Claim[](2);
        (claims[0], claims[1]) = (claimOf(book, accused), claimOf(book, operators[2]));
        uint256 before = work.balanceOf(accused);
        vm.recordLogs();
        epochs.claimMany(claims);
        equal(before, work.balanceOf(accused));
        assert(work.balanceOf(operators[2]) > 0);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 failed = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IEpochs.ClaimFailed.selector) continue;
            ++failed;
            equal(keccak256(onHold(accused)), keccak256(abi.decode(logs[i].data, (bytes))));
        }
        equal(1, failed);
    }

    function test_aHoldIsOfOneNetwork() external {
        vm.prank(ACCUSER);
        holds.place(2, accused, REASON, STATEMENT);
        assert(epochs.heldBefore(2, accused) != 0);
        equal(0, epochs.heldBefore(NETWORK, accused));
        Book memory book = finaliseNow(none, 3);
        epochs.claim(claimOf(book, accused));
        assert(work.balanceOf(accused) > 0);
    }

    /// @notice The payments of an account that was held are counted as before.
    function test_aHoldForgetsNoPayment() external {
        Book memory first = finaliseNow(none, 5);
        rails.setLimit(accused, type(uint128).max);
        Claim memory claim = claimOf(first, accused);
        epochs.claim(claim);
        bytes32 id = place();
        decide(id, false);
        (uint128 rebate, uint128 bootstrap) = epochs.claim(claim);
        equal(0, uint256(rebate) + bootstrap);
        (rebate, bootstrap) = epochs.got(NETWORK, accused);
        assert(rebate == claim.rebateAtto && bootstrap == claim.bootstrapAtto);
        equal(claim.rebateAtto, epochs.gotAll(accused));
    }

    function testFuzz_onlyHoldsHolds(address caller, uint8 network, address account, uint48 endBlock) external {
        vm.assume(caller != address(holds));
        vm.expectRevert(abi.encodeWithSelector(IEpochs.NotHolds.selector, caller));
        vm.prank(caller);
        epochs.hold(network, account, endBlock);
    }

    // ---- placing ----

    function testFuzz_place_takesTheDepositThatWasAllowed(uint8 network, address account, bytes32 reason, uint16 length) external {
        bytes memory statement = new bytes(length % 5000);
        network = uint8(bound(network, 0, 5));
        bool isSaid = account != address(0) && reason != 0 && statement.length != 0;
        bool isShort = statement.length <= 4096;
        bool isKnown = network >= 1 && network <= 4;
        uint256 before = work.balanceOf(ACCUSER);
        if (!isKnown) vm.expectRevert(abi.encodeWithSelector(IHolds.NoSuchNetwork.selector, network));
        else if (!isSaid) vm.expectRevert(IHolds.NothingSaid.selector);
        else if (!isShort) vm.expectRevert(abi.encodeWithSelector(IHolds.TooLong.selector, 4096, statement.length));
        vm.prank(ACCUSER);
        bytes32 id = holds.place(network, account, reason, statement);
        if (!isSaid || !isKnown || !isShort) return;
        stateIs(id, HoldState.Placed);
        equal(before - holds.depositAtto(), work.balanceOf(ACCUSER));
        equal(holds.holdOf(id).endBlock, epochs.heldBefore(network, account));
        equal(epochs.closeBlock(epochNow() + 7), holds.holdOf(id).endBlock);
    }

    function test_answersAndOpinionsAreBounded() external {
        bytes memory long = new bytes(4097);
        bytes32 id = place();
        vm.startPrank(accused);
        vm.expectRevert(abi.encodeWithSelector(IHolds.TooLong.selector, 4096, 4097));
        holds.appeal(id, long);
        vm.expectRevert(IHolds.NothingSaid.selector);
        holds.appeal(id, "");
        holds.appeal(id, new bytes(4096));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IHolds.TooLong.selector, 4096, 4097));
        holds.decide(id, true, long, new bytes[](0));
    }

    function test_place_needsAnAllowance() external {
        vm.prank(FAUCET);
        work.transfer(STRANGER, 5000e18);
        vm.expectRevert();
        vm.prank(STRANGER);
        holds.place(NETWORK, accused, REASON, STATEMENT);
        equal(0, epochs.heldBefore(NETWORK, accused));
    }

    function test_place_saysOneThingOnce() external {
        bytes32 id = place();
        decide(id, false);
        vm.expectRevert(abi.encodeWithSelector(IHolds.HoldExists.selector, id));
        place();
    }

    function test_place_waitsForNoPauseToEnd_whatFreesDoes() external {
        bytes32 id = place();
        rollToDecide(id);
        vm.prank(GUARDIAN);
        guard.pause(7 days);
        vm.expectRevert(IHolds.Paused.selector);
        place(operators[2], STATEMENT);
        holds.decide(id, false, OPINION, sign(verdict(id, 1, false), holds.deciders(id), 2));
        assert(!isHeld(accused));
    }

    // ---- being heard ----

    function testFuzz_appeal_isTheAccuseds(address caller) external {
        vm.assume(caller != accused);
        bytes32 id = place();
        vm.expectRevert(abi.encodeWithSelector(IHolds.NotAccused.selector, accused, caller));
        vm.prank(caller);
        holds.appeal(id, DEFENCE);
    }

    function test_appeal_untilTheDecidersAreDrawn() external {
        bytes32 id = place();
        uint64 closeBlock = epochs.closeBlock(holds.holdOf(id).decideEpoch);
        rollTo(closeBlock - 1);
        appeal(id);
        stateIs(id, HoldState.Placed);
        rollTo(closeBlock);
        vm.expectRevert(abi.encodeWithSelector(IHolds.TooLate.selector, closeBlock - 1, closeBlock));
        appeal(id);
    }

    function appealDigest(bytes32 id, uint8 instance) private view returns (bytes32) {
        bytes32 type_ = keccak256("Appeal(bytes32 hold,uint8 instance,bytes32 evidence)");
        return typed(keccak256(abi.encode(type_, id, instance, sha256(DEFENCE))));
    }

    function test_appealFor_needsNoGasOfTheAccused() external {
        bytes32 id = place();
        holds.appealFor(id, DEFENCE, signature(accusedKey, appealDigest(id, 1)));
        decide(id, true);
        bytes memory old = signature(accusedKey, appealDigest(id, 1));
        vm.expectRevert();
        holds.appealFor(id, DEFENCE, old); // an answer is no appeal
        holds.appealFor(id, DEFENCE, signature(accusedKey, appealDigest(id, 2)));
        stateIs(id, HoldState.Appealed);
    }

    function testFuzz_appealFor_byTheAccusedsKeyOnly(uint256 key, bytes calldata other) external {
        key = bound(key, 1, 1e30);
        vm.assume(key != accusedKey);
        bytes32 id = place();
        bytes memory signed = signature(key, appealDigest(id, 1));
        vm.expectRevert(abi.encodeWithSelector(IHolds.BadSignature.selector, accused, vm.addr(key)));
        holds.appealFor(id, DEFENCE, signed);
        signed = signature(accusedKey, appealDigest(id, 1));
        if (keccak256(other) != keccak256(DEFENCE)) vm.expectRevert();
        holds.appealFor(id, other, signed);
    }

    function test_appeal_ofAnUpheldHoldOnce() external {
        bytes32 id = place();
        decide(id, true);
        uint48 term = holds.holdOf(id).endBlock;
        equal(epochs.closeBlock(epochNow() + 90), term);
        rollTo(vm.getBlockNumber() + 300);
        appeal(id);
        stateIs(id, HoldState.Appealed);
        equal(epochs.closeBlock(epochNow() + 7), holds.holdOf(id).endBlock);
        equal(holds.holdOf(id).endBlock, epochs.heldBefore(NETWORK, accused));
        decide(id, true);
        stateIs(id, HoldState.Final);
        equal(term, epochs.heldBefore(NETWORK, accused));
        refusesNotOpen(id, HoldState.Final);
        appeal(id);
    }

    function test_appeal_lengthensNothing() external {
        bytes32 id = place();
        decide(id, true);
        uint48 term = holds.holdOf(id).endBlock;
        rollTo(term - 1);
        appeal(id);
        equal(term, holds.holdOf(id).endBlock);
        equal(term, epochs.heldBefore(NETWORK, accused));
    }

    // ---- deciding ----

    function test_decide_notBeforeTheSeal() external {
        bytes32 id = place();
        equal(0, holds.deciders(id).length);
        uint40 epoch = holds.holdOf(id).decideEpoch;
        vm.expectRevert(abi.encodeWithSelector(IHolds.NotSealed.selector, NETWORK, epoch));
        holds.decide(id, true, OPINION, new bytes[](0));
    }

    function test_decide_notByTheTwoItIsAbout() external {
        fund(operators[0], 100);
        for (uint256 i = 0; i < 12; ++i) {
            vm.prank(operators[0]);
            bytes32 id = holds.place(NETWORK, accused, REASON, abi.encode(i));
            rollToDecide(id);
            address[] memory drawn = holds.deciders(id);
            equal(3, drawn.length); // as many as ever: others take the places of the two
            for (uint256 j = 0; j < drawn.length; ++j) assert(drawn[j] != accused && drawn[j] != operators[0]);
        }
    }

    function test_decide_byAllWhoAreLeftOnASmallNetwork() external {
        for (uint256 i = 2; i < OPERATORS; ++i) {
            vm.prank(operators[i]);
            bonds.withdraw(NETWORK, STAKE);
        }
        bytes32 id = place(); // of two operators one is accused
        rollToDecide(id);
        address[] memory drawn = holds.deciders(id);
        equal(1, drawn.length);
        equal(operators[0], drawn[0]);
        vm.expectRevert(abi.encodeWithSelector(IHolds.TooFewSigned.selector, 1, 0));
        holds.decide(id, true, OPINION, new bytes[](0));
        vm.prank(operators[0]);
        bonds.withdraw(NETWORK, STAKE);
        equal(0, holds.deciders(id).length);
        vm.expectRevert(abi.encodeWithSelector(IHolds.TooFewSigned.selector, 1, 0));
        holds.decide(id, true, OPINION, new bytes[](0)); // nobody is not a quorum
    }

    function test_decide_byAQuorumOfTheDrawn() external {
        bytes32 id = place();
        rollToDecide(id);
        address[] memory drawn = holds.deciders(id);
        bytes32 digest = verdict(id, 1, true);
        vm.expectRevert(abi.encodeWithSelector(IHolds.TooFewSigned.selector, 2, 1));
        holds.decide(id, true, OPINION, sign(digest, drawn, 1));
        bytes[] memory twice = new bytes[](2);
        twice[0] = twice[1] = signature(keyOf(drawn[0]), digest);
        vm.expectRevert(abi.encodeWithSelector(IHolds.TooFewSigned.selector, 2, 1));
        holds.decide(id, true, OPINION, twice);
        bytes[] memory signed = sign(digest, drawn, 2);
        vm.expectRevert(abi.encodeWithSelector(IHolds.TooFewSigned.selector, 2, 0));
        holds.decide(id, false, OPINION, signed); // they said the contrary
        holds.decide(id, true, OPINION, signed);
        stateIs(id, HoldState.Upheld);
    }

    function testFuzz_decide_notByStrangers(uint256 key) external {
        key = bound(key, 1, 1e30);
        bytes32 id = place();
        rollToDecide(id);
        address[] memory drawn = holds.deciders(id);
        for (uint256 i = 0; i < drawn.length; ++i) vm.assume(vm.addr(key) != drawn[i]);
        bytes[] memory signed = new bytes[](2);
        signed[0] = signature(key, verdict(id, 1, true));
        signed[1] = signature(keyOf(drawn[0]), verdict(id, 1, true));
        vm.expectRevert(abi.encodeWithSelector(IHolds.TooFewSigned.selector, 2, 1));
        holds.decide(id, true, OPINION, signed);
    }

    function test_decide_aVerdictIsOfItsInstance() external {
        bytes32 id = place();
        rollToDecide(id);
        address[] memory all = new address[](OPERATORS);
        for (uint256 i = 0; i < OPERATORS; ++i) all[i] = operators[i];
        bytes[] memory old = sign(verdict(id, 1, true), all, OPERATORS);
        holds.decide(id, true, OPINION, old);
        appeal(id);
        rollToDecide(id);
        vm.expectRevert();
        holds.decide(id, true, OPINION, old);
    }

    function test_decide_notTwiceAndNotWhenOver() external {
        bytes32 id = place();
        decide(id, true);
        refusesNotOpen(id, HoldState.Upheld);
        holds.decide(id, false, OPINION, new bytes[](0));
        id = place(accused, "more");
        rollTo(holds.holdOf(id).endBlock);
        refusesNotOpen(id, HoldState.Placed);
        holds.decide(id, true, OPINION, new bytes[](0));
    }

    function test_decide_givesTheDepositToWhoWasRight() external {
        uint256 deposit = holds.depositAtto();
        (uint256 accusersBefore, uint256 accusedBefore) = (work.balanceOf(ACCUSER), work.balanceOf(accused));
        bytes32 id = place();
        equal(accusersBefore - deposit, work.balanceOf(ACCUSER));
        decide(id, true);
        equal(accusersBefore, work.balanceOf(ACCUSER));
        id = place(accused, "more");
        decide(id, false);
        equal(accusersBefore - deposit, work.balanceOf(ACCUSER));
        equal(accusedBefore + deposit, work.balanceOf(accused));
        equal(0, work.balanceOf(address(holds)));
    }

    // ---- ending ----

    function testFuzz_release_notWhileItStands(address caller, uint16 blocks) external {
        vm.assume(caller != ACCUSER);
        bytes32 id = place();
        rollTo(vm.getBlockNumber() + blocks);
        uint48 endBlock = holds.holdOf(id).endBlock;
        bool stands = vm.getBlockNumber() < endBlock;
        if (stands) vm.expectRevert(abi.encodeWithSelector(IHolds.StillStands.selector, endBlock, vm.getBlockNumber()));
        vm.prank(caller);
        holds.release(id);
        assert(isHeld(accused) == stands);
    }

    function test_release_ofAnUpheldHoldIsNotItsAccusers() external {
        bytes32 id = place();
        decide(id, true);
        uint48 endBlock = holds.holdOf(id).endBlock;
        vm.expectRevert(abi.encodeWithSelector(IHolds.StillStands.selector, endBlock, vm.getBlockNumber()));
        vm.prank(ACCUSER);
        holds.release(id);
    }

    function test_release_once() external {
        bytes32 id = place();
        rollTo(holds.holdOf(id).endBlock);
        holds.release(id);
        refusesNotOpen(id, HoldState.Ended);
        holds.release(id);
        refusesNotOpen(0, HoldState.None);
        holds.release(0);
    }

    function test_silenceOnAppealFrees() external {
        bytes32 id = place();
        decide(id, true);
        appeal(id);
        rollTo(holds.holdOf(id).endBlock);
        assert(!isHeld(accused));
        holds.release(id);
        equal(0, epochs.heldBefore(NETWORK, accused));
    }

    // ---- several at once ----

    function test_oneHoldMoreIsNoWayOutOfAnother() external {
        bytes32 upheld = place();
        decide(upheld, true);
        vm.prank(FAUCET);
        work.transfer(accused, 1000e18);
        vm.startPrank(accused);
        work.approve(address(holds), type(uint256).max);
        bytes32 own = holds.place(NETWORK, accused, REASON, "by himself");
        holds.release(own); // he takes it back
        vm.stopPrank();
        equal(holds.holdOf(upheld).endBlock, epochs.heldBefore(NETWORK, accused));
    }

    function test_theLastOneFreesWhateverTheOrder() external {
        bytes32 first = place(accused, "1");
        bytes32 second = place(accused, "2");
        rollToDecide(first);
        holds.decide(first, false, OPINION, sign(verdict(first, 1, false), holds.deciders(first), 2));
        assert(isHeld(accused));
        holds.decide(second, false, OPINION, sign(verdict(second, 1, false), holds.deciders(second), 2));
        assert(!isHeld(accused));
    }

    /// @dev The later end stands for both; who is freed of it releases the other, which is over, and is paid for that.
    function test_oneThatIsOverIsReleasedByWhoeverWantsToBeFree() external {
        bytes32 upheld = place(accused, "1");
        decide(upheld, true);
        bytes32 idle = place(accused, "2");
        rollTo(holds.holdOf(idle).endBlock - 1);
        appeal(upheld);
        rollToDecide(upheld);
        holds.decide(upheld, false, OPINION, sign(verdict(upheld, 2, false), holds.deciders(upheld), 2));
        assert(isHeld(accused)); // until the end of the one that was dismissed
        uint256 before = work.balanceOf(accused);
        holds.release(idle);
        assert(!isHeld(accused));
        equal(before + holds.depositAtto(), work.balanceOf(accused));
    }
}
