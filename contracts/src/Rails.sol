// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Entry} from "./interfaces/IRails.sol";
import {Addresses, Parameters} from "./Parameters.sol";
import {AllotmentRails} from "./rails/AllotmentRails.sol";
import {ConvertRails} from "./rails/ConvertRails.sol";
import {EscrowRails} from "./rails/EscrowRails.sol";
import {RailsBase} from "./rails/RailsBase.sol";
import {StreamRails} from "./rails/StreamRails.sol";

/// @title Rails: streams, allotments and escrows, and the way out of credits. docs/protocol/money.md#rails
/// @notice Each rail is a pocket of one payer for one payee, and nothing else backs a promise. This file adds the
/// batch; the rails stand in rails/, one noun a file.
contract Rails is StreamRails, AllotmentRails, EscrowRails, ConvertRails {
    /// @notice Gas that one entry of a batch may use.
    uint256 public constant ENTRY_GAS_MAX = 500_000;
    /// @dev The cap as EIP-150 needs it, and what follows an entry: its key, its event, the return.
    uint256 private constant ENTRY_GAS_NEEDED = ENTRY_GAS_MAX * 64 / 63 + 60_000;

    error KeyUsed(bytes32 key);
    error NotEnoughGas(uint256 needed, uint256 left);

    mapping(address sender => mapping(bytes32 key => bool)) private keys;

    constructor(Addresses memory addresses, Parameters memory parameters)
        RailsBase(addresses, parameters)
        StreamRails(parameters)
        ConvertRails(parameters)
    {}

    /// @notice Runs calls of Rails for the caller, each with at most ENTRY_GAS_MAX. Skips those whose key it has used
    /// and those that fail; only success uses a key up. Too little gas for an entry's cap reverts the whole call, so
    /// that an estimate finds enough.
    function batch(Entry[] calldata entries) external returns (bool[] memory done) {
        done = new bool[](entries.length);
        for (uint256 i = 0; i < entries.length; i++) {
            done[i] = _run(i, entries[i]);
        }
    }

    /// @notice True when the sender's batch has used the key.
    function keyUsed(address sender, bytes32 key) external view returns (bool) {
        return keys[sender][key];
    }

    function _run(uint256 index, Entry calldata entry) private returns (bool ok) {
        if (keys[msg.sender][entry.key]) {
            emit EntryFailed(index, abi.encodeWithSelector(KeyUsed.selector, entry.key));
            return false;
        }
        if (gasleft() < ENTRY_GAS_NEEDED) revert NotEnoughGas(ENTRY_GAS_NEEDED, gasleft());
        bytes memory answer;
        (ok, answer) = address(this).delegatecall{gas: ENTRY_GAS_MAX}(entry.call);
        if (ok) keys[msg.sender][entry.key] = true;
        else emit EntryFailed(index, answer);
    }
}
