/**
 * What one beacon is worth to its sender and to each who heard it, by HIP 15: enough witnesses are paid in full, more share
 * what more are worth, so that crowding a place earns less each.
 *
 * Exact; a rounding only at the end. Which witnesses count is decided elsewhere.
 *
 * @module
 * @see https://github.com/helium/HIP/blob/main/0015-beaconing-rewards.md
 */

import { add, divide, multiply, one, power, ratio, round, smaller, subtract, zero, type Ratio } from './ratio.ts'

/** The knobs of HIP 15. */
export interface RewardUnitParameters {
  /** Witnesses that are paid in full; 1 or more. */
  readonly redundancy: number
  /** What each further witness is worth of the one before; above 0, below 1. */
  readonly decay: Ratio
  /** The most units that a beacon earns its sender. */
  readonly beaconerMax: Ratio
  /** Of the results, rounded half-even. */
  readonly decimals: number
}

/** Units of one beacon. */
export interface RewardUnits {
  readonly perWitness: Ratio
  readonly beaconer: Ratio
}

/**
 * @param witnesses how many count for this beacon; 0 or more
 * @returns units that sum to at most `redundancy + 1` over all, but for the rounding of each
 */
export function rewardUnits(witnesses: number, parameters: RewardUnitParameters): RewardUnits {
  const exact = exactUnits(witnesses, parameters)
  const rounding = { decimals: parameters.decimals, rounding: 'half-even' } as const
  return { perWitness: round(exact.perWitness, rounding), beaconer: round(exact.beaconer, rounding) }
}

function exactUnits(witnesses: number, { redundancy, decay, beaconerMax }: RewardUnitParameters): RewardUnits {
  if (witnesses === 0) return { perWitness: zero, beaconer: zero }
  if (witnesses <= redundancy) {
    return { perWitness: one, beaconer: ratio(BigInt(witnesses), BigInt(redundancy)) }
  }
  const left = power(decay, witnesses - redundancy)
  const shared = subtract(ratio(BigInt(redundancy)), subtract(one, left))
  return {
    perWitness: smaller(beaconerMax, divide(shared, ratio(BigInt(witnesses)))),
    beaconer: smaller(beaconerMax, subtract(ratio(2n), left)),
  }
}

/** @returns all units of one beacon together */
export function unitsInAll(witnesses: number, { perWitness, beaconer }: RewardUnits): Ratio {
  const ofWitnesses = multiply(perWitness, ratio(BigInt(witnesses)))
  return add(ofWitnesses, beaconer)
}
