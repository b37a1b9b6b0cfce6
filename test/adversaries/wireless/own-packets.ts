/**
 * Pays itself: owners without radios carry invented packets for a router of their own, and hear beacons of each other that no antenna
 * sends.
 *
 * @module
 */

import { coverageUnitsMin, type Adversary, type BeaconView, type FalseReport } from '@groundwork/wireless'
import { placeOnRing } from './false-places.ts'
import { fittedReport } from './fitted-report.ts'

export const ownersOfOneFarm = 8

function inventedBeacons({ beaconer, isTheirs, known, seats, unit }: BeaconView): FalseReport[] {
  if (known === undefined || !isTheirs) return []
  return seats.map((seat) => ({ heard: fittedReport({ beaconer, known, seat, unit }), isFalse: true }))
}

export const ownPackets: Adversary = {
  name: 'own-packets',
  does: `buys ${coverageUnitsMin} units a day of each of its ${ownersOfOneFarm} owners, and has them hear beacons that nobody sends`,
  ownersEach: ownersOfOneFarm,
  ownUnitsEach: coverageUnitsMin,
  market: {
    ownersEach: ownersOfOneFarm,
    // It has no radio in this town.
    heard: () => undefined,
  },
  coverage: {
    ownersEach: ownersOfOneFarm,
    isSilent: true,
    register: (truth, { owner }) => (owner === 0 ? truth : placeOnRing(truth, owner - 1)),
    report: inventedBeacons,
  },
}
