// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Routes} from "../src/Routes.sol";
import {IRoutes, Route} from "../src/interfaces/IRoutes.sol";
import {Harness} from "./Harness.sol";

contract RoutesTest is Harness {
    uint256 private constant ROUTER_KEY = 0x0120073;
    uint40 private constant DEADLINE = 1_800_000_600;

    Routes private routes;
    address private router = vm.addr(ROUTER_KEY);

    function setUp() public {
        vm.warp(1_800_000_000);
        routes = new Routes();
    }

    function routeOf(address router_) private pure returns (Route memory route) {
        uint64[] memory devAddrs = new uint64[](1);
        devAddrs[0] = (uint64(0x01000000) << 32) | 0x0100ffff;
        uint128[] memory joinEuis = new uint128[](2);
        joinEuis[0] = (uint128(1) << 64) | 1;
        joinEuis[1] = (uint128(5) << 64) | 9;
        route = Route(router_, bytes32(uint256(7)), address(8), 1e9, 1, true, "wss://router.example/carry", devAddrs, joinEuis);
    }

    function digest(Route memory route, uint256 nonce, uint40 deadline) private view returns (bytes32) {
        bytes32 type_ = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain =
            keccak256(abi.encode(type_, keccak256("Groundwork"), keccak256("1"), block.chainid, address(routes)));
        bytes32 publishType = keccak256(
            "PublishRoute(address router,bytes32 nodeKey,address voucherSigner,uint64 priceNano,uint8 copies,bool open,string endpoint,uint64[] devAddrs,uint128[] joinEuis,uint256 nonce,uint40 deadline)"
        );
        bytes memory head = abi.encode(
            publishType, route.router, route.nodeKey, route.voucherSigner, route.priceNano, route.copies, route.open
        );
        bytes32 addrs = keccak256(abi.encodePacked(uint256(route.devAddrs[0])));
        bytes32 joins = keccak256(abi.encodePacked(uint256(route.joinEuis[0]), uint256(route.joinEuis[1])));
        bytes memory tail = abi.encode(keccak256(bytes(route.endpoint)), addrs, joins, nonce, deadline);
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(bytes.concat(head, tail))));
    }

    function test_publish_isKeptAsItsDigest() public {
        Route memory route = routeOf(address(this));
        routes.publish(route);
        equal(keccak256(abi.encode(route)), routes.digestOf(address(this)));
        route.open = false;
        routes.publish(route);
        equal(keccak256(abi.encode(route)), routes.digestOf(address(this)));
    }

    function testFuzz_publish_onlyOnesOwn(address other) public {
        if (other == address(this)) return;
        vm.expectRevert(abi.encodeWithSelector(IRoutes.NotRouter.selector, other, address(this)));
        routes.publish(routeOf(other));
    }

    function test_publishFor_countsOnce() public {
        Route memory route = routeOf(router);
        bytes memory signed = signature(ROUTER_KEY, digest(route, 0, DEADLINE));
        routes.publishFor(route, DEADLINE, signed);
        equal(keccak256(abi.encode(route)), routes.digestOf(router));
        equal(1, routes.nonces(router));
        vm.expectRevert();
        routes.publishFor(route, DEADLINE, signed);
    }

    function testFuzz_publishFor_ofThisRouteOnly(uint64 priceNano, bool open) public {
        Route memory route = routeOf(router);
        bytes memory signed = signature(ROUTER_KEY, digest(route, 0, DEADLINE));
        route.priceNano = priceNano % (1 << 56);
        route.open = open;
        if (route.priceNano == 1e9 && open) return;
        vm.expectRevert();
        routes.publishFor(route, DEADLINE, signed);
    }

    function test_publishFor_untilItsDeadline() public {
        Route memory route = routeOf(router);
        bytes memory signed = signature(ROUTER_KEY, digest(route, 0, DEADLINE));
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(IRoutes.Expired.selector, DEADLINE, DEADLINE + 1));
        routes.publishFor(route, DEADLINE, signed);
    }

    function testFuzz_publish_rangesHoldSomething(uint32 first, uint32 last, uint64 firstEui, uint64 lastEui) public {
        Route memory route = routeOf(address(this));
        route.devAddrs[0] = (uint64(first) << 32) | last;
        route.joinEuis[1] = (uint128(firstEui) << 64) | lastEui;
        if (first > last || firstEui > lastEui) vm.expectRevert();
        routes.publish(route);
    }

    function testFuzz_publish_withinBounds(uint8 rangeCount, uint8 copies, uint16 endpointBytes, uint64 priceNano) public {
        Route memory route = routeOf(address(this));
        route.devAddrs = new uint64[](rangeCount);
        route.copies = copies;
        route.priceNano = priceNano;
        route.endpoint = string(new bytes(endpointBytes % 1024));
        bool fits = rangeCount <= 32 && copies >= 1 && copies <= 8 && endpointBytes % 1024 <= 256 && priceNano <= 1 << 56;
        if (!fits) vm.expectRevert();
        routes.publish(route);
    }
}
