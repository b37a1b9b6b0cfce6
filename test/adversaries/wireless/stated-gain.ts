/**
 * Says that its antenna gains more than it does, so that what it says it heard may come from farther away.
 *
 * @module
 */

import type { Adversary } from '@groundwork/wireless'

const statedDbi = 20

export const statedGain: Adversary = {
  name: 'stated-gain',
  does: 'registers an antenna of 20 dBi that has 3',
  ownersEach: 1,
  ownUnitsEach: 0n,
  market: {
    register: (truth) => ({ ...truth, antennaGainDbi: statedDbi }),
    heard: (seat, uplink) => seat.offer(uplink, { isFalse: true }),
  },
  coverage: {
    register: (truth) => ({ ...truth, antennaGainDbi: statedDbi }),
    report: ({ seats }) => seats.flatMap(({ heard }) => (heard === undefined ? [] : [{ heard, isFalse: true }])),
  },
}
