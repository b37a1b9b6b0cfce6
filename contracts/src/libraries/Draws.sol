// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Which leaves of a data set an epoch draws: 153 at random, then one in each of up to 12 pieces in rotation; a leaf
/// drawn twice stands where it came first. Pure; verifies nothing. docs/protocol/storage-proofs.md#draws
library Draws {
    uint256 internal constant RANDOM_COUNT = 153;
    uint256 internal constant ROTATION_COUNT = 12;
    uint32 internal constant ROTATION_BASE = 0x80000000;

    function seedOf(bytes32 sealedHash, bytes32 dataSet) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked("groundwork/storage/possession/1", sealedHash, dataSet));
    }

    /// @param below 1 or more
    function drawBelow(bytes32 seed, uint32 turn, uint64 below) internal pure returns (uint64) {
        return uint64(uint256(keccak256(abi.encodePacked(seed, turn))) % below);
    }

    /// @notice The rotation goes round as many places as the next power of two, so that a set that grows does not throw
    /// it back; when an epoch visits all pieces, round the pieces themselves.
    /// @return index of the piece that turn `turn` of the rotation visits
    function rotationPiece(uint64 epoch, uint256 turn, uint32 pieceCount) internal pure returns (uint256 index) {
        uint256 circle = pieceCount;
        if (pieceCount > ROTATION_COUNT) {
            circle = 16;
            while (circle < pieceCount) circle *= 2;
        }
        return ((uint256(epoch) * ROTATION_COUNT + turn) % circle) % pieceCount;
    }

    /// @return turns of the rotation in an epoch
    function rotationTurns(uint32 pieceCount) internal pure returns (uint256 turns) {
        return pieceCount < ROTATION_COUNT ? pieceCount : ROTATION_COUNT;
    }

    /// @return leaf the random leaf at `place` of the draw order, when `at` is below `count`
    /// @return count how many different leaves the random draws name
    function randomAt(bytes32 seed, uint64 leafCount, uint256 place)
        internal
        pure
        returns (uint64 leaf, uint256 count)
    {
        uint64[] memory drawn = new uint64[](RANDOM_COUNT);
        for (uint32 turn = 0; turn < RANDOM_COUNT; ++turn) {
            uint64 next = drawBelow(seed, turn, leafCount);
            if (!_has(drawn, count, next)) drawn[count++] = next;
        }
        if (place < count) leaf = drawn[place];
    }

    function _has(uint64[] memory list, uint256 count, uint64 wanted) private pure returns (bool) {
        for (uint256 i = 0; i < count; ++i) {
            if (list[i] == wanted) return true;
        }
        return false;
    }
}
