// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BatchHeader} from "../src/interfaces/IEpochs.sol";
import {SumPath} from "../src/interfaces/IStorageJudge.sol";
import {Evidence, EvidenceEntry} from "../src/libraries/Evidence.sol";
import {Line, Lines} from "../src/libraries/Lines.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";
import {EpochBook} from "./EpochBook.sol";

contract SumTreeTest is EpochBook {
    function fold(Node memory leaf, SumPath calldata path) external pure returns (Node memory root, uint256 startOffset) {
        return SumTree.fold(leaf, path);
    }

    function isNext(SumPath calldata left, SumPath calldata right) external pure returns (bool) {
        return SumTree.isNext(left, right);
    }

    function isAt(SumPath calldata path, uint256 index, uint256 count) external pure returns (bool) {
        return SumTree.isAt(path, index, count);
    }

    function isFirst(SumPath calldata path) external pure returns (bool) {
        return SumTree.isFirst(path);
    }

    function isLast(SumPath calldata path) external pure returns (bool) {
        return SumTree.isLast(path);
    }

    function nodes(uint256 count, uint256 seed) internal pure returns (Node[] memory list) {
        list = new Node[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint128 high = uint120(uint256(keccak256(abi.encode(seed, i, "high"))));
            uint128 low = uint120(uint256(keccak256(abi.encode(seed, i, "low"))));
            list[i] = Node(keccak256(abi.encode(seed, i)), SumTree.pack(high, low));
        }
    }

    function test_everyLeafFoldsToTheRootFromItsOffset() external view {
        for (uint256 count = 1; count <= 24; ++count) {
            Node[] memory list = nodes(count, count);
            Node memory root = rootOf(list);
            uint256 offset;
            for (uint256 i = 0; i < count; ++i) {
                SumPath memory path = pathOf(list, i);
                (Node memory folded, uint256 start) = this.fold(list[i], path);
                equal(root.hash, folded.hash);
                equal(root.sum, folded.sum);
                equal(offset, start);
                offset += list[i].sum;
                (uint256 sides, uint256 depth) = SumTree.sidesOf(i, count);
                equal(sides, path.sides);
                equal(depth, path.hashes.length);
                assert(this.isAt(path, i, count) && SumTree.isPlace(sides, depth, count));
                assert(this.isFirst(path) == (i == 0) && this.isLast(path) == (i + 1 == count));
            }
            Node[] memory copy = nodes(count, count);
            equal(root.hash, SumTree.rootOf(copy).hash);
        }
    }

    function test_nextIsExactlyTheNeighbour() external view {
        for (uint256 count = 2; count <= 9; ++count) {
            Node[] memory list = nodes(count, count);
            for (uint256 i = 0; i < count; ++i) {
                for (uint256 j = 0; j < count; ++j) {
                    assert(this.isNext(pathOf(list, i), pathOf(list, j)) == (j == i + 1));
                }
            }
        }
    }

    function test_placesAreExactlyThoseOfLeaves() external pure {
        for (uint256 count = 1; count <= 20; ++count) {
            uint256 places;
            for (uint256 depth = 0; depth <= 6; ++depth) {
                for (uint256 sides = 0; sides < 1 << depth; ++sides) if (SumTree.isPlace(sides, depth, count)) ++places;
            }
            equal(count, places);
        }
        assert(!SumTree.isPlace(0, 0, 0));
    }

    function testFuzz_anotherLeafFoldsToAnotherRoot(uint256 seed, uint256 count, uint256 index, bytes32 hash) external view {
        count = bound(count, 1, 64);
        index = bound(index, 0, count - 1);
        Node[] memory list = nodes(count, seed);
        vm.assume(hash != list[index].hash);
        (Node memory folded,) = this.fold(Node(hash, list[index].sum), pathOf(list, index));
        assert(folded.hash != rootOf(list).hash);
    }

    function testFuzz_lanesAddApartOrFail(uint128 a, uint128 b, uint128 c, uint128 d) external pure {
        (bool ok, uint256 sum) = SumTree.tryAddLanes(SumTree.pack(a, b), SumTree.pack(c, d));
        bool fits = uint256(a) + c <= type(uint128).max && uint256(b) + d <= type(uint128).max;
        assert(ok == fits);
        if (ok) equal(SumTree.pack(a + c, b + d), sum);
    }

    function test_overflowOfTheLowLaneNeverReachesTheHigh() external {
        SumPath memory path = SumPath(0, new bytes32[](1), new uint256[](1));
        path.sums[0] = 1;
        vm.expectRevert(abi.encodeWithSelector(SumTree.LaneOverflow.selector, uint256(type(uint128).max), 1));
        this.fold(Node(bytes32(uint256(1)), type(uint128).max), path);
    }

    function test_malformedPathsAreRefused() external {
        Node memory leaf = Node(bytes32(uint256(1)), 1);
        vm.expectRevert(abi.encodeWithSelector(SumTree.BadPath.selector, 41, 41));
        this.fold(leaf, SumPath(0, new bytes32[](41), new uint256[](41)));
        vm.expectRevert(abi.encodeWithSelector(SumTree.BadPath.selector, 1, 2));
        this.fold(leaf, SumPath(0, new bytes32[](1), new uint256[](2)));
        vm.expectRevert(abi.encodeWithSelector(SumTree.BadPath.selector, 1, 1));
        this.fold(leaf, SumPath(2, new bytes32[](1), new uint256[](1)));
        this.fold(leaf, SumPath(0, new bytes32[](40), new uint256[](40)));
    }

    /// @dev What the other writing of these, in packages/core, gives for the same fields.
    function test_vectors() external view {
        bytes32 twos = bytes32(uint256(0x22) * (type(uint256).max / 255));
        bytes32 threes = bytes32(uint256(0x33) * (type(uint256).max / 255));
        bytes32 fours = bytes32(uint256(0x44) * (type(uint256).max / 255));
        address account = 0x1111111111111111111111111111111111111111;
        bytes32 entry = this.entryHash(EvidenceEntry(1, account, twos, 1000, threes));
        equal(bytes32(0x51cd80831acc162b02f58668fac86ff08e9c0db1874db1bcd18d045fbfdbd7e1), entry);
        Node memory leaf = SumTree.entryLeaf(entry, 1000);
        equal(bytes32(0x9556e3026793349b0e423c901bcc465a85c05e900dc1be240f640ca86335b771), leaf.hash);

        Node[] memory used = new Node[](3);
        used[0] = SumTree.usedLeaf(fours, 5, entry, 1000);
        used[1] = SumTree.usedLeaf(fours, 6, this.entryHash(EvidenceEntry(1, account, twos, 7, threes)), 7);
        used[2] = SumTree.usedLeaf(fours, 9, entry, 1000);
        Node memory root = SumTree.rootOf(used);
        equal(bytes32(0xc3b283e90ece502b69deb008a34a5a3b95c6cbea9deba979b33e3453ad0292fa), root.hash);
        equal(2007, root.sum);
        Node memory line = Lines.leafOf(Line(1, 42, account, 1, 2007, 71, root.hash, 3));
        equal(bytes32(0x2e4a211fe4166010824cb0bf6ca6356bf78065e4bef009455457308d472bf06a), line.hash);
        equal(SumTree.pack(2007 * 71, 0), line.sum);
    }

    function test_vectorsOfSignedThings() external {
        vm.chainId(31_337);
        address epochs = 0x5555555555555555555555555555555555555555;
        bytes32 sixes = bytes32(uint256(0x66) * (type(uint256).max / 255));
        bytes32 eights = bytes32(uint256(0x88) * (type(uint256).max / 255));
        bytes32 root = 0xc3b283e90ece502b69deb008a34a5a3b95c6cbea9deba979b33e3453ad0292fa;
        BatchHeader memory header =
            BatchHeader(1, 42, 0x1111111111111111111111111111111111111111, 3, sixes, root, 3, 2007);
        bytes32 digest = this.batchDigest(epochs, header);
        equal(bytes32(0x1dbec08db3acf349376676970998b9f53d0d5857b3c38b5231d65151cef54ddb), digest);
        bytes memory sevens = new bytes(65);
        for (uint256 i = 0; i < 65; ++i) sevens[i] = 0x77;
        Node memory batch = SumTree.batchLeaf(digest, keccak256(sevens));
        equal(bytes32(0xf351d58e5862dad2f6b59e5c8b2c7a4dd89372bfa22b58a8b0fe3789440ae63d), batch.hash);
        bytes32 available = Evidence.availableDigest(epochs, 1, 42, eights, sixes);
        equal(bytes32(0x751ba0d5c6f8e224be292c08e72c20984a1ad12da7f708d0956c2048ad57af2b), available);
    }

    function entryHash(EvidenceEntry calldata entry) external pure returns (bytes32) {
        return Evidence.entryHash(entry);
    }

    function batchDigest(address epochs, BatchHeader calldata header) external view returns (bytes32) {
        return Evidence.batchDigest(epochs, header);
    }

    /// @dev What claims use instead of fold.
    function testFuzz_hashUpIsTheHashOfFold(uint256 seed, uint256 count, uint256 index) external view {
        count = bound(count, 1, 64);
        index = bound(index, 0, count - 1);
        Node[] memory list = nodes(count, seed);
        equal(rootOf(list).hash, this.hashUp(list[index], pathOf(list, index)));
    }

    function test_hashUpOfAMalformedPathIsZero() external view {
        Node memory leaf = Node(bytes32(uint256(1)), 1);
        equal(bytes32(0), this.hashUp(leaf, SumPath(0, new bytes32[](41), new uint256[](41))));
        equal(bytes32(0), this.hashUp(leaf, SumPath(0, new bytes32[](1), new uint256[](2))));
        equal(bytes32(0), this.hashUp(leaf, SumPath(2, new bytes32[](1), new uint256[](1))));
        assert(this.hashUp(leaf, SumPath(0, new bytes32[](40), new uint256[](40))) != 0);
    }

    function hashUp(Node memory leaf, SumPath calldata path) external pure returns (bytes32) {
        return SumTree.hashUp(leaf, path);
    }
}
