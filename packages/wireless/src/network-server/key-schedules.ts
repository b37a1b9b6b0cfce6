/**
 * Key schedules of sessions, kept while they are used: expanding a key costs more than reading a frame with it.
 *
 * @module
 */

import { keySchedule, type KeySchedule } from '../crypto/aes-128.ts'
import type { SessionKeys } from '../model/session.ts'

/** Sessions whose schedules are kept, inclusive; about 500 bytes each in 1.0. The one that was used least lately goes. */
export const schedulesMax = 262_144

export interface Schedules {
  readonly fNwkSIntKey: KeySchedule
  readonly sNwkSIntKey: KeySchedule
  readonly nwkSEncKey: KeySchedule
  readonly appSKey: KeySchedule
}

export type SchedulesOf = (keys: SessionKeys) => Schedules

export function makeSchedules({ keptMax = schedulesMax }: { readonly keptMax?: number } = {}): SchedulesOf {
  // Two generations: what is used moves to the young one, and an old one is forgotten whole. No bookkeeping for each frame.
  let young = new Map<SessionKeys, Schedules>()
  let old = new Map<SessionKeys, Schedules>()
  return (keys) => {
    const known = young.get(keys)
    if (known !== undefined) return known
    const schedules = old.get(keys) ?? expand(keys)
    if (young.size >= keptMax / 2) {
      old = young
      young = new Map()
    }
    young.set(keys, schedules)
    return schedules
  }
}

function expand({ fNwkSIntKey, sNwkSIntKey, nwkSEncKey, appSKey }: SessionKeys): Schedules {
  const forwarding = keySchedule(fNwkSIntKey)
  // One and the same key in 1.0.
  return {
    fNwkSIntKey: forwarding,
    sNwkSIntKey: sNwkSIntKey === fNwkSIntKey ? forwarding : keySchedule(sNwkSIntKey),
    nwkSEncKey: nwkSEncKey === fNwkSIntKey ? forwarding : keySchedule(nwkSEncKey),
    appSKey: keySchedule(appSKey),
  }
}
