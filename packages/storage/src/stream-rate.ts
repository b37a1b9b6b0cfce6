/**
 * What a set costs per second at a provider's price. Pure, integers only.
 *
 * @module
 */

import type { Piece } from './model.ts'

const leafBytes = 32n
const bytesPerGib = 2n ** 30n

/**
 * The rate of the stream behind a set.
 *
 * @param priceNanoPerGibSecond nano-credits per GiB (2^30 bytes) of padded data and second
 * @returns nano-credits per second, rounded up: a set of any size costs something where the price is not 0
 */
export function streamRateNano({
  pieces,
  priceNanoPerGibSecond,
}: {
  readonly pieces: readonly Pick<Piece, 'leafCount'>[]
  readonly priceNanoPerGibSecond: bigint
}): bigint {
  const paddedBytes = leafBytes * pieces.reduce((sum, { leafCount }) => sum + BigInt(leafCount), 0n)
  return (paddedBytes * priceNanoPerGibSecond + bytesPerGib - 1n) / bytesPerGib
}
