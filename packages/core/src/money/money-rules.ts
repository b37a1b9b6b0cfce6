/**
 * The formulas of money in one table, so that the whole ledger can be run with one of them changed.
 *
 * `moneyRules` is the law. Another table is for experiments only: the tests of the laws break one formula at a time and
 * show that the laws notice.
 *
 * @module
 */

import { voucherPays } from './allotment.ts'
import { slashStake } from './bonds.ts'
import { bootstrapAllowance } from './bootstrap.ts'
import { limitRaisedBy, mintedFor, rebatePays } from './convert.ts'
import { outcomeByDeadline } from './escrow.ts'
import { postPrice } from './feed.ts'
import { coverToBurn, creditsFor, shareOf } from './pocket.ts'
import { creditsPromised, payableAt, requireFunded, withFault, withSegment } from './stream.ts'

/** One entry for each formula that the laws rest on. */
export interface MoneyRules {
  readonly bootstrapAllowance: typeof bootstrapAllowance
  readonly coverToBurn: typeof coverToBurn
  readonly creditsFor: typeof creditsFor
  readonly creditsPromised: typeof creditsPromised
  readonly limitRaisedBy: typeof limitRaisedBy
  readonly mintedFor: typeof mintedFor
  readonly outcomeByDeadline: typeof outcomeByDeadline
  readonly payableAt: typeof payableAt
  readonly postPrice: typeof postPrice
  readonly rebatePays: typeof rebatePays
  readonly requireFunded: typeof requireFunded
  readonly shareOf: typeof shareOf
  readonly slashStake: typeof slashStake
  readonly voucherPays: typeof voucherPays
  readonly withFault: typeof withFault
  readonly withSegment: typeof withSegment
}

export const moneyRules: MoneyRules = {
  bootstrapAllowance,
  coverToBurn,
  creditsFor,
  creditsPromised,
  limitRaisedBy,
  mintedFor,
  outcomeByDeadline,
  payableAt,
  postPrice,
  rebatePays,
  requireFunded,
  shareOf,
  slashStake,
  voucherPays,
  withFault,
  withSegment,
}
