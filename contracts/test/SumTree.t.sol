// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SumPath} from "../src/interfaces/IStorageJudge.sol";
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

    /// @dev Fixed hashes, so that the second writing in packages/core can be compared with this one.
    function test_vectors() external pure {
        Node memory leaf = SumTree.accountLeaf(1, address(0x1111111111111111111111111111111111111111), 5, 7);
        equal(SumTree.pack(5, 7), leaf.sum);
        equal(keccak256(hex"006c65616601111111111111111111111111111111111111111100000000000000000000000000000005" hex"00000000000000000000000000000007"), leaf.hash);
        Node memory two = SumTree.parent(leaf, leaf);
        equal(keccak256(abi.encodePacked(uint8(1), leaf.hash, leaf.sum, leaf.hash, leaf.sum)), two.hash);
        equal(SumTree.pack(10, 14), two.sum);
    }
}
