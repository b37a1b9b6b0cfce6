/**
 * The fixed numbers of money. Immutable: they stand in the contracts as constants and in docs/protocol/money.md.
 *
 * Windows that a deployment chooses (notice, term, hold ...) are not here but in `money-parameters.ts`.
 *
 * @module
 */

/** Q: atto-WORK times USD*1e8 per WORK in one credit. credits = atto * price / Q. */
export const creditDivisor: bigint = 10n ** 21n

/** Denominator of f and k. */
export const basisPoints: bigint = 10_000n

/** f: what a convert leaves behind, of 10,000. */
export const feeBasisPoints: bigint = 500n

/** k: how much of what a convert left behind may come back as rebate, of 10,000. */
export const rebateBasisPoints: bigint = 8_000n

/** Lowest price that a poster may state, in USD*1e8. At 0 a price could never rise again. */
export const priceUsd8Min: bigint = 100n

/** Highest price that a poster may state, in USD*1e8; inclusive. */
export const priceUsd8Max: bigint = 2n ** 62n

/** Fresh posts without which low and high stay as they are. */
export const freshPostCountMin = 3

/** Seconds in which a price may double (low) or fall to nothing (high): 10% in an hour. */
export const fullStepSeconds: bigint = 36_000n

/** Longest pause, in seconds; inclusive. */
export const pauseSecondsMax: bigint = 7n * 86_400n

/** Seconds that must pass between the end of a pause and the next one. */
export const pauseGapSeconds: bigint = 30n * 86_400n

/** Seconds between the proposal of judges or posters and their change. */
export const timelockSeconds: bigint = 7n * 86_400n

/** Most posters in a set. */
export const posterCountMax = 16

/** Most demands that one stream counts as open. */
export const openDemandCountMax: bigint = 65_535n

/** Last time that fits a uint40, in Unix seconds. */
export const timeSecondsMax: bigint = 2n ** 40n - 1n

/** Share of a slashed lock that a committed reporter gets: one tenth, rounded down. */
export const reporterShareDivisor: bigint = 10n

/** Least limit of a breaker window, in atto-WORK: Q / priceMin, so that one credit always fits into an empty window. */
export const breakerLimitAttoMin: bigint = creditDivisor / priceUsd8Min
