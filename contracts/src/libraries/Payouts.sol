// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {SumTree} from "./SumTree.sol";

/// @notice What was paid to accounts, per network and in all, and until when nothing is. One word for an account that claims
/// from one network, as nearly all do: its home, the first it claimed from. A payment is under the cap of WORK, so 120 bits
/// outlast 10^9 turnovers of it. Only an account that was held once has a second word read for holds.
library Payouts {
    uint8 private constant AWAY = 1; // was paid by another network than its home too
    uint8 private constant HELD = 2; // was held once, by any network

    struct Account {
        uint8 home; // network; 0 before the first payment
        uint8 marks;
        uint120 rebateAtto; // by all networks
        uint120 bootstrapAtto; // by its home
    }

    struct Book {
        mapping(address account => Account) accounts;
        mapping(address account => mapping(uint8 network => uint256 lanes)) away;
        mapping(address account => uint128) awayRebateAtto; // over all but its home
        mapping(address account => mapping(uint8 network => uint48)) heldUntil; // block; 0: not held
    }

    /// @return lanes rebate and bootstrap paid by this network
    /// @return allRebateAtto rebate paid by all networks
    function paid(Book storage self, uint8 network, address account) internal view returns (uint256 lanes, uint128 allRebateAtto) {
        Account memory record = self.accounts[account];
        allRebateAtto = record.rebateAtto;
        if (record.home == 0) return (0, 0);
        if (record.home != network) return (self.away[account][network], allRebateAtto);
        uint128 homeRebateAtto = record.marks & AWAY != 0 ? allRebateAtto - self.awayRebateAtto[account] : allRebateAtto;
        return (SumTree.pack(homeRebateAtto, record.bootstrapAtto), allRebateAtto);
    }

    function add(Book storage self, uint8 network, address account, uint128 rebateAtto, uint128 bootstrapAtto) internal {
        Account memory record = self.accounts[account];
        if (record.home == 0) record.home = network;
        if (record.home == network) {
            record.bootstrapAtto += uint120(bootstrapAtto);
        } else {
            record.marks |= AWAY;
            self.awayRebateAtto[account] += rebateAtto;
            self.away[account][network] = SumTree.addLanes(self.away[account][network], SumTree.pack(rebateAtto, bootstrapAtto));
        }
        record.rebateAtto += uint120(rebateAtto);
        self.accounts[account] = record;
    }

    /// @return the first block in which the account may claim again; 0 when nothing holds it
    function heldBefore(Book storage self, uint8 network, address account) internal view returns (uint48) {
        return self.accounts[account].marks & HELD == 0 ? 0 : self.heldUntil[account][network];
    }

    /// @notice What was paid stands as it is: only claims before `endBlock` are put off.
    function hold(Book storage self, uint8 network, address account, uint48 endBlock) internal {
        self.accounts[account].marks |= HELD;
        self.heldUntil[account][network] = endBlock;
    }
}
