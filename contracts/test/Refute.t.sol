// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BatchHeader} from "../src/interfaces/IEpochs.sol";
import {PieceSet} from "../src/interfaces/IDataSets.sol";
import {Answer, IStorageJudge, PossessionDetail, RefutedBy, SumPath} from "../src/interfaces/IStorageJudge.sol";
import {EvidenceEntry} from "../src/libraries/Evidence.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";
import {NodesFixture} from "./NodesFixture.sol";
import {Piece, Pieces} from "./Pieces.sol";

/// @notice StorageJudge.refute: a right entry stands whatever is tried, a wrong one falls by what is wrong in it.
/// The draws are made here as the specification says them, apart from the library under test. 32 runs each: one takes ten
/// milliseconds, for every case builds a set, an entry and a batch anew.
contract RefuteTest is NodesFixture {
    uint256 private constant SIGNER_KEY = PROVIDER_KEY;
    uint64 private epoch;
    bytes32 private seed;
    uint64[] private drawn; // the leaves in draw order, each once
    uint256 private randomCount;

    struct Shown {
        BatchHeader header;
        bytes signature;
        EvidenceEntry entry;
        SumPath entryPath;
        PossessionDetail detail;
        uint32 answerIndex;
        uint64 leafIndex;
        Answer answer;
        SumPath answerPath;
    }

    function setUp() public override {
        super.setUp();
        begin(pieces());
        epoch = epochs.epochAt(uint64(vm.getBlockNumber()));
        vm.roll(epochs.closeBlock(epoch) + 2);
        vm.setBlockhash(epochs.closeBlock(epoch) + 1, keccak256("a block"));
        epochs.seal(STORAGE, epoch);
        seed = keccak256(abi.encodePacked("groundwork/storage/possession/1", keccak256("a block"), setId));
        draw();
    }

    /// @notice 14 pieces of about a thousand leaves, so that some random draws repeat and the rotation leaves two out.
    function pieces() private pure returns (Piece[] memory list) {
        list = new Piece[](14);
        for (uint256 i = 0; i < 14; ++i) {
            list[i] = Piece(10, uint64(1000 + i), bytes32(i), new uint64[](0));
        }
    }

    function draw() private {
        Piece[] memory list = pieces();
        uint64 leafCount = Pieces.leafCountOf(list);
        for (uint32 i = 0; i < 153; ++i) {
            add(uint64(uint256(keccak256(abi.encodePacked(seed, i))) % leafCount));
        }
        randomCount = drawn.length;
        for (uint32 j = 0; j < 12; ++j) {
            uint256 index = ((uint256(epoch) * 12 + j) % 16) % 14;
            uint64 start;
            for (uint256 i = 0; i < index; ++i) {
                start += list[i].leafCount;
            }
            add(
                start
                    + uint64(uint256(keccak256(abi.encodePacked(seed, uint32(0x80000000) + j))) % list[index].leafCount)
            );
        }
    }

    function add(uint64 leaf) private {
        for (uint256 i = 0; i < drawn.length; ++i) {
            if (drawn[i] == leaf) return;
        }
        drawn.push(leaf);
    }

    // ---- what is shown ----

    /// @notice The right answer to the draw at `answerIndex`, in a batch of one entry.
    function right(uint256 answerIndex) private view returns (Shown memory s) {
        return shown(answerIndex, drawn[answerIndex]);
    }

    function shown(uint256 answerIndex, uint64 leafIndex) private view returns (Shown memory s) {
        Piece[] memory list = pieces();
        s.answerIndex = uint32(answerIndex);
        s.leafIndex = leafIndex;
        s.answer = Pieces.answerOf(list, leafIndex);
        PieceSet memory set = setOf(list, "one", 1);
        s.detail = PossessionDetail(set.root, set.leafCount, 14, 1, 0, uint32(drawn.length), keccak256("proof"));
        s.entry = EvidenceEntry(1, provider, setId, set.leafCount, 0);
        s.header = BatchHeader(STORAGE, epoch, vm.addr(SIGNER_KEY), 1, 0, 0, 1, 0);
        commit(s);
    }

    /// @notice Commits to what stands in `s`: answers, detail, entry and header.
    function commit(Shown memory s) private view {
        if (s.answerIndex < s.detail.answerCount) {
            Node[] memory answers = new Node[](s.detail.answerCount);
            for (uint256 i = 0; i < answers.length; ++i) {
                answers[i] = SumTree.answerLeaf(bytes32(i));
            }
            answers[s.answerIndex] = SumTree.answerLeaf(keccak256(abi.encode(s.leafIndex, s.answer)));
            s.detail.answersRoot = Pieces.rootOf(answers).hash;
            s.answerPath = Pieces.pathOf(answers, s.answerIndex);
        }
        s.entry.detail = keccak256(abi.encode(s.detail));
        Node memory leaf = SumTree.entryLeaf(keccak256(abi.encode(s.entry)), s.entry.quantity);
        (s.header.entriesRoot, s.header.sum) = (leaf.hash, uint128(leaf.sum));
        s.signature = signature(SIGNER_KEY, batchDigest(s.header));
    }

    function batchDigest(BatchHeader memory header) private view returns (bytes32) {
        bytes32 type_ = keccak256(
            "Batch(uint8 network,uint64 epoch,address signer,uint64 counter,bytes32 previousDigest,bytes32 entriesRoot,uint32 count,uint128 sum)"
        );
        return typed(address(epochs), keccak256(abi.encode(type_, header)));
    }

    function refute(Shown memory s) private {
        judge.refute(
            s.header, s.signature, s.entry, 0, s.entryPath, s.detail, s.answerIndex, s.leafIndex, s.answer, s.answerPath
        );
    }

    function falls(Shown memory s, RefutedBy by) private {
        vm.recordLogs();
        refute(s);
        equal(uint256(by), abi.decode(vm.getRecordedLogs()[0].data, (uint256)));
        assert(judge.refuted(batchDigest(s.header)));
    }

    function stands(Shown memory s) private {
        bytes32 digest = batchDigest(s.header);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.NothingWrong.selector, digest));
        refute(s);
        assert(!judge.refuted(digest));
    }

    // ---- answers ----

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_refute_aRightAnswerStands(uint256 answerIndex) public {
        stands(right(answerIndex % drawn.length));
    }

    function test_refute_alsoTenThousandBlocksAfterTheSeal() public {
        vm.roll(vm.getBlockNumber() + 10_000);
        stands(right(3));
        falls(shown(3, drawn[4]), RefutedBy.Answer);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_refute_aRightLeafInTheWrongPlaceFalls(uint256 answerIndex, uint64 leafIndex) public {
        answerIndex %= drawn.length;
        leafIndex = uint64(leafIndex % Pieces.leafCountOf(pieces()));
        for (uint256 i = answerIndex; i < drawn.length; ++i) {
            vm.assume(drawn[i] != leafIndex);
        }
        falls(shown(answerIndex, leafIndex), RefutedBy.Answer);
    }

    /// @notice A leaf of an earlier turn, said again later: a collapsed draw cannot move back.
    function test_refute_anEarlierTurnDoesNotServeTwice() public {
        falls(shown(drawn.length - 1, drawn[drawn.length - 2]), RefutedBy.Answer);
        falls(shown(randomCount + 1, drawn[randomCount]), RefutedBy.Answer);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_refute_aWrongPathFalls(uint256 answerIndex, uint8 field, uint256 salt) public {
        Shown memory s = right(answerIndex % drawn.length);
        bytes32 flip = bytes32(uint256(1) << (salt % 254));
        if (field % 5 == 0) s.answer.leaf ^= flip;
        if (field % 5 == 1) s.answer.piecePath[salt % 10] ^= flip;
        if (field % 5 == 2) s.answer.setPath.sums[0] ^= uint256(flip);
        if (field % 5 == 3) s.answer.piecePath = new bytes32[](salt % 60);
        if (field % 5 == 4) s.answer.setPath.hashes = new bytes32[](50);
        commit(s);
        falls(s, RefutedBy.Answer);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_refute_tooFewOrTooManyAnswersFall(uint8 count) public {
        Shown memory s = right(0);
        s.detail.answerCount = uint32(bound(count, 1, 200));
        commit(s);
        bool fits = s.detail.answerCount >= randomCount && s.detail.answerCount <= randomCount + 12;
        if (fits) stands(s);
        else falls(s, RefutedBy.Count);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_refute_gasCannotMakeARightAnswerWrong(uint256 gasGiven) public {
        Shown memory s = right(randomCount + 2);
        gasGiven = bound(gasGiven, 30_000, 2_000_000);
        try judge.refute{gas: gasGiven}(
            s.header, s.signature, s.entry, 0, s.entryPath, s.detail, s.answerIndex, s.leafIndex, s.answer, s.answerPath
        ) {
            assert(false);
        } catch {}
        assert(!judge.refuted(batchDigest(s.header)));
    }

    // ---- state ----

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_refute_whatTheChainContradictsFalls(uint8 field, uint64 step) public {
        step = uint64(bound(step, 1, 1e9));
        Shown memory s = right(0);
        RefutedBy by = RefutedBy.State;
        if (field % 7 == 0) s.detail.setRoot = "another";
        if (field % 7 == 1) s.detail.pieceCount += uint32(step);
        if (field % 7 == 2) {
            (s.detail.leafCount, s.entry.quantity) = (s.detail.leafCount + step, s.detail.leafCount + step);
        }
        if (field % 7 == 3) (s.entry.quantity, by) = (s.entry.quantity + step, RefutedBy.Quantity);
        if (field % 7 == 4) (s.detail.version, by) = (s.detail.version + step, RefutedBy.Version);
        if (field % 7 == 5) (s.entry.account, by) = (address(uint160(step)), RefutedBy.Account);
        if (field % 7 == 6) (s.entry.subject, by) = (bytes32(uint256(step)), RefutedBy.Account);
        commit(s);
        falls(s, by);
    }

    function test_refute_aVersionPostedAfterTheCloseFalls() public {
        post(setOf(pieces(), "one", 2));
        Shown memory s = right(0);
        stands(s); // of the older version nothing is known against it
        s.detail.version = 2;
        commit(s);
        falls(s, RefutedBy.Version);
    }

    function test_refute_anEndedSetIsNotHeldAgainstItsEntry() public {
        closeStream(dataSets.streamOf(setId));
        dataSets.end(setId);
        stands(right(0));
    }

    function test_refute_noLeavesFall() public {
        Shown memory s = right(0);
        (s.detail.leafCount, s.entry.quantity, s.detail.version) = (0, 0, 0);
        commit(s);
        falls(s, RefutedBy.Count);
    }

    // ---- what is no showing at all ----

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_refute_onlyWhatWasSignedAndCommitted(uint8 field, uint64 step) public {
        step = uint64(bound(step, 1, 1e9));
        Shown memory s = shown(3, drawn[4]); // wrong, if it were shown properly
        if (field % 8 == 0) s.header.counter += step;
        if (field % 8 == 1) s.signature = signature(CUSTOMER_KEY, batchDigest(s.header));
        if (field % 8 == 2) s.entry.subject = bytes32(uint256(step));
        if (field % 8 == 3) s.detail.version += step;
        if (field % 8 == 4) s.answerIndex += 1;
        if (field % 8 == 5) s.leafIndex += step;
        if (field % 8 == 6) s.answer.leaf = "another";
        if (field % 8 == 7) s.answerPath.hashes[0] = "another";
        vm.expectRevert();
        refute(s);
        assert(!judge.refuted(batchDigest(s.header)));
    }

    function test_refute_otherNetworksAndKindsAreNotForThisJudge() public {
        Shown memory s = shown(3, drawn[4]);
        s.header.network = 2;
        commit(s);
        vm.expectRevert();
        refute(s);
        s = shown(3, drawn[4]);
        s.entry.kind = 2;
        commit(s);
        stands(s);
    }

    function test_refute_needsTheSeal() public {
        Shown memory s = shown(3, drawn[4]);
        s.header.epoch += 1;
        commit(s);
        vm.expectRevert(abi.encodeWithSelector(IStorageJudge.NotSealed.selector, epoch + 1));
        refute(s);
    }
}
