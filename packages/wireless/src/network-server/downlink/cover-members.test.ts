/**
 * Goal: all members that any gateway reaches are reached, each by one, and by few gateways.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coverMembers, type HeardMember } from './cover-members.ts'
import type { HeardBy } from './gateway-book.ts'

const by = (gatewayEui: string, snrDb = 10): HeardBy => ({
  gatewayEui,
  snrDb,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
})
const member = (devEui: string, ...heard: HeardBy[]): HeardMember => ({ devEui, heard })
const all = { isUsable: () => true }

test('one gateway that reaches all is enough', () => {
  const members = [member('1', by('a'), by('b')), member('2', by('b'), by('c')), member('3', by('b'))]
  assert.deepEqual(coverMembers(members, all), {
    gateways: [{ gatewayEui: 'b', members: ['1', '2', '3'] }],
    missed: [],
  })
})

test('a gateway that cannot be asked covers nobody', () => {
  const members = [member('1', by('a'), by('b')), member('2', by('b'))]
  assert.deepEqual(coverMembers(members, { isUsable: (eui) => eui !== 'b' }), {
    gateways: [{ gatewayEui: 'a', members: ['1'] }],
    missed: ['2'],
  })
})

test('a gateway that barely heard a member is trusted with it only where no other did better', () => {
  const members = [member('1', by('a', -7), by('b', 5)), member('2', by('a', 5))]
  const { gateways } = coverMembers(members, { ...all, marginDbMin: 3 })
  assert.deepEqual(
    gateways.map(({ gatewayEui, members: reached }) => [gatewayEui, reached]),
    [
      ['a', ['2']],
      ['b', ['1']],
    ],
  )
  assert.equal(coverMembers([member('1', by('a', -7))], { ...all, marginDbMin: 3 }).gateways.length, 1)
})

test('whoever hears whom, each reachable member is covered once and the others are named', () => {
  const heard = fc.uniqueArray(fc.nat(11), { maxLength: 5 })
  fc.assert(
    fc.property(fc.array(heard, { maxLength: 40 }), fc.uniqueArray(fc.nat(11)), (members, away) => {
      const isUsable = (eui: string): boolean => !away.includes(Number(eui.slice(1)))
      const cover = coverMembers(
        members.map((gateways, index) => member(`m${index}`, ...gateways.map((one) => by(`g${one}`)))),
        { isUsable },
      )
      const covered = cover.gateways.flatMap(({ members: reached }) => reached)
      assert.equal(new Set(covered).size, covered.length)
      assert.deepEqual([...covered, ...cover.missed].toSorted(), members.map((_, index) => `m${index}`).toSorted())
      for (const { gatewayEui, members: reached } of cover.gateways) {
        assert.ok(isUsable(gatewayEui) && reached.length > 0)
        for (const name of reached) assert.ok(members[Number(name.slice(1))]!.includes(Number(gatewayEui.slice(1))))
      }
      for (const name of cover.missed) assert.ok(!members[Number(name.slice(1))]!.some((one) => isUsable(`g${one}`)))
      assert.deepEqual(
        cover.gateways.map(({ members: reached }) => reached.length),
        cover.gateways.map(({ members: reached }) => reached.length).toSorted((a, b) => b - a),
        'who reaches most goes first',
      )
    }),
  )
})
