// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Holds} from "../src/Holds.sol";
import {Addresses, Parameters} from "../src/Parameters.sol";
import {Routes} from "../src/Routes.sol";
import {Claim} from "../src/interfaces/IEpochs.sol";
import {LeafAt} from "../src/interfaces/ISumJudge.sol";
import {Book} from "./EpochBook.sol";
import {EpochsFixture} from "./EpochsFixture.sol";

/// @notice Five seated operators, of whom one is accused by somebody who has no seat.
abstract contract HoldsFixture is EpochsFixture {
    address internal constant ACCUSER = address(0xACC05E);
    address internal constant STRANGER = address(0x57A);
    bytes32 internal constant REASON = "wash";
    bytes internal constant STATEMENT = "what was done";
    bytes internal constant DEFENCE = "it was not";
    bytes internal constant OPINION = "why we think so";

    Holds internal holds;
    address internal accused;
    uint256 internal accusedKey;

    function setUp() public virtual override {
        super.setUp();
        new Routes();
        Addresses memory a;
        (a.guard, a.workToken, a.bonds, a.epochs) = (address(guard), address(work), address(bonds), address(epochs));
        Parameters memory p = parameters();
        holds = new Holds(a, p);
        equal(epochs.HOLDS(), address(holds));
        (accused, accusedKey) = (operators[1], keys[1]);
        fund(ACCUSER, 10);
    }

    function fund(address accuser, uint256 deposits) internal {
        uint256 amountAtto = deposits * holds.depositAtto();
        vm.prank(FAUCET);
        work.transfer(accuser, amountAtto);
        vm.prank(accuser);
        work.approve(address(holds), type(uint256).max);
    }

    function epochNow() internal view returns (uint64) {
        return epochs.epochAt(uint64(vm.getBlockNumber()));
    }

    function place(address account, bytes memory statement) internal returns (bytes32) {
        vm.prank(ACCUSER);
        return holds.place(NETWORK, account, REASON, statement);
    }

    function place() internal returns (bytes32) {
        return place(accused, STATEMENT);
    }

    function appeal(bytes32 id) internal {
        vm.prank(accused);
        holds.appeal(id, DEFENCE);
    }

    function typed(bytes32 structHash) internal view returns (bytes32) {
        bytes32 type_ = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain = keccak256(abi.encode(type_, keccak256("Groundwork"), keccak256("1"), block.chainid, address(holds)));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function verdict(bytes32 id, uint8 instance, bool upheld) internal view returns (bytes32) {
        bytes32 type_ = keccak256("Verdict(bytes32 hold,uint8 instance,bool upheld,bytes32 opinion)");
        return typed(keccak256(abi.encode(type_, id, instance, upheld, sha256(OPINION))));
    }

    function sign(bytes32 digest, address[] memory signers, uint256 count) internal view returns (bytes[] memory signatures) {
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) signatures[i] = signature(keyOf(signers[i]), digest);
    }

    /// @notice To the first block in which the drawn are known.
    function rollToDecide(bytes32 id) internal {
        sealEpoch(holds.holdOf(id).decideEpoch);
    }

    function decide(bytes32 id, bool upheld) internal {
        rollToDecide(id);
        address[] memory drawn = holds.deciders(id);
        holds.decide(id, upheld, OPINION, sign(verdict(id, holds.instanceOf(id), upheld), drawn, 2));
    }

    function isHeld(address account) internal view returns (bool) {
        return vm.getBlockNumber() < epochs.heldBefore(NETWORK, account);
    }

    function claimOf(Book memory book, address account) internal pure returns (Claim memory) {
        for (uint256 i = 0; i < book.leaves.length; ++i) {
            if (book.leaves[i].account != account) continue;
            LeafAt memory leaf = leafAt(book.network, book.leaves, i);
            return Claim(book.network, leaf.account, leaf.rebateAtto, leaf.bootstrapAtto, leaf.path);
        }
        revert("no such leaf");
    }
}
