// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice The hash of a recent block: by opcode for 256 blocks, by the EIP-2935 contract for 8191. Never prevrandao.
library BlockHashes {
    address internal constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    uint256 internal constant HISTORY_GAS = 50_000;

    /// @return hash zero when the chain does not know it: too old, or not yet mined
    function hashOf(uint256 blockNumber) internal view returns (bytes32 hash) {
        if (blockNumber >= block.number) return 0;
        hash = blockhash(blockNumber);
        if (hash != 0) return hash;
        (bool ok, bytes memory answer) = HISTORY.staticcall{gas: HISTORY_GAS}(abi.encode(blockNumber));
        if (ok && answer.length == 32) hash = abi.decode(answer, (bytes32));
    }
}
