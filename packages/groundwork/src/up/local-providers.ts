/**
 * The providers of the network that `groundwork up` makes: five with disks around the globe, one of them without an open port,
 * and two hotspots of two owners that hear the same streets.
 *
 * Prices of storage are far above the market so that seconds of it show as whole credits.
 *
 * @module
 */

/** Where a provider stands. */
export interface LocalPlace {
  readonly name: string
  /** degrees */
  readonly latitude: number
  readonly longitude: number
}

export interface LocalProviderPlan extends LocalPlace {
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

export interface LocalHotspotPlan extends LocalPlace {
  /** nano-credits per unit of 24 bytes */
  readonly priceNano: bigint
}

/** Some kilometres apart, one on each side of the Elbe. */
export const localHotspotPlans: readonly LocalHotspotPlan[] = [
  { name: 'altona', latitude: 53.551, longitude: 9.935, priceNano: 1_000_000_000n },
  { name: 'harburg', latitude: 53.461, longitude: 9.983, priceNano: 1_000_000_000n },
]
