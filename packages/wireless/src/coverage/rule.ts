/**
 * Rules as a table: each has the reason it gives when it is broken, and the first broken one is the answer.
 *
 * The order of a table is part of its policy, for two programs must name the same reason.
 *
 * @module
 */

/** One row of a policy's table. */
export interface Rule<Facts, Reason extends string> {
  /** Stable: it is published with the verdict. */
  readonly reason: Reason
  /** Pure: no clock, no table but the facts. */
  readonly holds: (facts: Facts) => boolean
}

/** @returns the reason of the first rule that does not hold, or undefined when all do */
export function firstBroken<Facts, Reason extends string>(
  rules: readonly Rule<Facts, Reason>[],
  facts: Facts,
): Reason | undefined {
  for (const rule of rules) if (!rule.holds(facts)) return rule.reason
  return undefined
}
