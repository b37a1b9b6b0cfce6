/**
 * Randomness that a seed decides: numbers drawn by name, and streams of them.
 *
 * A draw by name (seed, and up to three numbers that say for what) is the same whatever was drawn before it, so that a simulated
 * world does not change when its parts are asked in another order. For simulations only: nothing here is secret or unpredictable.
 *
 * @module
 */

const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))

const mixed = (hash: number, word: number): number =>
  (Math.imul(rotated(hash ^ Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593), 13), 5) + 0xe6546b64) | 0

/** @returns 32 bits, unsigned, well mixed: MurmurHash3 over whole words */
export function hashOf(seed: number, first: number, second: number = 0, third: number = 0): number {
  let hash = mixed(mixed(mixed(seed | 0, first | 0), second | 0), third | 0)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** @returns above 0 and below 1 */
export function drawUnit(seed: number, first: number, second: number = 0, third: number = 0): number {
  return (hashOf(seed, first, second, third) + 0.5) / 2 ** 32
}

/** A stream of numbers; those drawn later do not depend on who asks. */
export interface RandomStream {
  /** above 0 and below 1 */
  unit(): number
  /** mean 0, variance 1 */
  normal(): number
  /** mean 1 */
  exponential(): number
  /** mean 1, variance 1 / shape; @param shape 0.5 or more */
  gamma(shape: number): number
  /** 0 to count - 1 */
  index(count: number): number
}

export function randomStream(seed: number): RandomStream {
  let drawn = 0
  const unit = (): number => drawUnit(seed, (drawn += 1), 0x5eed)
  const normal = (): number => Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit())
  return {
    unit,
    normal,
    exponential: () => -Math.log(unit()),
    gamma: (shape) => gammaOf(shape, { unit, normal }) / shape,
    index: (count) => Math.floor(unit() * count),
  }
}

/** More attempts than this are never needed: one in twenty fails. */
const gammaAttemptsMax = 64

/** Marsaglia and Tsang, A simple method for generating gamma variables (2000); shapes below 1 by their boost. */
function gammaOf(shape: number, { unit, normal }: Pick<RandomStream, 'unit' | 'normal'>): number {
  if (shape < 1) return gammaOf(shape + 1, { unit, normal }) * unit() ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (let attempt = 0; attempt < gammaAttemptsMax; attempt += 1) {
    const x = normal()
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(unit()) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v
  }
  return d
}
