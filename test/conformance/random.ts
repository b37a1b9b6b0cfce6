/**
 * The contract of the Random port, for every adapter: as many bytes as asked for, and never the same again.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { randomBytesMax, type Random } from '@groundwork/core/ports/random.ts'
import { withAdapter, type MakeAdapter } from './adapter.ts'

export function conformRandom(name: string, makeAdapter: MakeAdapter<Random>): void {
  const check = (title: string, run: (random: Random) => void): void => {
    void test(title, () => withAdapter(makeAdapter, async ({ port }) => run(port)))
  }

  void describe(`Random: ${name}`, () => {
    check('a call gives exactly the bytes asked for', (random) => {
      for (const sizeBytes of [0, 1, 31, 32, 33, 1000, randomBytesMax])
        assert.equal(random.bytes(sizeBytes).length, sizeBytes)
    })

    check('no two of many draws are the same', (random) => {
      const draws = Array.from({ length: 2000 }, () => random.bytes(16).join())
      assert.equal(new Set(draws).size, draws.length)
    })

    check('each bit is set about half of the time', (random) => {
      const counts = Array.from({ length: 8 }, () => 0)
      for (const byte of random.bytes(20_000))
        for (const bit of counts.keys()) counts[bit] = (counts[bit] ?? 0) + ((byte >> bit) & 1)
      for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${count} of 20000`)
    })

    check('more than a call gives, or no number of bytes, is refused', (random) => {
      for (const sizeBytes of [-1, 1.5, randomBytesMax + 1, Number.NaN]) {
        assert.throws(() => random.bytes(sizeBytes), { code: 'GW_RANDOM_REFUSED' })
      }
    })
  })
}
