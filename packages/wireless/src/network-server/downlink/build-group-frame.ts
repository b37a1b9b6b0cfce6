/**
 * A frame to a multicast group: unconfirmed, without options, signed as LoRaWAN 1.0 whatever its members are. LoRaWAN 1.0.4 section
 * 16.2, 1.1 section 15.2.
 *
 * @module
 */

import { keySchedule } from '../../crypto/aes-128.ts'
import type { QueueItem } from '../../model/message.ts'
import type { MulticastGroup } from '../../model/multicast-group.ts'
import { cryptPayload, mic10, setMic } from '../../wire/frame-crypto.ts'
import { buildDataFrame, fCtrlBits, micBytes } from '../../wire/phy-payload.ts'

export interface BuiltGroupFrame {
  readonly phyPayload: Uint8Array
  readonly fCnt: number
  /** with that counter spent */
  readonly group: MulticastGroup
}

export function buildGroupFrame(
  group: MulticastGroup,
  { fPort, payload }: Pick<QueueItem, 'fPort' | 'payload'>,
  { isMore }: { readonly isMore: boolean },
): BuiltGroupFrame {
  const { devAddr, fCntDown: fCnt, mcAppSKey, mcNwkSKey, deviceClass } = group
  const place = { isUp: false, devAddr, fCnt }
  const phyPayload = buildDataFrame({
    isUp: false,
    isConfirmed: false,
    devAddr,
    // Of all bits only FPending has a meaning here, and only for class B: the next slot is worth waking for.
    fCtrl: isMore && deviceClass === 'B' ? fCtrlBits.fPendingOrClassB : 0,
    fCnt,
    fOpts: new Uint8Array(0),
    fPort,
    payload: cryptPayload(keySchedule(mcAppSKey), place, payload),
  })
  setMic(phyPayload, mic10(keySchedule(mcNwkSKey), place, phyPayload, phyPayload.length - micBytes))
  return { phyPayload, fCnt, group: { ...group, fCntDown: fCnt + 1 } }
}
