// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

struct Route {
    address router; // the account that pays
    bytes32 nodeKey; // ed25519 public key of its carry endpoint
    address voucherSigner; // of the allotments that it opens
    uint64 priceNano; // nano-credits for 24 bytes of a packet, whatever the number of copies
    uint8 copies; // of one packet that it buys
    bool open; // whether it buys now
    string endpoint; // wss://host:port/path
    uint64[] devAddrs; // ranges, inclusive: first << 32 | last
    uint128[] joinEuis; // ranges, inclusive: first << 64 | last
}

/// @notice Which packets a router buys, where, and for how much: what hotspots route by. docs/protocol/routes.md
interface IRoutes {
    event RoutePublished(
        address indexed router,
        bytes32 nodeKey,
        address voucherSigner,
        uint64 priceNano,
        uint8 copies,
        bool open,
        string endpoint,
        uint64[] devAddrs,
        uint128[] joinEuis
    );

    error NotRouter(address router, address caller);
    error BadSignature(address expected, address actual);
    error Expired(uint40 deadline, uint40 nowAt);
    error OutOfRange(uint256 limit, uint256 actual);
    error EmptyRange(uint256 range);

    /// @notice The caller's route; it replaces the one before. One that is not open stops the buying.
    function publish(Route calldata route) external;
    /// @notice By EIP-712 signature over PublishRoute{router, nodeKey, voucherSigner, priceNano, copies, open, endpoint, devAddrs, joinEuis, nonce, deadline}.
    function publishFor(Route calldata route, uint40 deadline, bytes calldata signature) external;

    /// @return keccak256 of the route's ABI encoding, 0 when the router never published
    function digestOf(address router) external view returns (bytes32);
    function nonces(address router) external view returns (uint256);
}
