// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Registry} from "../src/Registry.sol";
import {Device, IRegistry, Offer, Operator} from "../src/interfaces/IRegistry.sol";
import {Node, SumTree} from "../src/libraries/SumTree.sol";
import {Harness} from "./Harness.sol";

/// @notice Builds devices and their signatures; shared with the gas tests.
abstract contract RegistryFixture is Harness {
    uint256 internal constant OWNER_KEY = 0x0111E4;
    uint256 internal constant P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
    // secp256k1 public key of private key 1: the generator
    bytes internal constant GENERATOR =
        hex"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
    uint8 internal constant SENSING = 4;
    uint64 internal constant CELL = 0x8928308280fffff;

    Registry internal registry;
    address internal owner = vm.addr(OWNER_KEY);

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        registry = new Registry();
    }

    function typed(bytes32 structHash) internal view returns (bytes32) {
        bytes32 type_ = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain =
            keccak256(abi.encode(type_, keccak256("Groundwork"), keccak256("1"), block.chainid, address(registry)));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function bindDigest(Device memory device) internal view returns (bytes32) {
        bytes32 type_ = keccak256("Bind(address owner,uint8 network,uint64 cell,bytes32 keyHash,uint16 releases)");
        uint16 releases = registry.releases(device.keyHash);
        return typed(keccak256(abi.encode(type_, device.owner, device.network, device.cell, device.keyHash, releases)));
    }

    function p256Device(uint256 key, address owner_)
        internal
        view
        returns (Device memory device, bytes memory publicKey, bytes memory signed)
    {
        (uint256 x, uint256 y) = vm.publicKeyP256(key);
        publicKey = abi.encodePacked(x, y);
        device = Device(owner_, SENSING, true, CELL, keccak256(publicKey));
        (bytes32 r, bytes32 s) = vm.signP256(key, bindDigest(device));
        signed = abi.encodePacked(r, s);
    }

    function k1Device(address owner_) internal view returns (Device memory device, bytes memory signed) {
        device = Device(owner_, SENSING, false, CELL, keccak256(GENERATOR));
        signed = signature(1, bindDigest(device));
    }

    function batch(uint256 count, address owner_)
        internal
        view
        returns (Device[] memory devices, bytes[] memory publicKeys, bytes[] memory signatures)
    {
        devices = new Device[](count);
        publicKeys = new bytes[](count);
        signatures = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            (devices[i], publicKeys[i], signatures[i]) = p256Device(1000 + i, owner_);
        }
    }
}

