/**
 * `invariant(condition, why)`: stops the work on our own mistakes. Better a late payment than a wrong one.
 *
 * Never for the input of strangers: parsers return `undefined`, callers get their own error.
 *
 * @module
 */

import { InvariantBroken } from './errors/invariant-broken.ts'

/**
 * @param condition what must hold
 * @param why the rule in words, as it should be: 'a pool is never negative'
 * @throws InvariantBroken
 */
export function invariant(condition: unknown, why: string): asserts condition {
  if (!condition) throw new InvariantBroken(why)
}

/**
 * Stands after a switch over every kind: the compiler sees that none is left, and a kind from outside stops the work.
 *
 * @throws InvariantBroken
 */
export function unreachable(left: never): never {
  throw new InvariantBroken(`every kind is known, and ${JSON.stringify(left)} is not`)
}
