// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {DataSet} from "../interfaces/IDataSets.sol";
import {Answer, IStorageJudge, Place} from "../interfaces/IStorageJudge.sol";
import {Draws} from "../libraries/Draws.sol";
import {Possession} from "../libraries/Possession.sol";
import {Node, SumTree} from "../libraries/SumTree.sol";
import {Addresses, Parameters} from "../Parameters.sol";
import {LeafDemands} from "./LeafDemands.sol";
import {PossessionFaults} from "./PossessionFaults.sol";

/// @notice Faults of storage: a named leaf that nobody answers, and evidence of possession that is wrong. It draws
/// nothing by itself and settles nothing. docs/protocol/storage-proofs.md. Demands and refutations are inherited; here
/// stand whole proofs.
///
/// Draws stand on seals kept by Epochs and roots kept by DataSets, never on a block hash of its own reading: a proof is
/// as good 10,000 blocks after the seal as at once.
contract StorageJudge is LeafDemands, PossessionFaults {
    uint256 public constant PROVE_COUNT = 5;

    constructor(Addresses memory addresses, Parameters memory parameters) LeafDemands(addresses, parameters) {}

    /// @inheritdoc IStorageJudge
    function prove(bytes32 dataSet, uint64 epoch, Place[] calldata places, bytes32[][] calldata paths) external {
        DataSet memory set = DATA_SETS.dataSet(dataSet);
        if (set.root == 0) revert SetOver(dataSet);
        uint64 closeBlock = EPOCHS.closeBlock(epoch);
        if (set.changedBlock > closeBlock) revert SetChanged(closeBlock, set.changedBlock);
        if (paths.length != PROVE_COUNT) revert WrongCount(PROVE_COUNT, paths.length);
        if (places.length > PROVE_COUNT) revert WrongCount(PROVE_COUNT, places.length);
        bytes32 seed = _seedOf(epoch, dataSet);
        bytes32[] memory roots = new bytes32[](places.length);
        for (uint32 turn = 0; turn < PROVE_COUNT; ++turn) {
            _requirePath(set, Draws.drawBelow(seed, turn, set.leafCount), places, roots, paths[turn]);
        }
        emit Proven(dataSet, epoch, msg.sender, PROVE_COUNT);
    }

    /// @inheritdoc IStorageJudge
    function check(bytes32 root, uint64 leafCount, uint64 leafIndex, Answer calldata answer_)
        external
        view
        returns (bool ok)
    {
        (ok,,) = Possession.verify(root, leafCount, leafIndex, answer_);
    }

    // ---- steps ----

    /// @param roots piece root of each place once it was found to stand in the set, else 0
    /// @param path the leaf and its siblings
    function _requirePath(
        DataSet memory set,
        uint64 leafIndex,
        Place[] calldata places,
        bytes32[] memory roots,
        bytes32[] calldata path
    ) private view {
        (uint256 place, uint256 start) = _placeOf(set.leafCount, leafIndex, places);
        if (path.length == 0) revert WrongAnswer(set.root, 0);
        (bytes32 root, bool ok) = Possession.pieceRoot(path[0], leafIndex - start, path[1:]);
        if (!ok) revert WrongPlace(leafIndex, uint64(start));
        if (roots[place] == 0) {
            Node memory piece = SumTree.pieceLeaf(root, uint8(path.length - 1), places[place].leafCount);
            (bool same, bytes32 folded) = Possession.holds(set.root, set.leafCount, piece, places[place].path);
            if (!same) revert WrongAnswer(set.root, folded);
            roots[place] = root;
        }
        if (roots[place] != root) revert WrongAnswer(roots[place], root);
    }

    function _placeOf(uint64 leafCount, uint64 leafIndex, Place[] calldata places)
        private
        pure
        returns (uint256 place, uint256 start)
    {
        for (place = 0; place < places.length; ++place) {
            bool ok;
            (start, ok) = Possession.startOf(places[place].path, leafCount);
            if (ok && leafIndex >= start && leafIndex - start < places[place].leafCount) return (place, start);
        }
        revert WrongPlace(leafIndex, uint64(start));
    }
}
