// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {IRoutes, Route} from "./interfaces/IRoutes.sol";

/// @notice The routes of all routers. It holds no money and promises nobody anything. docs/protocol/routes.md
///
/// Ranges may overlap: nobody owns an address of LoRaWAN, and only a device's keys tell whose it is. So there is nothing to squat
/// on, and no fee: who publishes a range that is not his is offered packets that he cannot read, and pays for those he accepts.
/// A route is stored as its digest; what it says is in the event.
contract Routes is IRoutes, EIP712 {
    uint256 public constant ENDPOINT_MAX = 256; // bytes
    uint256 public constant RANGES_MAX = 32; // of each kind
    uint256 public constant COPIES_MAX = 8;
    uint256 public constant PRICE_MAX = 1 << 56; // the price of the longest packet still fits 64 bits

    bytes32 private constant PUBLISH_TYPE = keccak256(
        "PublishRoute(address router,bytes32 nodeKey,address voucherSigner,uint64 priceNano,uint8 copies,bool open,string endpoint,uint64[] devAddrs,uint128[] joinEuis,uint256 nonce,uint40 deadline)"
    );

    mapping(address router => uint256) public nonces;
    mapping(address router => bytes32) public digestOf;

    /// @inheritdoc IRoutes
    function publish(Route calldata route) external {
        if (msg.sender != route.router) revert NotRouter(route.router, msg.sender);
        _publish(route);
    }

    /// @inheritdoc IRoutes
    function publishFor(Route calldata route, uint40 deadline, bytes calldata signature) external {
        if (block.timestamp > deadline) revert Expired(deadline, uint40(block.timestamp));
        bytes32 digest = _hashTypedData(_structHash(route, nonces[route.router]++, deadline));
        (address signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (signer != route.router || signer == address(0)) revert BadSignature(route.router, signer);
        _publish(route);
    }

    function _publish(Route calldata route) private {
        _requireWithin(ENDPOINT_MAX, bytes(route.endpoint).length);
        _requireWithin(RANGES_MAX, route.devAddrs.length);
        _requireWithin(RANGES_MAX, route.joinEuis.length);
        _requireWithin(COPIES_MAX, route.copies);
        _requireWithin(PRICE_MAX, route.priceNano);
        if (route.copies == 0) revert OutOfRange(1, 0);
        for (uint256 i = 0; i < route.devAddrs.length; ++i) {
            uint64 range = route.devAddrs[i];
            if (uint32(range >> 32) > uint32(range)) revert EmptyRange(range);
        }
        for (uint256 i = 0; i < route.joinEuis.length; ++i) {
            uint128 range = route.joinEuis[i];
            if (uint64(range >> 64) > uint64(range)) revert EmptyRange(range);
        }
        digestOf[route.router] = keccak256(abi.encode(route));
        emit RoutePublished(
            route.router,
            route.nodeKey,
            route.voucherSigner,
            route.priceNano,
            route.copies,
            route.open,
            route.endpoint,
            route.devAddrs,
            route.joinEuis
        );
    }

    /// @dev EIP-712 hashes a list as its elements, each a word, one after another: what encodePacked makes of it.
    function _structHash(Route calldata route, uint256 nonce, uint40 deadline) private pure returns (bytes32) {
        bytes memory head = abi.encode(
            PUBLISH_TYPE, route.router, route.nodeKey, route.voucherSigner, route.priceNano, route.copies, route.open
        );
        bytes memory tail = abi.encode(
            keccak256(bytes(route.endpoint)),
            keccak256(abi.encodePacked(route.devAddrs)),
            keccak256(abi.encodePacked(route.joinEuis)),
            nonce,
            deadline
        );
        return keccak256(bytes.concat(head, tail));
    }

    function _requireWithin(uint256 limit, uint256 actual) private pure {
        if (actual > limit) revert OutOfRange(limit, actual);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Groundwork", "1");
    }
}
