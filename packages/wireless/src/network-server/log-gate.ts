/**
 * How often one thing is said of one device: whoever plays recorded frames again must not fill the log of an application.
 *
 * @module
 */

import type { Eui } from '../model/radio.ts'

/** Until the same is said again of the same device. */
export const sayEveryMs = 60_000
/** Things that are remembered, inclusive; what was said first is forgotten first. */
export const saidMax = 65_536

export interface LogGate {
  /** Whether it may be said now; then it is taken as said. */
  mayTell(devEui: Eui, code: string, elapsedMs: number): boolean
}

export function logGate(): LogGate {
  const said = new Map<string, number>()
  return {
    mayTell(devEui, code, elapsedMs) {
      const key = `${devEui} ${code}`
      const before = said.get(key)
      if (before !== undefined && elapsedMs - before < sayEveryMs) return false
      said.delete(key)
      if (said.size >= saidMax) said.delete(said.keys().next().value!)
      said.set(key, elapsedMs)
      return true
    },
  }
}
