// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice The tree inside a Filecoin piece: node = sha256(left || right) with the two highest bits of its last byte
/// cleared (sha2-256-trunc254, FRC-0069). Holds no state; knows nothing of sets. docs/protocol/storage-proofs.md#piece
library Sha254 {
    error PrecompileFailed();

    /// @notice Folds the node at `index` of its level up its siblings. The caller knows that index < 2^siblings.length.
    /// Both halves of a level lie in Solidity's scratch space (bytes 0 to 63), the node where bit 0 of its index says,
    /// so that a path of any length takes no memory: `sha256(abi.encodePacked(left, right))` costs more than twice as
    /// much a level. A call to the precompile can fail only for want of gas, and then all reverts: it must never pass
    /// for a wrong node.
    function fold(bytes32 node, uint256 index, bytes32[] calldata siblings) internal view returns (bytes32) {
        bool ok = true;
        assembly ("memory-safe") {
            let sibling := siblings.offset
            for { let last := add(sibling, shl(5, siblings.length)) } lt(sibling, last) { sibling := add(
                sibling,
                0x20
            ) } {
                let side := shl(5, and(index, 1))
                mstore(side, node)
                mstore(xor(side, 0x20), calldataload(sibling))
                ok := and(ok, staticcall(gas(), 2, 0x00, 0x40, 0x00, 0x20))
                node := and(mload(0x00), not(0xc0))
                index := shr(1, index)
            }
        }
        if (!ok) revert PrecompileFailed();
        return node;
    }
}
