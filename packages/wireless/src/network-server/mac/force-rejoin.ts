/**
 * Devices that the operator wants to rejoin: they are told with each answer until they do, or were told often enough.
 * ForceRejoinReq has no answer of its own. LoRaWAN 1.1 section 5.13.
 *
 * @module
 */

import type { DeviceSession } from '../../model/session.ts'
import type { DownlinkCommand } from '../../wire/mac-commands.ts'

/** Devices that are to rejoin at once, inclusive; who was named first is forgotten first. */
export const rejoinsWantedMax = 65_536
/** Times that one is told, inclusive. */
export const rejoinTellsMax = 8

export interface ForceRejoin {
  /** @param rejoinType 0: all is made anew; 2: keys and address alone */
  ask(devEui: string, rejoinType: 0 | 2): void
  /** What goes into an answer to this session's device; it is counted. */
  commandsFor(session: DeviceSession): readonly DownlinkCommand[]
  /** It has joined or rejoined. */
  done(devEui: string): void
}

export function forceRejoin(): ForceRejoin {
  const wanted = new Map<string, { readonly rejoinType: 0 | 2; readonly told: number }>()
  return {
    ask(devEui, rejoinType) {
      wanted.delete(devEui)
      if (wanted.size >= rejoinsWantedMax) wanted.delete(wanted.keys().next().value!)
      wanted.set(devEui, { rejoinType, told: 0 })
    },
    commandsFor({ devEui, macVersion, radio }) {
      const one = wanted.get(devEui)
      if (one === undefined || macVersion !== '1.1.0') return none
      if (one.told + 1 >= rejoinTellsMax) wanted.delete(devEui)
      else wanted.set(devEui, { ...one, told: one.told + 1 })
      const { rejoinType } = one
      // At once, and three times more where nobody answers.
      return [{ name: 'ForceRejoinReq', period: 0, retriesMax: 3, rejoinType, dataRate: radio.dataRate }]
    },
    done: (devEui) => void wanted.delete(devEui),
  }
}

const none: readonly DownlinkCommand[] = []
