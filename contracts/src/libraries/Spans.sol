// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Who a stream pays and in which seconds, as one word: payee, earnsFrom, end, openDemands from the low bits.
type Span is uint256;

/// @notice Packs and reads a Span, so that settling reads it once. Judges nothing.
library Spans {
    function pack(address payee_, uint40 earnsFrom_, uint40 end_, uint16 openDemands_) internal pure returns (Span) {
        return Span.wrap(
            uint256(uint160(payee_)) | uint256(earnsFrom_) << 160 | uint256(end_) << 200 | uint256(openDemands_) << 240
        );
    }

    function payee(Span self) internal pure returns (address) {
        return address(uint160(Span.unwrap(self)));
    }

    /// @notice The start of the segment plus its fault seconds, Unix seconds.
    function earnsFrom(Span self) internal pure returns (uint40) {
        return uint40(Span.unwrap(self) >> 160);
    }

    function end(Span self) internal pure returns (uint40) {
        return uint40(Span.unwrap(self) >> 200);
    }

    function openDemands(Span self) internal pure returns (uint16) {
        return uint16(Span.unwrap(self) >> 240);
    }
}
