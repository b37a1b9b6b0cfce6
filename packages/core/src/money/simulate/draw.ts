/**
 * Draws for simulations: every choice comes from one function, so that a seed, or a list of numbers, is a whole world.
 *
 * Not for secrets and not for the protocol's own draws.
 *
 * @module
 */

import { invariant } from '../../invariant.ts'

/** @returns an integer from 0 up to, and without, `limit`; limit is at least 1 */
export type Draw = (limit: number) => number

/** The sequence of xorshift32; the same everywhere. @param seed any integer */
export function seededDraw(seed: number): Draw {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  return (limit) => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % limit
  }
}

/** Draws from given numbers, and 0 when they are used up: shorter and smaller lists mean simpler worlds. */
export function listedDraw(numbers: readonly number[]): Draw {
  let next = 0
  return (limit) => {
    const number = numbers[next] ?? 0
    next += 1
    return number % limit
  }
}

/** @returns one of the items; there is at least one */
export function oneOf<Item>(draw: Draw, items: readonly Item[]): Item {
  const item = items[draw(items.length)]
  invariant(item !== undefined, 'one is drawn of some')
  return item
}

/** An amount around the interesting places: nothing, one, all, one too many, and every size between. */
export function amountUpTo(draw: Draw, most: bigint): bigint {
  const shape = draw(16)
  if (shape === 0) return 0n
  if (shape === 1) return 1n
  if (shape === 2) return most
  if (shape === 3) return most + 1n
  if (shape === 4) return most >> BigInt(draw(64))
  return (most * BigInt(draw(1_000))) / 1_000n
}
