// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

struct Operator {
    address operator; // secp256k1 account: signs evidence, owns the bond, is paid
    bytes32 nodeKey; // ed25519 public key of its daemon: authenticates connections
    uint64 cell; // H3 index, resolution 7
    string endpoint; // https://host:port, or relay: <relay-url>/relay/<nodeKey hex>
}

struct Offer {
    address operator;
    uint8 network;
    uint64 capacity; // network's unit (storage: bytes)
    uint96 priceNano; // network's price (storage: nano-credits per GiB-second)
    bytes32 terms; // sha256 of the signed offer document, 0 when the fields above say all
    bool open;
}

struct Device {
    address owner;
    uint8 network;
    bool p256;
    uint64 cell;
    bytes32 keyHash; // keccak256 of the public key: 64 bytes x||y
}

/// @notice Who takes part: operators, their node keys, endpoints and offers; devices bound by both signatures.
interface IRegistry {
    event OperatorRegistered(address indexed operator, bytes32 nodeKey, uint64 cell, string endpoint);
    event OfferPosted(address indexed operator, uint8 indexed network, uint64 capacity, uint96 priceNano, bytes32 terms, bool open);
    event DeviceBound(bytes32 indexed deviceId, address indexed owner, uint8 indexed network, uint64 cell, bool p256, bytes32 keyHash);
    event DevicesBound(address indexed owner, uint8 indexed network, bytes32 root, uint32 count);
    event DeviceReleased(bytes32 indexed deviceId);

    error BadSignature(address expected, address actual);
    error BadDeviceSignature();
    error Expired(uint40 deadline, uint40 nowAt);
    error DeviceTaken(bytes32 deviceId);
    error NotOwner(address owner, address caller);
    error NotRegistered(address operator);
    error EndpointTooLong(uint256 limit, uint256 actual);
    error WrongNetwork(uint8 expected, uint8 actual);
    error WrongBatch(uint256 expected, uint256 actual);

    function register(Operator calldata operator_) external;
    /// @notice The same by EIP-712 signature over Register{operator, nodeKey, cell, endpoint, nonce, deadline}: anyone may submit it.
    function registerFor(Operator calldata operator_, uint40 deadline, bytes calldata signature) external;
    function postOffer(Offer calldata offer_) external;
    /// @notice By EIP-712 signature over PostOffer{operator, network, capacity, priceNano, terms, open, nonce, deadline}.
    function postOfferFor(Offer calldata offer_, uint40 deadline, bytes calldata signature) external;
    /// @notice Binds the caller's device; its id is keyHash. deviceSignature: secp256k1 or P-256 (r||s, with the key x||y in publicKey) over Bind{owner, network, cell, keyHash, releases}.
    function bindDevice(Device calldata device, bytes calldata publicKey, bytes calldata deviceSignature) external returns (bytes32 deviceId);
    /// @notice The caller's devices of one network, all or none. DevicesBound names the sum-tree root over them.
    function bindMany(Device[] calldata devices, bytes[] calldata publicKeys, bytes[] calldata deviceSignatures) external;
    /// @notice The same by the owner's one EIP-712 signature over BindMany{owner, network, root, count, nonce, deadline}: anyone may submit it.
    function bindManyFor(
        Device[] calldata devices,
        bytes[] calldata publicKeys,
        bytes[] calldata deviceSignatures,
        uint40 deadline,
        bytes calldata ownerSignature
    ) external;
    function releaseDevice(bytes32 deviceId) external;

    function operator(address account) external view returns (Operator memory);
    function offer(address account, uint8 network) external view returns (Offer memory);
    /// @return root of the sum tree over a batch: leaves "device" of (keyHash, owner, network, cell, p256), each with sum 1
    function batchRoot(Device[] calldata devices) external pure returns (bytes32 root);
    function device(bytes32 deviceId) external view returns (Device memory);
    /// @return how often the device was released by an owner: part of what it signs to be bound again
    function releases(bytes32 deviceId) external view returns (uint16);
    function nonces(address account) external view returns (uint256);
}
