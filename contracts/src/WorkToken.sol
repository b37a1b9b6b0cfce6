// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";

import {IWorkToken} from "./interfaces/IWorkToken.sol";
import {Addresses, Grant} from "./Parameters.sol";

/// @title WORK, the one token: ERC-20 with permit, capped for good. docs/protocol/money.md#units
/// @notice Genesis is minted once, here; after that only Rails (convert) and Epochs (rebate, bootstrap) mint.
contract WorkToken is ERC20, IWorkToken {
    /// @notice Keeps credits, and what streams accrue in nano-credits, far below 2^128 at every price of the feed.
    uint256 public constant CAP_MAX = 1e28;

    /// @inheritdoc IWorkToken
    uint256 public immutable cap;
    /// @inheritdoc IWorkToken
    uint256 public immutable genesis;
    /// @inheritdoc IWorkToken
    uint256 public immutable bootstrapMax;

    address private immutable rails;
    address private immutable epochs;
    address private immutable credits;
    address private immutable bonds;
    address private immutable storageJudge;

    /// @param grants who holds genesis; its sum and `bootstrapMax_` are the cap
    constructor(Addresses memory addresses, Grant[] memory grants, uint128 bootstrapMax_) {
        rails = addresses.rails;
        epochs = addresses.epochs;
        credits = addresses.credits;
        bonds = addresses.bonds;
        storageJudge = addresses.storageJudge;
        uint256 sum = 0;
        for (uint256 i = 0; i < grants.length; i++) {
            sum += grants[i].amountAtto;
            _mint(grants[i].to, grants[i].amountAtto);
        }
        if (sum + bootstrapMax_ > CAP_MAX) revert OverCap(CAP_MAX, sum + bootstrapMax_);
        genesis = sum;
        bootstrapMax = bootstrapMax_;
        cap = sum + bootstrapMax_;
    }

    /// @inheritdoc IWorkToken
    /// @dev The cap cannot be met by lineage (law 6); it is checked all the same.
    function mint(address to, uint256 amountAtto) external {
        if (msg.sender != rails && msg.sender != epochs) revert NotProtocol(msg.sender);
        uint256 wouldBe = totalSupply() + amountAtto;
        if (wouldBe > cap) revert OverCap(cap, wouldBe);
        _mint(to, amountAtto);
    }

    /// @inheritdoc IWorkToken
    function burn(uint256 amountAtto) external {
        _burn(msg.sender, amountAtto);
    }

    /// @inheritdoc IWorkToken
    function burnFrom(address from, uint256 amountAtto) external {
        if (msg.sender != credits && msg.sender != bonds) revert NotProtocol(msg.sender);
        _burn(from, amountAtto);
    }

    /// @inheritdoc IWorkToken
    function transfer(address to, uint256 amountAtto) public override(ERC20, IWorkToken) returns (bool) {
        return super.transfer(to, amountAtto);
    }

    /// @inheritdoc IWorkToken
    function transferFrom(address from, address to, uint256 amountAtto)
        public
        override(ERC20, IWorkToken)
        returns (bool)
    {
        if (msg.sender != bonds && msg.sender != storageJudge) return super.transferFrom(from, to, amountAtto);
        _transfer(from, to, amountAtto);
        return true;
    }

    /// @inheritdoc IWorkToken
    function balanceOf(address account) public view override(ERC20, IWorkToken) returns (uint256) {
        return super.balanceOf(account);
    }

    /// @inheritdoc IWorkToken
    function totalSupply() public view override(ERC20, IWorkToken) returns (uint256) {
        return super.totalSupply();
    }

    /// @notice Also the name of the EIP-712 domain of permit, as in every contract of the protocol.
    function name() public pure override returns (string memory) {
        return "Groundwork";
    }

    /// @notice The ticker.
    function symbol() public pure override returns (string memory) {
        return "WORK";
    }

    /// @dev Nobody outside the protocol moves WORK without an allowance.
    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }

    function _constantNameHash() internal pure override returns (bytes32) {
        return keccak256("Groundwork");
    }
}
