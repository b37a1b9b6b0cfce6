/**
 * How a device counts its joins: as it should, by chance, or forgetfully.
 *
 * @module
 */

import { randomStream } from './seeded-random.ts'

/**
 * 'rises': a counter that outlives the battery, as 1.0.4 and 1.1 want it. 'random': any number, as 1.0.3 and older allow. 'forgets':
 * a counter that begins again with each power cycle, the most common fault.
 */
export type NoncePolicy = 'rises' | 'random' | 'forgets'

export interface DevNonces {
  /** 16 bits; the next join's */
  next(): number
  powerCycle(): void
}

export function devNonces(
  policy: NoncePolicy,
  { first, seed }: { readonly first: number; readonly seed: number },
): DevNonces {
  const random = randomStream(seed)
  let upcoming = first
  return {
    next() {
      if (policy === 'random') return random.index(2 ** 16)
      const nonce = upcoming
      upcoming = (upcoming + 1) & 0xffff
      return nonce
    },
    powerCycle() {
      if (policy === 'forgets') upcoming = first
    },
  }
}
