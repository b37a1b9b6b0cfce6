// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {BatchHeader} from "../interfaces/IEpochs.sol";

/// @notice One entry of an evidence batch. docs/protocol/evidence.md#entry
struct EvidenceEntry {
    uint8 kind; // the network's; 1 of storage: possession
    address account; // who is paid for it
    bytes32 subject; // what it is about: a data set, a device ...
    uint128 quantity;
    bytes32 detail; // commitment to the rest, by kind
}

/// @notice What is signed off chain and judged on chain: EIP-712 digests and the one form of signature that counts.
/// The verifying contract of all of it is Epochs.
library Evidence {
    bytes32 internal constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 internal constant BATCH_TYPEHASH = keccak256(
        "Batch(uint8 network,uint64 epoch,address signer,uint64 counter,bytes32 previousDigest,bytes32 entriesRoot,uint32 count,uint128 sum)"
    );
    bytes32 internal constant AVAILABLE_TYPEHASH = keccak256("Available(uint8 network,uint64 epoch,bytes32 evidence,bytes32 post)");
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

    /// @notice r || s || v, 65 bytes, low s, v 27 or 28: one signature has one form, so its hash may be committed to.
    /// @return signer zero when the signature is none
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        if (signature.length != 65) return address(0);
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if (uint256(s) > HALF_ORDER || (v != 27 && v != 28)) return address(0);
        return ecrecover(digest, v, r, s);
    }

    function _digest(address epochs, bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainOf(epochs), structHash));
    }
}
