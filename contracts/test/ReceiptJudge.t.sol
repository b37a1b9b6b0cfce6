// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BatchHeader} from "../src/interfaces/IEpochs.sol";
import {IReceiptJudge} from "../src/interfaces/IReceiptJudge.sol";
import {SumPath} from "../src/interfaces/IStorageJudge.sol";
import {Case, EntryAt, ISumJudge} from "../src/interfaces/ISumJudge.sol";
import {Node} from "../src/libraries/SumTree.sol";
import {BatchBook, Book} from "./EpochBook.sol";
import {JudgeFixture} from "./JudgeFixture.sol";

contract ReceiptJudgeTest is JudgeFixture {
    uint256 private constant P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;

    /// @notice The same signer's other batch with the same counter.
    function contradiction(BatchBook memory batch) internal view returns (BatchBook memory other) {
        other.header = abi.decode(abi.encode(batch.header), (BatchHeader));
        other.entries = batch.entries;
        other.header.previousDigest = keccak256("another history");
        sealBatch(other);
    }

    function equivocate(BatchBook memory one, BatchBook memory other) internal {
        receiptJudge.equivocation(one.header, one.signature, other.header, other.signature);
    }

    /// @notice Epoch 2, before its evidence deadline.
    function epochTwo() internal returns (Book memory) {
        sealEpoch(2);
        return honest(2, counts5(1, 1, 2, 1, 0), 2, epochZero());
    }

    function refusesPair(BatchHeader memory one, bytes memory oneSignature, BatchHeader memory other, bytes memory otherSignature)
        internal
    {
        vm.expectRevert(IReceiptJudge.NoFault.selector);
        receiptJudge.equivocation(one, oneSignature, other, otherSignature);
    }

    // ---- contradictions ----

    function test_twoHeadersWithOneCounter() external {
        BatchBook memory one = epochOne().batches[0];
        BatchBook memory other = contradiction(one);
        equivocate(one, other);
        equal(vm.getBlockNumber(), receiptJudge.equivocatedBlock(one.digest));
        equal(vm.getBlockNumber(), receiptJudge.equivocatedBlock(other.digest));
    }

    function test_theFirstRecordStands() external {
        BatchBook memory one = epochOne().batches[0];
        BatchBook memory other = contradiction(one);
        equivocate(one, other);
        uint256 first = vm.getBlockNumber();
        rollTo(first + 5);
        refusesPair(one.header, one.signature, other.header, other.signature);
        BatchBook memory third = contradiction(one);
        third.header.epoch = 7;
        sealBatch(third);
        equivocate(one, third);
        equal(first, receiptJudge.equivocatedBlock(one.digest));
        equal(first + 5, receiptJudge.equivocatedBlock(third.digest));
    }

    /// forge-config: default.fuzz.runs = 24
    function testFuzz_whatIsNoContradiction(uint256 which) external {
        BatchBook memory one = epochOne().batches[0];
        BatchBook memory other = contradiction(one);
        which = bound(which, 0, 5);
        if (which == 0) other = one;
        if (which == 1) other.header.counter += 1;
        if (which == 2) other.header.network = 2;
        if (which == 3) other.header.signer = operators[0] == one.header.signer ? operators[1] : operators[0];
        if (which > 0 && which < 4) sealBatch(other);
        if (which == 4) other.signature = one.signature;
        if (which == 5) other.signature = hex"";
        refusesPair(one.header, one.signature, other.header, other.signature);
    }

    /// @notice A device signs by its P-256 key; the signer is the end of its id.
    /// forge-config: default.fuzz.runs = 24
    function testFuzz_aDeviceThatContradictsItself(uint256 key, uint8 spoiled) external {
        key = bound(key, 1, P256_ORDER - 1);
        BatchBook memory one = epochOne().batches[0];
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        one.header.signer = address(uint160(uint256(keccak256(abi.encode(x, y)))));
        BatchBook memory other;
        other.header = abi.decode(abi.encode(one.header), (BatchHeader));
        other.header.previousDigest = keccak256("another history");
        (one.digest, one.signature) = signedByDevice(key, one.header);
        (other.digest, other.signature) = signedByDevice(key, other.header);
        if (spoiled < 128) {
            bytes memory good = other.signature;
            other.signature = abi.encodePacked(good);
            other.signature[spoiled] ^= 0x01;
            refusesPair(one.header, one.signature, other.header, other.signature);
            other.signature = highS(good);
            refusesPair(one.header, one.signature, other.header, other.signature);
            other.signature = good;
        }
        equivocate(one, other);
        equal(vm.getBlockNumber(), receiptJudge.equivocatedBlock(one.digest));
        equal(vm.getBlockNumber(), receiptJudge.equivocatedBlock(other.digest));
    }

    function test_aDevicesBatchIsRegistered() external {
        (uint256 x, uint256 y) = vm.publicKeyP256(7);
        BatchHeader memory header = epochOne().batches[0].header;
        header.epoch = 2;
        header.signer = address(uint160(uint256(keccak256(abi.encode(x, y)))));
        (bytes32 digest, bytes memory signed) = signedByDevice(7, header);
        epochs.registerBatch(header, signed);
        equal(vm.getBlockNumber(), epochs.batchBlock(digest));
    }

    function signedByDevice(uint256 key, BatchHeader memory header) private view returns (bytes32 digest, bytes memory) {
        digest = digestOf(header);
        (bytes32 r, bytes32 s) = vm.signP256(key, digest);
        if (uint256(s) > P256_ORDER / 2) s = bytes32(P256_ORDER - uint256(s));
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        return (digest, abi.encodePacked(r, s, x, y));
    }

    function highS(bytes memory signed) private pure returns (bytes memory) {
        (bytes32 r, uint256 s, bytes32 x, bytes32 y) = abi.decode(signed, (bytes32, uint256, bytes32, bytes32));
        return abi.encodePacked(r, P256_ORDER - s, x, y);
    }

    // ---- posts ----

    function test_aPostThatCountsAContradictedBatch() external {
        Book memory book = epochTwo();
        equivocate(contradiction(book.batches[1]), book.batches[1]);
        rollTo(epochs.evidenceDeadline(2) + 1);
        Case memory case_ = postAndReport(postOf(book));
        receiptRejects(case_, abi.encodeCall(IReceiptJudge.challengeCounted, (case_, batchAt(book, 1))));
    }

    /// @dev Else a signer could make an honest post wrong after it was made.
    function test_aContradictionAfterTheDeadlineTouchesNoPost() external {
        Book memory book = epochTwo();
        rollTo(epochs.evidenceDeadline(2) + 1);
        equivocate(contradiction(book.batches[1]), book.batches[1]);
        assert(!receiptJudge.isVoid(book.batches[1].digest, 2) && receiptJudge.isVoid(book.batches[1].digest, 3));
        Case memory case_ = postAndReport(postOf(book));
        bytes memory challenge = abi.encodeCall(IReceiptJudge.challengeCounted, (case_, batchAt(book, 1)));
        refuses(address(receiptJudge), IReceiptJudge.NoFault.selector, challenge);
        finalise(case_.post);
    }

    function test_aContradictedBatchMayBeLeftOut() external {
        Book memory book = epochTwo();
        BatchBook memory batch = book.batches[1];
        epochs.registerBatch(batch.header, batch.signature);
        epochs.vouchBatch(batch.digest, vouchings(2, batch.digest, epochs.vouchers(NETWORK, 2)));
        equivocate(contradiction(batch), batch);
        rollTo(epochs.evidenceDeadline(2) + 1);
        withoutBatch(book, 1);
        audit(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        bytes memory challenge = abi.encodeCall(ISumJudge.challengeOmission, (case_, batch.header, batchesView(book, batch.digest)));
        refuses(address(sumJudge), ISumJudge.NoFault.selector, challenge);
        finalise(case_.post);
    }

    function test_aBatchThatItsSignerDidNotSign() external {
        Book memory book = epochOne();
        book.batches[0].signature = signature(0xBAD, book.batches[0].digest);
        Case memory case_ = postAndReport(postOf(book));
        bytes memory signature_ = book.batches[0].signature;
        receiptRejects(case_, abi.encodeCall(IReceiptJudge.challengeBatch, (case_, countedBatch(book, 0), signature_)));
    }

    /// forge-config: default.fuzz.runs = 12
    function testFuzz_aBatchOfAnotherNetworkOrTime(uint256 which) external {
        rollToPost(9);
        Book memory book = honest(9, counts5(1, 2, 3, 0, 0), 9, epochZero());
        BatchBook memory batch = book.batches[1];
        which = bound(which, 0, 2);
        if (which == 0) batch.header.network = 2;
        if (which == 1) batch.header.epoch = 10;
        if (which == 2) batch.header.epoch = 1; // 8 before
        sealBatch(batch);
        sortBatches(book.batches);
        audit(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        uint256 index = batchIndexOf(book, batch.header.signer);
        receiptRejects(case_, abi.encodeCall(IReceiptJudge.challengeBatch, (case_, countedBatch(book, index), hex"")));
    }

    function test_aBatchOfSevenEpochsBeforeMayCount() external {
        rollToPost(9);
        Book memory book = honest(9, counts5(1, 2, 3, 0, 0), 9, epochZero());
        book.batches[1].header.epoch = 2;
        sealBatch(book.batches[1]);
        address signer = book.batches[1].header.signer;
        sortBatches(book.batches);
        audit(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        bytes memory challenge =
            abi.encodeCall(IReceiptJudge.challengeBatch, (case_, countedBatch(book, batchIndexOf(book, signer)), hex""));
        refuses(address(receiptJudge), IReceiptJudge.NoFault.selector, challenge);
    }

    function test_aBatchThatCountedBefore() external {
        Book memory last = epochZero();
        Book memory book = epochOne();
        withBatch(book, last.batches[2]);
        audit(book, last.leaves);
        Case memory case_ = postAndReport(postOf(book));
        uint256 index;
        while (book.batches[index].digest != last.batches[2].digest) ++index;
        SumPath memory earlier = pathOf(batchNodes(last), 2);
        uint256 count = last.batches.length;
        receiptRejects(case_, abi.encodeCall(IReceiptJudge.challengeReused, (case_, batchAt(book, index), 0, count, earlier)));
    }

    function test_aBatchThatWasRefuted() external {
        Book memory book = epochOne();
        storageJudge.setRefuted(book.batches[2].digest);
        Case memory case_ = postAndReport(postOf(book));
        receiptRejects(case_, abi.encodeCall(IReceiptJudge.challengeRefuted, (case_, batchAt(book, 2))));
    }

    function test_aBatchWithAnEntryThatNoRuleAdmits() external {
        for (uint256 i = 0; i < 3; ++i) {
            Book memory book = epochOne();
            uint256 index = batchIndexOf(book, operators[2]);
            if (i == 0) book.batches[index].entries[5].kind = 4;
            if (i == 1) book.batches[index].entries[5].account = address(0);
            if (i == 2) book.batches[index].entries[5].account = operators[1];
            sealBatch(book.batches[index]);
            sortBatches(book.batches);
            Case memory case_ = postAndReport(postOf(book));
            index = batchIndexOf(book, operators[2]);
            EntryAt memory entry = entryAt(book.batches[index], 5);
            receiptRejects(case_, abi.encodeCall(IReceiptJudge.challengeEntry, (case_, countedBatch(book, index), entry)));
            rollTo(vm.getBlockNumber() + 1);
        }
    }

    function subjectChallenge(Case memory case_, Book memory book, uint256 one, uint256 i, uint256 other, uint256 j)
        internal
        pure
        returns (bytes memory)
    {
        EntryAt memory entry = entryAt(book.batches[one], i);
        EntryAt memory otherEntry = entryAt(book.batches[other], j);
        return abi.encodeCall(
            IReceiptJudge.challengeSubjectTwice,
            (case_, countedBatch(book, one), entry, countedBatch(book, other), otherEntry)
        );
    }

    function test_aDataSetPaidTwiceInOneBatch() external {
        Book memory book = epochOne();
        BatchBook memory batch = book.batches[batchIndexOf(book, operators[2])];
        batch.entries[9].subject = batch.entries[3].subject;
        sealBatch(batch);
        sortBatches(book.batches);
        audit(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        uint256 index = batchIndexOf(book, operators[2]);
        bytes memory same = subjectChallenge(case_, book, index, 3, index, 3);
        refuses(address(receiptJudge), IReceiptJudge.NoFault.selector, same);
        receiptRejects(case_, subjectChallenge(case_, book, index, 3, index, 9));
    }

    function test_aDataSetPaidInTwoBatches() external {
        Book memory book = epochOne();
        BatchBook memory again = contradiction(book.batches[0]);
        again.header.counter += 1;
        sealBatch(again);
        bytes32 digest = book.batches[0].digest;
        withBatch(book, again);
        audit(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        (uint256 one, uint256 other) = (indexOf(book, digest), indexOf(book, again.digest));
        receiptRejects(case_, subjectChallenge(case_, book, one, 0, other, 0));
    }

    /// @dev A batch of the epoch before, counted late, names the same data sets and is none of this.
    function test_aDataSetPaidForTwoEpochsAtOnce() external {
        rollToPost(2);
        Book memory book = honest(2, counts5(2, 3, 0, 0, 0), 2, epochZero());
        BatchBook memory late = epochOne().batches[batchIndexOf(epochOne(), operators[0])];
        bytes32 own = book.batches[batchIndexOf(book, operators[0])].digest;
        withBatch(book, late);
        audit(book, epochZero().leaves);
        Case memory case_ = postAndReport(postOf(book));
        bytes memory challenge = subjectChallenge(case_, book, indexOf(book, own), 0, indexOf(book, late.digest), 0);
        refuses(address(receiptJudge), IReceiptJudge.NoFault.selector, challenge);
        finalise(case_.post);
    }

    function indexOf(Book memory book, bytes32 digest) internal pure returns (uint256 index) {
        while (book.batches[index].digest != digest) ++index;
    }

    function test_aBatchWhoseTreeHasAnotherQuantity() external {
        Book memory book = epochOne();
        uint256 index = batchIndexOf(book, operators[2]);
        Node[][] memory levels = levelsOf(entryNodes(book.batches[index].entries));
        levels[0][4].sum += 50;
        EntryAt memory entry = entryAt(book.batches[index], 4);
        entry.recorded += 50;
        resign(book, index, rebuild(levels, 0));
        entry.path = pathFrom(levels, 0, 4);
        Case memory case_ = postAndReport(postOf(book));
        index = batchIndexOf(book, operators[2]);
        receiptRejects(case_, abi.encodeCall(IReceiptJudge.challengeEntry, (case_, countedBatch(book, index), entry)));
    }

    function test_aBatchWhoseTreeDoesNotAddUp() external {
        Book memory book = epochOne();
        uint256 index = batchIndexOf(book, operators[2]);
        Node[][] memory levels = levelsOf(entryNodes(book.batches[index].entries));
        levels[2][1].sum += 50;
        bytes memory preimage = preimageOf(levels[1][2], levels[1][3]);
        resign(book, index, rebuild(levels, 2));
        Case memory case_ = postAndReport(postOf(book));
        index = batchIndexOf(book, operators[2]);
        SumPath memory path = pathFrom(levels, 2, 1);
        uint256 sum = levels[2][1].sum;
        receiptRejects(
            case_, abi.encodeCall(IReceiptJudge.challengeEntryNode, (case_, countedBatch(book, index), preimage, sum, path))
        );
    }

    function test_aBatchWithAnotherCount() external {
        Book memory book = epochOne();
        uint256 index = batchIndexOf(book, operators[1]); // three entries
        BatchBook memory batch = book.batches[index];
        batch.header.count = 4;
        batch.digest = digestOf(batch.header);
        batch.signature = signature(keyOf(operators[1]), batch.digest);
        sortBatches(book.batches);
        Case memory case_ = postAndReport(postOf(book));
        index = batchIndexOf(book, operators[1]);
        SumPath memory path = pathOf(entryNodes(batch.entries), 2);
        bytes memory preimage = entryPreimage(batch.entries[2]);
        uint256 sum = batch.entries[2].quantity;
        receiptRejects(
            case_, abi.encodeCall(IReceiptJudge.challengeEntryNode, (case_, countedBatch(book, index), preimage, sum, path))
        );
    }

    /// @notice Gives a batch another tree, and signs it.
    function resign(Book memory book, uint256 index, Node memory root) internal view {
        BatchBook memory batch = book.batches[index];
        (batch.header.entriesRoot, batch.header.sum) = (root.hash, uint128(root.sum));
        batch.digest = digestOf(batch.header);
        batch.signature = signature(keyOf(batch.header.signer), batch.digest);
        sortBatches(book.batches);
    }
}
