// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IWorkToken} from "../src/interfaces/IWorkToken.sol";
import {Grant} from "../src/Parameters.sol";
import {WorkToken} from "../src/WorkToken.sol";
import {MoneyHarness} from "./MoneyHarness.sol";

/// @notice docs/protocol/money.md#units: the cap, who mints, who burns, who moves without an allowance.
contract WorkTokenTest is MoneyHarness {
    bytes4 private constant INSUFFICIENT_BALANCE = bytes4(keccak256("InsufficientBalance()"));
    bytes4 private constant INSUFFICIENT_ALLOWANCE = bytes4(keccak256("InsufficientAllowance()"));

    function test_genesis_isMintedOnce() public view {
        equal(GENESIS, work.totalSupply());
        equal(GENESIS + BOOTSTRAP_MAX, work.cap());
        equal(GENESIS, work.genesis());
        equal(BOOTSTRAP_MAX, work.bootstrapMax());
    }

    function testFuzz_constructor_boundsTheCap(uint128 first, uint128 second, uint128 more) public {
        Grant[] memory grants = new Grant[](2);
        grants[0] = Grant(address(1), uint128(bound(first, 0, 5e27)));
        grants[1] = Grant(address(2), uint128(bound(second, 0, 5e27)));
        more = uint128(bound(more, 0, 5e27));
        uint256 sum = uint256(grants[0].amountAtto) + grants[1].amountAtto + more;
        if (sum > 1e28) vm.expectRevert(abi.encodeWithSelector(IWorkToken.OverCap.selector, 1e28, sum));
        WorkToken token = new WorkToken(at_, grants, more);
        if (sum > 1e28) return;
        equal(sum, token.cap());
        equal(grants[1].amountAtto, token.balanceOf(address(2)));
    }

    function testFuzz_mint_onlyRailsAndEpochsUpToTheCap(address caller, uint256 amount) public {
        amount = bound(amount, 0, uint256(BOOTSTRAP_MAX) * 2);
        bool allowed = caller == at_.rails || caller == at_.epochs;
        if (!allowed) vm.expectRevert(abi.encodeWithSelector(IWorkToken.NotProtocol.selector, caller));
        vm.prank(caller);
        if (!allowed) return work.mint(STRANGER, amount);
        work.mint(STRANGER, amount);
    }

    function testFuzz_mint_stopsAtTheCap(uint256 amount) public {
        amount = bound(amount, 0, uint256(BOOTSTRAP_MAX) * 2);
        if (amount > BOOTSTRAP_MAX) {
            vm.expectRevert(abi.encodeWithSelector(IWorkToken.OverCap.selector, work.cap(), GENESIS + amount));
        }
        vm.prank(at_.epochs);
        work.mint(STRANGER, amount);
        equal(amount > BOOTSTRAP_MAX ? 0 : amount, work.balanceOf(STRANGER));
    }

    function test_mint_atTheCap() public {
        vm.prank(at_.rails);
        work.mint(STRANGER, BOOTSTRAP_MAX);
        equal(work.cap(), work.totalSupply());
        vm.expectRevert(abi.encodeWithSelector(IWorkToken.OverCap.selector, work.cap(), work.cap() + 1));
        vm.prank(at_.rails);
        work.mint(STRANGER, 1);
    }

    function testFuzz_burn_ownTokensOnly(uint256 amount) public {
        amount = bound(amount, 0, FUNDS * 2);
        if (amount > FUNDS) vm.expectRevert(INSUFFICIENT_BALANCE);
        vm.prank(payer);
        work.burn(amount);
        equal(GENESIS - (amount > FUNDS ? 0 : amount), work.totalSupply());
    }

    function testFuzz_burnFrom_onlyCreditsAndBonds(address caller) public {
        bool allowed = caller == at_.credits || caller == at_.bonds;
        if (!allowed) vm.expectRevert(abi.encodeWithSelector(IWorkToken.NotProtocol.selector, caller));
        vm.prank(caller);
        work.burnFrom(payer, 1);
        equal(allowed ? FUNDS - 1 : FUNDS, work.balanceOf(payer));
    }

    function test_burnFrom_creditsAndBonds() public {
        vm.prank(at_.credits);
        work.burnFrom(payer, 1);
        vm.prank(at_.bonds);
        work.burnFrom(payer, 1);
        equal(FUNDS - 2, work.balanceOf(payer));
    }

    function test_transferFrom_protocolNeedsNoAllowance() public {
        vm.prank(at_.bonds);
        work.transferFrom(payer, STRANGER, 3);
        vm.prank(at_.storageJudge);
        work.transferFrom(payer, STRANGER, 4);
        equal(7, work.balanceOf(STRANGER));
    }

    function testFuzz_transferFrom_othersNeedOne(address caller, uint256 allowed, uint256 amount) public {
        if (caller == at_.bonds || caller == at_.storageJudge || caller == payer) return;
        amount = bound(amount, 1, FUNDS);
        allowed = bound(allowed, 0, FUNDS);
        vm.prank(payer);
        work.approve(caller, allowed);
        if (allowed < amount) vm.expectRevert(INSUFFICIENT_ALLOWANCE);
        vm.prank(caller);
        work.transferFrom(payer, STRANGER, amount);
        equal(allowed < amount ? 0 : amount, work.balanceOf(STRANGER));
    }

    function testFuzz_transfer_movesOwnOnly(uint256 amount) public {
        amount = bound(amount, 0, FUNDS * 2);
        if (amount > FUNDS) vm.expectRevert(INSUFFICIENT_BALANCE);
        vm.prank(payer);
        work.transfer(STRANGER, amount);
        equal(GENESIS, work.totalSupply());
    }

    function testFuzz_permit_bindsOwnerDeadlineAndNonce(uint256 deadline, uint256 value, bool rightKey) public {
        deadline = bound(deadline, T0 - 10, T0 + 10);
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, payer, STRANGER, value, work.nonces(payer), deadline));
        bytes32 hash = keccak256(abi.encodePacked(hex"1901", work.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(rightKey ? PAYER_KEY : PAYEE_KEY, hash);
        bool good = rightKey && deadline >= T0;
        if (!good) vm.expectRevert();
        work.permit(payer, STRANGER, value, deadline, v, r, s);
        equal(good ? value : 0, work.allowance(payer, STRANGER));
        vm.expectRevert();
        work.permit(payer, STRANGER, value, deadline, v, r, s);
    }

    function test_domain_isTheProtocols() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Groundwork"),
                keccak256("1"),
                block.chainid,
                address(work)
            )
        );
        equal(domain, work.DOMAIN_SEPARATOR());
    }

    function test_permit2_hasNoAllowance() public view {
        equal(0, work.allowance(payer, 0x000000000022D473030F116dDEE9F6B43aC78BA3));
    }
}
