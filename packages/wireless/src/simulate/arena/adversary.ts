/**
 * Someone who plays false, as the arena takes it: in the market, with beacons, with money, or in several of these at once.
 *
 * @module
 */

import type { CoveragePlay } from './coverage-play.ts'
import type { MarketPlay } from './market-play.ts'

export interface Adversary {
  /** in kebab-case */
  readonly name: string
  /** one sentence: what it does */
  readonly does: string
  readonly market?: MarketPlay
  readonly coverage?: CoveragePlay
  /** bonded owners of one of them; those of its plays are the same */
  readonly ownersEach: number
  /** units that each of its owners buys of itself in a day, through accounts that are not the owner's */
  readonly ownUnitsEach: bigint
}
