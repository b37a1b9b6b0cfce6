// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Credits} from "../../src/Credits.sol";
import {Allotment, Escrow, Stream} from "../../src/interfaces/IRails.sol";
import {PriceFeed} from "../../src/PriceFeed.sol";
import {Rails} from "../../src/Rails.sol";
import {WorkToken} from "../../src/WorkToken.sol";
import {Harness} from "../Harness.sol";
import {MoneyHandler} from "./MoneyHandler.sol";

/// @notice The laws of docs/protocol/money.md#laws over random moves. Epochs is a stand-in that mints under its rule;
/// bonds (law 9, the slashed part of law 1) have a test of their own.
contract MoneyInvariants is Harness {
    address private constant FAUCET = address(0xFA0CE7);

    MoneyHandler private handler;
    WorkToken private work;
    PriceFeed private feed;
    Credits private credits;
    Rails private rails;

    error LawBroken(uint256 law, uint256 left, uint256 right);
    error MoveBroke(string law);
    error NeverDone(uint256 operation);

    function setUp() public {
        handler = new MoneyHandler();
        (address w, address f, address c, address r) = handler.parts();
        (work, feed, credits, rails) = (WorkToken(w), PriceFeed(f), Credits(c), Rails(r));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = MoneyHandler.step.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_laws() public {
        checkAll();
    }

    /// @notice forge calls this after each run.
    function afterInvariant() public {
        vm.warp(handler.nowAt());
        lawEleven();
    }

    /// @notice The random walk is not idle: every operation succeeds somewhere in a few long walks.
    function test_walk_reachesEveryOperation() public {
        uint256 operations = handler.OPERATIONS();
        uint256[] memory done = new uint256[](operations);
        uint256 drawnFinished = 0;
        uint256 seed = 1;
        for (uint256 walk = 0; walk < 8; walk++) {
            setUp();
            for (uint256 i = 0; i < 250; i++) {
                seed = uint256(keccak256(abi.encode(seed)));
                uint256 other = uint256(keccak256(abi.encode(seed, walk)));
                try handler.step(seed, seed >> 64, other, seed >> 128) {} catch {}
                if (i % 50 == 49) checkAll();
                if (i % 50 == 49) lawEleven();
            }
            for (uint256 i = 0; i < operations; i++) done[i] += handler.done(i);
            drawnFinished += handler.drawnFinished();
        }
        for (uint256 i = 0; i < operations; i++) if (done[i] == 0) revert NeverDone(i);
        if (drawnFinished == 0) revert NeverDone(operations); // else nobody sees redeemed fall
    }

    function checkAll() private {
        vm.warp(handler.nowAt());
        if (bytes(handler.broken()).length != 0) revert MoveBroke(handler.broken());
        (uint256 issued, uint256 spent, uint256 burned, uint256 minted, uint256 retired) = credits.totals();
        (uint256 sumCredits, uint256 sumWork) = sums();
        uint256 supply = work.totalSupply();
        law(1, supply, work.genesis() + minted + handler.rebates() + handler.bootstrap() - burned - handler.destroyed());
        law(1, supply, wallets());
        atMost(1, supply, work.cap());
        law(2, sumCredits, issued - spent);
        law(3, sumWork, burned - minted - retired);
        atMost(4, minted * 1e4, burned * 9500);
        atMost(6, supply + sumWork, work.cap());
        lawsOfAccounts();
        lawTwelve();
    }

    function lawsOfAccounts() private view {
        address[] memory accounts = handler.accounts();
        for (uint256 i = 0; i < accounts.length; i++) {
            atMost(5, handler.gotAll(accounts[i]) * 1e4, uint256(rails.retired(accounts[i])) * 8000);
        }
        for (uint256 set = 1; set < 1 << accounts.length; set++) {
            uint256 taken = 0;
            uint256 putIn = 0;
            uint256 passedOn = 0;
            for (uint256 i = 0; i < accounts.length; i++) {
                if (set >> i & 1 == 0) continue;
                address a = accounts[i];
                taken += handler.minted(a) + handler.gotAll(a);
                passedOn += handler.paidOut(a);
                putIn += handler.burned(a) + handler.paidIn(a);
            }
            atMost(10, taken * 100 + passedOn * 99, putIn * 99); // with these f and k at most 0.99 of it
        }
    }

    function lawTwelve() private view {
        bytes32[] memory ids = handler.streams();
        for (uint256 i = 0; i < ids.length; i++) {
            Stream memory s = rails.stream(ids[i]);
            uint256 due = handler.dueAt(s, s.end);
            if (s.payer != address(0)) atMost(12, due > s.paid ? due - s.paid : 0, s.credits);
        }
    }

    /// @dev As it stands: everything that is settled, converted or drawn out goes through, save the breaker.
    function lawEleven() private {
        uint256 state = vm.snapshotState();
        address[] memory accounts = handler.accounts();
        for (uint256 i = 0; i < accounts.length; i++) {
            uint128 all = credits.earned(accounts[i]).credits;
            vm.prank(accounts[i]);
            try rails.convert(all, 0) {}
            catch (bytes memory reason) {
                if (bytes4(reason) != bytes4(keccak256("BreakerOpen(uint256,uint256)"))) revert LawBroken(11, i, all);
            }
        }
        bytes32[] memory ids = handler.streams();
        for (uint256 i = 0; i < ids.length; i++) {
            if (rails.stream(ids[i]).payer != address(0)) rails.settle(ids[i]);
        }
        vm.revertToState(state);
    }

    function sums() private view returns (uint256 sumCredits, uint256 sumWork) {
        address[] memory accounts = handler.accounts();
        for (uint256 i = 0; i < accounts.length; i++) {
            sumCredits += credits.bought(accounts[i]).credits + credits.earned(accounts[i]).credits;
            sumWork += credits.bought(accounts[i]).workAtto + credits.earned(accounts[i]).workAtto;
            for (uint256 j = 0; j < accounts.length; j++) {
                Allotment memory a = rails.allotment(accounts[i], accounts[j]);
                (sumCredits, sumWork) = (sumCredits + a.credits, sumWork + a.workAtto);
            }
        }
        bytes32[] memory ids = handler.streams();
        for (uint256 i = 0; i < ids.length; i++) {
            Stream memory s = rails.stream(ids[i]);
            (sumCredits, sumWork) = (sumCredits + s.credits, sumWork + s.workAtto);
        }
        ids = handler.escrows();
        for (uint256 i = 0; i < ids.length; i++) {
            Escrow memory e = rails.escrow(ids[i]);
            (sumCredits, sumWork) = (sumCredits + e.credits, sumWork + e.workAtto);
        }
    }

    function wallets() private view returns (uint256 sum) {
        sum = work.balanceOf(FAUCET);
        address[] memory accounts = handler.accounts();
        for (uint256 i = 0; i < accounts.length; i++) sum += work.balanceOf(accounts[i]);
    }

    function law(uint256 number, uint256 left, uint256 right) private pure {
        if (left != right) revert LawBroken(number, left, right);
    }

    function atMost(uint256 number, uint256 left, uint256 right) private pure {
        if (left > right) revert LawBroken(number, left, right);
    }
}
