// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Stands in for Epochs, StorageJudge and ReceiptJudge before a judge: says what a test told it, and remembers the
/// reason with which a judge rejected. Judges nothing itself.
contract WitnessEpochs {
    struct Seal {
        bytes32 blockHash;
        uint64 highUsd8;
    }

    struct Head {
        uint64 epoch;
        bytes32 root;
        uint256 totals;
        bytes32 evidence;
    }

    struct PendingEpoch {
        bytes32 digest;
        address poster;
        uint48 postedBlock;
        uint48 windowEnd;
        bool available;
        uint64 epoch;
    }

    bytes32 public reason;
    uint256 public allowanceAtto;
    uint64 public highUsd8;
    bytes32 public counted;
    bool public isRefuted;
    mapping(bytes32 digest => uint48) public vouchedBlock;
    bytes32 private _digest;
    Head private _head;

    function say(bytes32 digest, Head calldata head_, uint256 allowanceAtto_, uint64 highUsd8_) external {
        (_digest, _head, allowanceAtto, highUsd8, reason) = (digest, head_, allowanceAtto_, highUsd8_, 0);
    }

    function sayOfBatches(bytes32 counted_, bool isRefuted_, bytes32[] calldata vouched) external {
        (counted, isRefuted) = (counted_, isRefuted_);
        for (uint256 i = 0; i < vouched.length; ++i) vouchedBlock[vouched[i]] = 1;
    }

    function reject(uint8, bytes32 reason_, address, bytes32) external {
        reason = reason_;
    }

    function pending(uint8) external view returns (PendingEpoch memory answer) {
        answer.digest = _digest;
    }

    function head(uint8) external view returns (Head memory) {
        return _head;
    }

    function sealOf(uint8, uint64) external view returns (Seal memory) {
        return Seal(0, highUsd8);
    }

    function allowance(uint8, uint64) external view returns (uint256) {
        return allowanceAtto;
    }

    function countedRoot(uint8, uint64) external view returns (bytes32) {
        return counted;
    }

    function refuted(bytes32) external view returns (bool) {
        return isRefuted;
    }

    function isVoid(bytes32, uint64) external pure returns (bool) {
        return false;
    }

    function evidenceDeadline(uint64) external pure returns (uint64) {
        return type(uint64).max;
    }
}
