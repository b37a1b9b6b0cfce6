/**
 * The five providers of the network that `groundwork up` makes: where they stand, what they ask, and who has no open port.
 *
 * Prices are far above the market so that seconds of storage show as whole credits.
 *
 * @module
 */

export interface LocalProviderPlan {
  readonly name: string
  /** degrees */
  readonly latitude: number
  readonly longitude: number
  /** nano-credits per GiB and second */
  readonly priceNano: bigint
  /** Reached through the gateway's relay: it listens on no port. */
  readonly isRelayed: boolean
}

export const localProviderPlans: readonly LocalProviderPlan[] = [
  { name: 'lisbon', latitude: 38.72, longitude: -9.14, priceNano: 520_000_000_000n, isRelayed: false },
  { name: 'nairobi', latitude: -1.29, longitude: 36.82, priceNano: 440_000_000_000n, isRelayed: true },
  { name: 'osaka', latitude: 34.69, longitude: 135.5, priceNano: 480_000_000_000n, isRelayed: false },
  { name: 'quito', latitude: -0.18, longitude: -78.47, priceNano: 460_000_000_000n, isRelayed: false },
  { name: 'tartu', latitude: 58.38, longitude: 26.72, priceNano: 500_000_000_000n, isRelayed: false },
]
