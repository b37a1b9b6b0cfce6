/**
 * Goal: whatever a router does, and in whatever order, a hotspot never has more open than its bound, and never carries what the
 * allotment does not cover.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { creditPacketsMax } from '../model.ts'
import { carryCredit, openPacketsFor, openPacketsMax, openPacketsMin, type AllotmentView } from './credit.ts'

const voucherSigner: Hex = `0x${'01'.repeat(20)}`
const stranger: Hex = `0x${'02'.repeat(20)}`
const unitPriceNano = 10n ** 9n
const terms = { unitPriceNano, voucherSigner }
const allotted = (credits: bigint, redeemed = 0n): AllotmentView => ({
  signer: voucherSigner,
  credits,
  redeemed,
  isNoticed: false,
})

test('before an allotment stands 64 packets are carried in all, bought, declined or lost', () => {
  const credit = carryCredit(terms)
  for (let packet = 0; packet < creditPacketsMax; packet += 1) {
    assert.equal(credit.refusal(1), undefined)
    credit.carried(1)
    if (packet % 3 === 0) credit.decided({ units: 1 })
    else if (packet % 3 === 1) credit.decided({ units: 1, priceNano: unitPriceNano })
    else credit.broke()
  }
  assert.equal(credit.refusal(1), 'no-allotment')
  credit.vouched({ total: 1000n, signer: voucherSigner })
  assert.equal(credit.refusal(1), 'no-allotment', 'a voucher on nothing is nothing')
  credit.seen({ ...allotted(1000n), signer: stranger })
  assert.equal(credit.refusal(1), 'no-allotment', "another signer's allotment pays no voucher of this router")
  assert.equal(carryCredit(terms, credit.state).refusal(1), 'no-allotment', 'nor does a restart help')
  credit.seen(allotted(1000n))
  assert.equal(credit.refusal(1), undefined)
})

test('an allotment that is spent, ends, or is drawn by a false voucher stops it by name', () => {
  const credit = carryCredit(terms)
  credit.seen(allotted(3n))
  for (let packet = 0; packet < 3; packet += 1) credit.carried(1)
  assert.equal(credit.refusal(1), 'allotment-spent', 'what has no decision yet counts')
  credit.decided({ units: 1 })
  assert.equal(credit.refusal(1), undefined)
  assert.equal(credit.refusal(2), 'allotment-spent')
  credit.seen(allotted(1n, 2n))
  assert.equal(credit.refusal(1), undefined, 'redeemed and left count together')
  credit.seen({ ...allotted(100n), isNoticed: true })
  assert.equal(credit.refusal(1), 'allotment-ending')
  credit.seen(allotted(100n))
  assert.equal(credit.vouched({ total: 50n, signer: stranger }), false)
  assert.equal(credit.refusal(1), 'voucher-bad')
  assert.equal(credit.state.total, 0n)
  assert.equal(credit.vouched({ total: 2n, signer: voucherSigner }), true)
  assert.equal(credit.refusal(1), undefined)
  assert.equal(credit.vouched({ total: 1n, signer: voucherSigner }), false, 'a lower total is worth nothing')
  assert.equal(credit.state.total, 2n)
})

test('lost packets are forgiven by vouchers, packet for packet, and by nothing else', () => {
  const credit = carryCredit(terms)
  credit.seen(allotted(10n ** 6n))
  for (let packet = 0; packet < openPacketsMin; packet += 1) credit.carried(1)
  credit.broke()
  assert.equal(credit.refusal(1), 'unpaid', 'breaking the stream settles nothing')
  credit.recovered(unitPriceNano)
  assert.equal(credit.openPackets, openPacketsMin, 'one less lost, one more to be paid')
  credit.vouched({ total: 1n, signer: voucherSigner })
  assert.equal(credit.openPackets, openPacketsMin - 2)
  assert.equal(credit.refusal(1), undefined)
})

test('a router is trusted with a sixteenth of what it has paid for, up to a bound, and not of what it cannot pay', () => {
  const openAfter = (total: bigint, view: AllotmentView): number => {
    const credit = carryCredit(terms)
    credit.seen(view)
    credit.vouched({ total, signer: voucherSigner })
    while (credit.refusal(1) === undefined) credit.carried(1)
    return credit.openPackets
  }
  const plenty = allotted(10n ** 9n)
  assert.equal(openAfter(0n, plenty), openPacketsMin)
  assert.equal(openAfter(15n, plenty), openPacketsMin)
  assert.equal(openAfter(1600n, plenty), openPacketsMin + 100)
  assert.equal(openAfter(10n ** 8n, plenty), openPacketsMax)
  assert.equal(openAfter(10n ** 8n, allotted(1000n, 600n)), openPacketsMin + 100, 'the allotment covers no more')
  assert.equal(
    openPacketsFor({ total: 10n ** 8n, unitPriceNano: 0n }),
    openPacketsMin,
    'who pays nothing earns no trust',
  )
  assert.equal(openPacketsFor({ total: 1600n, unitPriceNano: 2n * unitPriceNano }), openPacketsMin + 50)
})

type Step =
  | { readonly kind: 'carry'; readonly units: number }
  | { readonly kind: 'buy' | 'decline' | 'break' | 'recover' | 'pay' | 'underpay' | 'fake' }
  | { readonly kind: 'chain'; readonly view: AllotmentView | undefined }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('carry' as const), units: fc.integer({ min: 1, max: 11 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('buy' as const, 'decline', 'break', 'recover', 'pay', 'underpay', 'fake'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('chain' as const),
      view: fc.option(
        fc.record({
          signer: fc.constantFrom(voucherSigner, stranger),
          credits: fc.bigInt(0n, 600n),
          redeemed: fc.bigInt(0n, 100n),
          isNoticed: fc.boolean(),
        }),
        { nil: undefined },
      ),
    }),
  },
)

test('never more open than the bound, never beyond what is covered, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.integer({ min: 1, max: 300 })), { maxLength: 60 }), (steps) => {
      const credit = carryCredit(terms)
      const open: number[] = []
      let lostUnits = 0
      let view: AllotmentView | undefined
      let carriedBefore = 0
      for (const [one, times] of steps) {
        for (let turn = 0; turn < (one.kind === 'carry' ? times : 1); turn += 1) {
          if (one.kind === 'carry') {
            if (credit.refusal(one.units) !== undefined) break
            credit.carried(one.units)
            open.push(one.units)
            const isCovered = view !== undefined && view.signer === voucherSigner
            if (!isCovered) carriedBefore += 1
            else {
              const units = BigInt(open.reduce((sum, units) => sum + units, 0))
              const covered = ((view?.redeemed ?? 0n) + (view?.credits ?? 0n)) * unitPriceNano
              assert.ok(credit.state.earnedNano + units * unitPriceNano <= covered, 'carried beyond the allotment')
              const bound = openPacketsFor({ total: credit.state.total, unitPriceNano })
              assert.ok(credit.openPackets <= bound, 'carried beyond the bound')
            }
            assert.ok(carriedBefore <= creditPacketsMax)
          } else if (one.kind === 'buy' || one.kind === 'decline') {
            const units = open.shift()
            if (units === undefined) continue
            const price = BigInt(units) * unitPriceNano
            credit.decided(one.kind === 'buy' ? { units, priceNano: price } : { units })
          } else if (one.kind === 'break') {
            lostUnits += open.splice(0).length
            credit.broke()
          } else if (one.kind === 'recover' && lostUnits > 0) credit.recovered(unitPriceNano)
          else if (one.kind === 'pay')
            credit.vouched({ total: credit.state.earnedNano / unitPriceNano, signer: voucherSigner })
          else if (one.kind === 'underpay')
            credit.vouched({ total: credit.state.earnedNano / unitPriceNano / 2n, signer: voucherSigner })
          else if (one.kind === 'fake') credit.vouched({ total: 10n ** 9n, signer: stranger })
          else if (one.kind === 'chain') {
            view = one.view
            credit.seen(view)
          }
        }
      }
    }),
    { numRuns: 300 },
  )
})