/// @notice Operators, offers and devices: by their owner, by signature, and by nobody else.
contract RegistryTest is RegistryFixture {
    function operatorOf(address account, string memory endpoint) private pure returns (Operator memory) {
        return Operator(account, keccak256("node key"), CELL, endpoint);
    }

    function registerDigest(Operator memory o, uint256 nonce, uint40 deadline) private view returns (bytes32) {
        bytes32 type_ = keccak256(
            "Register(address operator,bytes32 nodeKey,uint64 cell,string endpoint,uint256 nonce,uint40 deadline)"
        );
        return typed(
            keccak256(abi.encode(type_, o.operator, o.nodeKey, o.cell, keccak256(bytes(o.endpoint)), nonce, deadline))
        );
    }

    function offerDigest(Offer memory o, uint256 nonce, uint40 deadline) private view returns (bytes32) {
        bytes32 type_ = keccak256(
            "PostOffer(address operator,uint8 network,uint64 capacity,uint96 priceNano,bytes32 terms,bool open,uint256 nonce,uint40 deadline)"
        );
        return typed(keccak256(abi.encode(type_, o, nonce, deadline)));
    }

    // ---- operators ----

    function testFuzz_register_endpointBound(uint16 length) public {
        string memory endpoint = string(new bytes(bound(length, 0, 400)));
        uint256 size = bytes(endpoint).length;
        vm.prank(owner);
        if (size > 256) vm.expectRevert(abi.encodeWithSelector(IRegistry.EndpointTooLong.selector, 256, size));
        registry.register(operatorOf(owner, endpoint));
        equal(size > 256 ? address(0) : owner, registry.operator(owner).operator);
        equal(size > 256 ? 0 : size, bytes(registry.operator(owner).endpoint).length);
    }

    function testFuzz_register_onlyForOneself(address caller) public {
        vm.assume(caller != owner);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOwner.selector, owner, caller));
        registry.register(operatorOf(owner, "https://a:1"));
    }

    function testFuzz_registerFor_onceByItsSignature(address relayer, uint40 left, uint256 wrongKey) public {
        uint40 deadline = uint40(vm.getBlockTimestamp() + bound(left, 0, 1 days));
        wrongKey = bound(wrongKey, 1, 1e30);
        vm.assume(wrongKey != OWNER_KEY);
        Operator memory o = operatorOf(owner, "https://a:1");
        bytes memory wrong = signature(wrongKey, registerDigest(o, 0, deadline));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadSignature.selector, owner, vm.addr(wrongKey)));
        registry.registerFor(o, deadline, wrong);

        bytes memory right = signature(OWNER_KEY, registerDigest(o, 0, deadline));
        vm.prank(relayer);
        registry.registerFor(o, deadline, right);
        equal(owner, registry.operator(owner).operator);
        equal(1, registry.nonces(owner));
        vm.expectRevert();
        registry.registerFor(o, deadline, right);
        bytes memory late = signature(OWNER_KEY, registerDigest(o, 1, deadline));
        vm.warp(uint256(deadline) + 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.Expired.selector, deadline, deadline + 1));
        registry.registerFor(o, deadline, late);
    }

    function testFuzz_registerFor_everyFieldIsSigned(uint8 which) public {
        uint40 deadline = uint40(vm.getBlockTimestamp());
        Operator memory o = operatorOf(owner, "https://a:1");
        bytes memory signed = signature(OWNER_KEY, registerDigest(o, 0, deadline));
        if (which % 4 == 0) o.nodeKey = "other";
        if (which % 4 == 1) o.cell ^= 1;
        if (which % 4 == 2) o.endpoint = "https://evil:1";
        if (which % 4 == 3) deadline += 1;
        vm.expectRevert();
        registry.registerFor(o, deadline, signed);
    }

    function test_registerFor_refusesHighS() public {
        Operator memory o = operatorOf(owner, "");
        uint40 deadline = uint40(vm.getBlockTimestamp());
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(OWNER_KEY, registerDigest(o, 0, deadline));
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes memory high = abi.encodePacked(r, order - uint256(s), v == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadSignature.selector, owner, address(0)));
        registry.registerFor(o, deadline, high);
    }

    function test_registerFor_refusesTheZeroAccount() public {
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadSignature.selector, address(0), address(0)));
        registry.registerFor(operatorOf(address(0), ""), uint40(vm.getBlockTimestamp()), new bytes(65));
    }

    // ---- offers ----

    function testFuzz_postOffer_registeredOperatorsOnly(Offer memory o) public {
        o.operator = owner;
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotRegistered.selector, owner));
        registry.postOffer(o);
        vm.startPrank(owner);
        registry.register(operatorOf(owner, ""));
        registry.postOffer(o);
        equal(keccak256(abi.encode(o)), keccak256(abi.encode(registry.offer(owner, o.network))));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOwner.selector, owner, address(this)));
        registry.postOffer(o);
    }

    function testFuzz_postOfferFor_onceByItsSignature(Offer memory o, uint64 otherCapacity) public {
        o.operator = owner;
        vm.assume(otherCapacity != o.capacity);
        vm.prank(owner);
        registry.register(operatorOf(owner, ""));
        uint40 deadline = uint40(vm.getBlockTimestamp());
        bytes memory signed = signature(OWNER_KEY, offerDigest(o, 0, deadline));
        uint64 capacity = o.capacity;
        o.capacity = otherCapacity;
        vm.expectRevert();
        registry.postOfferFor(o, deadline, signed);
        o.capacity = capacity;
        registry.postOfferFor(o, deadline, signed);
        equal(capacity, registry.offer(owner, o.network).capacity);
        vm.expectRevert();
        registry.postOfferFor(o, deadline, signed);
    }

    // ---- devices ----

    function testFuzz_bindDevice_p256(uint256 key, bool highS) public {
        key = bound(key, 1, P256_ORDER - 1);
        (Device memory device, bytes memory publicKey, bytes memory signed) = p256Device(key, owner);
        if (highS) signed = flipS(signed);
        vm.prank(owner);
        bytes32 id = registry.bindDevice(device, publicKey, signed);
        equal(device.keyHash, id);
        equal(keccak256(abi.encode(device)), keccak256(abi.encode(registry.device(id))));
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.DeviceTaken.selector, id));
        registry.bindDevice(device, publicKey, signed);
    }

    function flipS(bytes memory signed) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = abi.decode(signed, (bytes32, bytes32));
        return abi.encodePacked(r, P256_ORDER - uint256(s));
    }

    function test_bindDevice_secp256k1() public {
        (Device memory device, bytes memory signed) = k1Device(owner);
        vm.prank(owner);
        bytes32 id = registry.bindDevice(device, GENERATOR, signed);
        assert(!registry.device(id).p256 && registry.device(id).owner == owner);
    }

    function testFuzz_bindDevice_everyFieldIsSignedByTheDevice(uint8 which, uint256 salt) public {
        bool p256 = which & 1 == 0;
        Device memory device;
        bytes memory publicKey = GENERATOR;
        bytes memory signed;
        if (p256) (device, publicKey, signed) = p256Device(7, owner);
        else (device, signed) = k1Device(owner);
        uint256 field = (which >> 1) % 6;
        if (field == 0) device.owner = address(this);
        if (field == 1) device.network ^= 1;
        if (field == 2) device.cell ^= uint64(bound(salt, 1, type(uint64).max));
        if (field == 3) device.p256 = !device.p256;
        if (field == 4) signed[salt % signed.length] ^= 0x01;
        if (field == 5) publicKey[salt % 64] ^= 0x01;
        vm.prank(device.owner);
        vm.expectRevert(IRegistry.BadDeviceSignature.selector);
        registry.bindDevice(device, publicKey, signed);
        equal(address(0), registry.device(device.keyHash).owner);
    }

    function testFuzz_bindDevice_onlyByItsOwner(address caller) public {
        vm.assume(caller != owner);
        (Device memory device, bytes memory publicKey, bytes memory signed) = p256Device(7, owner);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOwner.selector, owner, caller));
        registry.bindDevice(device, publicKey, signed);
    }

    function test_bindDevice_neverToNobody() public {
        (Device memory device, bytes memory publicKey, bytes memory signed) = p256Device(7, address(0));
        vm.prank(address(0));
        vm.expectRevert(IRegistry.BadDeviceSignature.selector);
        registry.bindDevice(device, publicKey, signed);
    }

    function testFuzz_bindDevice_malformedBytes(bytes memory publicKey, bytes memory signed, bool p256) public {
        Device memory device = Device(owner, SENSING, p256, CELL, keccak256(publicKey));
        vm.prank(owner);
        vm.expectRevert(IRegistry.BadDeviceSignature.selector);
        registry.bindDevice(device, publicKey, signed);
    }

    function testFuzz_releaseDevice_onlyByItsOwner(address caller) public {
        (Device memory device, bytes memory publicKey, bytes memory signed) = p256Device(7, owner);
        vm.prank(owner);
        bytes32 id = registry.bindDevice(device, publicKey, signed);
        if (caller != owner) {
            vm.prank(caller);
            vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOwner.selector, owner, caller));
            registry.releaseDevice(id);
        }
        vm.prank(owner);
        registry.releaseDevice(id);
        equal(0, registry.device(id).keyHash);
        (device, publicKey, signed) = p256Device(7, caller == address(0) ? address(this) : caller);
        vm.prank(device.owner);
        registry.bindDevice(device, publicKey, signed); // free for a next owner
        equal(device.owner, registry.device(id).owner);
    }

    /// @notice Who sold a device must not get it back when its new owner releases it, to bind it at another cell say.
    function testFuzz_bindDevice_anOldSignatureBindsNothing(bool p256, address buyer) public {
        vm.assume(buyer != owner && buyer != address(0));
        bytes memory publicKey = GENERATOR;
        (Device memory device, bytes memory signed) = k1Device(owner);
        if (p256) (device, publicKey, signed) = p256Device(7, owner);
        vm.prank(owner);
        registry.bindDevice(device, publicKey, signed);
        vm.prank(owner);
        registry.releaseDevice(device.keyHash);
        equal(1, registry.releases(device.keyHash));

        (Device memory sold, bytes memory resigned) = k1Device(buyer);
        if (p256) (sold,, resigned) = p256Device(7, buyer);
        vm.prank(buyer);
        registry.bindDevice(sold, publicKey, resigned);
        vm.prank(buyer);
        registry.releaseDevice(sold.keyHash);

        vm.prank(owner);
        vm.expectRevert(IRegistry.BadDeviceSignature.selector);
        registry.bindDevice(device, publicKey, signed);
    }

    // ---- batches ----

    function testFuzz_bindMany_allOrNone(uint8 count, uint8 bad) public {
        count = uint8(bound(count, 1, 6));
        (Device[] memory devices, bytes[] memory keys, bytes[] memory signatures) = batch(count, owner);
        bool spoil = bad < count;
        if (spoil) signatures[bad][40] ^= 0x01;
        vm.prank(owner);
        if (spoil) vm.expectRevert(IRegistry.BadDeviceSignature.selector);
        registry.bindMany(devices, keys, signatures);
        for (uint256 i = 0; i < count; ++i) {
            equal(spoil ? address(0) : owner, registry.device(devices[i].keyHash).owner);
        }
    }

    function test_bindMany_sayWhoseAndWhere() public {
        (Device[] memory devices, bytes[] memory keys, bytes[] memory signatures) = batch(3, owner);
        (devices[1], keys[1], signatures[1]) = p256Device(77, address(this));
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOwner.selector, owner, address(this)));
        registry.bindMany(devices, keys, signatures);

        (devices, keys, signatures) = batch(3, owner);
        devices[2].network = 2;
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.WrongNetwork.selector, SENSING, 2));
        registry.bindMany(devices, keys, signatures);

        (devices, keys, signatures) = batch(2, owner);
        (devices[1], keys[1], signatures[1]) = (devices[0], keys[0], signatures[0]);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.DeviceTaken.selector, devices[0].keyHash));
        registry.bindMany(devices, keys, signatures);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOwner.selector, owner, address(this)));
        registry.bindMany(devices, keys, signatures);
    }

    function test_bindMany_sizes() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.WrongBatch.selector, 200, 0));
        registry.bindMany(new Device[](0), new bytes[](0), new bytes[](0));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.WrongBatch.selector, 200, 201));
        registry.bindMany(new Device[](201), new bytes[](201), new bytes[](201));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.WrongBatch.selector, 2, 1));
        registry.bindMany(new Device[](2), new bytes[](1), new bytes[](2));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.WrongBatch.selector, 2, 3));
        registry.bindMany(new Device[](2), new bytes[](2), new bytes[](3));
    }

    function testFuzz_bindManyFor_onceByOneSignatureOfTheOwner(address relayer, uint8 count, uint40 late) public {
        (Device[] memory devices, bytes[] memory keys, bytes[] memory signatures) = batch(bound(count, 1, 5), owner);
        uint40 deadline = uint40(vm.getBlockTimestamp()) + 100;
        bytes memory signed = signature(OWNER_KEY, batchDigest(devices, 0, deadline));
        vm.expectRevert();
        registry.bindManyFor(devices, keys, signatures, deadline + 1, signed);
        bool expired = late % 200 > 100;
        vm.warp(vm.getBlockTimestamp() + late % 200);
        vm.prank(relayer);
        if (expired) {
            vm.expectRevert(abi.encodeWithSelector(IRegistry.Expired.selector, deadline, vm.getBlockTimestamp()));
        }
        registry.bindManyFor(devices, keys, signatures, deadline, signed);
        equal(expired ? 0 : 1, registry.nonces(owner));
        for (uint256 i = 0; i < devices.length; ++i) {
            equal(expired ? address(0) : owner, registry.device(devices[i].keyHash).owner);
        }
        vm.expectRevert();
        registry.bindManyFor(devices, keys, signatures, deadline, signed);
    }

    function test_bindManyFor_theSignatureIsForExactlyTheseDevices() public {
        (Device[] memory devices, bytes[] memory keys, bytes[] memory signatures) = batch(3, owner);
        uint40 deadline = uint40(vm.getBlockTimestamp());
        bytes memory signed = signature(OWNER_KEY, batchDigest(devices, 0, deadline));
        (devices[2], keys[2], signatures[2]) = p256Device(5, owner);
        vm.expectRevert();
        registry.bindManyFor(devices, keys, signatures, deadline, signed);
    }

    function batchDigest(Device[] memory devices, uint256 nonce, uint40 deadline) private view returns (bytes32) {
        Node[] memory leaves = new Node[](devices.length);
        for (uint256 i = 0; i < devices.length; ++i) {
            Device memory d = devices[i];
            leaves[i] =
                Node(keccak256(abi.encodePacked(uint8(0), "device", d.keyHash, d.owner, d.network, d.cell, d.p256)), 1);
        }
        bytes32 type_ =
            keccak256("BindMany(address owner,uint8 network,bytes32 root,uint32 count,uint256 nonce,uint40 deadline)");
        return typed(
            keccak256(abi.encode(type_, owner, SENSING, SumTree.rootOf(leaves).hash, devices.length, nonce, deadline))
        );
    }
}
