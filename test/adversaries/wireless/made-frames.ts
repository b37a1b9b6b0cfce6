/**
 * Offers frames that nobody sent, as if of devices that it hears.
 *
 * It reads what it is answered: a router that stops looking for a minute is given fewer.
 *
 * @module
 */

import type { Adversary } from '@groundwork/wireless'

const perFrame = 4
/** Where the counter of a data frame stands. */
const counterAt = 6
const dataFrameBytesMin = 12

export const madeFrames: Adversary = {
  name: 'made-frames',
  does: 'offers four made-up frames for each that it hears, until it is told that it is not looked at',
  ownersEach: 1,
  ownUnitsEach: 0n,
  market: {
    heard(seat, uplink) {
      seat.offer(uplink, { isFalse: false })
      const isIgnored = (seat.declined().get('mic-failures') ?? 0) > 0
      if (isIgnored || uplink.phyPayload.length < dataFrameBytesMin) return
      for (let count = 0; count < perFrame; count += 1) {
        const phyPayload = Uint8Array.from(uplink.phyPayload)
        // Another counter, and so another code, which it cannot make.
        phyPayload[counterAt] = (phyPayload[counterAt]! + 1 + count) & 0xff
        seat.offer({ ...uplink, phyPayload }, { isFalse: true })
      }
    },
  },
}
