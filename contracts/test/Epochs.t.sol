// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BatchHeader, Claim, EpochPost, IEpochs, PendingEpoch} from "../src/interfaces/IEpochs.sol";
import {Lock, Stake} from "../src/interfaces/IBonds.sol";
import {LeafAt} from "../src/interfaces/ISumJudge.sol";
import {Committee} from "../src/libraries/Committee.sol";
import {Evidence} from "../src/libraries/Evidence.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";
import {BatchBook, Book, LeafBook} from "./EpochBook.sol";
import {EpochsFixture} from "./EpochsFixture.sol";

/// @notice Answers as the EIP-2935 contract does, for every block.
contract HistoryStandIn {
    fallback() external {
        bytes32 hash = keccak256(msg.data);
        assembly {
            mstore(0, hash)
            return(0, 32)
        }
    }
}

contract EpochsTest is EpochsFixture {
    Book internal none;

    function honest3(uint64 epoch, Book memory last) internal view returns (Book memory) {
        return honest(epoch, counts5(3, 0, 20, 1, 2), epoch, last);
    }

    function claimOf(Book memory book, uint256 index) internal pure returns (Claim memory) {
        LeafAt memory leaf = leafAt(book.network, book.leaves, index);
        return Claim(book.network, leaf.account, leaf.rebateAtto, leaf.bootstrapAtto, leaf.path);
    }

    function refuse(bytes memory reason) internal {
        vm.expectRevert(reason);
    }

    // ---- seal ----

    function test_sealStoresTheHashAfterTheCloseAndTheHigh() external {
        uint64 close = epochs.closeBlock(0);
        equal(1030, close);
        rollTo(close + 1);
        refuse(abi.encodeWithSelector(IEpochs.NotYet.selector, close + 2, close + 1));
        epochs.seal(NETWORK, 0);
        rollTo(close + 2);
        epochs.seal(NETWORK, 0);
        equal(blockhash(close + 1), epochs.sealOf(NETWORK, 0).blockHash);
        equal(101_000_000, epochs.sealOf(NETWORK, 0).highUsd8);
        bytes32 first = epochs.sealOf(NETWORK, 0).blockHash;
        rollTo(close + 100);
        epochs.seal(NETWORK, 0);
        equal(first, epochs.sealOf(NETWORK, 0).blockHash);
    }

    function test_sealReadsTheHistoryContractWhenTheOpcodeForgot() external {
        uint64 sealedBlock = epochs.closeBlock(0) + 1;
        rollTo(sealedBlock + 257);
        refuse(abi.encodeWithSelector(IEpochs.TooLate.selector, sealedBlock, sealedBlock + 257));
        epochs.seal(NETWORK, 0);
        vm.etch(0x0000F90827F1C53a10cb7A02335B175320002935, address(new HistoryStandIn()).code);
        epochs.seal(NETWORK, 0);
        equal(keccak256(abi.encode(uint256(sealedBlock))), epochs.sealOf(NETWORK, 0).blockHash);
    }

    function test_sealKnowsItsNetworks() external {
        rollTo(epochs.closeBlock(0) + 2);
        for (uint256 i = 0; i < 2; ++i) {
            uint8 network = i == 0 ? 0 : 5;
            refuse(abi.encodeWithSelector(IEpochs.NoSuchNetwork.selector, network));
            epochs.seal(network, 0);
            equal(0, epochs.allowance(network, 0));
        }
    }

    // ---- batches ----

    function test_registerNeedsTheSignersWordInTime() external {
        BatchBook memory batch = honestBatch();
        BatchHeader memory header = batch.header;
        bytes memory other = signature(0xBAD, batch.digest);
        refuse(abi.encodeWithSelector(IEpochs.BadSignature.selector, header.signer, vm.addr(0xBAD)));
        epochs.registerBatch(header, other);
        epochs.registerBatch(header, batch.signature);
        equal(vm.getBlockNumber(), epochs.batchBlock(batch.digest));
        uint256 first = vm.getBlockNumber();
        rollTo(first + 1);
        epochs.registerBatch(header, batch.signature);
        equal(first, epochs.batchBlock(batch.digest));
        header.counter = 9;
        uint64 deadline = epochs.evidenceDeadline(0);
        rollTo(deadline + 1);
        refuse(abi.encodeWithSelector(IEpochs.TooLate.selector, deadline, deadline + 1));
        epochs.registerBatch(header, batch.signature);
    }

    function test_vouchersAreDrawnFromTheSealAndSignTheDigest() external {
        BatchBook memory batch = honestBatch();
        equal(0, epochs.vouchers(NETWORK, 0).length);
        sealEpoch(0);
        address[] memory drawn = epochs.vouchers(NETWORK, 0);
        equal(3, drawn.length);
        bytes[] memory signatures = vouchings(0, batch.digest, drawn);
        refuse(abi.encodeWithSelector(IEpochs.BadProof.selector, batch.digest, bytes32(0)));
        epochs.vouchBatch(batch.digest, signatures);
        epochs.registerBatch(batch.header, batch.signature);
        signatures[0] = signatures[1];
        signatures[2] = signatures[1];
        refuse(abi.encodeWithSelector(IEpochs.NotAvailable.selector, 2, 1));
        epochs.vouchBatch(batch.digest, signatures);
        signatures = vouchings(0, batch.digest, drawn);
        epochs.vouchBatch(batch.digest, signatures);
        equal(vm.getBlockNumber(), epochs.vouchedBlock(batch.digest));
    }

    function honestBatch() internal view returns (BatchBook memory) {
        Book memory book = honestBatches(counts5(2, 0, 0, 0, 0));
        return book.batches[0];
    }

    // ---- post ----

    function test_postWaitsForSealAndDeadline() external {
        sealEpoch(0);
        EpochPost memory post = postOf(honest3(0, none));
        uint64 deadline = epochs.evidenceDeadline(0);
        rollTo(deadline);
        vm.prank(operators[0]);
        refuse(abi.encodeWithSelector(IEpochs.NotYet.selector, deadline + 1, deadline));
        epochs.post(NETWORK, post);
        rollTo(deadline + 1);
        postAs(operators[0], post);
        PendingEpoch memory pending = epochs.pending(NETWORK);
        equal(keccak256(abi.encode(post)), pending.digest);
        equal(operators[0], pending.poster);
        equal(vm.getBlockNumber() + 10, pending.windowEnd);
        rollTo(epochs.evidenceDeadline(1) + 1);
        post.epoch = 1;
        epochs.lapse(NETWORK);
        vm.prank(operators[0]);
        refuse(abi.encodeWithSelector(IEpochs.NotSealed.selector, NETWORK, 1));
        epochs.post(NETWORK, post);
    }

    function test_postMayNotExceedTheAllowance() external {
        rollToPost(0);
        Book memory book = honest(0, counts5(1, 0, 0, 0, 0), 1, none);
        uint256 allowed = epochs.allowance(NETWORK, 0);
        book.lines[1].line.unitPriceAtto = uint128(allowed + 1);
        relevel(book, none.leaves);
        EpochPost memory post = postOf(book);
        vm.prank(operators[0]);
        refuse(abi.encodeWithSelector(IEpochs.OverAllowance.selector, allowed, allowed + 1));
        epochs.post(NETWORK, post);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_totalsMustAdd(uint256 totals) external {
        rollToPost(0);
        EpochPost memory post = postOf(honest3(0, none));
        uint256 right = post.totals;
        vm.assume(totals != right);
        post.totals = totals;
        vm.prank(operators[0]);
        refuse(abi.encodeWithSelector(IEpochs.TotalsDoNotAdd.selector, right, totals));
        epochs.post(NETWORK, post);
    }

    function test_posterLocksTwiceTheAddition() external {
        rollToPost(0);
        Book memory book = honest3(0, none);
        EpochPost memory post = postOf(book);
        vm.prank(address(0xDEAD));
        refuse(abi.encodeWithSelector(IEpochs.NotBonded.selector, uint128(1000e18), uint128(0)));
        epochs.post(NETWORK, post);
        postAs(operators[0], post);
        Lock memory lock = bonds.lockOf(epochs.posterLockId(NETWORK, 0));
        assert(lock.operator == operators[0] && lock.judge == address(epochs) && lock.keeper == address(epochs));
        equal(2 * SumTree.lowOf(post.linesTotal), lock.amountAtto);
        assert(lock.amountAtto >= 1000e18);
    }

    function test_posterNeedsFreeStake() external {
        rollToPost(0);
        EpochPost memory post = postOf(honest3(0, none));
        uint128 needed = 2 * SumTree.lowOf(post.linesTotal);
        vm.prank(operators[0]);
        bonds.withdraw(NETWORK, STAKE - needed + 1);
        vm.prank(operators[0]);
        refuse(abi.encodeWithSelector(IEpochs.NotBonded.selector, needed, needed - 1));
        epochs.post(NETWORK, post);
    }

    function test_onePendingAtATimeAndAStaleOneGivesWay() external {
        rollToPost(0);
        EpochPost memory post = postOf(honest3(0, none));
        postAs(operators[0], post);
        bytes32 firstLock = epochs.posterLockId(NETWORK, 0);
        rollTo(vm.getBlockNumber() + 20);
        vm.prank(operators[1]);
        refuse(abi.encodeWithSelector(IEpochs.PendingExists.selector, 0));
        epochs.post(NETWORK, post);
        rollTo(vm.getBlockNumber() + 1);
        postAs(operators[1], post);
        equal(operators[1], epochs.pending(NETWORK).poster);
        assert(bonds.lockOf(firstLock).thawEnd != 0);
        assert(epochs.posterLockId(NETWORK, 0) != firstLock);
    }

    function test_epochsMayBeSkippedNeverRepeated() external {
        rollToPost(0);
        Book memory first = honest3(0, none);
        finaliseEpoch(first);
        rollToPost(3);
        Book memory later = honest3(3, first);
        EpochPost memory again = postOf(honest3(0, first));
        vm.prank(operators[0]);
        refuse(abi.encodeWithSelector(IEpochs.EpochOutOfOrder.selector, 1, 0));
        epochs.post(NETWORK, again);
        finaliseEpoch(later);
        equal(4, epochs.head(NETWORK).epoch);
        equal(postOf(later).root, epochs.head(NETWORK).root);
    }

    // ---- availability ----

    function test_attestCountsDistinctDrawnSigners() external {
        rollToPost(0);
        EpochPost memory post = postOf(honest3(0, none));
        postAs(operators[0], post);
        bytes[] memory empty = new bytes[](0);
        rollTo(vm.getBlockNumber() + 1);
        refuse(abi.encodeWithSelector(IEpochs.NotYet.selector, vm.getBlockNumber() + 1, vm.getBlockNumber()));
        epochs.attest(NETWORK, post, empty);
        rollTo(vm.getBlockNumber() + 1);
        address[] memory drawn = epochs.committee(NETWORK);
        bytes[] memory signatures = attestations(post, drawn);
        bytes[] memory one = new bytes[](5);
        for (uint256 i = 0; i < 3; ++i) one[i] = signatures[1];
        one[3] = attestations(post, only(undrawn(drawn)))[0];
        one[4] = hex"00";
        refuse(abi.encodeWithSelector(IEpochs.NotAvailable.selector, 2, 1));
        epochs.attest(NETWORK, post, one);
        EpochPost memory later = postOf(honest3(0, none));
        later.epoch = 1;
        signatures[2] = attestations(later, drawn)[2]; // of another epoch
        epochs.attest(NETWORK, post, signatures);
        assert(epochs.pending(NETWORK).available);
    }

    function only(address account) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }

    function undrawn(address[] memory drawn) internal view returns (address) {
        for (uint256 i = 0; i < OPERATORS; ++i) {
            bool isDrawn = false;
            for (uint256 j = 0; j < drawn.length; ++j) if (drawn[j] == operators[i]) isDrawn = true;
            if (!isDrawn) return operators[i];
        }
        revert("all were drawn");
    }

    /// @dev Signatures of an honest post are collected, the post lapses, and other lines are posted under the same evidence.
    function test_signaturesForALapsedPostDoNotMakeAnotherPostWithItsEvidenceAvailable() external {
        rollToPost(0);
        Book memory book = honest3(0, none);
        EpochPost memory honest_ = postOf(book);
        postAs(operators[0], honest_);
        rollTo(vm.getBlockNumber() + 2);
        bytes[] memory collected = attestations(honest_, operatorList());
        rollTo(vm.getBlockNumber() + 20);
        epochs.lapse(NETWORK);

        book.lines[0].line.unitPriceAtto += 1e18;
        relevel(book, none.leaves);
        EpochPost memory secret = postOf(book);
        secret.evidence = honest_.evidence;
        assert(secret.root != honest_.root && secret.epoch == honest_.epoch);
        postAs(operators[0], secret);
        rollTo(vm.getBlockNumber() + 2);
        refuse(abi.encodeWithSelector(IEpochs.NotAvailable.selector, 2, 0));
        epochs.attest(NETWORK, secret, collected);
        bytes[] memory vouched = vouchings(0, honest_.evidence, operatorList());
        refuse(abi.encodeWithSelector(IEpochs.NotAvailable.selector, 2, 0));
        epochs.attest(NETWORK, secret, vouched);
        assert(!epochs.pending(NETWORK).available);

        rollTo(vm.getBlockNumber() + 20);
        epochs.lapse(NETWORK);
        postAs(operators[1], honest_);
        rollTo(vm.getBlockNumber() + 2);
        epochs.attest(NETWORK, honest_, collected); // the same content, from whoever posts it
        assert(epochs.pending(NETWORK).available);
    }

    /// @dev Nor does a signature for a post vouch for a batch: the same digest is asked for with and without a post.
    function test_signaturesForAPostVouchForNoBatch() external {
        BatchBook memory batch = honestBatch();
        epochs.registerBatch(batch.header, batch.signature);
        sealEpoch(0);
        EpochPost memory post = postOf(honest3(0, none));
        post.evidence = batch.digest;
        address[] memory drawn = epochs.vouchers(NETWORK, 0);
        bytes[] memory signatures = attestations(post, drawn);
        refuse(abi.encodeWithSelector(IEpochs.NotAvailable.selector, 2, 0));
        epochs.vouchBatch(batch.digest, signatures);
    }

    function operatorList() internal view returns (address[] memory list) {
        list = new address[](OPERATORS);
        for (uint256 i = 0; i < OPERATORS; ++i) list[i] = operators[i];
    }

    function test_highSignaturesAreNone() external view {
        bytes32 digest = keccak256("digest");
        bytes memory low = signature(keys[0], digest);
        equal(operators[0], this.recover(digest, low));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], digest);
        bytes32 high = bytes32(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141 - uint256(s));
        equal(address(0), this.recover(digest, abi.encodePacked(r, high, v == 27 ? uint8(28) : uint8(27))));
        equal(address(0), this.recover(digest, abi.encodePacked(r, s)));
    }

    function recover(bytes32 digest, bytes calldata signature_) external view returns (address) {
        return Evidence.recover(digest, signature_);
    }

    function testFuzz_committeesAreDistinctSeatedOperators(bytes32 seed, uint256 size) external view {
        size = bound(size, 0, 9);
        address[] memory drawn = Committee.draw(bonds, NETWORK, seed, size);
        equal(size < OPERATORS ? size : OPERATORS, drawn.length);
        for (uint256 i = 0; i < drawn.length; ++i) {
            assert(bonds.stake(drawn[i], NETWORK).totalAtto == STAKE);
            for (uint256 j = 0; j < i; ++j) assert(drawn[i] != drawn[j]);
        }
    }

    function test_everyOperatorIsDrawnFirstAboutAsOften() external view {
        uint256[OPERATORS] memory first;
        for (uint256 i = 0; i < 500; ++i) {
            address drawn = Committee.draw(bonds, NETWORK, keccak256(abi.encode(i)), 3)[2];
            for (uint256 j = 0; j < OPERATORS; ++j) if (operators[j] == drawn) ++first[j];
        }
        for (uint256 j = 0; j < OPERATORS; ++j) assert(first[j] > 60 && first[j] < 140);
    }

    // ---- finalise, lapse ----

    function test_finaliseWaitsForWindowAndAvailability() external {
        rollToPost(0);
        Book memory book = honest3(0, none);
        EpochPost memory post = postOf(book);
        postAs(operators[0], post);
        uint48 windowEnd = epochs.pending(NETWORK).windowEnd;
        rollTo(windowEnd);
        refuse(abi.encodeWithSelector(IEpochs.NotYet.selector, windowEnd + 1, windowEnd));
        epochs.finalise(NETWORK, post);
        rollTo(windowEnd + 1);
        refuse(abi.encodeWithSelector(IEpochs.NotAvailable.selector, 2, 0));
        epochs.finalise(NETWORK, post);
        bytes[] memory signatures = attestations(post, epochs.committee(NETWORK));
        epochs.attest(NETWORK, post, signatures);
        EpochPost memory other = postOf(book);
        other.rules = 2;
        refuse(abi.encodeWithSelector(IEpochs.WrongPost.selector, keccak256(abi.encode(post)), keccak256(abi.encode(other))));
        epochs.finalise(NETWORK, other);
        epochs.finalise(NETWORK, post);
        equal(post.root, epochs.head(NETWORK).root);
        equal(address(0), epochs.pending(NETWORK).poster);
        equal(post.batchesRoot, epochs.countedRoot(NETWORK, 0));
        refuse(abi.encodeWithSelector(IEpochs.NothingPending.selector, NETWORK));
        epochs.finalise(NETWORK, post);
    }

    function test_aPostersLockFallsWithItsRoot() external {
        rollToPost(0);
        Book memory first = honest3(0, none);
        finaliseEpoch(first);
        bytes32 lockId = epochs.posterLockId(NETWORK, 0);
        assert(bonds.lockOf(lockId).amountAtto > 0 && bonds.lockOf(lockId).thawEnd == 0);
        rollToPost(1);
        finaliseEpoch(honest3(1, first));
        equal(0, bonds.lockOf(lockId).amountAtto);
        assert(bonds.lockOf(epochs.posterLockId(NETWORK, 1)).amountAtto > 0);
    }

    function test_lapseAfterTwoWindowsWithoutAvailability() external {
        rollToPost(0);
        EpochPost memory post = postOf(honest3(0, none));
        refuse(abi.encodeWithSelector(IEpochs.NothingPending.selector, NETWORK));
        epochs.lapse(NETWORK);
        postAs(operators[0], post);
        bytes32 lockId = epochs.posterLockId(NETWORK, 0);
        uint256 posted = vm.getBlockNumber();
        rollTo(posted + 20);
        refuse(abi.encodeWithSelector(IEpochs.NotYet.selector, posted + 21, posted + 20));
        epochs.lapse(NETWORK);
        rollTo(posted + 21);
        refuse(abi.encodeWithSelector(IEpochs.TooLate.selector, posted + 20, posted + 21));
        epochs.attest(NETWORK, post, new bytes[](0));
        epochs.lapse(NETWORK);
        equal(bytes32(0), epochs.pending(NETWORK).digest);
        assert(bonds.lockOf(lockId).thawEnd != 0 && !bonds.lockOf(lockId).slashed);
    }

    function test_anAvailablePostNeverLapses() external {
        rollToPost(0);
        EpochPost memory post = postOf(honest3(0, none));
        postAs(operators[0], post);
        attest(post);
        rollTo(vm.getBlockNumber() + 1000);
        refuse(abi.encodeWithSelector(IEpochs.PendingExists.selector, 0));
        epochs.lapse(NETWORK);
        epochs.finalise(NETWORK, post);
    }

    // ---- reject ----

    function test_onlyJudgesOfThePostsTimeReject() external {
        address newJudge = address(0x1DEA);
        vm.prank(GUARDIAN);
        guard.proposeJudge(NETWORK, "sum", newJudge);
        rollTo(vm.getBlockNumber() + 7 days);
        uint64 epoch = epochs.epochAt(uint64(vm.getBlockNumber()));
        rollToPost(epoch);
        EpochPost memory post = postOf(honest3(epoch, none));
        postAs(operators[0], post);
        vm.prank(GUARDIAN);
        guard.changeJudge(NETWORK, "sum", newJudge);
        epochs.noteJudge(NETWORK, newJudge);
        epochs.noteJudge(NETWORK, address(sumJudge));
        vm.prank(newJudge);
        refuse(abi.encodeWithSelector(IEpochs.NotJudge.selector, newJudge));
        epochs.reject(NETWORK, "mine", REPORTER, SALT);
        rollTo(vm.getBlockNumber() + 1);
        vm.prank(newJudge);
        refuse(abi.encodeWithSelector(IEpochs.NotJudge.selector, newJudge));
        epochs.reject(NETWORK, "mine", REPORTER, SALT);
        vm.prank(address(sumJudge));
        epochs.reject(NETWORK, "its time", REPORTER, SALT);
        rollTo(vm.getBlockNumber() + 1);
        postAs(operators[0], post);
        vm.prank(address(sumJudge));
        refuse(abi.encodeWithSelector(IEpochs.NotJudge.selector, address(sumJudge)));
        epochs.reject(NETWORK, "too late", REPORTER, SALT);
        vm.prank(newJudge);
        epochs.reject(NETWORK, "now mine", REPORTER, SALT);
    }

    function test_strangersAreNotNoted() external {
        epochs.noteJudge(NETWORK, address(this));
        rollToPost(0);
        postAs(operators[0], postOf(honest3(0, none)));
        refuse(abi.encodeWithSelector(IEpochs.NotJudge.selector, address(this)));
        epochs.reject(NETWORK, "no", REPORTER, SALT);
    }

    function test_rejectBurnsTheLockAndPaysTheCommittedReporter() external {
        rollToPost(0);
        EpochPost memory post = postOf(honest3(0, none));
        postAndReport(post);
        uint128 locked = 2 * SumTree.lowOf(post.linesTotal);
        uint256 supply = work.totalSupply();
        vm.prank(address(sumJudge));
        epochs.reject(NETWORK, "wrong", REPORTER, SALT);
        equal(locked / 10, work.balanceOf(REPORTER));
        equal(supply - (locked - locked / 10), work.totalSupply());
        equal(STAKE - locked, bonds.stake(operators[0], NETWORK).totalAtto);
        equal(address(0), epochs.pending(NETWORK).poster);
        rollTo(vm.getBlockNumber() + 1);
        postAs(operators[1], post);
    }

    // ---- claims ----

    function finalised() internal returns (Book memory book) {
        uint64 epoch = epochs.epochAt(uint64(vm.getBlockNumber()));
        rollToPost(epoch);
        book = honest3(epoch, none);
        finaliseEpoch(book);
    }

    function test_claimPaysRebateUpToTheLimitAndAllBootstrap() external {
        Book memory book = finalised();
        Claim memory claim = claimOf(book, 0);
        rails.setLimit(claim.account, claim.rebateAtto - 7);
        (uint128 rebate, uint128 bootstrap) = epochs.claim(claim);
        equal(claim.rebateAtto - 7, rebate);
        equal(claim.bootstrapAtto, bootstrap);
        equal(uint256(rebate) + bootstrap, work.balanceOf(claim.account));
        (rebate, bootstrap) = epochs.claim(claim);
        equal(0, uint256(rebate) + bootstrap);
        rails.setLimit(claim.account, type(uint128).max);
        (rebate, bootstrap) = epochs.claim(claim);
        equal(7, rebate);
        equal(0, bootstrap);
        equal(claim.rebateAtto, epochs.gotAll(claim.account));
    }

    function test_claimsAreCumulativeAndOldLeavesAreNone() external {
        Book memory first = finalised();
        address account = first.leaves[1].account;
        rails.setLimit(account, type(uint128).max);
        rollToPost(1);
        Book memory second = honest3(1, first);
        finaliseEpoch(second);
        Claim memory old = claimOf(first, 1);
        Node memory folded = SumTree.rootOf(leafNodes(NETWORK, first.leaves));
        refuse(abi.encodeWithSelector(IEpochs.BadProof.selector, epochs.head(NETWORK).root, folded.hash));
        epochs.claim(old);
        Claim memory claim = claimOf(second, 1);
        epochs.claim(claim);
        equal(uint256(claim.rebateAtto) + claim.bootstrapAtto, work.balanceOf(account));
        assert(claim.rebateAtto > old.rebateAtto && claim.bootstrapAtto > old.bootstrapAtto);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_noOtherLeafIsPaid(uint128 rebate, uint128 bootstrap, uint256 index) external {
        Book memory book = finalised();
        Claim memory claim = claimOf(book, bound(index, 0, book.leaves.length - 1));
        vm.assume(rebate != claim.rebateAtto || bootstrap != claim.bootstrapAtto);
        (claim.rebateAtto, claim.bootstrapAtto) = (rebate, bootstrap);
        (bool ok,) = address(epochs).call(abi.encodeCall(epochs.claim, (claim)));
        assert(!ok);
    }

    function test_oneLimitServesAllNetworks() external {
        Book memory book = finalised();
        Claim memory first = claimOf(book, 0);
        rails.setLimit(first.account, first.rebateAtto + 5);
        epochs.claim(first);
        Claim memory second = finaliseOneLeaf(2, first.account, 1000, 0);
        (uint128 rebate,) = epochs.claim(second);
        equal(5, rebate);
        equal(first.rebateAtto + 5, epochs.gotAll(first.account));
    }

    function test_paymentsOfTwoNetworksAreKeptApart() external {
        address account = operators[0];
        rails.setLimit(account, type(uint128).max);
        Claim memory away = finaliseOneLeaf(2, account, 300, 4);
        epochs.claim(away); // its home is network 2 now
        Book memory book = finalised();
        Claim memory claim = claimOf(book, 0);
        equal(account, claim.account);
        epochs.claim(claim);
        Claim memory more = finaliseOneLeaf(2, account, 1000, 5);
        (uint128 rebate, uint128 bootstrap) = epochs.claim(more);
        assert(rebate == 700 && bootstrap == 1);
        (rebate, bootstrap) = epochs.claim(claim);
        assert(rebate == 0 && bootstrap == 0);
        (rebate, bootstrap) = epochs.got(2, account);
        assert(rebate == 1000 && bootstrap == 5);
        (rebate, bootstrap) = epochs.got(NETWORK, account);
        assert(rebate == claim.rebateAtto && bootstrap == claim.bootstrapAtto);
        equal(uint256(1000) + claim.rebateAtto, epochs.gotAll(account));
        equal(uint256(1005) + claim.rebateAtto + claim.bootstrapAtto, work.balanceOf(account));
    }

    /// @notice An epoch of another network with a single leaf, whatever its lines were.
    function finaliseOneLeaf(uint8 network, address account, uint128 rebate, uint128 bootstrap) internal returns (Claim memory) {
        return finaliseRoot(network, SumTree.accountLeaf(network, account, rebate, bootstrap), SumTree.pack(rebate, bootstrap), account);
    }

    function finaliseRoot(uint8 network, Node memory leaf, uint256 totals, address account) internal returns (Claim memory claim) {
        vm.prank(FAUCET);
        bonds.deposit(operators[0], network, STAKE);
        uint64 epoch = epochs.epochAt(uint64(vm.getBlockNumber()));
        rollTo(epochs.closeBlock(epoch) + 2);
        epochs.seal(network, epoch);
        rollTo(epochs.evidenceDeadline(epoch) + 1);
        EpochPost memory post;
        (post.epoch, post.root, post.totals) = (epoch, leaf.hash, totals);
        post.linesTotal = totals - epochs.head(network).totals;
        vm.prank(operators[0]);
        epochs.post(network, post);
        rollTo(vm.getBlockNumber() + 2);
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = signature(keys[0], Evidence.availableDigest(address(epochs), network, epoch, 0, keccak256(abi.encode(post))));
        epochs.attest(network, post, signatures);
        rollTo(epochs.pending(network).windowEnd + 1);
        epochs.finalise(network, post);
        claim.network = network;
        claim.account = account;
        (claim.rebateAtto, claim.bootstrapAtto) = (SumTree.highOf(leaf.sum), SumTree.lowOf(leaf.sum));
        claim.path.hashes = new bytes32[](0);
        claim.path.sums = new uint256[](0);
    }

    /// @dev The worst root that nobody challenged: its leaf says more than its total.
    function test_claimsNeverExceedTheFinalisedTotal() external {
        Node memory leaf = SumTree.accountLeaf(2, operators[0], 1e30, 1e30);
        rails.setLimit(operators[0], type(uint128).max);
        Claim memory claim = finaliseRoot(2, leaf, SumTree.pack(100, 10), operators[0]);
        (uint128 rebate, uint128 bootstrap) = epochs.claim(claim);
        equal(100, rebate);
        equal(10, bootstrap);
        (rebate, bootstrap) = epochs.claim(claim);
        equal(0, uint256(rebate) + bootstrap);
    }

    function test_breakerPutsTheRestOffToTheNextWindow() external {
        uint128 limit = parameters().claimPerWindowAtto;
        Claim memory claim = finaliseOneLeaf(2, operators[0], limit + 9, 0);
        rails.setLimit(operators[0], type(uint128).max);
        (uint128 rebate,) = epochs.claim(claim);
        equal(limit, rebate);
        refuse(abi.encodeWithSelector(IEpochs.BreakerOpen.selector, 0, 9));
        epochs.claim(claim);
        vm.warp(vm.getBlockTimestamp() + parameters().breakerWindowSeconds);
        (rebate,) = epochs.claim(claim);
        equal(9, rebate);
    }

    function test_claimManySkipsAndReportsBadOnes() external {
        Book memory book = finalised();
        Claim[] memory claims = new Claim[](4);
        for (uint256 i = 0; i < 4; ++i) claims[i] = claimOf(book, i);
        claims[1].bootstrapAtto += 1;
        claims[2] = claimOf(book, 2);
        claims[2].path.sums = new uint256[](7);
        epochs.claimMany(claims);
        assert(work.balanceOf(claims[0].account) > 0 && work.balanceOf(claims[3].account) > 0);
        equal(0, work.balanceOf(claims[1].account));
        equal(0, work.balanceOf(claims[2].account));
    }

    function test_claimManyIsRefusedWhenGasIsShort() external {
        Book memory book = finalised();
        Claim[] memory claims = new Claim[](2);
        for (uint256 i = 0; i < 2; ++i) claims[i] = claimOf(book, i);
        for (uint256 gas_ = 60_000; gas_ < 500_000; gas_ += 20_000) {
            (bool ok,) = address(epochs).call{gas: gas_}(abi.encodeCall(epochs.claimMany, (claims)));
            bool paid = work.balanceOf(claims[0].account) > 0 && work.balanceOf(claims[1].account) > 0;
            assert(ok == paid); // never half done, never a bad one for want of gas
            if (ok) return;
        }
        revert("never enough gas");
    }

    // ---- schedule ----

    function testFuzz_allowanceHalvesYearly(uint64 epoch) external view {
        epoch = uint64(bound(epoch, 0, 1e9));
        uint256 now_ = epochs.allowance(NETWORK, epoch);
        uint256 later = epochs.allowance(NETWORK, epoch + 365);
        assert(later == now_ / 2);
    }

    function test_allYearsOfANetworkStayUnderItsShare() external view {
        uint256 sum;
        for (uint64 year = 0; year < 300; ++year) sum += 365 * epochs.allowance(NETWORK, year * 365);
        assert(sum <= BOOTSTRAP_MAX / 4 && sum > BOOTSTRAP_MAX / 4 * 99 / 100);
    }
}
