// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Where a hold is on its way. It stands in all but None and Ended, and before its end block only.
enum HoldState {
    None,
    Placed, // accused; nobody has decided yet
    Upheld, // by drawn operators; may be appealed once
    Appealed, // others are drawn to decide again
    Final, // upheld twice
    Ended // dismissed, taken back, or over
}

struct Hold {
    address account; // whose claims are put off
    uint8 network;
    HoldState state;
    uint48 endBlock; // the first in which it does not stand any more
    address accuser; // whose deposit is here while nobody has decided
    uint40 decideEpoch; // whose seal draws those who decide: the account is heard until that epoch closes
    uint48 termBlock; // end of an upheld one, whatever an appeal does to endBlock; 0 before
}

/// @notice Accusations, and how they end. A hold puts off an account's claims; it takes nothing. docs/protocol/holds.md
interface IHolds {
    event HoldPlaced(
        bytes32 indexed id,
        uint8 indexed network,
        address indexed account,
        address accuser,
        bytes32 reason,
        bytes32 evidence,
        uint48 endBlock,
        bytes statement
    );
    event HoldAppealed(
        bytes32 indexed id, uint8 indexed network, address indexed account, uint8 instance, uint48 endBlock, bytes statement
    );
    event HoldDecided(
        bytes32 indexed id,
        uint8 indexed network,
        address indexed account,
        uint8 instance,
        bool upheld,
        address[] signers,
        uint48 endBlock,
        bytes opinion
    );
    event HoldReleased(bytes32 indexed id, uint8 indexed network, address indexed account, address by);

    error NoSuchNetwork(uint8 network);
    error NothingSaid();
    error TooLong(uint256 limit, uint256 actual);
    error HoldExists(bytes32 id);
    error NotOpen(bytes32 id, HoldState state);
    error NotAccused(address account, address caller);
    error BadSignature(address expected, address actual);
    error TooLate(uint64 lastBlock, uint64 nowBlock);
    error NotSealed(uint8 network, uint64 epoch);
    error TooFewSigned(uint256 needed, uint256 actual);
    error StillStands(uint48 endBlock, uint48 nowBlock);
    error Paused();

    /// @notice Accuses an account, with a deposit of WORK that the caller has allowed this contract to take. Its claims on the
    /// network are put off at once, until seven more epochs have closed at the latest. Each accuser says one thing once.
    /// @param reason ASCII, left-aligned; docs/protocol/holds.md#reasons
    /// @param statement DAG-CBOR block that says what is accused of; docs/protocol/holds.md#statement. It goes on chain whole: what
    /// the accused cannot read he cannot answer
    function place(uint8 network, address account, bytes32 reason, bytes calldata statement) external returns (bytes32 id);
    /// @notice The accused: an answer, until the deciding epoch closes; of an upheld hold, once, that others decide again.
    function appeal(bytes32 id, bytes calldata statement) external;
    /// @notice The same by EIP-712 signature over Appeal{hold, instance, evidence}, evidence being the statement's sha256. Anyone.
    function appealFor(bytes32 id, bytes calldata statement, bytes calldata signature) external;
    /// @notice A quorum of the drawn over Verdict{hold, instance, upheld, opinion}, opinion being the sha256 of theirs; anyone
    /// hands it in.
    /// @param opinion statement with their reasons, or nothing
    function decide(bytes32 id, bool upheld, bytes calldata opinion, bytes[] calldata signatures) external;
    /// @notice Ends a hold that is over; or, by its accuser before anyone decided, one that is taken back. Anyone.
    function release(bytes32 id) external;

    function depositAtto() external view returns (uint128);
    /// @param evidence sha256 of the statement
    function idOf(uint8 network, address account, address accuser, bytes32 reason, bytes32 evidence) external pure returns (bytes32);
    function holdOf(bytes32 id) external view returns (Hold memory);
    /// @notice 1 while the first drawn decide or have decided, 2 from the appeal on.
    function instanceOf(bytes32 id) external view returns (uint8);
    /// @return the operators drawn to decide, without accuser and accused; empty while the deciding epoch is not sealed
    function deciders(bytes32 id) external view returns (address[] memory);
    /// @return count of holds that were not ended yet, also such as are over
    /// @return endBlock before which one of them may stand
    function standing(uint8 network, address account) external view returns (uint32 count, uint48 endBlock);
}
