// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Credits} from "../src/Credits.sol";
import {Guard} from "../src/Guard.sol";
import {Pocket} from "../src/interfaces/ICredits.sol";
import {OpenEscrow, OpenStream, Stream, Voucher} from "../src/interfaces/IRails.sol";
import {Addresses, Parameters} from "../src/Parameters.sol";
import {PriceFeed} from "../src/PriceFeed.sol";
import {Rails} from "../src/Rails.sol";
import {WorkToken} from "../src/WorkToken.sol";
import {Predicted} from "./Harness.sol";

/// @notice The five money contracts, a price of 1 USD, and actors with WORK. Bonds, Epochs and judges are addresses
/// only: a test acts as them.
abstract contract MoneyHarness is Predicted {
    uint64 internal constant USD = 1e8;
    uint256 internal constant PAYER_KEY = 0xA11CE;
    uint256 internal constant PAYEE_KEY = 0xB0B;
    uint256 internal constant SIGNER_KEY = 0x519E;
    address internal constant JUDGE = address(0x10D6E);
    address internal constant STRANGER = address(0x57A);
    uint128 internal constant FUNDS = 1_000_000e18;
    uint256 internal constant T0 = 1_800_000_000;

    address internal payer = vm.addr(PAYER_KEY);
    address internal payee = vm.addr(PAYEE_KEY);
    address internal signer = vm.addr(SIGNER_KEY);

    Addresses internal at_;
    Parameters internal p;
    Guard internal guard;
    WorkToken internal work;
    PriceFeed internal feed;
    Credits internal credits;
    Rails internal rails;

    function setUp() public virtual {
        vm.warp(T0);
        deployMoney();
        post(USD);
        give(payer, FUNDS);
    }

    function deployMoney() internal {
        p = parameters();
        at_ = predict(address(this));
        guard = new Guard(at_, p, NAME);
        work = new WorkToken(at_, genesis(), BOOTSTRAP_MAX);
        feed = new PriceFeed(at_, p, posterSet());
        credits = new Credits(at_, p);
        rails = new Rails(at_, p);
        equal(at_.guard, address(guard));
        equal(at_.rails, address(rails));
    }

    // ---- acting ----

    /// @notice All three posters post; low and high move once at most, by the third.
    function post(uint64 priceUsd8) internal {
        address[] memory posters = posterSet();
        for (uint256 i = 0; i < posters.length; i++) {
            vm.prank(posters[i]);
            feed.post(priceUsd8);
        }
    }

    function skip(uint256 seconds_) internal {
        vm.warp(vm.getBlockTimestamp() + seconds_);
    }

    function give(address to, uint256 amountAtto) internal {
        vm.prank(FAUCET);
        work.transfer(to, amountAtto);
    }

    function buy(address account, uint128 workAtto) internal returns (uint128) {
        vm.prank(account);
        return credits.buy(workAtto, 0);
    }

    function pauseNow() internal {
        vm.prank(GUARDIAN);
        guard.pause(7 days);
    }

    /// @notice A stream of `rateNano` from payer to payee for a term, funded exactly, bought just before.
    function openStream(uint96 rateNano, uint40 termSeconds, bytes32 salt) internal returns (bytes32) {
        uint128 needed = uint128(uint256(rateNano) * termSeconds / 1e9);
        return openStream(rateNano, termSeconds, needed, salt);
    }

    function openStream(uint96 rateNano, uint40 termSeconds, uint128 funds, bytes32 salt) internal returns (bytes32) {
        vm.prank(payer);
        return rails.open(OpenStream(payee, JUDGE, rateNano, termSeconds, funds, 0, salt));
    }

    function openEscrow(uint128 funds, uint40 workIn, uint40 verdictIn, bytes32 salt) internal returns (bytes32) {
        uint40 nowAt = uint40(vm.getBlockTimestamp());
        vm.prank(payer);
        return rails.openEscrow(OpenEscrow(payee, JUDGE, funds, 0, nowAt + workIn, nowAt + verdictIn, salt));
    }

    // ---- signing ----

    function voucherSignature(uint256 key, Voucher memory voucher) internal view returns (bytes memory) {
        bytes32 typeHash = keccak256("Voucher(address payer,address payee,uint128 total)");
        return signature(key, digest(keccak256(abi.encode(typeHash, voucher.payer, voucher.payee, voucher.total))));
    }

    function cutSignature(uint256 key, bytes32 id, uint96 rateNano, uint40 start) internal view returns (bytes memory) {
        bytes32 typeHash = keccak256("Cut(bytes32 id,uint96 rateNano,uint40 start)");
        return signature(key, digest(keccak256(abi.encode(typeHash, id, rateNano, start))));
    }

    function convertSignature(uint256 key, address account, uint128 amount, uint128 minOut, uint256 nonce, uint40 deadline)
        internal
        view
        returns (bytes memory)
    {
        bytes32 typeHash =
            keccak256("Convert(address account,uint128 credits,uint128 minOutAtto,uint256 nonce,uint40 deadline)");
        return signature(key, digest(keccak256(abi.encode(typeHash, account, amount, minOut, nonce, deadline))));
    }

    function digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Groundwork"),
                keccak256("1"),
                block.chainid,
                address(rails)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    // ---- looking ----

    function bought(address account) internal view returns (uint128, uint128) {
        Pocket memory pocket = credits.bought(account);
        return (pocket.credits, pocket.workAtto);
    }

    function earned(address account) internal view returns (uint128, uint128) {
        Pocket memory pocket = credits.earned(account);
        return (pocket.credits, pocket.workAtto);
    }

    function streamOf(bytes32 id) internal view returns (Stream memory) {
        return rails.stream(id);
    }

    function low() internal view returns (uint64 lowUsd8) {
        (lowUsd8,,) = feed.quote();
    }
}
