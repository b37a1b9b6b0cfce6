/**
 * Answers that a device repeats until it hears a downlink: LoRaWAN 1.0.4 sections 5.4 to 5.9 and 14, 1.1 sections 5.4, 5.7 and 5.10.
 *
 * Such a device is answered, so that it stops. And in that answer the same is not asked again: whether the next repetition were an
 * answer to the old request or to the new one nobody could tell, and a mistake about its windows makes a device deaf.
 *
 * @module
 */

import type { MacRequest } from '../../model/session.ts'
import type { UplinkCommand } from '../../wire/mac-commands.ts'

const requestOfSticky: Partial<Record<UplinkCommand['name'], MacRequest['name']>> = {
  RXParamSetupAns: 'RXParamSetupReq',
  RXTimingSetupAns: 'RXTimingSetupReq',
  DlChannelAns: 'DlChannelReq',
  TXParamSetupAns: 'TXParamSetupReq',
  PingSlotChannelAns: 'PingSlotChannelReq',
}

/** @returns names of the requests that a frame repeats its answers to */
export function stickyRequests(commands: readonly UplinkCommand[]): ReadonlySet<MacRequest['name']> {
  if (commands.length === 0) return none
  return new Set(commands.flatMap(({ name }) => requestOfSticky[name] ?? []))
}

const none: ReadonlySet<MacRequest['name']> = new Set()
