// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice The operators of one network that have enough at stake to be drawn: a list without order, each once. One who
/// leaves gives its place to the last; between changes the order stands still. docs/protocol/epochs.md#committee
library Seats {
    struct List {
        address[] operators;
        mapping(address operator => uint256) placeOf; // its index plus one; 0 when it has no seat
    }

    /// @notice Gives or takes a seat; nothing happens when it is so already.
    function set(List storage list, address operator, bool seated) internal {
        uint256 place = list.placeOf[operator];
        if (seated == (place != 0)) return;
        if (seated) {
            list.operators.push(operator);
            list.placeOf[operator] = list.operators.length;
            return;
        }
        address last = list.operators[list.operators.length - 1];
        list.operators[place - 1] = last;
        list.placeOf[last] = place;
        list.operators.pop();
        delete list.placeOf[operator];
    }
}
