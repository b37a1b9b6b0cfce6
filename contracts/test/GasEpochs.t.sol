// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Credits} from "../src/Credits.sol";
import {Addresses, Parameters} from "../src/Parameters.sol";
import {Rails} from "../src/Rails.sol";
import {Claim, EpochPost} from "../src/interfaces/IEpochs.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";
import {EpochsFixture} from "./EpochsFixture.sol";

/// @notice Gas of epochs against the targets of docs/architecture.md, with the whole money system deployed. Isolated: each
/// call is a transaction of its own, with calldata and the floor of EIP-7623. Accounts have claimed before, and claim
/// rebate and bootstrap at once, from a tree of 256 accounts and from one of 32.
/// forge-config: default.isolate = true
contract GasEpochsTest is EpochsFixture {
    uint256 private constant POST_AND_FINALISE_MAX = 260_000;
    uint256 private constant CLAIM_EACH_MAX = 45_000;
    uint256 private constant BATCH_SIZE = 20;
    uint128 private constant REBATE = 3.7e18;
    uint128 private constant BOOTSTRAP = 11.3e18;

    Credits private credits;
    uint64 private epoch;
    uint256 private totals;
    uint256 private size;

    function deployMoney(Addresses memory a, Parameters memory p) internal override {
        credits = new Credits(a, p);
        equal(a.rails, address(new Rails(a, p)));
    }

    // ---- epochs of made-up leaves ----

    function account(uint256 index) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("account", index)))));
    }

    /// @notice Every account has earned the same in each epoch so far.
    function leaves(uint256 epochs_) private view returns (Node[] memory nodes) {
        nodes = new Node[](size);
        for (uint256 i = 0; i < size; ++i) {
            nodes[i] = SumTree.accountLeaf(NETWORK, account(i), uint128(REBATE * epochs_), uint128(BOOTSTRAP * epochs_));
        }
    }

    function next() private returns (EpochPost memory post) {
        rollToPost(epoch);
        post.epoch = epoch++;
        post.root = rootOf(leaves(epoch)).hash;
        post.linesTotal = SumTree.pack(uint128(REBATE * size), uint128(BOOTSTRAP * size));
        post.totals = totals = totals + post.linesTotal;
        (post.linesRoot, post.lineCount) = (keccak256(abi.encode("lines", epoch)), 2048);
        (post.batchesRoot, post.batchCount) = (keccak256(abi.encode("batches", epoch)), 1024);
        post.evidence = keccak256(abi.encode("evidence", epoch));
        post.rules = 1;
    }

    function claimOf(Node[] memory nodes, uint256 index) private view returns (Claim memory) {
        uint128 rebate = uint128(REBATE * epoch);
        return Claim(NETWORK, account(index), rebate, uint128(BOOTSTRAP * epoch), pathOf(nodes, index));
    }

    /// @notice Epochs to the ring's end, and claims of the first accounts, so that what follows is steady.
    function settle(uint256 size_) private {
        size = size_;
        for (uint256 i = 0; i < 9; ++i) {
            EpochPost memory post = next();
            postAs(operators[0], post);
            finalise(post);
        }
        Node[] memory nodes = leaves(epoch);
        for (uint256 i = 0; i < BATCH_SIZE; ++i) {
            giveLimit(account(i));
            epochs.claim(claimOf(nodes, i));
        }
        EpochPost memory last = next();
        postAs(operators[0], last);
        finalise(last);
    }

    /// @notice A fee is retired wholly, so it raises the limit by four fifths of its WORK.
    function giveLimit(address to) private {
        vm.prank(FAUCET);
        work.transfer(to, 1000e18);
        vm.startPrank(to);
        credits.buy(1000e18, 0);
        Rails(address(epochs.RAILS())).payFee(false, credits.bought(to).credits, "limit");
        vm.stopPrank();
    }

    // ---- what is measured ----

    function test_gas_postAndFinalise() external {
        settle(32);
        EpochPost memory post = next();
        postAs(operators[0], post);
        uint256 posted = used();
        vm.snapshotValue("Epochs", "post", posted);
        rollTo(vm.getBlockNumber() + 2);
        bytes[] memory signatures = attestations(post, epochs.committee(NETWORK));
        epochs.attest(NETWORK, post, signatures);
        vm.snapshotValue("Epochs", "attest, 3 signatures", used());
        rollTo(epochs.pending(NETWORK).windowEnd + 1);
        epochs.finalise(NETWORK, post);
        limit("post and finalise", posted + used(), POST_AND_FINALISE_MAX);
    }

    function test_gas_claim() external {
        settle(32);
        claims("of 32 accounts", 90_000);
    }

    /// @dev 256 and not more: a test has to build the tree in memory. Each level more costs a claim about 1,350.
    function test_gas_claimOfManyAccounts() external {
        settle(256);
        claims("of 256 accounts", 100_000);
    }

    function claims(string memory tree, uint256 singleMax) private {
        Node[] memory nodes = leaves(epoch);
        Claim memory single = claimOf(nodes, 0);
        epochs.claim(single);
        limit(string.concat("claim, ", tree), used(), singleMax);
        Claim[] memory batch = new Claim[](BATCH_SIZE - 1);
        for (uint256 i = 0; i < batch.length; ++i) batch[i] = claimOf(nodes, i + 1);
        epochs.claimMany(batch);
        limit(string.concat("claimMany, each of 19, ", tree), used() / batch.length, CLAIM_EACH_MAX);
        assert(work.balanceOf(account(19)) == (uint256(REBATE) + BOOTSTRAP) * epoch);
    }

    function used() private view returns (uint256) {
        return uint256(vm.lastCallGas().gasTotalUsed);
    }

    function limit(string memory name, uint256 gas_, uint256 maximum) private {
        vm.snapshotValue("Epochs", name, gas_);
        if (gas_ > maximum) revert NotEqual(maximum, gas_);
    }
}
