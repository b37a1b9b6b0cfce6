// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bonds} from "../src/Bonds.sol";
import {Epochs} from "../src/Epochs.sol";
import {Guard} from "../src/Guard.sol";
import {Addresses, Parameters} from "../src/Parameters.sol";
import {PriceFeed} from "../src/PriceFeed.sol";
import {WorkToken} from "../src/WorkToken.sol";
import {BatchHeader, EpochPost} from "../src/interfaces/IEpochs.sol";
import {Case, UsedEntry} from "../src/interfaces/ISumJudge.sol";
import {ReceiptJudge} from "../src/judges/ReceiptJudge.sol";
import {SumJudge} from "../src/judges/SumJudge.sol";
import {Evidence, EvidenceEntry} from "../src/libraries/Evidence.sol";
import {Line, Lines} from "../src/libraries/Lines.sol";
import {RebatePrice} from "../src/libraries/RebatePrice.sol";
import {SumTree} from "../src/libraries/SumTree.sol";
import {BatchBook, Book, EpochBook, LeafBook, LineBook} from "./EpochBook.sol";
import {Predicted} from "./Harness.sol";

/// @notice Stands where Rails does: says limits as tests set them.
contract LimitStandIn {
    mapping(address account => uint128) public limit;

    function setLimit(address account, uint128 limitAtto) external {
        limit[account] = limitAtto;
    }
}

/// @notice Stands where StorageJudge does: says what was refuted as tests set it.
contract RefutedStandIn {
    mapping(bytes32 digest => bool) public refuted;

    function setRefuted(bytes32 digest) external {
        refuted[digest] = true;
    }
}

contract Empty {}

