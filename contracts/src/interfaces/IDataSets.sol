// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice What customer and provider both sign (EIP-712 type PieceSet with these fields in this order).
struct PieceSet {
    address customer;
    address provider;
    bytes32 streamSalt; // the stream is Rails.streamId(customer, provider, streamSalt)
    bytes32 root; // sum tree over the pieces, docs/protocol/storage-proofs.md#set
    uint64 leafCount; // its sum: 32-byte leaves over all pieces
    uint32 pieceCount;
    uint64 version; // rises with every change
    uint128 lockAtto; // the provider's bond behind this set
    bytes32 manifest; // sha256 of the dag-cbor piece list
}

struct DataSet {
    bytes32 root;
    uint64 leafCount;
    uint64 version;
    uint32 pieceCount;
    uint48 changedBlock;
    bool faulted;
    uint32 generation; // rises when a set begins anew after its end; part of the lock's id
    bytes32 streamSalt;
}

interface IDataSets {
    event Posted(bytes32 indexed id, address indexed customer, address indexed provider, bytes32 root, uint64 leafCount, uint32 pieceCount, uint64 version, bytes32 manifest, bytes32 stream);
    event Ended(bytes32 indexed id, bool faulted);
    event EntryFailed(uint256 indexed index, bytes reason);

    error BadSignature(address expected, address actual);
    error OldVersion(uint64 stored, uint64 posted);
    error Shrunk(uint64 storedLeafCount, uint64 postedLeafCount);
    error LockTooSmall(uint256 needed, uint256 actual);
    error Faulted(bytes32 id);
    error NoSuchDataSet(bytes32 id);
    error NotJudge(address judge, address caller);
    error NotOver(bytes32 id);
    error EmptySet(bytes32 id);
    error StreamNotOpen(bytes32 stream);
    error NotStreamJudge(address judge);
    error WrongBatch(uint256 expected, uint256 actual);
    error NotEnoughGas(uint256 needed, uint256 actual);

    /// @notice Begins or changes a set, by both parties' signatures; anyone may submit it. Adds to the lock at Bonds so that
    /// it covers the stream's credits at the feed's low: lock * low >= credits * 1e21.
    function post(PieceSet calldata set, bytes calldata customerSignature, bytes calldata providerSignature) external;
    /// @notice Skips and reports bad ones.
    function postMany(PieceSet[] calldata sets, bytes[] calldata customerSignatures, bytes[] calldata providerSignatures) external returns (bool[] memory done);
    /// @notice Anyone, once the set's stream is closed: the lock thaws and the record ends.
    function end(bytes32 id) external;
    /// @notice The judge: this set was lost. Ends it; its lock was slashed.
    function markFaulted(bytes32 id) external;

    /// @return keccak256(abi.encode(customer, provider))
    function idOf(address customer, address provider) external view returns (bytes32);
    function dataSet(bytes32 id) external view returns (DataSet memory);
    function partiesOf(bytes32 id) external view returns (address customer, address provider);
    /// @return the Bonds lock of this set: keccak256(abi.encode("dataset", id, generation))
    function lockIdOf(bytes32 id) external view returns (bytes32);
    function lockIdAt(bytes32 id, uint32 generation) external pure returns (bytes32);
    function streamOf(bytes32 id) external view returns (bytes32);
}
