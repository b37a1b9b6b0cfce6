// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Addresses, Grant, Parameters} from "../src/Parameters.sol";

/// @notice The cheat codes that these tests use; no test library.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function addr(uint256 privateKey) external pure returns (address);
    function assume(bool condition) external pure;
    function chainId(uint256 newChainId) external;
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function deal(address account, uint256 amount) external;
    function etch(address target, bytes calldata code) external;
    function expectEmit(bool topic1, bool topic2, bool topic3, bool data) external;
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata reason) external;
    function getBlockNumber() external view returns (uint256);
    function getBlockTimestamp() external view returns (uint256);
    function getNonce(address account) external view returns (uint64);
    function getRecordedLogs() external returns (Log[] memory);
    function label(address account, string calldata name) external;
    function lastCallGas() external view returns (Gas memory);
    function load(address target, bytes32 slot) external view returns (bytes32);
    function prank(address sender) external;
    function publicKeyP256(uint256 privateKey) external pure returns (uint256 x, uint256 y);
    function readFile(string calldata path) external view returns (string memory);
    function recordLogs() external;
    function roll(uint256 blockNumber) external;
    function setBlockhash(uint256 blockNumber, bytes32 hash) external;
    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function signP256(uint256 privateKey, bytes32 digest) external pure returns (bytes32 r, bytes32 s);
    function snapshotGasLastCall(string calldata name) external returns (uint256);
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
    function revertToState(uint256 id) external returns (bool);
    function snapshotState() external returns (uint256 id);
    function startPrank(address sender) external;
    function stopPrank() external;
    function store(address target, bytes32 slot, bytes32 value) external;
    function warp(uint256 timestamp) external;
}

/// @notice What every test needs and nothing of the protocol.
abstract contract Harness {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public IS_TEST = true;

    error NotEqual(uint256 expected, uint256 actual);

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    address[] private targets;
    FuzzSelector[] private selectors_;

    /// @notice Folds a fuzzed number into [low, high].
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        if (value >= low && value <= high) return value;
        uint256 size = high - low + 1;
        return size == 0 ? value : low + value % size;
    }

    function equal(uint256 expected, uint256 actual) internal pure {
        if (expected != actual) revert NotEqual(expected, actual);
    }

    function equal(address expected, address actual) internal pure {
        if (expected != actual) revert NotEqual(uint160(expected), uint160(actual));
    }

    function equal(bytes32 expected, bytes32 actual) internal pure {
        if (expected != actual) revert NotEqual(uint256(expected), uint256(actual));
    }

    function signature(uint256 privateKey, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(privateKey, digest);
        return abi.encodePacked(r, s, v);
    }

    // ---- what forge asks an invariant test for ----

    function targetContract(address target) internal {
        targets.push(target);
    }

    function targetSelector(FuzzSelector memory selector) internal {
        selectors_.push(selector);
    }

    function targetContracts() public view returns (address[] memory) {
        return targets;
    }

    function targetSelectors() public view returns (FuzzSelector[] memory) {
        return selectors_;
    }
}

/// @notice Constructor input of a deployment by `deployer`, as deploy scripts make it: addresses by nonce, in order.
abstract contract Predicted is Harness {
    uint128 internal constant GENESIS = 400_000_000e18;
    uint128 internal constant BOOTSTRAP_MAX = 100_000_000e18;
    address internal constant FAUCET = address(0xFA0CE7);
    address internal constant GUARDIAN = address(0x6A4D);
    string internal constant NAME = "test";

    function predict(address deployer) internal view returns (Addresses memory a) {
        uint256 nonce = vm.getNonce(deployer);
        a.guard = vm.computeCreateAddress(deployer, nonce);
        a.workToken = vm.computeCreateAddress(deployer, nonce + 1);
        a.priceFeed = vm.computeCreateAddress(deployer, nonce + 2);
        a.credits = vm.computeCreateAddress(deployer, nonce + 3);
        a.rails = vm.computeCreateAddress(deployer, nonce + 4);
        a.bonds = vm.computeCreateAddress(deployer, nonce + 5);
        a.registry = vm.computeCreateAddress(deployer, nonce + 6);
        a.dataSets = vm.computeCreateAddress(deployer, nonce + 7);
        a.epochs = vm.computeCreateAddress(deployer, nonce + 8);
        a.storageJudge = vm.computeCreateAddress(deployer, nonce + 9);
        a.sumJudge = vm.computeCreateAddress(deployer, nonce + 10);
        a.receiptJudge = vm.computeCreateAddress(deployer, nonce + 11);
        a.routes = vm.computeCreateAddress(deployer, nonce + 12);
        a.holds = vm.computeCreateAddress(deployer, nonce + 13);
    }

    /// @notice Short windows, so that tests reach every deadline; the amounts are those of a real deployment.
    function parameters() internal view virtual returns (Parameters memory p) {
        p.blockSeconds = 1;
        p.feedFreshSeconds = 600;
        p.noticeSeconds = 1 days;
        p.termSeconds = 7 days;
        p.answerBlocks = 100;
        p.holdSeconds = 100 + 6 hours;
        p.thawSeconds = 14 days;
        p.epochBlocks = 30;
        p.evidenceBlocks = 10;
        p.windowBlocks = 10;
        p.startBlock = uint64(vm.getBlockNumber());
        p.committeeSize = 3;
        p.committeeQuorum = 2;
        p.postersMin = 3;
        p.networks = 4;
        p.demandsMax = 8;
        p.epochsPerYear = 365;
        p.breakerWindowSeconds = 1 days;
        p.convertPerWindowAtto = 100_000_000e18;
        p.claimPerWindowAtto = 100_000_000e18;
        p.seatAtto = 1000e18;
        p.posterBondMinAtto = 1000e18;
        p.depositAtto = 1e18;
        p.referenceNanoPerGibSecond = 100;
        p.guardian = GUARDIAN;
    }

    function genesis() internal view virtual returns (Grant[] memory grants) {
        grants = new Grant[](1);
        grants[0] = Grant(FAUCET, GENESIS);
    }

    function posterSet() internal pure returns (address[] memory posters) {
        posters = new address[](3);
        for (uint256 i = 0; i < 3; i++) posters[i] = address(uint160(0x9057E0 + i));
    }
}
