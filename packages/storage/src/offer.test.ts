/**
 * Goal: match() gives k distinct operators that fit, the same ones in whatever order the offers come, and says of every other
 * one why not.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import type { Offer } from './model.ts'
import { match, offer, type Exclusion } from './offer.ts'

const address = (index: number): Hex => `0x${index.toString(16).padStart(40, '0')}`
const lisbon = cellAt({ latitude: 38.72, longitude: -9.14 }) ?? 0n
const osaka = cellAt({ latitude: 34.69, longitude: 135.5 }) ?? 0n
const near = cellAt({ latitude: 38.8, longitude: -9.2 }) ?? 0n

function offerOf(index: number, over: Partial<Offer> = {}): Offer {
  return {
    operator: address(index),
    nodeKey: `0x${'00'.repeat(32)}`,
    endpoint: 'http://127.0.0.1:1',
    cell: lisbon,
    capacityBytes: 1000n,
    usedBytes: 0n,
    priceNanoPerGibSecond: 100n,
    open: true,
    record: { keptCount: 10, faultedCount: 0 },
    ...over,
  }
}

const offers = fc.array(
  fc.record({
    operator: fc.integer({ min: 1, max: 12 }),
    priceNanoPerGibSecond: fc.bigInt({ min: 0n, max: 1000n }),
    capacityBytes: fc.bigInt({ min: 0n, max: 2000n }),
    open: fc.boolean(),
    cell: fc.constantFrom(lisbon, osaka, near),
    faultedCount: fc.nat(20),
  }),
  { maxLength: 20 },
)

test('match() picks distinct operators that fit, whatever the order, and accounts for every offer', () => {
  fc.assert(
    fc.property(
      offers,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 1500 }),
      (some, copies, sizeBytes) => {
        const given = some.map(({ operator, faultedCount, ...rest }) =>
          offerOf(operator, { ...rest, record: { keptCount: 10, faultedCount } }),
        )
        const { chosen, spares, excluded } = match({ offers: given, copies, sizeBytes, near: lisbon })
        assert.equal(new Set(chosen.map(({ operator }) => operator)).size, chosen.length)
        assert.ok(chosen.length <= copies)
        assert.ok(chosen.length === copies || spares.length === 0)
        assert.ok([...chosen, ...spares].every((one) => one.open && one.capacityBytes >= BigInt(sizeBytes)))
        assert.equal(chosen.length + excluded.length, given.length)
        const reversed = match({ offers: given.toReversed(), copies, sizeBytes, near: lisbon })
        assert.deepEqual(
          reversed.chosen.map(({ operator }) => operator),
          chosen.map(({ operator }) => operator),
        )
      },
    ),
  )
})

test('of two offers of one operator at one price the order does not decide', () => {
  const offered = [offerOf(1, { open: false }), offerOf(1), offerOf(1, { capacityBytes: 2000n })]
  for (const given of [offered, offered.toReversed()]) {
    const { chosen, excluded } = match({ offers: given, copies: 1, sizeBytes: 1 })
    assert.deepEqual(chosen, [offerOf(1, { capacityBytes: 2000n })])
    assert.deepEqual(
      excluded.map(({ why }) => why),
      ['same-operator', 'same-operator'],
    )
  }
})

test('each exclusion has its reason, at its limit and not before', () => {
  const whyOf = (one: Offer, wanted: Partial<Parameters<typeof match>[0]> = {}): Exclusion | undefined =>
    match({ offers: [one], copies: 1, sizeBytes: 1000, ...wanted }).excluded[0]?.why
  assert.equal(whyOf(offerOf(1)), undefined)
  assert.equal(whyOf(offerOf(1, { open: false })), 'closed')
  assert.equal(whyOf(offerOf(1, { usedBytes: 1n })), 'no-room')
  assert.equal(whyOf(offerOf(1), { priceNanoPerGibSecondMax: 100n }), undefined)
  assert.equal(whyOf(offerOf(1), { priceNanoPerGibSecondMax: 99n }), 'too-dear')
  assert.equal(whyOf(offerOf(1), { exclude: [address(1)] }), 'excluded')
  assert.equal(whyOf(offerOf(1, { cell: osaka }), { near: lisbon, distanceKmMax: 5000 }), 'too-far')
  assert.equal(whyOf(offerOf(1, { record: { keptCount: 10, faultedCount: 10 } })), undefined)
  assert.equal(whyOf(offerOf(1, { record: { keptCount: 10, faultedCount: 11 } })), 'bad-record')
  assert.equal(whyOf(offerOf(1, { record: { keptCount: 0, faultedCount: 3 } })), undefined)
  assert.equal(whyOf(offerOf(1, { record: { keptCount: 0, faultedCount: 4 } })), 'bad-record')
  const two = match({ offers: [offerOf(1), offerOf(2)], copies: 1, sizeBytes: 1 })
  assert.deepEqual(
    two.excluded.map(({ why }) => why),
    ['not-needed'],
  )
})

test('the cheaper comes first; faults and distance make dearer; copies spread over regions', () => {
  const first = (some: readonly Offer[], over: Partial<Parameters<typeof match>[0]> = {}): Hex | undefined =>
    match({ offers: some, copies: 1, sizeBytes: 1, ...over }).chosen[0]?.operator
  assert.equal(first([offerOf(1), offerOf(2, { priceNanoPerGibSecond: 90n })]), address(2))
  assert.equal(first([offerOf(1, { record: { keptCount: 10, faultedCount: 2 } }), offerOf(2)]), address(2))
  assert.equal(first([offerOf(1, { cell: osaka }), offerOf(2)], { near }), address(2))
  const spread = match({
    offers: [offerOf(1), offerOf(2), offerOf(3, { cell: osaka, priceNanoPerGibSecond: 500n })],
    copies: 2,
    sizeBytes: 1,
  })
  assert.deepEqual(
    spread.chosen.map(({ operator }) => operator),
    [address(1), address(3)],
  )
})

test('offer() is what the registry takes', () => {
  const made = offer({ operator: address(1), capacityBytes: 5n, priceNanoPerGibSecond: 7n })
  assert.deepEqual(made, {
    operator: address(1),
    network: 1,
    capacity: 5n,
    priceNano: 7n,
    terms: `0x${'00'.repeat(32)}`,
    open: true,
  })
  assert.throws(() => offer({ operator: address(1), capacityBytes: 0n, priceNanoPerGibSecond: 7n }), {
    code: 'GW_INVARIANT_BROKEN',
  })
})
