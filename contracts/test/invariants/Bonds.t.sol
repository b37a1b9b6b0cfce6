// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Bonds} from "../../src/Bonds.sol";
import {Lock, Stake} from "../../src/interfaces/IBonds.sol";
import {WorkToken} from "../../src/WorkToken.sol";
import {Harness} from "../Harness.sol";
import {BondsHandler} from "./BondsHandler.sol";

/// @notice Law 9, and the part of law 1 that bonds hold: docs/protocol/money.md#laws
contract BondsInvariants is Harness {
    BondsHandler private handler;
    Bonds private bonds;
    WorkToken private work;

    error LawBroken(uint256 law, uint256 left, uint256 right);
    error MoveBroke(string law);
    error NeverDone(uint256 operation);

    function setUp() public {
        handler = new BondsHandler();
        bonds = handler.bonds();
        work = WorkToken(handler.token());
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = BondsHandler.step.selector;
        targetContract(address(handler));
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function invariant_bonds() public view {
        checkAll();
    }

    function test_walk_reachesEveryOperation() public {
        uint256 seed = 7;
        for (uint256 i = 0; i < 600; i++) {
            seed = uint256(keccak256(abi.encode(seed)));
            try handler.step(seed, seed >> 64, seed >> 128, uint256(keccak256(abi.encode(seed, i)))) {} catch {}
            if (i % 20 == 19) checkAll();
        }
        for (uint256 i = 0; i < handler.OPERATIONS(); i++) if (handler.done(i) == 0) revert NeverDone(i);
    }

    function checkAll() private view {
        if (bytes(handler.broken()).length != 0) revert MoveBroke(handler.broken());
        uint256 staked = 0;
        uint256 wallets = work.balanceOf(handler.faucet()) + work.balanceOf(address(0x57A));
        for (uint256 i = 0; i < 3; i++) {
            address operator = handler.operatorAt(i);
            wallets += work.balanceOf(operator);
            for (uint8 network = 1; network <= 2; network++) {
                Stake memory s = bonds.stake(operator, network);
                staked += s.totalAtto;
                if (s.lockedAtto > s.totalAtto) revert LawBroken(9, s.lockedAtto, s.totalAtto);
                uint256 locked = lockedOf(operator, network);
                if (locked != s.lockedAtto) revert LawBroken(9, locked, s.lockedAtto);
            }
        }
        uint256 held = work.balanceOf(address(bonds));
        if (held != staked) revert LawBroken(9, held, staked);
        uint256 supply = work.totalSupply();
        if (supply != work.genesis() - handler.slashBurned()) revert LawBroken(1, supply, handler.slashBurned());
        if (supply != wallets + held) revert LawBroken(1, supply, wallets + held);
    }

    function lockedOf(address operator, uint8 network) private view returns (uint256 sum) {
        bytes32[] memory ids = handler.locks();
        for (uint256 i = 0; i < ids.length; i++) {
            Lock memory l = bonds.lockOf(ids[i]);
            if (l.operator == operator && l.network == network && !l.slashed) sum += l.amountAtto;
        }
    }
}
