// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "solady/utils/EIP712.sol";
import {P256} from "solady/utils/P256.sol";
import {Device, IRegistry, Offer, Operator} from "./interfaces/IRegistry.sol";
import {Node, SumTree} from "./libraries/SumTree.sol";

/// @notice Who takes part: operators, their node keys, endpoints and offers, and the devices bound to them. It holds no
/// money and pays nobody; whether an operator has anything at stake stands in Bonds. docs/protocol/identity.md
///
/// A device is bound by both: it signs Bind{owner, network, cell, keyHash, releases}, and the owner sends the call or
/// signs the batch. `releases` says how often the device was released before, so that no owner of old takes it back with
/// a signature of old. One key is one device, on one network, of one owner at a time; its id is the hash of its key. One word a
/// device is all that is stored, also in a batch: a bare Merkle root would let one key be bound twice.
contract Registry is IRegistry, EIP712 {
    /// @dev A device in one word: the id is the key's hash.
    struct Binding {
        address owner;
        uint8 network;
        bool p256;
        uint64 cell;
        uint16 releases; // stays when the rest is released
    }

    uint256 public constant ENDPOINT_MAX = 256; // bytes
    uint256 public constant BATCH_MAX = 200; // devices

    bytes32 private constant REGISTER_TYPE = keccak256(
        "Register(address operator,bytes32 nodeKey,uint64 cell,string endpoint,uint256 nonce,uint40 deadline)"
    );
    bytes32 private constant POST_OFFER_TYPE = keccak256(
        "PostOffer(address operator,uint8 network,uint64 capacity,uint96 priceNano,bytes32 terms,bool open,uint256 nonce,uint40 deadline)"
    );
    bytes32 private constant BIND_TYPE =
        keccak256("Bind(address owner,uint8 network,uint64 cell,bytes32 keyHash,uint16 releases)");
    bytes32 private constant BIND_MANY_TYPE =
        keccak256("BindMany(address owner,uint8 network,bytes32 root,uint32 count,uint256 nonce,uint40 deadline)");

    mapping(address account => uint256) public nonces;
    mapping(address account => Operator) private _operators;
    mapping(address account => mapping(uint8 network => Offer)) private _offers;
    mapping(bytes32 deviceId => Binding) private _devices;

    // ---- operators and offers ----

    /// @inheritdoc IRegistry
    function register(Operator calldata operator_) external {
        _requireCaller(operator_.operator);
        _register(operator_);
    }

    /// @inheritdoc IRegistry
    function registerFor(Operator calldata operator_, uint40 deadline, bytes calldata signature) external {
        address account = operator_.operator;
        bytes32 endpointHash = keccak256(bytes(operator_.endpoint));
        _requireSigned(
            account,
            keccak256(
                abi.encode(
                    REGISTER_TYPE, account, operator_.nodeKey, operator_.cell, endpointHash, nonces[account]++, deadline
                )
            ),
            deadline,
            signature
        );
        _register(operator_);
    }

    /// @inheritdoc IRegistry
    function postOffer(Offer calldata offer_) external {
        _requireCaller(offer_.operator);
        _postOffer(offer_);
    }

    /// @inheritdoc IRegistry
    function postOfferFor(Offer calldata offer_, uint40 deadline, bytes calldata signature) external {
        _requireSigned(
            offer_.operator,
            keccak256(abi.encode(POST_OFFER_TYPE, offer_, nonces[offer_.operator]++, deadline)),
            deadline,
            signature
        );
        _postOffer(offer_);
    }

    // ---- devices ----

    /// @inheritdoc IRegistry
    function bindDevice(Device calldata device_, bytes calldata publicKey, bytes calldata deviceSignature)
        external
        returns (bytes32 deviceId)
    {
        _requireCaller(device_.owner);
        _bind(device_, publicKey, deviceSignature);
        return device_.keyHash;
    }

    /// @inheritdoc IRegistry
    function bindMany(Device[] calldata devices, bytes[] calldata publicKeys, bytes[] calldata deviceSignatures)
        external
    {
        _requireBatch(devices, publicKeys.length, deviceSignatures.length);
        _requireCaller(devices[0].owner);
        _bindMany(devices, publicKeys, deviceSignatures, batchRoot(devices));
    }

    /// @inheritdoc IRegistry
    function bindManyFor(
        Device[] calldata devices,
        bytes[] calldata publicKeys,
        bytes[] calldata deviceSignatures,
        uint40 deadline,
        bytes calldata ownerSignature
    ) external {
        _requireBatch(devices, publicKeys.length, deviceSignatures.length);
        bytes32 root = batchRoot(devices);
        _requireBatchSigned(devices, root, deadline, ownerSignature);
        _bindMany(devices, publicKeys, deviceSignatures, root);
    }

    /// @inheritdoc IRegistry
    function releaseDevice(bytes32 deviceId) external {
        Binding memory bound = _devices[deviceId];
        _requireCaller(bound.owner);
        _devices[deviceId] = Binding(address(0), 0, false, 0, bound.releases + 1);
        emit DeviceReleased(deviceId);
    }

    // ---- views ----

    function operator(address account) external view returns (Operator memory) {
        return _operators[account];
    }

    function offer(address account, uint8 network) external view returns (Offer memory) {
        return _offers[account][network];
    }

    function device(bytes32 deviceId) external view returns (Device memory) {
        Binding memory bound = _devices[deviceId];
        bytes32 keyHash = bound.owner == address(0) ? bytes32(0) : deviceId;
        return Device(bound.owner, bound.network, bound.p256, bound.cell, keyHash);
    }

    /// @inheritdoc IRegistry
    function releases(bytes32 deviceId) external view returns (uint16) {
        return _devices[deviceId].releases;
    }

    /// @inheritdoc IRegistry
    function batchRoot(Device[] calldata devices) public pure returns (bytes32) {
        Node[] memory leaves = new Node[](devices.length);
        for (uint256 i = 0; i < devices.length; ++i) {
            leaves[i] = _leafOf(devices[i]);
        }
        return SumTree.rootOf(leaves).hash;
    }

    // ---- steps ----

    function _register(Operator calldata operator_) private {
        uint256 length = bytes(operator_.endpoint).length;
        if (length > ENDPOINT_MAX) revert EndpointTooLong(ENDPOINT_MAX, length);
        _operators[operator_.operator] = operator_;
        emit OperatorRegistered(operator_.operator, operator_.nodeKey, operator_.cell, operator_.endpoint);
    }

    function _postOffer(Offer calldata offer_) private {
        address account = offer_.operator;
        if (_operators[account].operator == address(0)) revert NotRegistered(account);
        _offers[account][offer_.network] = offer_;
        emit OfferPosted(account, offer_.network, offer_.capacity, offer_.priceNano, offer_.terms, offer_.open);
    }

    function _bindMany(
        Device[] calldata devices,
        bytes[] calldata publicKeys,
        bytes[] calldata deviceSignatures,
        bytes32 root
    ) private {
        address owner = devices[0].owner;
        uint8 network = devices[0].network;
        for (uint256 i = 0; i < devices.length; ++i) {
            if (devices[i].owner != owner) revert NotOwner(owner, devices[i].owner);
            if (devices[i].network != network) revert WrongNetwork(network, devices[i].network);
            _bind(devices[i], publicKeys[i], deviceSignatures[i]);
        }
        emit DevicesBound(owner, network, root, uint32(devices.length));
    }

    function _bind(Device calldata device_, bytes calldata publicKey, bytes calldata deviceSignature) private {
        bytes32 deviceId = device_.keyHash;
        Binding storage bound = _devices[deviceId];
        (address present, uint16 releases_) = (bound.owner, bound.releases);
        if (present != address(0)) revert DeviceTaken(deviceId);
        if (!_isSignedByDevice(device_, releases_, publicKey, deviceSignature)) revert BadDeviceSignature();
        (bound.owner, bound.network, bound.p256, bound.cell) =
            (device_.owner, device_.network, device_.p256, device_.cell);
        emit DeviceBound(deviceId, device_.owner, device_.network, device_.cell, device_.p256, deviceId);
    }

    /// @dev P-256 hardware signs with a high s as often as a low one. Both are taken: nothing here is counted by
    /// signature.
    function _isSignedByDevice(
        Device calldata device_,
        uint16 releases_,
        bytes calldata publicKey,
        bytes calldata signature
    ) private view returns (bool) {
        if (device_.owner == address(0) || publicKey.length != 64 || keccak256(publicKey) != device_.keyHash) {
            return false;
        }
        bytes32 digest = _hashTypedData(
            keccak256(abi.encode(BIND_TYPE, device_.owner, device_.network, device_.cell, device_.keyHash, releases_))
        );
        if (!device_.p256) return _signerOf(digest, signature) == address(uint160(uint256(device_.keyHash)));
        if (signature.length != 64) return false;
        return P256.verifySignatureAllowMalleability(
            digest, bytes32(signature[:32]), bytes32(signature[32:]), bytes32(publicKey[:32]), bytes32(publicKey[32:])
        );
    }

    function _leafOf(Device calldata device_) private pure returns (Node memory) {
        bytes memory fields =
            abi.encodePacked(device_.keyHash, device_.owner, device_.network, device_.cell, device_.p256);
        return Node(keccak256(abi.encodePacked(uint8(0), "device", fields)), 1);
    }

    function _requireBatch(Device[] calldata devices, uint256 keyCount, uint256 signatureCount) private pure {
        uint256 count = devices.length;
        if (count == 0 || count > BATCH_MAX) revert WrongBatch(BATCH_MAX, count);
        if (keyCount != count) revert WrongBatch(count, keyCount);
        if (signatureCount != count) revert WrongBatch(count, signatureCount);
    }

    function _requireCaller(address owner) private view {
        if (msg.sender != owner) revert NotOwner(owner, msg.sender);
    }

    function _requireBatchSigned(Device[] calldata devices, bytes32 root, uint40 deadline, bytes calldata signature)
        private
    {
        address owner = devices[0].owner;
        uint32 count = uint32(devices.length);
        bytes memory form =
            abi.encode(BIND_MANY_TYPE, owner, devices[0].network, root, count, nonces[owner]++, deadline);
        _requireSigned(owner, keccak256(form), deadline, signature);
    }

    function _requireSigned(address account, bytes32 structHash, uint40 deadline, bytes calldata signature)
        private
        view
    {
        if (block.timestamp > deadline) revert Expired(deadline, uint40(block.timestamp));
        address signer = _signerOf(_hashTypedData(structHash), signature);
        if (signer != account || account == address(0)) revert BadSignature(account, signer);
    }

    /// @return signer address(0) for anything but 65 bytes with a low s
    function _signerOf(bytes32 digest, bytes calldata signature) private pure returns (address signer) {
        (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Groundwork", "1");
    }
}
