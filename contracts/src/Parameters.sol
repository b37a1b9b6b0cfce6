// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity 0.8.37;

/// @notice Every contract of one deployment, in the order of the deployer's nonces. Predicted before the first is
/// deployed, so that wiring is constructor input and nothing has a setter. docs/protocol/deployment.md#order
struct Addresses {
    address guard;
    address workToken;
    address priceFeed;
    address credits;
    address rails;
    address bonds;
    address registry;
    address dataSets;
    address epochs;
    address storageJudge;
    address sumJudge;
    address receiptJudge;
    address routes;
    address holds;
}

/// @notice The one parameter file of a deployment, immutable once deployed. Times in seconds or blocks, WORK in atto.
struct Parameters {
    uint32 blockSeconds; // expected time between blocks
    uint32 feedFreshSeconds; // a post counts for this long
    uint32 noticeSeconds; // one notice of a stream or an allotment
    uint32 termSeconds; // default term of a stream
    uint32 answerBlocks; // window in which a demand is answered
    uint32 holdSeconds; // answer window + 6 h: how long a second's pay is held
    uint32 thawSeconds; // a lock stays slashable after its obligation
    uint32 epochBlocks; // length of an epoch
    uint32 evidenceBlocks; // after the seal: answers become evidence
    uint32 windowBlocks; // challenge window after a post
    uint64 startBlock; // first block of epoch 0
    uint8 committeeSize; // operators drawn to keep an epoch's evidence
    uint8 committeeQuorum; // of them, signatures needed
    uint8 postersMin; // smallest poster set of the feed: 5, devnet 3
    uint8 networks; // 1 storage, 2 wireless, 3 render, 4 sensing
    uint16 demandsMax; // open demands of one data set
    uint32 epochsPerYear; // for the schedule of the bootstrap
    uint32 breakerWindowSeconds; // window of the mint limits
    uint128 convertPerWindowAtto; // at least Q / priceMin = 1e19
    uint128 claimPerWindowAtto; // at least Q / priceMin = 1e19
    uint128 seatAtto; // stake that lets an operator be drawn, and post
    uint128 posterBondMinAtto;
    uint128 depositAtto; // cost of an answer, deposited with a demand
    uint64 referenceNanoPerGibSecond; // reference price of storage, for rebates
    address guardian; // proposes judges and posters, pauses inflows
}

/// @notice A part of genesis, minted once by WorkToken's constructor.
struct Grant {
    address to;
    uint128 amountAtto;
}
