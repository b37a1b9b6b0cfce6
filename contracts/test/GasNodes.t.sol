// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Device, Offer, Operator} from "../src/interfaces/IRegistry.sol";
import {PieceSet} from "../src/interfaces/IDataSets.sol";
import {Answer, Place} from "../src/interfaces/IStorageJudge.sol";

import {NodesFixture} from "./NodesFixture.sol";
import {Piece, Pieces} from "./Pieces.sol";
import {RegistryFixture} from "./Registry.t.sol";

/// @notice Gas of whole transactions, against the targets of docs/architecture.md. Isolated: what is measured is what the
/// sender pays, execution less refunds, or EIP-7623's floor.
/// forge-config: default.isolate = true
contract GasRegistryTest is RegistryFixture {
    function test_gas_bindDevice() public {
        (Device memory device, bytes memory publicKey, bytes memory signed) = p256Device(7, owner);
        vm.prank(owner);
        registry.bindDevice(device, publicKey, signed);
        assert(vm.snapshotGasLastCall("Nodes", "Registry.bindDevice P-256") <= 130_000);
        (device, signed) = k1Device(owner);
        vm.prank(owner);
        registry.bindDevice(device, GENERATOR, signed);
        assert(vm.snapshotGasLastCall("Nodes", "Registry.bindDevice secp256k1") <= 130_000);
    }

    function test_gas_bindMany100() public {
        (Device[] memory devices, bytes[] memory publicKeys, bytes[] memory signatures) = batch(100, owner);
        vm.prank(owner);
        registry.bindMany(devices, publicKeys, signatures);
        assert(vm.snapshotGasLastCall("Nodes", "Registry.bindMany 100") <= 45_000 * 100);
    }

    function test_gas_register() public {
        Operator memory o = Operator(owner, keccak256("node key"), CELL, "https://provider.example:8443");
        vm.startPrank(owner);
        registry.register(o);
        vm.snapshotGasLastCall("Nodes", "Registry.register");
        registry.postOffer(Offer(owner, 1, 1 << 40, 100, 0, true));
        vm.snapshotGasLastCall("Nodes", "Registry.postOffer");
    }
}

