// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bonds} from "../src/Bonds.sol";
import {Credits} from "../src/Credits.sol";
import {DataSets} from "../src/DataSets.sol";
import {Epochs} from "../src/Epochs.sol";
import {Guard} from "../src/Guard.sol";
import {PriceFeed} from "../src/PriceFeed.sol";
import {Rails} from "../src/Rails.sol";
import {Registry} from "../src/Registry.sol";
import {WorkToken} from "../src/WorkToken.sol";
import {PieceSet} from "../src/interfaces/IDataSets.sol";
import {OpenStream} from "../src/interfaces/IRails.sol";
import {StorageJudge} from "../src/judges/StorageJudge.sol";
import {Node} from "../src/libraries/SumTree.sol";
import {Addresses, Parameters} from "../src/Parameters.sol";
import {Predicted} from "./Harness.sol";
import {Piece, Pieces} from "./Pieces.sol";

/// @notice A deployment of the real contracts with a price, a customer with credits and a provider with a bond.
abstract contract NodesFixture is Predicted {
    uint8 internal constant STORAGE = 1;
    uint64 internal constant PRICE_USD8 = 1e8;
    uint256 internal constant CUSTOMER_KEY = 0xC0571;
    uint256 internal constant PROVIDER_KEY = 0x9401D;
    address internal constant DEMANDER = address(0xDE3A);
    address internal constant REPORTER = address(0x4E904);

    address internal customer = vm.addr(CUSTOMER_KEY);
    address internal provider = vm.addr(PROVIDER_KEY);
    bytes32 internal setId;
    Parameters internal p;

    Guard internal guard;
    WorkToken internal work;
    PriceFeed internal feed;
    Credits internal credits;
    Rails internal rails;
    Bonds internal bonds;
    Registry internal registry;
    DataSets internal dataSets;
    Epochs internal epochs;
    StorageJudge internal judge;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        vm.roll(1000);
        p = parameters();
        Addresses memory a = predict(address(this));
        guard = new Guard(a, p, NAME);
        work = new WorkToken(a, genesis(), BOOTSTRAP_MAX);
        feed = new PriceFeed(a, p, posterSet());
        credits = new Credits(a, p);
        rails = new Rails(a, p);
        bonds = new Bonds(a, p);
        registry = new Registry();
        dataSets = new DataSets(a);
        epochs = new Epochs(a, p);
        judge = new StorageJudge(a, p);
        setId = dataSets.idOf(customer, provider);
        postPrice(PRICE_USD8);
        give(customer, 10_001e18);
        give(provider, 100_000e18);
        give(DEMANDER, 1000e18);
        vm.prank(customer);
        credits.buy(10_000e18, 0);
        vm.prank(provider);
        bonds.deposit(provider, STORAGE, 50_000e18);
    }

    function give(address to, uint256 amountAtto) internal {
        vm.prank(FAUCET);
        work.transfer(to, amountAtto);
    }

    function postPrice(uint64 priceUsd8) internal {
        address[] memory posters = posterSet();
        for (uint256 i = 0; i < posters.length; ++i) {
            vm.prank(posters[i]);
            feed.post(priceUsd8);
        }
    }

    function pause() internal {
        vm.prank(GUARDIAN);
        guard.pause(7 days);
    }

    function passBlocks(uint256 count) internal {
        vm.roll(vm.getBlockNumber() + count);
        vm.warp(vm.getBlockTimestamp() + count * p.blockSeconds);
    }

    // ---- streams and sets ----

    /// @notice One credit a second for seven days, and a little more.
    function openStream(bytes32 salt) internal returns (bytes32) {
        return openStream(salt, address(judge));
    }

    function openStream(bytes32 salt, address judge_) internal returns (bytes32) {
        postPrice(PRICE_USD8);
        vm.prank(customer);
        return rails.open(OpenStream(provider, judge_, 1e9, 0, 700_000, 0, salt));
    }

    function closeStream(bytes32 id) internal {
        vm.prank(customer);
        rails.notice(id);
        vm.warp(vm.getBlockTimestamp() + p.noticeSeconds + 1);
        rails.finish(id);
    }

    function setOf(Piece[] memory pieces, bytes32 salt, uint64 version) internal view returns (PieceSet memory) {
        Node memory root = Pieces.rootOf(Pieces.leavesOf(pieces));
        return PieceSet({
            customer: customer,
            provider: provider,
            streamSalt: salt,
            root: root.hash,
            leafCount: uint64(root.sum),
            pieceCount: uint32(pieces.length),
            version: version,
            lockAtto: 10e18,
            manifest: keccak256("manifest")
        });
    }

    function digestOf(PieceSet memory set) internal view returns (bytes32) {
        bytes32 type_ = keccak256(
            "PieceSet(address customer,address provider,bytes32 streamSalt,bytes32 root,uint64 leafCount,uint32 pieceCount,uint64 version,uint128 lockAtto,bytes32 manifest)"
        );
        return typed(address(dataSets), keccak256(abi.encode(type_, set)));
    }

    function typed(address verifier, bytes32 structHash) internal view returns (bytes32) {
        bytes32 type_ = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain = keccak256(abi.encode(type_, keccak256("Groundwork"), keccak256("1"), block.chainid, verifier));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function post(PieceSet memory set) internal {
        bytes32 digest = digestOf(set);
        dataSets.post(set, signature(CUSTOMER_KEY, digest), signature(PROVIDER_KEY, digest));
    }

    /// @notice Posts as `post` does, with a revert expected of exactly this.
    function postFails(PieceSet memory set, bytes memory reason) internal {
        bytes32 digest = digestOf(set);
        bytes memory byCustomer = signature(CUSTOMER_KEY, digest);
        bytes memory byProvider = signature(PROVIDER_KEY, digest);
        vm.expectRevert(reason);
        dataSets.post(set, byCustomer, byProvider);
    }

    /// @notice Three pieces of 5, 4 and 11 leaves.
    function smallPieces() internal pure returns (Piece[] memory pieces) {
        pieces = new Piece[](3);
        pieces[0] = Pieces.whole("a", 3, 5);
        pieces[1] = Pieces.whole("b", 2, 4);
        pieces[2] = Pieces.whole("c", 4, 11);
    }

    function begin(Piece[] memory pieces) internal returns (bytes32 streamId) {
        streamId = openStream("one");
        post(setOf(pieces, "one", 1));
    }
}
