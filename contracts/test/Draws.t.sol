// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Draws} from "../src/libraries/Draws.sol";
import {Harness} from "./Harness.sol";

/// @notice The rotation visits the pieces that packages/storage/src/possession/draws.ts says: the same cases stand in
/// prove.test.ts.
contract DrawsTest is Harness {
    function test_rotationPiece_isThatOfTheProvers() public pure {
        _is(3, 5, "\x01\x02\x03\x04\x00");
        _is(7, 12, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b");
        _is(3, 13, "\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x00\x01\x02");
        _is(5, 50, "\x0a\x0b\x0c\x0d\x00\x01\x02\x03\x04\x05\x06\x07");
        _is(7, 50, "\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f");
        _is(type(uint64).max, 64, "\x34\x35\x36\x37\x38\x39\x3a\x3b\x3c\x3d\x3e\x3f");
    }

    function testFuzz_rotationPiece_isAPieceAtAnyEpochAndCount(uint64 epoch, uint256 turn, uint32 pieceCount) public pure {
        if (pieceCount == 0) return;
        assert(Draws.rotationPiece(epoch, turn % 12, pieceCount) < pieceCount);
    }

    function _is(uint64 epoch, uint32 pieceCount, bytes memory pieces) private pure {
        assert(Draws.rotationTurns(pieceCount) == pieces.length);
        for (uint256 turn = 0; turn < pieces.length; ++turn) {
            assert(Draws.rotationPiece(epoch, turn, pieceCount) == uint8(pieces[turn]));
        }
    }
}
