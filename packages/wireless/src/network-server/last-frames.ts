/**
 * The last accepted frame of each device: to tell its repetition from a copy that a slow gateway brings late, and from another
 * frame under the same counter.
 *
 * In memory alone, and bounded: of a device that is not remembered a late copy is answered once more, and nothing worse happens.
 *
 * @module
 */

import type { Eui, RadioUplink } from '../model/radio.ts'

/** Devices that are remembered, inclusive; the one that was silent longest goes. */
export const lastFramesMax = 262_144
/** Copies of one transmission were heard within this time, whatever time they took to come here; devices wait longer before they repeat. */
export const sameMomentMs = 1_000

export interface LastFrames {
  note(
    devEui: Eui,
    frame: { readonly mic: number; readonly fCnt: number; readonly copies: readonly RadioUplink[] },
  ): void
  /** undefined: nothing is known of the device */
  isLast(devEui: Eui, mic: number): boolean | undefined
  /** Whether these were heard when the last frame was: not sent again, only late. Clocks of gateways are claims. */
  isLateCopy(devEui: Eui, mic: number, copies: readonly RadioUplink[]): boolean
  /** Whether these were heard before the last frame was: they came after it, but were not sent after it. */
  wasOvertaken(devEui: Eui, copies: readonly RadioUplink[]): boolean
  /** It could not be kept, so nobody was told of it. */
  lost(devEui: Eui, fCnt: number): void
  wasLost(devEui: Eui, fCnt: number): boolean
}

interface LastFrame {
  readonly mic: number
  readonly fCnt: number
  readonly heardAtMs: number
  readonly isLost: boolean
}

export function lastFrames({ devicesMax = lastFramesMax }: { readonly devicesMax?: number } = {}): LastFrames {
  const byDevice = new Map<Eui, LastFrame>()
  const earliest = (copies: readonly RadioUplink[]): number =>
    copies.reduce((least, { heardAtMs }) => Math.min(least, heardAtMs), Number.POSITIVE_INFINITY)
  return {
    note(devEui, { mic, fCnt, copies }) {
      byDevice.delete(devEui)
      if (byDevice.size >= devicesMax) byDevice.delete(byDevice.keys().next().value!)
      byDevice.set(devEui, { mic, fCnt, heardAtMs: earliest(copies), isLost: false })
    },
    isLast(devEui, mic) {
      const known = byDevice.get(devEui)
      return known === undefined ? undefined : known.mic === mic
    },
    isLateCopy(devEui, mic, copies) {
      const known = byDevice.get(devEui)
      if (known === undefined || known.mic !== mic) return false
      return copies.every(({ heardAtMs }) => Math.abs(heardAtMs - known.heardAtMs) < sameMomentMs)
    },
    wasOvertaken(devEui, copies) {
      const known = byDevice.get(devEui)
      return known !== undefined && copies.every(({ heardAtMs }) => heardAtMs < known.heardAtMs)
    },
    lost(devEui, fCnt) {
      const known = byDevice.get(devEui)
      if (known?.fCnt === fCnt) byDevice.set(devEui, { ...known, isLost: true })
    },
    wasLost(devEui, fCnt) {
      const known = byDevice.get(devEui)
      return known !== undefined && known.isLost && known.fCnt === fCnt
    },
  }
}
