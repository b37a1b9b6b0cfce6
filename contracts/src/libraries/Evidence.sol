// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {P256} from "solady/utils/P256.sol";
import {BatchHeader} from "../interfaces/IEpochs.sol";

/// @notice One entry of an evidence batch. docs/protocol/evidence.md#entry
struct EvidenceEntry {
    uint8 kind; // the network's; 1 of storage: possession
    address account; // who is paid for it
    bytes32 subject; // what it is about: a data set, a device ...
    uint128 quantity;
    bytes32 detail; // commitment to the rest, by kind
}

/// @notice What is signed off chain and judged on chain: EIP-712 digests and the two forms of signature that count.
/// The verifying contract of all of it is Epochs.
library Evidence {
    bytes32 internal constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant BATCH_TYPEHASH = keccak256(
        "Batch(uint8 network,uint64 epoch,address signer,uint64 counter,bytes32 previousDigest,bytes32 entriesRoot,uint32 count,uint128 sum)"
    );
    bytes32 internal constant AVAILABLE_TYPEHASH = keccak256("Available(uint8 network,uint64 epoch,bytes32 evidence,bytes32 post)");
    uint256 private constant P256_BYTES = 128;
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    function domainOf(address epochs) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, keccak256("Groundwork"), keccak256("1"), block.chainid, epochs));
    }

    function batchDigest(address epochs, BatchHeader calldata header) internal view returns (bytes32) {
        return _digest(epochs, keccak256(abi.encode(BATCH_TYPEHASH, header)));
    }

    /// @param post keccak256(abi.encode(EpochPost)) of the post whose evidence it is, so that no other post can use the signature;
    /// zero when evidence is a batch's digest
    function availableDigest(address epochs, uint8 network, uint64 epoch, bytes32 evidence, bytes32 post)
        internal
        view
        returns (bytes32)
    {
        return _digest(epochs, keccak256(abi.encode(AVAILABLE_TYPEHASH, network, epoch, evidence, post)));
    }

    function entryHash(EvidenceEntry calldata entry) internal pure returns (bytes32) {
        return keccak256(abi.encode(entry));
    }

    /// @notice An account's: secp256k1, r || s || v, 65 bytes, v 27 or 28. A device's: P-256, r || s || x || y, 128 bytes, by
    /// the signer that its public key hashes to. Low s in both: one signature has one form, so its hash may be committed to.
    /// @return signer zero when the signature is none
    function recover(bytes32 digest, bytes calldata signature) internal view returns (address signer) {
        if (signature.length == P256_BYTES) return _deviceOf(digest, signature);
        if (signature.length != 65) return address(0);
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) return address(0);
        return ecrecover(digest, v, r, s);
    }

    /// @dev As the address of an account: the last 20 bytes of its key's hash, which is the id of a device in Registry.
    function _deviceOf(bytes32 digest, bytes calldata signature) private view returns (address) {
        bytes calldata publicKey = signature[64:];
        (bytes32 x, bytes32 y) = (bytes32(publicKey[:32]), bytes32(publicKey[32:]));
        bool ok = P256.verifySignature(digest, bytes32(signature[:32]), bytes32(signature[32:64]), x, y);
        return ok ? address(uint160(uint256(keccak256(publicKey)))) : address(0);
    }

    function _digest(address epochs, bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainOf(epochs), structHash));
    }
}
