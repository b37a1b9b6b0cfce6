// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Sha254} from "../src/libraries/Sha254.sol";
import {Harness} from "./Harness.sol";
import {Pieces} from "./Pieces.sol";

/// @notice sha2-256-trunc254 against bytes that nobody here wrote (vectors/storage/commp: merkle-proofs,
/// zero-roots-even).
contract Sha254Test is Harness {
    bytes32 private constant ONE = bytes32(uint256(1) << 248);
    bytes32 private constant TWO = bytes32(uint256(2) << 248);
    bytes32 private constant THREE = bytes32(uint256(3) << 248);

    function fold(bytes32 node, uint256 index, bytes32[] calldata siblings) external view returns (bytes32) {
        return Sha254.fold(node, index, siblings);
    }

    function pair(bytes32 left, bytes32 right) private view returns (bytes32) {
        bytes32[] memory path = new bytes32[](1);
        path[0] = right;
        return this.fold(left, 0, path);
    }

    function test_fold_publishedProofs() public view {
        bytes32[] memory path = new bytes32[](2);
        (path[0], path[1]) = (TWO, THREE);
        equal(0xaa9627470b129fab0db1260da80065a1bdd31b4acc4c79121f2e1ba8487d1f30, this.fold(ONE, 0, path));
        equal(
            0xfdb37aef9d22cecdc058c99ebf94a34ce165882b1e2d3a8156ae02222dde8a28,
            this.fold(bytes32(uint256(0xff) << 248), 1, path)
        );
    }

    function test_zeroRoots_published() public view {
        bytes32[7] memory even = [
            bytes32(0),
            0x3731bb99ac689f66eef5973e4a94da188f4ddcae580724fc6f3fd60dfd488333,
            0x57a2381a28652bf47f6bef7aca679be4aede5871ab5cf3eb2c08114488cb8526,
            0xfc7e928296e516faade986b28f92d44a4f24b935485223376a799027bc18f833,
            0xb2e47bfb11facd941f62af5c750f3ea5cc4df517d5c4f16db2b4d77baec1a32f,
            0x2c1a964bb90b59ebfe0f6da29ad65ae3e417724a8f7c11745a40cac1e5e74011,
            0x8e9e2403fa884cf6237f60df25f83ee40dca9ed879eb6f6352d15084f5ad0d3f
        ];
        bytes32 node;
        for (uint256 level = 0; level <= 12; ++level) {
            if (level % 2 == 0) equal(even[level / 2], node);
            node = pair(node, node);
        }
    }

    function testFuzz_fold_isTruncatedSha256(bytes32 node, uint256 index, bytes32[] memory path) public view {
        bytes32 expected = node;
        for (uint256 i = 0; i < path.length; ++i) {
            bool onTheRight = i < 256 && index >> i & 1 == 1;
            expected = onTheRight ? Pieces.pair(path[i], expected) : Pieces.pair(expected, path[i]);
        }
        equal(expected, this.fold(node, index, path));
    }

    function foldBeside(bytes32 node, bytes32[] calldata siblings) external view returns (bytes memory beside) {
        beside = abi.encode(node);
        Sha254.fold(node, 5, siblings);
        bytes memory after_ = abi.encode(siblings.length);
        equal(siblings.length, abi.decode(after_, (uint256)));
    }

    function testFuzz_fold_leavesMemoryAlone(bytes32 node, bytes32[] memory path) public view {
        equal(keccak256(abi.encode(node)), keccak256(this.foldBeside(node, path)));
    }

    function testFuzz_fold_neverAnswersWithoutGas(uint16 gasGiven) public view {
        bytes32[] memory path = new bytes32[](8);
        bytes32 expected = this.fold(ONE, 3, path);
        try this.fold{gas: gasGiven}(ONE, 3, path) returns (bytes32 node) {
            equal(expected, node);
        } catch {}
    }

    function testFuzz_fold_tellsSides(bytes32 node, bytes32 sibling) public view {
        bytes32[] memory path = new bytes32[](1);
        path[0] = sibling;
        equal(Pieces.pair(node, sibling), this.fold(node, 0, path));
        equal(Pieces.pair(sibling, node), this.fold(node, 1, path));
    }
}
