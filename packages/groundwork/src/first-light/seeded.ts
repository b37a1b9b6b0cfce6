/**
 * The choices of a run, from its seed: who is killed, when, which files. The same seed makes the same choices.
 *
 * @module
 */

import { memoryRandom } from '@groundwork/core/ports/memory/memory-random.ts'

export interface Seeded {
  /** a whole number from 0 to `below` - 1 */
  below(below: number): number
  /** one of the items */
  pick<Item>(items: readonly Item[]): Item
}

/** For choosing only: the bytes are predictable by design. */
export function seeded(seed: number): Seeded {
  const random = memoryRandom(`groundwork first light ${seed}`)
  const below = (count: number): number => {
    const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4)
    return (a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) % count
  }
  return {
    below,
    pick: (items) => {
      const item = items[below(items.length)]
      if (item === undefined) throw new RangeError('there is nothing to pick from')
      return item
    },
  }
}
