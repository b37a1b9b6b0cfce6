/**
 * Who takes part in a simulated world of money. Addresses only; nobody here has a key.
 *
 * @module
 */

import type { Hex } from '../../units/hex.ts'
import type { MoneyParameters } from '../money-parameters.ts'
import { openLedger, type Ledger } from '../ledger/ledger-state.ts'

export interface Actors {
  /** customers, providers, cheats: anyone may be on any side */
  readonly accounts: readonly Hex[]
  /** of streams, escrows and locks */
  readonly judges: readonly Hex[]
  readonly posters: readonly Hex[]
}

/** @returns an address that ends in this number */
export function addressOf(number: number): Hex {
  return `0x${number.toString(16).padStart(40, '0')}`
}

const day = 86_400n

/** A deployment for experiments: the windows of the real one, small limits, so that they are reached. */
export const simulatedParameters: MoneyParameters = {
  chainId: 31_337n,
  rails: addressOf(0x5a11),
  genesisAtto: 8_000n * 10n ** 18n,
  bootstrapMaxAtto: 2_000n * 10n ** 18n,
  feedFreshSeconds: 600n,
  noticeSeconds: day,
  termSeconds: 7n * day,
  holdSeconds: 3n * day + 6n * 3_600n,
  thawSeconds: 14n * day,
  breakerWindowSeconds: day,
  convertPerWindowAtto: 40n * 10n ** 18n,
  claimPerWindowAtto: 10n * 10n ** 18n,
  networkCount: 4n,
  epochsPerYear: 12n,
  posterCountMin: 3,
  guardian: addressOf(0x6a),
  keepers: [addressOf(0x71), addressOf(0x72)],
}

/** Eight accounts, two judges, five posters. */
export const simulatedActors: Actors = {
  accounts: Array.from({ length: 8 }, (_, index) => addressOf(0x100 + index)),
  judges: [addressOf(0x201), addressOf(0x202)],
  posters: Array.from({ length: 5 }, (_, index) => addressOf(0x301 + index)),
}

/** @returns a fresh ledger in which the accounts share genesis equally */
export function simulatedLedger(
  actors: Actors = simulatedActors,
  parameters: MoneyParameters = simulatedParameters,
): Ledger {
  const share = parameters.genesisAtto / BigInt(actors.accounts.length)
  const genesis = new Map(actors.accounts.map((account) => [account, share]))
  return openLedger({
    parameters: { ...parameters, genesisAtto: share * BigInt(actors.accounts.length) },
    genesis,
    posters: actors.posters,
  })
}
