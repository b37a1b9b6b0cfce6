// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice WORK, the one token: capped for good at genesis + bootstrapMax, with permit (EIP-2612).
/// The protocol contracts named at construction move or burn a caller's own tokens without an allowance:
/// they only ever pass their own `msg.sender` or the signer of an EIP-712 message as `from`.
interface IWorkToken {
    error OverCap(uint256 cap, uint256 wouldBe);
    error NotProtocol(address caller);

    /// @notice Mints; only Rails (convert) and Epochs (rebate, bootstrap).
    function mint(address to, uint256 amountAtto) external;
    /// @notice Burns the caller's own tokens.
    function burn(uint256 amountAtto) external;
    /// @notice Burns `from`'s tokens; only Credits and Bonds.
    function burnFrom(address from, uint256 amountAtto) external;
    function transfer(address to, uint256 amountAtto) external returns (bool);
    /// @notice As ERC-20; Bonds and StorageJudge need no allowance.
    function transferFrom(address from, address to, uint256 amountAtto) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
    function totalSupply() external view returns (uint256);
    function cap() external view returns (uint256);
    function genesis() external view returns (uint256);
    function bootstrapMax() external view returns (uint256);
}
