/**
 * The price feed: medians, steps, anchors and staleness.
 *
 * Goal: low falls at once and rises 10% an hour, high the other way round, whatever is posted and however often.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MoneyRefused } from '../errors/money-errors.ts'
import type { Hex } from '../units/hex.ts'
import { mediansOf, postPrice, quoteOf, stepHigh, stepLow, withPosters, type AnchoredPrice, type Feed } from './feed.ts'
import { addressOf } from './simulate/actors.ts'

const posters: readonly Hex[] = [1, 2, 3, 4, 5].map(addressOf)
const freshSeconds = 600n

function posted(feed: Feed, prices: readonly bigint[], nowSeconds: bigint): Feed {
  return prices.reduce(
    (so, priceUsd8, index) => postPrice(so, { poster: posters[index] ?? '0x', priceUsd8, nowSeconds, freshSeconds }),
    feed,
  )
}
const empty = withPosters(undefined, posters, 5)
const refusalOf = (run: () => unknown): string | undefined => {
  try {
    run()
    return undefined
  } catch (error) {
    assert.ok(error instanceof MoneyRefused)
    return error.refusal
  }
}

test('two fresh posts are no median, three set both prices without a step', () => {
  assert.deepEqual(quoteOf(posted(empty, [1_000n, 2_000n], 50n), 50n, freshSeconds), {
    lowUsd8: 0n,
    highUsd8: 0n,
    fresh: false,
  })
  assert.deepEqual(quoteOf(posted(empty, [1_000n, 2_000n, 9_000n], 50n), 50n, freshSeconds), {
    lowUsd8: 1_980n,
    highUsd8: 2_020n,
    fresh: true,
  })
})

test('with an even number of posts low follows the lower middle one and high the upper', () => {
  assert.deepEqual(mediansOf(posted(empty, [400n, 100n, 200n, 300n], 0n), 0n, freshSeconds), {
    lowerUsd8: 200n,
    upperUsd8: 300n,
  })
  assert.deepEqual(mediansOf(posted(empty, [400n, 100n, 200n, 300n, 150n], 0n), 0n, freshSeconds), {
    lowerUsd8: 200n,
    upperUsd8: 200n,
  })
})

test('a post counts for 600 seconds and not for 601, and so do the prices', () => {
  const feed = posted(empty, [1_000n, 1_000n, 1_000n], 100n)
  assert.notEqual(mediansOf(feed, 700n, freshSeconds), undefined)
  assert.equal(mediansOf(feed, 701n, freshSeconds), undefined)
  assert.equal(quoteOf(feed, 700n, freshSeconds).fresh, true)
  assert.equal(quoteOf(feed, 701n, freshSeconds).fresh, false)
  const late = posted(feed, [5_000n], 701n)
  assert.deepEqual([late.low, late.computedAtSeconds], [feed.low, 100n])
})

test('a new poster set has no posts and keeps both prices', () => {
  const feed = posted(empty, [1_000n, 1_000n, 1_000n], 100n)
  const next = withPosters(feed, posters.toReversed(), 5)
  assert.equal(mediansOf(next, 100n, freshSeconds), undefined)
  assert.equal(quoteOf(next, 100n, freshSeconds).lowUsd8, 990n)
})

test('posts outside 100 .. 2^62, posters outside the set and bad sets are refused', () => {
  const post = (poster: Hex, priceUsd8: bigint): string | undefined =>
    refusalOf(() => postPrice(empty, { poster, priceUsd8, nowSeconds: 0n, freshSeconds }))
  const [first = '0x'] = posters
  assert.deepEqual(
    [
      post(first, 99n),
      post(first, 100n),
      post(first, 2n ** 62n),
      post(first, 2n ** 62n + 1n),
      post(addressOf(9), 100n),
    ],
    ['PriceOutOfRange', undefined, undefined, 'PriceOutOfRange', 'NotPoster'],
  )
  assert.equal(
    refusalOf(() => withPosters(undefined, posters.slice(1), 5)),
    'PosterCountOutOfRange',
  )
  assert.equal(
    refusalOf(() => withPosters(undefined, [...posters, first], 5)),
    'BadPoster',
  )
  assert.equal(
    refusalOf(() =>
      withPosters(
        undefined,
        Array.from({ length: 17 }, (_, index) => addressOf(index + 1)),
        5,
      ),
    ),
    'PosterCountOutOfRange',
  )
})

test('low rises by exactly 10% in an hour and high falls by exactly 10%', () => {
  const from: AnchoredPrice = { priceUsd8: 1_000_000n, anchorSeconds: 0n }
  assert.equal(stepLow(from, 9_000_000n, 3_600n).priceUsd8, 1_100_000n)
  assert.equal(stepHigh(from, 100n, 3_600n).priceUsd8, 900_000n)
  assert.equal(stepLow(from, 500_000n, 1n).priceUsd8, 495_000n)
  assert.equal(stepHigh(from, 5_000_000n, 1n).priceUsd8, 5_050_000n)
  assert.equal(stepHigh(from, 100n, 40_000n).priceUsd8, 101n)
})

test('posting every second does not freeze a small price', () => {
  let low: AnchoredPrice = { priceUsd8: 99n, anchorSeconds: 0n }
  let high: AnchoredPrice = { priceUsd8: 1_000n, anchorSeconds: 0n }
  for (let now = 1n; now <= 36_000n; now += 1n) {
    low = stepLow(low, 1_000n, now)
    high = stepHigh(high, 100n, now)
  }
  assert.ok(low.priceUsd8 > 190n, `low stands at ${low.priceUsd8}`)
  assert.ok(high.priceUsd8 < 500n, `high stands at ${high.priceUsd8}`)
})

test('however often it is posted, low rises at most e-fold in ten hours, and stands between nothing and its target', () => {
  fc.assert(
    fc.property(
      fc.bigInt(100n, 2n ** 62n),
      fc.bigInt(100n, 2n ** 62n),
      fc.array(fc.integer({ min: 1, max: 600 }), { maxLength: 60 }),
      (start, target, gaps) => {
        let low: AnchoredPrice = { priceUsd8: (start * 99n) / 100n, anchorSeconds: 0n }
        let now = 0n
        for (const gap of gaps) {
          now += BigInt(gap)
          low = stepLow(low, target, now)
          assert.ok(low.priceUsd8 <= (target * 99n) / 100n)
        }
        assert.ok(low.priceUsd8 <= start * 3n || now > 36_000n)
      },
    ),
  )
})
