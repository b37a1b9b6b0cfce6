/**
 * What a day leaves a party in WORK, exactly: what it earned and converted, its rebate and its share of the bootstrap, less what it
 * burned for its own credits and what its seats cost.
 *
 * The formulas are those of the contracts, from `core/money`; here they are only put together. A seat's stake is not lost but bound:
 * what it costs is what it would have yielded elsewhere, and the part of it that is expected to be slashed.
 *
 * @module
 */

import { limitRaisedBy, mintedFor, rebatePays } from '@groundwork/core/money/convert.ts'
import { creditDivisor } from '@groundwork/core/money/money-constants.ts'
import { ceilDiv } from '@groundwork/core/money/pocket.ts'
import { rebateAttoPerUnit, voucherTotal } from '../../pay.ts'

export interface MoneyTerms {
  /** USD*1e8 per WORK: at which credits are bought, and at which they are converted */
  readonly lowUsd8: bigint
  readonly highUsd8: bigint
  /** reference price of a unit, in nano-credits */
  readonly referenceNanoPerUnit: bigint
  /** stake of a seat */
  readonly seatAtto: bigint
  /** what bound stake would yield in a year, of 10,000 */
  readonly capitalBasisPoints: bigint
}

/** A day of a party that may hold several seats. */
export interface PartyDay {
  readonly seats: bigint
  /** units that routers of others bought, and their price */
  readonly soldUnits: bigint
  readonly earnedNano: bigint
  /** units that it bought of itself, at the reference price */
  readonly ownUnits: bigint
  /** of the day's allowance */
  readonly bootstrapAtto: bigint
  /** stake that is expected to be slashed in the day */
  readonly slashedAtto: bigint
}

/** All in atto-WORK; the first three come in, the rest goes out. */
export interface DayMoney {
  readonly convertedAtto: bigint
  readonly rebateAtto: bigint
  readonly bootstrapAtto: bigint
  readonly burnedAtto: bigint
  readonly seatCostAtto: bigint
  readonly slashedAtto: bigint
  readonly netAtto: bigint
}

const daysPerYear = 365n
const basis = 10_000n

/** @returns what the stake of some seats costs in a day */
export function seatCostAtto(seats: bigint, { seatAtto, capitalBasisPoints }: MoneyTerms): bigint {
  return ceilDiv(seats * seatAtto * capitalBasisPoints, basis * daysPerYear)
}

export function dayOf(day: PartyDay, terms: MoneyTerms): DayMoney {
  const { lowUsd8, highUsd8, referenceNanoPerUnit } = terms
  const { seats, soldUnits, earnedNano, ownUnits, bootstrapAtto, slashedAtto } = day
  const ownCredits = voucherTotal(ownUnits * referenceNanoPerUnit)
  const credits = voucherTotal(earnedNano) + ownCredits
  // Whoever paid bought at today's low, so each credit carries what it cost.
  const workAtto = ceilDiv(credits * creditDivisor, lowUsd8)
  const burnedAtto = ceilDiv(ownCredits * creditDivisor, lowUsd8)
  const convertedAtto = mintedFor({ credits, workAtto }, highUsd8)
  const rebateAtto = rebatePays({
    leafAtto: (soldUnits + ownUnits) * rebateAttoPerUnit({ referenceNanoPerUnit, highUsd8 }),
    gotAtto: 0n,
    limitAtto: limitRaisedBy(workAtto - convertedAtto),
    gotAllAtto: 0n,
  })
  const seatCost = seatCostAtto(seats, terms)
  return {
    convertedAtto,
    rebateAtto,
    bootstrapAtto,
    burnedAtto,
    seatCostAtto: seatCost,
    slashedAtto,
    netAtto: convertedAtto + rebateAtto + bootstrapAtto - burnedAtto - seatCost - slashedAtto,
  }
}
