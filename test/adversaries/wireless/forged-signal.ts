/**
 * Says that it hears better than it does, as far as the bounds let it.
 *
 * @module
 */

import type { Adversary } from '@groundwork/wireless'

const betterDb = 20
const snrSaidDb = 12
const strongestDbm = -40

export const forgedSignal: Adversary = {
  name: 'forged-signal',
  does: 'reports signals 20 dB stronger than they are',
  ownersEach: 1,
  ownUnitsEach: 0n,
  market: {
    heard(seat, uplink) {
      const rssiDbm = Math.max(uplink.rssiDbm, Math.min(uplink.rssiDbm + betterDb, strongestDbm))
      seat.offer({ ...uplink, rssiDbm, snrDb: snrSaidDb }, { isFalse: true })
    },
  },
  coverage: {
    report: ({ seats }) =>
      seats.flatMap(({ heard }) =>
        heard === undefined
          ? []
          : [{ heard: { ...heard, rssiDbm: heard.rssiDbm + betterDb, snrDb: snrSaidDb }, isFalse: true }],
      ),
  },
}
