// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {IGuard} from "./interfaces/IGuard.sol";
import {IPriceFeed} from "./interfaces/IPriceFeed.sol";
import {Addresses, Parameters} from "./Parameters.sol";

/// @title The bounded pause, and the timelock on judges and posters. docs/protocol/money.md#pause
/// @notice All that the guardian can do: stop inflows for at most 7 days in 37, and change judges of new obligations
/// and posters of the feed 7 days after saying so. It holds no money and changes no parameter.
contract Guard is IGuard {
    uint40 public constant PAUSE_MAX_SECONDS = 7 days;
    uint40 public constant PAUSE_GAP_SECONDS = 30 days;
    uint40 public constant TIMELOCK_SECONDS = 7 days;

    error NotGuardian(address guardian, address caller);
    error OutOfRange(uint256 limit, uint256 actual);

    struct JudgeProposal {
        address judge;
        uint40 from; // Unix seconds; 0: none
    }

    address public immutable guardian;
    IPriceFeed private immutable priceFeed;

    /// @notice End of the present or last pause, Unix seconds; 0 when there was none.
    uint40 public pausedUntil;
    /// @notice When the proposed posters may be set; 0 when none are proposed.
    uint40 public postersFrom;
    bytes32 private postersDigest;
    mapping(uint8 network => mapping(bytes32 role => address)) private judges;
    mapping(uint8 network => mapping(bytes32 role => JudgeProposal)) private proposals;

    /// @notice Announces the deployment, so that it is found from an RPC address alone.
    constructor(Addresses memory a, Parameters memory parameters, string memory name) {
        guardian = parameters.guardian;
        priceFeed = IPriceFeed(a.priceFeed);
        _setJudge(1, "stream", a.storageJudge);
        for (uint8 network = 1; network <= parameters.networks; network++) {
            _setJudge(network, "sum", a.sumJudge);
            _setJudge(network, "receipt", a.receiptJudge);
        }
        emit Announced(name, parameters.startBlock, _list(a));
    }

    modifier onlyGuardian() {
        if (msg.sender != guardian) revert NotGuardian(guardian, msg.sender);
        _;
    }

    /// @notice True while inflows are stopped: buy, cover, open, top-up, renew, change of rate, deposit, lock.
    function paused() external view returns (bool) {
        return block.timestamp < pausedUntil;
    }

    /// @notice Stops inflows for at most 7 days, not within 30 days of the end of the last pause.
    function pause(uint40 seconds_) external onlyGuardian {
        if (seconds_ > PAUSE_MAX_SECONDS) revert OutOfRange(PAUSE_MAX_SECONDS, seconds_);
        uint40 nowAt = uint40(block.timestamp);
        uint40 allowedAt = pausedUntil == 0 ? 0 : pausedUntil + PAUSE_GAP_SECONDS;
        if (nowAt < allowedAt) revert TooSoon(allowedAt, nowAt);
        pausedUntil = nowAt + seconds_;
        emit Paused(msg.sender, pausedUntil);
    }

    /// @notice Announces a judge; it can take office 7 days later. A later proposal for the role replaces this one.
    /// @param role ASCII, left-aligned: "stream", "sum", "receipt"
    function proposeJudge(uint8 network, bytes32 role, address judge) external onlyGuardian {
        uint40 from = uint40(block.timestamp) + TIMELOCK_SECONDS;
        proposals[network][role] = JudgeProposal(judge, from);
        emit JudgeProposed(network, role, judge, from);
    }

    /// @notice Puts a proposed judge into office, for new obligations only: each keeps the judge it was opened with.
    function changeJudge(uint8 network, bytes32 role, address judge) external onlyGuardian {
        JudgeProposal memory proposal = proposals[network][role];
        if (proposal.from == 0 || proposal.judge != judge) revert NotProposed();
        if (block.timestamp < proposal.from) revert TooSoon(proposal.from, uint40(block.timestamp));
        delete proposals[network][role];
        _setJudge(network, role, judge);
    }

    /// @inheritdoc IGuard
    function isJudge(uint8 network, bytes32 role, address judge) external view returns (bool) {
        return judge != address(0) && judges[network][role] == judge;
    }

    /// @notice The judge in office; 0 when there is none.
    function judgeOf(uint8 network, bytes32 role) external view returns (address) {
        return judges[network][role];
    }

    /// @notice Announces a poster set; it can be set 7 days later. A later proposal replaces this one.
    function proposePosters(address[] calldata posters) external onlyGuardian {
        postersFrom = uint40(block.timestamp) + TIMELOCK_SECONDS;
        postersDigest = keccak256(abi.encode(posters));
        emit PostersProposed(posters, postersFrom);
    }

    /// @notice Sets the proposed posters; the new set starts with no posts.
    function changePosters(address[] calldata posters) external onlyGuardian {
        if (postersFrom == 0 || postersDigest != keccak256(abi.encode(posters))) revert NotProposed();
        if (block.timestamp < postersFrom) revert TooSoon(postersFrom, uint40(block.timestamp));
        postersFrom = 0;
        postersDigest = 0;
        emit PostersChanged(posters);
        priceFeed.setPosters(posters);
    }

    function _setJudge(uint8 network, bytes32 role, address judge) private {
        judges[network][role] = judge;
        emit JudgeChanged(network, role, judge);
    }

    function _list(Addresses memory a) private pure returns (address[] memory list) {
        list = new address[](14);
        (list[0], list[1], list[2], list[3]) = (a.guard, a.workToken, a.priceFeed, a.credits);
        (list[4], list[5], list[6], list[7]) = (a.rails, a.bonds, a.registry, a.dataSets);
        (list[8], list[9], list[10], list[11]) = (a.epochs, a.storageJudge, a.sumJudge, a.receiptJudge);
        (list[12], list[13]) = (a.routes, a.holds);
    }
}
