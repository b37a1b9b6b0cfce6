// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Voucher} from "../src/interfaces/IRails.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice Law 11: no state refuses a way out. Paused, a dead feed, a judge that holds for ever or lies, a price at
/// either end: settle, redeem, convert, fees, notices and closings go through, by the one who may.
contract LawElevenTest is MoneyHarness {
    bytes32 private id;
    bytes32 private escrowed;
    bytes32 private submitted;

    function setUp() public override {
        super.setUp();
        buy(payer, 10_000e18);
        id = openStream(1e9, 7 days, "s");
        escrowed = openEscrow(1000, 1 days, 2 days, "a");
        submitted = openEscrow(1000, 1 days, 2 days, "b");
        vm.prank(payee);
        rails.submit(submitted);
        vm.prank(payer);
        rails.openAllotment(payee, signer, 1000, 0);
    }

    function everythingOut() private {
        rails.settle(id);
        Voucher memory v = Voucher(payer, payee, 400);
        rails.redeem(v, voucherSignature(SIGNER_KEY, v));
        vm.prank(payer);
        rails.notice(id);
        vm.prank(payee);
        rails.noticeAllotment(payer, payee);
        skip(2 days + 1);
        rails.finishEscrow(escrowed);
        rails.finishEscrow(submitted);
        rails.finishAllotment(payer, payee);
        (uint128 c,) = earned(payee);
        vm.prank(payee);
        rails.convert(c / 2, 0);
        vm.prank(payee);
        rails.payFee(true, 1, "fee");
        skip(30 days); // a silent judge holds no longer than this
        rails.finish(id);
        (c,) = earned(payee);
        vm.prank(payee);
        rails.convert(c, 0);
        (uint128 left, uint128 leftWork) = earned(payee);
        assert(left == 0 && leftWork == 0 && work.balanceOf(payee) > 0);
        (left,) = bought(payer);
        assert(left > 0);
    }

    function test_pausedAndStale() public {
        skip(1 days); // the feed is dead from now on
        pauseNow();
        everythingOut();
    }

    function testFuzz_anyPrice(uint64 priceUsd8) public {
        skip(12 hours);
        post(uint64(bound(priceUsd8, 100, 2 ** 62)));
        everythingOut();
    }

    function testFuzz_hostileJudge(uint256 seed) public {
        for (uint256 i = 0; i < 12; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            skip(seed % 12 hours);
            vm.prank(JUDGE);
            if (seed >> 128 & 1 == 0) rails.hold(id);
            else rails.fault(id, uint40((seed >> 200) % 1 hours));
        }
        vm.prank(JUDGE);
        rails.hold(id); // and never again a word
        skip(0);
        vm.prank(payer);
        rails.notice(id);
        rails.settle(id);
        skip(p.noticeSeconds + p.holdSeconds);
        rails.finish(id);
        (uint128 c,) = earned(payee);
        if (c == 0) return;
        vm.prank(payee);
        rails.convert(c, 0);
    }

    /// @notice The judge has code that always reverts and burns its gas: nobody asks it.
    function test_judgeWithHostileCode() public {
        vm.etch(JUDGE, hex"fe"); // INVALID: all gas gone
        vm.etch(payee, hex"fe");
        vm.etch(payer, hex"fe");
        everythingOut();
    }
}
