// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ICredits} from "../src/interfaces/ICredits.sol";
import {Entry, IRails, Voucher} from "../src/interfaces/IRails.sol";
import {Rails} from "../src/Rails.sol";
import {Vm} from "./Harness.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice docs/protocol/money.md#batch: bad entries are skipped, keys are used up by success only, gas is bounded.
contract BatchTest is MoneyHarness {
    bytes32 private id;

    function setUp() public override {
        super.setUp();
        buy(payer, 10_000e18);
        id = openStream(1e9, 7 days, "s");
        skip(100);
    }

    function one(bytes32 key, bytes memory call_) private pure returns (Entry[] memory entries) {
        entries = new Entry[](1);
        entries[0] = Entry(key, call_);
    }

    function run(address sender, Entry[] memory entries) private returns (bool[] memory) {
        vm.prank(sender);
        return rails.batch(entries);
    }

    function testFuzz_batch_skipsBadOnes(uint256 bits, uint8 count) public {
        count = uint8(bound(count, 0, 12));
        Entry[] memory entries = new Entry[](count);
        for (uint256 i = 0; i < count; i++) {
            entries[i] = Entry(
                bytes32(i),
                bits >> i & 1 == 0
                    ? abi.encodeCall(rails.topUp, (id, uint128(i + 1), 0))
                    : abi.encodeCall(rails.topUp, (bytes32("none"), 1, 0))
            );
        }
        uint128 before = streamOf(id).credits;
        bool[] memory done = run(payer, entries);
        uint256 expected = before;
        for (uint256 i = 0; i < count; i++) {
            assert(done[i] == (bits >> i & 1 == 0) && rails.keyUsed(payer, bytes32(i)) == done[i]);
            if (done[i]) expected += i + 1;
        }
        equal(expected, streamOf(id).credits);
    }

    /// @notice A key is its sender's: used once by success, kept by failure.
    function testFuzz_batch_keys(bytes32 key, bool fails) public {
        Entry[] memory entries = one(key, abi.encodeCall(rails.topUp, (id, fails ? type(uint128).max : 5, 0)));
        uint128 before = streamOf(id).credits;
        assert(run(payer, entries)[0] == !fails);
        assert(rails.keyUsed(payer, key) == !fails && !rails.keyUsed(payee, key));
        entries[0].call = abi.encodeCall(rails.topUp, (id, 7, 0));
        assert(run(payer, entries)[0] == fails);
        equal(before + (fails ? 7 : 5), streamOf(id).credits);
        entries[0].call = abi.encodeCall(rails.settle, (id));
        assert(run(payee, entries)[0]); // another sender's same key
    }

    function test_batch_sameKeyTwiceInOne() public {
        Entry[] memory entries = new Entry[](2);
        entries[0] = Entry("k", abi.encodeCall(rails.topUp, (id, 5, 0)));
        entries[1] = entries[0];
        uint128 before = streamOf(id).credits;
        bool[] memory done = run(payer, entries);
        assert(done[0] && !done[1] && streamOf(id).credits == before + 5);
    }

    /// @notice The reason of a failure is told.
    function test_batch_tellsWhy() public {
        vm.recordLogs();
        run(STRANGER, one("k", abi.encodeCall(rails.convert, (1, 0))));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        assert(last.topics[0] == IRails.EntryFailed.selector && last.topics[1] == 0);
        bytes memory reason = abi.decode(last.data, (bytes));
        equal(
            keccak256(abi.encodeWithSelector(ICredits.NotEnoughCredits.selector, uint128(0), uint128(1))),
            keccak256(reason)
        );
    }

    /// @notice The caller is the sender, inside as outside: nobody acts for another.
    function test_batch_actsAsTheSender() public {
        Entry[] memory entries = one("k", abi.encodeCall(rails.notice, (id)));
        assert(!run(STRANGER, entries)[0]);
        assert(run(payee, entries)[0]);
    }

    function test_batch_nonsenseIsSkipped() public {
        Entry[] memory entries = new Entry[](4);
        entries[0] = Entry("a", "");
        entries[1] = Entry("b", hex"deadbeef");
        entries[2] = Entry("c", abi.encodeWithSelector(IRails.settle.selector)); // arguments missing
        entries[3] = Entry("d", abi.encodeCall(rails.batch, (one("e", abi.encodeCall(rails.settle, (id))))));
        bool[] memory done = run(payer, entries);
        for (uint256 i = 0; i < 4; i++) assert(!done[i]);
        equal(0, streamOf(id).paid); // no batch in a batch: its entries could not have their gas
    }

    /// @notice An entry that would eat everything gets its cap, and those after it run.
    function test_batch_gasIsBounded() public {
        bytes32[] memory many = new bytes32[](300);
        Entry[] memory entries = new Entry[](3);
        entries[0] = Entry("a", abi.encodeCall(rails.settleMany, (many)));
        entries[1] = entries[0];
        entries[1].key = "b";
        entries[2] = Entry("c", abi.encodeCall(rails.settle, (id)));
        vm.prank(payer);
        bool[] memory done = rails.batch{gas: 2_500_000}(entries);
        assert(!done[0] && !done[1] && done[2]);
        equal(100, streamOf(id).paid);
    }

    /// @notice Too little gas for an entry's cap: nothing runs and no key is used, whatever the amount.
    function testFuzz_batch_tooLittleGas(uint256 gas_) public {
        gas_ = bound(gas_, 100_000, 1_500_000);
        Entry[] memory entries = new Entry[](2);
        entries[0] = Entry("a", abi.encodeCall(rails.topUp, (id, 5, 0)));
        entries[1] = Entry("b", abi.encodeCall(rails.topUp, (id, 7, 0)));
        uint128 before = streamOf(id).credits;
        vm.prank(payer);
        try rails.batch{gas: gas_}(entries) returns (bool[] memory done) {
            assert(done[0] && done[1] && gas_ > 560_000);
            equal(before + 12, streamOf(id).credits);
        } catch (bytes memory reason) {
            assert(bytes4(reason) == Rails.NotEnoughGas.selector && gas_ < 900_000);
            assert(streamOf(id).credits == before && !rails.keyUsed(payer, "a"));
        }
    }

    function test_batch_redeems() public {
        vm.prank(payer);
        rails.openAllotment(payee, signer, 1000, 0);
        Voucher memory v = Voucher(payer, payee, 10);
        bytes memory sig = voucherSignature(SIGNER_KEY, v);
        assert(run(STRANGER, one("k", abi.encodeCall(rails.redeem, (v, sig))))[0]);
        (uint128 c,) = earned(payee);
        equal(10, c);
    }
}
