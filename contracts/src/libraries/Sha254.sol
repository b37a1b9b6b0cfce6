// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice The tree inside a Filecoin piece: node = sha256(left || right) with the two highest bits of its last byte
/// cleared (sha2-256-trunc254, FRC-0069). Holds no state; knows nothing of sets. docs/protocol/storage-proofs.md#piece
library Sha254 {
    error PrecompileFailed();

    /// @notice The parent of two nodes. Both words lie in Solidity's scratch space, so that a path of any length grows no
    /// memory: `sha256(abi.encodePacked(left, right))` allocates anew at every level and costs twice as much.
    /// A failed call (it can only have run out of gas) reverts: it must never pass for a wrong node.
    function hashPair(bytes32 left, bytes32 right) internal view returns (bytes32 node) {
        bool ok;
        assembly ("memory-safe") {
            mstore(0x00, left)
            mstore(0x20, right)
            ok := and(eq(returndatasize(), 0x20), staticcall(gas(), 2, 0x00, 0x40, 0x00, 0x20))
            node := and(mload(0x00), not(0xc0))
        }
        if (!ok) revert PrecompileFailed();
    }

    /// @notice Folds the node at `index` of its level up its siblings. The caller knows that index < 2^siblings.length.
    function fold(bytes32 node, uint256 index, bytes32[] calldata siblings) internal view returns (bytes32) {
        uint256 height = siblings.length;
        for (uint256 level = 0; level < height; ++level) {
            bytes32 sibling = siblings[level];
            node = index >> level & 1 == 1 ? hashPair(sibling, node) : hashPair(node, sibling);
        }
        return node;
    }
}