/// @notice The same of sets, bonds and demands.
/// forge-config: default.isolate = true
contract GasNodesTest is NodesFixture {
    uint64 private constant GIB_LEAVES = 1 << 25;
    uint256 private constant ANSWER_MAX = 75_000; // set of one piece; each doubling of the set adds a level, 1,350 gas
    uint256 private constant BESIDE_MAX = 4_500; // with another demand open the judge's balance is not cleared

    /// @notice One piece of 1 GiB with random bytes at `filled`.
    function gibPiece(uint64[] memory filled) private pure returns (Piece memory) {
        return Piece(25, GIB_LEAVES, "gib", filled);
    }

    /// @notice `count` pieces of 1 GiB each, of which the middle one is filled.
    function gibPieces(uint256 count, uint64[] memory filled) private pure returns (Piece[] memory pieces) {
        pieces = new Piece[](count);
        for (uint256 i = 0; i < count; ++i) {
            pieces[i] = gibPiece(i == count / 2 ? filled : new uint64[](0));
        }
    }

    function demandAndAnswer(uint256 count, bool another, string memory name) private returns (uint256 gasUsed) {
        uint64[] memory filled = new uint64[](1);
        filled[0] = 0x1555555;
        Piece[] memory pieces = gibPieces(count, filled);
        begin(pieces);
        uint64 leafIndex = uint64(count / 2) * GIB_LEAVES + filled[0];
        if (another) {
            vm.prank(DEMANDER);
            judge.demand(setId, 0);
        }
        vm.prank(DEMANDER);
        bytes32 id = judge.demand(setId, leafIndex);
        vm.snapshotGasLastCall("Nodes", string.concat("StorageJudge.demand ", name));
        Answer memory answer = Pieces.answerOf(pieces, leafIndex);
        vm.prank(provider);
        judge.answer(id, answer);
        gasUsed = vm.snapshotGasLastCall("Nodes", string.concat("StorageJudge.answer ", name));
        assert(judge.demandOf(id).over);
    }

    function test_gas_answerOnePiece() public {
        assert(demandAndAnswer(1, false, "1 x 1 GiB") <= ANSWER_MAX);
    }

    function test_gas_answerBesideAnotherDemand() public {
        assert(demandAndAnswer(1, true, "1 x 1 GiB, another open") <= ANSWER_MAX + BESIDE_MAX);
    }

    function test_gas_answerSixteenPieces() public {
        assert(demandAndAnswer(16, false, "16 x 1 GiB") <= ANSWER_MAX + 4 * 1_400);
    }

    function test_gas_prove() public {
        Piece[] memory pieces = gibPieces(1, new uint64[](0));
        uint64[] memory filled = new uint64[](5);
        bytes32 seed = keccak256(abi.encodePacked("groundwork/storage/possession/1", keccak256("a block"), setId));
        for (uint32 i = 0; i < 5; ++i) {
            filled[i] = uint64(uint256(keccak256(abi.encodePacked(seed, i))) % GIB_LEAVES);
        }
        pieces[0] = gibPiece(filled);
        begin(pieces);
        uint64 epoch = epochs.epochAt(uint64(vm.getBlockNumber()));
        vm.roll(epochs.closeBlock(epoch) + 2);
        vm.setBlockhash(epochs.closeBlock(epoch) + 1, keccak256("a block"));
        epochs.seal(STORAGE, epoch);
        Place[] memory places = new Place[](1);
        places[0].leafCount = GIB_LEAVES;
        bytes32[][] memory paths = new bytes32[][](5);
        for (uint256 i = 0; i < 5; ++i) {
            paths[i] = pathWithLeaf(pieces[0], filled[i]);
        }
        vm.prank(provider);
        judge.prove(setId, epoch, places, paths);
        assert(vm.snapshotGasLastCall("Nodes", "StorageJudge.prove 5 of 1 GiB") <= 200_000);
    }

    function pathWithLeaf(Piece memory piece, uint64 index) private pure returns (bytes32[] memory path) {
        bytes32[] memory siblings = Pieces.pathOf(piece, index);
        path = new bytes32[](26);
        path[0] = Pieces.leafAt(piece, index);
        for (uint256 i = 0; i < 25; ++i) {
            path[i + 1] = siblings[i];
        }
    }

    function test_gas_miss() public {
        begin(smallPieces());
        vm.prank(DEMANDER);
        bytes32 id = judge.demand(setId, 1);
        bytes32 commitment = keccak256(abi.encode(REPORTER, dataSets.lockIdOf(setId), bytes32("salt")));
        vm.prank(REPORTER);
        bonds.commitReport(commitment);
        vm.snapshotGasLastCall("Nodes", "Bonds.commitReport");
        passBlocks(p.answerBlocks + 1);
        vm.prank(REPORTER);
        judge.miss(id, REPORTER, "salt");
        vm.snapshotGasLastCall("Nodes", "StorageJudge.miss");
    }

    // ---- sets ----

    function test_gas_post() public {
        begin(smallPieces());
        vm.snapshotGasLastCall("Nodes", "DataSets.post first");
        post(setOf(smallPieces(), "one", 2));
        vm.snapshotGasLastCall("Nodes", "DataSets.post steady");
        PieceSet memory more = setOf(smallPieces(), "one", 3);
        more.lockAtto = 20e18;
        post(more);
        vm.snapshotGasLastCall("Nodes", "DataSets.post raising its lock");
    }

    function test_gas_postMany32() public {
        uint256 count = 32; // of as many customers, one provider
        for (uint256 i = 0; i < count; ++i) {
            openAs(i);
        }
        postBatch(count, 1);
        vm.snapshotGasLastCall("Nodes", "DataSets.postMany 32 first");
        postBatch(count, 2);
        assert(vm.snapshotGasLastCall("Nodes", "DataSets.postMany 32 steady") <= 60_000 * count);
    }

    function openAs(uint256 i) private {
        address payer = vm.addr(5000 + i);
        give(payer, 10e18);
        vm.prank(payer);
        credits.buy(10e18, 0);
        customer = payer;
        openStream("one");
    }

    function postBatch(uint256 count, uint64 version) private {
        PieceSet[] memory sets = new PieceSet[](count);
        bytes[] memory ones = new bytes[](count);
        bytes[] memory twos = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            sets[i] = setOf(smallPieces(), "one", version);
            sets[i].customer = vm.addr(5000 + i);
            ones[i] = signature(5000 + i, digestOf(sets[i]));
            twos[i] = signature(PROVIDER_KEY, digestOf(sets[i]));
        }
        bool[] memory done = dataSets.postMany(sets, ones, twos);
        for (uint256 i = 0; i < count; ++i) {
            assert(done[i]);
        }
    }

    function test_gas_bonds() public {
        vm.prank(provider);
        bonds.deposit(provider, STORAGE, 1e18);
        vm.snapshotGasLastCall("Nodes", "Bonds.deposit");
        vm.prank(provider);
        bonds.withdraw(STORAGE, 1e18);
        vm.snapshotGasLastCall("Nodes", "Bonds.withdraw");
    }
}
