// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Who may change judges and posters (7-day timelock) and pause inflows (at most 7 days, 30 days apart).
interface IGuard {
    event Paused(address indexed by, uint40 until);
    event JudgeProposed(uint8 indexed network, bytes32 indexed role, address judge, uint40 from);
    event JudgeChanged(uint8 indexed network, bytes32 indexed role, address judge);
    event PostersProposed(address[] posters, uint40 from);
    event PostersChanged(address[] posters);
    event Announced(string name, uint256 startBlock, address[] contracts);

    error TooSoon(uint40 allowedAt, uint40 nowAt);
    error NotProposed();

    function paused() external view returns (bool);
    function pause(uint40 seconds_) external;
    function proposeJudge(uint8 network, bytes32 role, address judge) external;
    function changeJudge(uint8 network, bytes32 role, address judge) external;
    /// @return true when `judge` holds `role` ("stream", "sum", "receipt" ...) on `network` for new obligations
    function isJudge(uint8 network, bytes32 role, address judge) external view returns (bool);
    function proposePosters(address[] calldata posters) external;
    function changePosters(address[] calldata posters) external;
}
