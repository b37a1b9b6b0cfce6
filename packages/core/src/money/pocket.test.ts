/**
 * Pockets: the share of WORK that moves with credits, and full cover.
 *
 * Goal: shares lose nothing, and a purchase is always at full cover at its own price.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MoneyRefused } from '../errors/money-errors.ts'
import { coverMissing, coverToBurn, creditsFor, isFullCover, requireCredits, shareOf, type Pocket } from './pocket.ts'

const amount = fc.bigInt(0n, 2n ** 100n)
const price = fc.bigInt(99n, 2n ** 62n)

test('all credits take all the WORK, none take none, also out of a pocket without credits', () => {
  const pocket: Pocket = { credits: 3n, workAtto: 10n }
  assert.deepEqual(
    [0n, 1n, 2n, 3n].map((credits) => shareOf(pocket, credits, 'down')),
    [0n, 3n, 6n, 10n],
  )
  assert.deepEqual(
    [0n, 1n, 2n, 3n].map((credits) => shareOf(pocket, credits, 'up')),
    [0n, 4n, 7n, 10n],
  )
  assert.equal(shareOf({ credits: 0n, workAtto: 10n }, 0n, 'down'), 0n)
})

test('a share is never more than the WORK, and both roundings differ by at most one atto', () => {
  fc.assert(
    fc.property(amount, amount, fc.bigInt(0n, 10_000n), (credits, workAtto, part) => {
      const taken = (credits * part) / 10_000n
      const [down, up] = [shareOf({ credits, workAtto }, taken, 'down'), shareOf({ credits, workAtto }, taken, 'up')]
      assert.ok(down <= up && up <= workAtto && up - down <= 1n)
    }),
  )
})

test('what was just bought is at full cover', () => {
  fc.assert(
    fc.property(amount, price, (workAtto, lowUsd8) => {
      assert.ok(isFullCover({ credits: creditsFor(workAtto, lowUsd8), workAtto }, lowUsd8))
    }),
  )
})

test('the missing cover is exactly what full cover needs, not an atto more', () => {
  fc.assert(
    fc.property(amount, amount, price, (credits, workAtto, lowUsd8) => {
      const missing = coverMissing({ credits, workAtto }, lowUsd8)
      assert.ok(isFullCover({ credits, workAtto: workAtto + missing }, lowUsd8))
      if (missing > 0n) assert.ok(!isFullCover({ credits, workAtto: workAtto + missing - 1n }, lowUsd8))
    }),
  )
})

test('cover above the stated maximum is refused, at the maximum it is not', () => {
  const pocket: Pocket = { credits: 1_000n, workAtto: 0n }
  const missing = coverMissing(pocket, 100n)
  assert.equal(coverToBurn(pocket, 100n, missing), missing)
  assert.throws(() => coverToBurn(pocket, 100n, missing - 1n), MoneyRefused)
})

test('more credits than there are cannot be taken', () => {
  assert.throws(() => requireCredits({ credits: 1n, workAtto: 0n }, 2n), MoneyRefused)
  requireCredits({ credits: 1n, workAtto: 0n }, 1n)
})