/// @notice One deployment with five seated operators, and honest epochs made of their batches.
abstract contract EpochsFixture is Predicted, EpochBook {
    uint8 internal constant NETWORK = 1;
    uint256 internal constant OPERATORS = 5;
    uint128 internal constant STAKE = 1_000_000e18;
    uint64 internal constant REFERENCE_NANO = 200_000;
    bytes32 internal constant SALT = keccak256("salt");
    address internal constant REPORTER = address(0x4E9087);

    Guard internal guard;
    WorkToken internal work;
    PriceFeed internal feed;
    LimitStandIn internal rails;
    Bonds internal bonds;
    Epochs internal epochs;
    RefutedStandIn internal storageJudge;
    SumJudge internal sumJudge;
    ReceiptJudge internal receiptJudge;
    uint256[OPERATORS] internal keys; // sorted by address
    address[OPERATORS] internal operators;

    function parameters() internal view virtual override returns (Parameters memory p) {
        p = super.parameters();
        p.referenceNanoPerGibSecond = REFERENCE_NANO;
        p.claimPerWindowAtto = 1_000_000e18;
    }

    function setUp() public virtual {
        vm.roll(1000);
        vm.warp(1_800_000_000);
        Addresses memory a = predict(address(this));
        Parameters memory p = parameters();
        guard = new Guard(a, p, NAME);
        work = new WorkToken(a, genesis(), BOOTSTRAP_MAX);
        feed = new PriceFeed(a, p, posterSet());
        deployMoney(a, p);
        bonds = new Bonds(a, p);
        new Empty();
        new Empty();
        epochs = new Epochs(a, p);
        storageJudge = new RefutedStandIn();
        sumJudge = new SumJudge(a, p);
        receiptJudge = new ReceiptJudge(a);
        equal(a.receiptJudge, address(receiptJudge));
        _feedPrice();
        _seatOperators();
    }

    /// @notice Credits and Rails, in this order.
    function deployMoney(Addresses memory, Parameters memory) internal virtual {
        new Empty();
        rails = new LimitStandIn();
    }

    function _feedPrice() internal {
        address[] memory posters = posterSet();
        for (uint256 i = 0; i < posters.length; ++i) {
            vm.prank(posters[i]);
            feed.post(1e8);
        }
    }

    function _seatOperators() private {
        for (uint256 i = 0; i < OPERATORS; ++i) keys[i] = 0xA11CE + i;
        for (uint256 i = 0; i < OPERATORS; ++i) {
            for (uint256 j = i + 1; j < OPERATORS; ++j) {
                if (vm.addr(keys[j]) < vm.addr(keys[i])) (keys[i], keys[j]) = (keys[j], keys[i]);
            }
            operators[i] = vm.addr(keys[i]);
        }
        vm.startPrank(FAUCET);
        for (uint256 i = 0; i < OPERATORS; ++i) bonds.deposit(operators[i], NETWORK, STAKE);
        vm.stopPrank();
    }

    // ---- time ----

    function rollTo(uint256 blockNumber) internal {
        vm.roll(blockNumber);
        vm.warp(1_800_000_000 + blockNumber);
    }

    function sealEpoch(uint64 epoch) internal {
        rollTo(epochs.closeBlock(epoch) + 2);
        _feedPrice();
        epochs.seal(NETWORK, epoch);
    }

    function rollToPost(uint64 epoch) internal {
        sealEpoch(epoch);
        rollTo(epochs.evidenceDeadline(epoch) + 1);
    }

    // ---- honest books ----

    function keyOf(address account) internal view returns (uint256) {
        for (uint256 i = 0; i < OPERATORS; ++i) if (operators[i] == account) return keys[i];
        revert("no such operator");
    }

    function sealBatch(BatchBook memory batch) internal view {
        batch.header.entriesRoot = rootOf(entryNodes(batch.entries)).hash;
        batch.header.sum = uint128(rootOf(entryNodes(batch.entries)).sum);
        batch.header.count = uint32(batch.entries.length);
        batch.digest = digestOf(batch.header);
        batch.signature = signature(keyOf(batch.header.signer), batch.digest);
    }

    function digestOf(BatchHeader memory header) internal view returns (bytes32) {
        bytes32 structHash = keccak256(abi.encode(Evidence.BATCH_TYPEHASH, header));
        return keccak256(abi.encodePacked(hex"1901", Evidence.domainOf(address(epochs)), structHash));
    }

    /// @notice Operator i has counts[i] entries in one batch; quantities follow from the seed.
    function honest(uint64 epoch, uint256[] memory counts, uint256 seed, Book memory last) internal view returns (Book memory book) {
        book.network = NETWORK;
        book.epoch = epoch;
        book.totalsBefore = last.leaves.length == 0 ? 0 : postOf(last).totals;
        uint256 count;
        for (uint256 i = 0; i < counts.length; ++i) if (counts[i] > 0) ++count;
        book.batches = new BatchBook[](count);
        count = 0;
        for (uint256 i = 0; i < counts.length; ++i) {
            if (counts[i] > 0) book.batches[count++] = _batch(epoch, i, counts[i], seed);
        }
        sortBatches(book.batches);
        audit(book, last.leaves);
    }

    /// @notice Batches of epoch 0 before anything is sealed, and nothing that follows from them.
    function honestBatches(uint256[] memory counts) internal view returns (Book memory book) {
        book.batches = new BatchBook[](1);
        book.batches[0] = _batch(0, 0, counts[0], 7);
    }

    function _batch(uint64 epoch, uint256 operator, uint256 count, uint256 seed) private view returns (BatchBook memory batch) {
        batch.header.network = NETWORK;
        batch.header.epoch = epoch;
        batch.header.signer = operators[operator];
        batch.header.counter = epoch;
        batch.entries = new EvidenceEntry[](count);
        for (uint256 j = 0; j < count; ++j) {
            bytes32 subject = keccak256(abi.encode(operator, j));
            uint128 quantity = uint128(1 + uint256(keccak256(abi.encode(seed, epoch, operator, j))) % 1e9);
            batch.entries[j] = EvidenceEntry(1, operators[operator], subject, quantity, keccak256(abi.encode(seed, subject)));
        }
        sealBatch(batch);
    }

    function sortBatches(BatchBook[] memory batches) internal pure {
        for (uint256 i = 0; i < batches.length; ++i) {
            for (uint256 j = i + 1; j < batches.length; ++j) {
                if (batches[j].digest < batches[i].digest) (batches[i], batches[j]) = (batches[j], batches[i]);
            }
        }
    }

    /// @notice Lines and leaves that follow from the batches.
    function audit(Book memory book, LeafBook[] memory before) internal view {
        uint128 price = RebatePrice.ofLeafEpoch(REFERENCE_NANO, 30, epochs.sealOf(NETWORK, book.epoch).highUsd8);
        uint256 ready;
        LineBook[] memory lines = new LineBook[](64);
        uint256 count;
        for (uint256 i = 0; i < OPERATORS; ++i) if (_entriesOf(book, operators[i]).length > 0) ++ready;
        for (uint256 i = 0; i < OPERATORS; ++i) {
            UsedEntry[] memory all = _entriesOf(book, operators[i]);
            if (all.length == 0) continue;
            for (uint256 from = 0; from < all.length; from += 16) {
                lines[count++] = lineOf(book.epoch, 1, price, _slice(all, from, from + 16));
            }
            lines[count++] = lineOf(book.epoch, 2, uint128(epochs.allowance(NETWORK, book.epoch) / ready), _slice(all, 0, 1));
        }
        book.lines = new LineBook[](count);
        for (uint256 i = 0; i < count; ++i) book.lines[i] = lines[i];
        relevel(book, before);
    }

    function lineOf(uint64 epoch, uint8 kind, uint128 price, UsedEntry[] memory entries) internal pure returns (LineBook memory book) {
        book.entries = entries;
        book.line.network = NETWORK;
        book.line.epoch = epoch;
        book.line.account = entries[0].entry.account;
        book.line.kind = kind;
        book.line.unitPriceAtto = price;
        reline(book);
    }

    /// @notice Sets quantity, count and root of a line from its entries.
    function reline(LineBook memory book) internal pure {
        book.line.quantity = 0;
        for (uint256 i = 0; i < book.entries.length; ++i) book.line.quantity += book.entries[i].entry.quantity;
        if (book.line.kind == 2) book.line.quantity = 1;
        book.line.entryCount = uint8(book.entries.length);
        book.line.entriesRoot = rootOf(usedNodes(book)).hash;
    }

    /// @notice Sets the leaves from the leaves before and the lines.
    function relevel(Book memory book, LeafBook[] memory before) internal view {
        LeafBook[] memory leaves = new LeafBook[](OPERATORS);
        uint256 count;
        for (uint256 i = 0; i < OPERATORS; ++i) {
            (bool known, uint256 sum) = _cumulative(book, before, operators[i]);
            if (known) leaves[count++] = LeafBook(operators[i], SumTree.highOf(sum), SumTree.lowOf(sum));
        }
        book.leaves = new LeafBook[](count);
        for (uint256 i = 0; i < count; ++i) book.leaves[i] = leaves[i];
    }

    function _cumulative(Book memory book, LeafBook[] memory before, address account) private pure returns (bool known, uint256 sum) {
        for (uint256 j = 0; j < before.length; ++j) {
            if (before[j].account != account) continue;
            known = true;
            sum = SumTree.pack(before[j].rebateAtto, before[j].bootstrapAtto);
        }
        for (uint256 j = 0; j < book.lines.length; ++j) {
            if (book.lines[j].line.account != account) continue;
            known = true;
            sum = SumTree.addLanes(sum, Lines.sumOf(book.lines[j].line));
        }
    }

    function _entriesOf(Book memory book, address account) private pure returns (UsedEntry[] memory entries) {
        UsedEntry[] memory all = new UsedEntry[](256);
        uint256 count;
        for (uint256 i = 0; i < book.batches.length; ++i) {
            for (uint256 j = 0; j < book.batches[i].entries.length; ++j) {
                EvidenceEntry memory entry = book.batches[i].entries[j];
                if (entry.account == account) all[count++] = UsedEntry(book.batches[i].digest, uint32(j), entry);
            }
        }
        return _slice(all, 0, count);
    }

    function _slice(UsedEntry[] memory all, uint256 from, uint256 to) internal pure returns (UsedEntry[] memory part) {
        while (to > from && (to > all.length || all[to - 1].batchDigest == 0)) --to;
        part = new UsedEntry[](to - from);
        for (uint256 i = from; i < to; ++i) part[i - from] = all[i];
    }

    // ---- what happens on chain ----

    function postAs(address poster, EpochPost memory post) internal {
        vm.prank(poster);
        epochs.post(NETWORK, post);
    }

    function attestations(EpochPost memory post, address[] memory signers) internal view returns (bytes[] memory) {
        return _availables(post.epoch, post.evidence, keccak256(abi.encode(post)), signers);
    }

    function vouchings(uint64 epoch, bytes32 batchDigest, address[] memory signers) internal view returns (bytes[] memory) {
        return _availables(epoch, batchDigest, 0, signers);
    }

    function _availables(uint64 epoch, bytes32 evidence, bytes32 post, address[] memory signers)
        private
        view
        returns (bytes[] memory signatures)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Available(uint8 network,uint64 epoch,bytes32 evidence,bytes32 post)"), NETWORK, epoch, evidence, post
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", Evidence.domainOf(address(epochs)), structHash));
        signatures = new bytes[](signers.length);
        for (uint256 i = 0; i < signers.length; ++i) signatures[i] = signature(keyOf(signers[i]), digest);
    }

    function attest(EpochPost memory post) internal {
        rollTo(vm.getBlockNumber() + 2);
        epochs.attest(NETWORK, post, attestations(post, epochs.committee(NETWORK)));
    }

    function finalise(EpochPost memory post) internal {
        attest(post);
        rollTo(epochs.pending(NETWORK).windowEnd + 1);
        epochs.finalise(NETWORK, post);
    }

    /// @notice A whole honest epoch, to its end.
    function finaliseEpoch(Book memory book) internal {
        EpochPost memory post = postOf(book);
        postAs(operators[0], post);
        finalise(post);
    }

    /// @notice Posts, and commits a report, in time for a challenge in the next block.
    function postAndReport(EpochPost memory post) internal returns (Case memory case_) {
        postAs(operators[0], post);
        bytes32 lockId = epochs.posterLockId(NETWORK, post.epoch);
        vm.prank(REPORTER);
        bonds.commitReport(keccak256(abi.encode(REPORTER, lockId, SALT)));
        rollTo(vm.getBlockNumber() + 1);
        return Case(NETWORK, post, REPORTER, SALT);
    }

    function counts5(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e) internal pure returns (uint256[] memory counts) {
        counts = new uint256[](5);
        (counts[0], counts[1], counts[2], counts[3], counts[4]) = (a, b, c, d, e);
    }
}
