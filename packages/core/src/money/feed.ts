/**
 * The price feed: posts of posters -> a conservative low and high price of WORK.
 *
 * docs/protocol/money.md#feed. `low` falls at once and rises 10% an hour, `high` the other way round. Pure; no clock.
 *
 * @module
 */

import { MoneyRefused } from '../errors/money-errors.ts'
import type { Hex } from '../units/hex.ts'
import { freshPostCountMin, fullStepSeconds, posterCountMax, priceUsd8Max, priceUsd8Min } from './money-constants.ts'
import { ceilDiv } from './pocket.ts'

/** A price and the time since which its steps are counted. USD*1e8 per WORK, Unix seconds. */
export interface AnchoredPrice {
  readonly priceUsd8: bigint
  readonly anchorSeconds: bigint
}

export interface PricePost {
  readonly priceUsd8: bigint
  readonly atSeconds: bigint
}

export interface Feed {
  readonly posters: readonly Hex[]
  readonly posts: ReadonlyMap<Hex, PricePost>
  /** undefined before the first median */
  readonly low: AnchoredPrice | undefined
  readonly high: AnchoredPrice | undefined
  /** when low and high were last computed */
  readonly computedAtSeconds: bigint
}

export interface Quote {
  readonly lowUsd8: bigint
  readonly highUsd8: bigint
  readonly fresh: boolean
}

/**
 * @returns a feed of a new poster set, which has no posts; prices, if any, and their freshness stay
 * @throws MoneyRefused PosterCountOutOfRange, BadPoster for the zero address or one that is named twice
 */
export function withPosters(feed: Feed | undefined, posters: readonly Hex[], posterCountMin: number): Feed {
  const minimum = Math.max(posterCountMin, freshPostCountMin)
  if (posters.length < minimum || posters.length > posterCountMax) {
    throw new MoneyRefused('PosterCountOutOfRange', { minimum, maximum: posterCountMax, actual: posters.length })
  }
  const bad = posters.find((poster, index) => BigInt(poster) === 0n || posters.indexOf(poster) !== index)
  if (bad !== undefined) throw new MoneyRefused('BadPoster', { poster: bad })
  return {
    posters,
    posts: new Map(),
    low: feed?.low,
    high: feed?.high,
    computedAtSeconds: feed?.computedAtSeconds ?? 0n,
  }
}

/**
 * The next low: at most the target, and at most 10% an hour above the one before.
 *
 * The anchor's time moves only when the price moves or the target is reached, so that posting every second cannot
 * freeze a small price.
 */
export function stepLow(previous: AnchoredPrice, medianUsd8: bigint, nowSeconds: bigint): AnchoredPrice {
  const targetUsd8 = (medianUsd8 * 99n) / 100n
  const elapsed = nowSeconds - previous.anchorSeconds
  const boundUsd8 = (previous.priceUsd8 * (fullStepSeconds + elapsed)) / fullStepSeconds
  return movedTo(previous, targetUsd8 < boundUsd8 ? targetUsd8 : boundUsd8, targetUsd8, nowSeconds)
}

/** The next high: at least the target, and at most 10% an hour below the one before. */
export function stepHigh(previous: AnchoredPrice, medianUsd8: bigint, nowSeconds: bigint): AnchoredPrice {
  const targetUsd8 = ceilDiv(medianUsd8 * 101n, 100n)
  const elapsed = nowSeconds - previous.anchorSeconds
  const left = elapsed < fullStepSeconds ? fullStepSeconds - elapsed : 0n
  const boundUsd8 = ceilDiv(previous.priceUsd8 * left, fullStepSeconds)
  return movedTo(previous, targetUsd8 > boundUsd8 ? targetUsd8 : boundUsd8, targetUsd8, nowSeconds)
}

function movedTo(previous: AnchoredPrice, priceUsd8: bigint, targetUsd8: bigint, nowSeconds: bigint): AnchoredPrice {
  if (priceUsd8 === previous.priceUsd8 && priceUsd8 !== targetUsd8) return previous
  return { priceUsd8, anchorSeconds: nowSeconds }
}

/**
 * Both medians of the fresh posts: with an even number of them, low follows the lower middle one, high the upper.
 *
 * @returns undefined with fewer than three fresh posts
 */
export function mediansOf(
  feed: Feed,
  nowSeconds: bigint,
  freshSeconds: bigint,
): { lowerUsd8: bigint; upperUsd8: bigint } | undefined {
  const fresh = [...feed.posts.values()].filter((post) => nowSeconds - post.atSeconds <= freshSeconds)
  if (fresh.length < freshPostCountMin) return undefined
  const prices = fresh
    .map((post) => post.priceUsd8)
    .toSorted((left, right) => (left < right ? -1 : Number(left > right)))
  const lowerUsd8 = prices[(prices.length - 1) >> 1] ?? 0n
  const upperUsd8 = prices[prices.length >> 1] ?? 0n
  return { lowerUsd8, upperUsd8 }
}

export interface PostInput {
  readonly poster: Hex
  readonly priceUsd8: bigint
  readonly nowSeconds: bigint
  readonly freshSeconds: bigint
}

/**
 * One post. Recomputes low and high when it finds at least three fresh posts, itself among them.
 *
 * @throws MoneyRefused NotPoster, PriceOutOfRange
 */
export function postPrice(feed: Feed, { poster, priceUsd8, nowSeconds, freshSeconds }: PostInput): Feed {
  if (!feed.posters.includes(poster)) throw new MoneyRefused('NotPoster', { caller: poster })
  if (priceUsd8 < priceUsd8Min || priceUsd8 > priceUsd8Max) throw new MoneyRefused('PriceOutOfRange', { priceUsd8 })
  const posted: Feed = { ...feed, posts: new Map([...feed.posts, [poster, { priceUsd8, atSeconds: nowSeconds }]]) }
  const medians = mediansOf(posted, nowSeconds, freshSeconds)
  if (medians === undefined) return posted
  return {
    ...posted,
    low:
      feed.low === undefined
        ? firstLow(medians.lowerUsd8, nowSeconds)
        : stepLow(feed.low, medians.lowerUsd8, nowSeconds),
    high:
      feed.high === undefined
        ? firstHigh(medians.upperUsd8, nowSeconds)
        : stepHigh(feed.high, medians.upperUsd8, nowSeconds),
    computedAtSeconds: nowSeconds,
  }
}

/** The first median sets the price without a step. */
function firstLow(medianUsd8: bigint, nowSeconds: bigint): AnchoredPrice {
  return { priceUsd8: (medianUsd8 * 99n) / 100n, anchorSeconds: nowSeconds }
}

function firstHigh(medianUsd8: bigint, nowSeconds: bigint): AnchoredPrice {
  return { priceUsd8: ceilDiv(medianUsd8 * 101n, 100n), anchorSeconds: nowSeconds }
}

/** @returns 0n prices before the first median; `fresh` false then, and when they are older than `freshSeconds` */
export function quoteOf(feed: Feed, nowSeconds: bigint, freshSeconds: bigint): Quote {
  return {
    lowUsd8: feed.low?.priceUsd8 ?? 0n,
    highUsd8: feed.high?.priceUsd8 ?? 0n,
    fresh: feed.low !== undefined && nowSeconds - feed.computedAtSeconds <= freshSeconds,
  }
}
