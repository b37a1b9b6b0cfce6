/**
 * Goal: an operator's standing is what its sets became, one for each life of a set, whatever happened to others between.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { standingsOf, type SetEvent } from './operator-standing.ts'

const [one, two]: readonly [Hex, Hex] = ['0x01', '0x02']
const posted = (id: Hex, provider: Hex, leafCount: bigint): SetEvent => ({ kind: 'posted', id, provider, leafCount })
const ended = (id: Hex, isFaulted: boolean): SetEvent => ({ kind: 'ended', id, isFaulted })

test('a set counts once for each of its lives: kept while it stands and when it ends well, faulted when it was lost', () => {
  const standings = standingsOf([
    posted('0xa', one, 4n),
    posted('0xa', one, 10n),
    posted('0xb', two, 100n),
    posted('0xc', one, 7n),
    ended('0xa', true),
    posted('0xa', one, 3n),
    ended('0xc', false),
    ended('0xb', true),
  ])
  assert.deepEqual(standings.get(one), { usedBytes: 96n, record: { keptCount: 2, faultedCount: 1 } })
  assert.deepEqual(standings.get(two), { usedBytes: 0n, record: { keptCount: 0, faultedCount: 1 } })
})

test('an end of what never stood, as after a rollback, changes nothing', () => {
  assert.equal(standingsOf([ended('0xa', true)]).size, 0)
  const twice = standingsOf([posted('0xa', one, 1n), ended('0xa', true), ended('0xa', true)])
  assert.deepEqual(twice.get(one)?.record, { keptCount: 0, faultedCount: 1 })
})

test('used space is that of the sets that stand, over any history', () => {
  const step = fc.record({
    id: fc.nat(4),
    provider: fc.constantFrom(one, two),
    leafCount: fc.bigInt(1n, 99n),
    act: fc.nat(3),
  })
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const standing = new Map<Hex, { provider: Hex; leafCount: bigint }>()
      const events = steps.map(({ id, provider, leafCount, act }): SetEvent => {
        const name: Hex = `0x${id}${provider.slice(2)}`
        if (act === 0) standing.delete(name)
        else standing.set(name, { provider, leafCount })
        return act === 0 ? ended(name, false) : posted(name, provider, leafCount)
      })
      for (const provider of [one, two]) {
        const leaves = [...standing.values()].filter((set) => set.provider === provider)
        const usedBytes = leaves.reduce((sum, { leafCount }) => sum + 32n * leafCount, 0n)
        assert.equal(standingsOf(events).get(provider)?.usedBytes ?? 0n, usedBytes)
      }
    }),
  )
})
