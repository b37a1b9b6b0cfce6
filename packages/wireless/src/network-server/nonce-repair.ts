/**
 * When a device is let in although its DevNonce was used: one that lost its count would else be shut out until someone helps it.
 *
 * A join-request has nothing in it that a recording has not, so a stuck device and somebody who plays its old joins again look the
 * same. What tells them apart is time: a device that is stuck says nothing else. So only one of which nothing but refused joins was
 * heard for long enough is let in, with this one join, and seldom. What a replay gains by waiting that long is an answer on the air
 * and a session that nobody can speak on: JoinNonces rise, so no key comes twice, and whatever session the device has stays as it
 * is. No nonce is forgotten: the next join is judged as before.
 *
 * @module
 */

import type { Eui } from '../model/radio.ts'

/** Refused joins before a device counts as stuck. */
export const repairRefusalsMin = 3
/** Refused joins closer than this are one attempt. */
export const repairAttemptMs = 5_000
/** From the first of them to the one that is let in; longer for devices that send seldom, see `silenceMs`. */
export const repairSilenceMsMin = 300_000
/** From one join of a device that is let in so to the next. */
export const repairEveryMs = 900_000
/** What is older than this is no sign of anything. */
export const repairForgetMs = 86_400_000
/** Devices whose refusals are counted at once, inclusive; the one that was refused longest ago is forgotten. */
export const repairDevicesMax = 65_536

interface Refusals {
  readonly firstMs: number
  readonly lastMs: number
  readonly count: number
  readonly repairedMs: number
}

export interface NonceRepair {
  /**
   * A join with the right MIC and a used nonce.
   *
   * @param silenceMs how long the device may be silent without anything being wrong
   * @returns whether it is let in all the same
   */
  refused(devEui: Eui, at: { readonly elapsedMs: number; readonly silenceMs: number }): boolean
  /** The device spoke on a session, or joined as it should: it is not stuck. */
  spoke(devEui: Eui): void
}

export function nonceRepair(): NonceRepair {
  const byDevice = new Map<Eui, Refusals>()
  const keep = (devEui: Eui, refusals: Refusals): void => {
    byDevice.delete(devEui)
    if (byDevice.size >= repairDevicesMax) byDevice.delete(byDevice.keys().next().value!)
    byDevice.set(devEui, refusals)
  }
  return {
    refused(devEui, { elapsedMs, silenceMs }) {
      const known = byDevice.get(devEui)
      const repairedMs = known?.repairedMs ?? Number.NEGATIVE_INFINITY
      const isOld = known === undefined || known.count === 0 || elapsedMs - known.lastMs > repairForgetMs
      if (isOld) {
        keep(devEui, { firstMs: elapsedMs, lastMs: elapsedMs, count: 1, repairedMs })
        return false
      }
      if (elapsedMs - known.lastMs < repairAttemptMs) return false
      const count = known.count + 1
      const isStuck =
        count >= repairRefusalsMin &&
        elapsedMs - known.firstMs >= Math.max(repairSilenceMsMin, silenceMs) &&
        elapsedMs - repairedMs >= repairEveryMs
      if (isStuck) keep(devEui, { firstMs: elapsedMs, lastMs: elapsedMs, count: 0, repairedMs: elapsedMs })
      else keep(devEui, { ...known, lastMs: elapsedMs, count })
      return isStuck
    },
    spoke(devEui) {
      const known = byDevice.get(devEui)
      if (known === undefined) return
      if (known.repairedMs === Number.NEGATIVE_INFINITY) byDevice.delete(devEui)
      else if (known.count > 0) byDevice.set(devEui, { ...known, count: 0 })
    },
  }
}
