/**
 * How many MICs are computed for one address in a second. An address may have many sessions, and anyone may send frames with it.
 *
 * When it is spent an address is not silent: the likeliest few sessions of each frame are still tried.
 *
 * @module
 */

import { micTriesMax } from './read-uplink.ts'

/** MIC tries on one address in a second before it counts as flooded. */
export const addressTriesPerSecondMax = 20_000
/** Tries for each frame of an address that is flooded. */
export const floodedTries = 8
/** Addresses whose tries are counted at once, inclusive. */
export const countedAddressesMax = 65_536

export interface AddressBudget {
  /** MICs that may be computed for one more frame; `micTriesMax`, unless the address is flooded */
  triesFor(devAddr: number, elapsedMs: number): number
  spent(devAddr: number, tries: number): void
}

export function addressBudget(): AddressBudget {
  const byAddress = new Map<number, number>()
  let second = 0
  return {
    triesFor(devAddr, elapsedMs) {
      const now = Math.floor(elapsedMs / 1000)
      if (now !== second) {
        second = now
        byAddress.clear()
      }
      const before = byAddress.get(devAddr)
      if (before === undefined && byAddress.size >= countedAddressesMax) return floodedTries
      const left = addressTriesPerSecondMax - (before ?? 0)
      return Math.max(floodedTries, Math.min(micTriesMax, left))
    },
    spent(devAddr, tries) {
      // One try is what every frame may cost.
      if (tries <= 1) return
      const before = byAddress.get(devAddr)
      if (before === undefined && byAddress.size >= countedAddressesMax) return
      byAddress.set(devAddr, (before ?? 0) + tries)
    },
  }
}
