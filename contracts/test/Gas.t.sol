// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {OpenStream, Voucher} from "../src/interfaces/IRails.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice Gas of the money contracts against the targets of docs/architecture.md. Isolated: each call is a
/// transaction of its own, with calldata and the floor of EIP-7623. Fails when a target is missed.
/// forge-config: default.isolate = true
contract GasTest is MoneyHarness {
    uint256 private constant OPEN_MAX = 140_000;
    uint256 private constant SETTLE_MAX = 95_000;
    uint256 private constant SETTLE_EACH_MAX = 20_000;
    uint256 private constant VOUCHER_MAX = 60_000;
    uint256 private constant BATCH_SIZE = 50;
    uint128 private constant TERM_CREDITS = 604_800;

    bytes32 private first;
    bytes32[] private ids;
    Voucher private voucher;
    bytes private voucherBytes;

    function setUp() public override {
        super.setUp();
        buy(payer, 100_000e18);
        first = openStream(1e9, 7 days, "first");
        for (uint256 i = 0; i < BATCH_SIZE; i++) ids.push(openStream(1e9, 7 days, bytes32(i)));
        vm.prank(payer);
        rails.openAllotment(payee, signer, 1_000_000, 0);
        skip(60);
        rails.settle(first);
        rails.settleMany(ids);
        voucher = Voucher(payer, payee, 100);
        rails.redeem(voucher, voucherSignature(SIGNER_KEY, voucher));
        skip(60);
        post(USD);
        voucher = Voucher(payer, payee, 200);
        voucherBytes = voucherSignature(SIGNER_KEY, voucher);
    }

    function test_gas_open() public {
        vm.prank(payer);
        rails.open(OpenStream(payee, at_.storageJudge, 1e9, 7 days, TERM_CREDITS, 0, keccak256("gas")));
        limit("open", 1, OPEN_MAX);
    }

    function test_gas_settle() public {
        rails.settle(first);
        limit("settle", 1, SETTLE_MAX);
    }

    function test_gas_settleFirst() public {
        bytes32 id = openStream(1e9, 7 days, "unsettled");
        skip(60);
        rails.settle(id);
        limit("settle, first of a stream", 1, SETTLE_MAX);
    }

    function test_gas_settleMany() public {
        bytes32[] memory batch = ids;
        rails.settleMany(batch);
        limit("settleMany, each of 50", BATCH_SIZE, SETTLE_EACH_MAX);
    }

    function test_gas_redeem() public {
        Voucher memory v = voucher;
        bytes memory sig = voucherBytes;
        rails.redeem(v, sig);
        limit("redeem", 1, VOUCHER_MAX);
    }

    function test_gas_convert() public {
        vm.prank(payee);
        rails.convert(10, 0);
        limit("convert, first of an account", 1, 180_000);
    }

    function test_gas_buy() public {
        vm.prank(payer);
        credits.buy(1e18, 0);
        limit("buy", 1, 90_000);
    }

    function limit(string memory name, uint256 count, uint256 maximum) private {
        uint256 each = vm.lastCallGas().gasTotalUsed / count;
        vm.snapshotValue("Money", name, each);
        if (each > maximum) revert NotEqual(maximum, each);
    }
}
