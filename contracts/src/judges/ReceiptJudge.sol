// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

import {Addresses} from "../Parameters.sol";
import {BatchHeader} from "../interfaces/IEpochs.sol";
import {IReceiptJudge} from "../interfaces/IReceiptJudge.sol";
import {BatchAt, Case} from "../interfaces/ISumJudge.sol";
import {Evidence} from "../libraries/Evidence.sol";
import {PostJudge} from "./PostJudge.sol";

/// @notice Records contradictions of signers and rejects posts that count them. Signers are secp256k1 accounts.
contract ReceiptJudge is IReceiptJudge, PostJudge {
    mapping(bytes32 digest => uint48) public equivocatedBlock;

    constructor(Addresses memory addresses) PostJudge(addresses.epochs) {}

    /// @inheritdoc IReceiptJudge
    function equivocation(
        BatchHeader calldata one,
        bytes calldata oneSignature,
        BatchHeader calldata other,
        bytes calldata otherSignature
    ) external {
        bytes32 oneDigest = _signed(one, oneSignature);
        bytes32 otherDigest = _signed(other, otherSignature);
        bool samePlace = one.signer == other.signer && one.network == other.network && one.counter == other.counter;
        if (!samePlace || oneDigest == otherDigest) revert NoFault();
        if (equivocatedBlock[oneDigest] != 0 && equivocatedBlock[otherDigest] != 0) revert NoFault(); // known
        _mark(oneDigest);
        _mark(otherDigest);
        emit Equivocated(one.network, one.signer, one.counter, oneDigest, otherDigest);
    }

    /// @inheritdoc IReceiptJudge
    function challengeCounted(Case calldata case_, BatchAt calldata batch) external pending(case_) {
        _requireBatch(case_, batch);
        _rejectIf(isVoid(batch.digest, case_.post.epoch), case_, "equivocation");
    }

    /// @inheritdoc IReceiptJudge
    function isVoid(bytes32 digest, uint64 epoch) public view returns (bool) {
        uint48 markedBlock = equivocatedBlock[digest];
        return markedBlock != 0 && markedBlock <= EPOCHS.evidenceDeadline(epoch);
    }

    /// @dev The first record stands: a later one changes nothing for anyone.
    function _mark(bytes32 digest) private {
        if (equivocatedBlock[digest] == 0) equivocatedBlock[digest] = uint48(block.number);
    }

    /// @return digest of a header that its signer signed; NoFault when it did not
    function _signed(BatchHeader calldata header, bytes calldata signature) private view returns (bytes32 digest) {
        digest = Evidence.batchDigest(address(EPOCHS), header);
        address signer = Evidence.recover(digest, signature);
        if (signer == address(0) || signer != header.signer) revert NoFault();
    }
}
