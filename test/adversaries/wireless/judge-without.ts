/**
 * The judge of beacons with some of its rules taken away: what an adversary would gain if they were not there.
 *
 * @module
 */

import { distanceRange } from '../../../packages/wireless/src/coverage/hotspot.ts'
import { judgeBeacon, unitParameters } from '../../../packages/wireless/src/coverage/judge-beacon.ts'
import { rewardUnits } from '../../../packages/wireless/src/coverage/reward-units.ts'
import { firstBroken } from '../../../packages/wireless/src/coverage/rule.ts'
import { witnessRules, type WitnessReason } from '../../../packages/wireless/src/coverage/witness-rules.ts'

export function judgeWithout(reasons: readonly WitnessReason[]): typeof judgeBeacon {
  const left = witnessRules.filter(({ reason }) => !reasons.includes(reason))
  return (facts, beaconer, reports, world) => {
    const verdict = judgeBeacon(facts, beaconer, reports, world)
    const witnesses = verdict.witnesses.map(({ heard, reason }) => {
      const witness = world.hotspotOf(heard.hotspot)
      if (reason === undefined || witness === undefined || !(reasons as readonly string[]).includes(reason))
        return { heard, reason }
      const again = firstBroken(left, {
        beaconer,
        beacon: facts.beacon,
        witness,
        heard,
        distance: distanceRange(beaconer.cell, witness.cell),
        isDenied: world.isDenied(witness.id, beaconer.id),
        lossBackDb: world.lossBackDb(witness.id, beaconer.id),
        ownBeaconHeardMs: world.ownBeaconHeardMs(witness.id),
      })
      return { heard, reason: again }
    })
    const counted = witnesses.filter(({ reason }) => reason === undefined).length
    const { perWitness, beaconer: beaconerUnit } = rewardUnits(counted, unitParameters)
    return { ...verdict, witnesses, witnessUnit: perWitness, beaconerUnit }
  }
}
