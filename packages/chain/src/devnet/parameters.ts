/**
 * The one parameter file: every value that a deployment fixes for good, on the devnet and in production side by side.
 *
 * Fields and units are those of `struct Parameters` in contracts/src/Parameters.sol; docs/protocol/parameters.md says
 * why each value is what it is. Pure: a browser reads it too.
 *
 * @module
 */

import type { Address } from 'viem'

/** How each field of the struct is held here: numbers below 2^53, bigint for atto-WORK and block numbers. */
export const parameterKinds = {
  blockSeconds: 'number',
  feedFreshSeconds: 'number',
  noticeSeconds: 'number',
  termSeconds: 'number',
  answerBlocks: 'number',
  holdSeconds: 'number',
  thawSeconds: 'number',
  epochBlocks: 'number',
  evidenceBlocks: 'number',
  windowBlocks: 'number',
  startBlock: 'bigint',
  committeeSize: 'number',
  committeeQuorum: 'number',
  postersMin: 'number',
  networks: 'number',
  demandsMax: 'number',
  epochsPerYear: 'number',
  breakerWindowSeconds: 'number',
  convertPerWindowAtto: 'bigint',
  claimPerWindowAtto: 'bigint',
  seatAtto: 'bigint',
  posterBondMinAtto: 'bigint',
  depositAtto: 'bigint',
  referenceNanoPerGibSecond: 'bigint',
  guardian: 'address',
} as const

type Kinds = { readonly number: number; readonly bigint: bigint; readonly address: Address }

/** `struct Parameters`. Seconds, blocks and atto-WORK, as each name says. */
export type Parameters = { readonly [name in keyof typeof parameterKinds]: Kinds[(typeof parameterKinds)[name]] }

/** What is known before a chain is: the rest is the block at deployment and the guardian. */
export type ParameterValues = Omit<Parameters, 'startBlock' | 'guardian'>

/** Genesis and bootstrap in atto-WORK, and the feed's first price. */
export type Supply = {
  /** minted once, to the addresses of the deployment file */
  readonly genesisAtto: bigint
  /** the only mint beyond burns, over all networks and years */
  readonly bootstrapMaxAtto: bigint
  /** USD*1e8 per WORK, posted by the devnet's posters; in production posters find their own */
  readonly priceUsd8: bigint
}

const work = 10n ** 18n

/** One machine, one-second blocks, an epoch in half a minute. */
export const devnetParameters: ParameterValues = {
  blockSeconds: 1,
  feedFreshSeconds: 600,
  noticeSeconds: 10,
  termSeconds: 3_600,
  answerBlocks: 10,
  holdSeconds: 20,
  thawSeconds: 60,
  epochBlocks: 30,
  evidenceBlocks: 10,
  windowBlocks: 10,
  committeeSize: 3,
  committeeQuorum: 2,
  postersMin: 3,
  networks: 4,
  demandsMax: 16,
  epochsPerYear: 1_051_200,
  breakerWindowSeconds: 60,
  convertPerWindowAtto: 1_000_000n * work,
  claimPerWindowAtto: 1_000_000n * work,
  seatAtto: 100n * work,
  posterBondMinAtto: 100n * work,
  depositAtto: work / 10n,
  referenceNanoPerGibSecond: 500_000_000_000n,
}

export const devnetSupply: Supply = {
  genesisAtto: 800_000_000n * work,
  bootstrapMaxAtto: 200_000_000n * work,
  priceUsd8: 50_000_000n,
}

/** An EVM chain with two-second blocks and epochs of a day. */
export const productionParameters: ParameterValues = {
  blockSeconds: 2,
  feedFreshSeconds: 600,
  noticeSeconds: 86_400,
  termSeconds: 604_800,
  answerBlocks: 129_600,
  holdSeconds: 280_800,
  thawSeconds: 1_209_600,
  epochBlocks: 43_200,
  evidenceBlocks: 1_800,
  windowBlocks: 3_600,
  committeeSize: 7,
  committeeQuorum: 5,
  postersMin: 5,
  networks: 4,
  demandsMax: 16,
  epochsPerYear: 365,
  breakerWindowSeconds: 3_600,
  convertPerWindowAtto: 1_000_000n * work,
  claimPerWindowAtto: 1_000_000n * work,
  seatAtto: 1_000n * work,
  posterBondMinAtto: 10_000n * work,
  depositAtto: work,
  referenceNanoPerGibSecond: 76_000n,
}

export const productionSupply: Supply = {
  genesisAtto: 800_000_000n * work,
  bootstrapMaxAtto: 200_000_000n * work,
  priceUsd8: 50_000_000n,
}
