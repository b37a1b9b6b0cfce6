/**
 * The Helium rules under one name: what a comparison, a simulation or an audit of that network's data asks for.
 *
 * @module
 */

import type { H3Index } from '@groundwork/core/geography/h3-index.ts'
import { hexScales } from '../hex-density.ts'
import type { Ratio } from '../ratio.ts'
import { rewardUnits, type RewardUnits } from '../reward-units.ts'
import { heliumBeaconRules } from './beacon-rules.ts'
import { makeHeliumBeacon } from './helium-beacon.ts'
import { heliumDensity, heliumRewardUnits } from './helium-parameters.ts'
import { judgeHeliumProof, selectWitnesses } from './judge-proof.ts'
import { billPackets, payloadDataCredits } from './packet-billing.ts'
import { shareHeliumEpoch, sharesOfProof, sumShares } from './reward-shares.ts'
import { heliumWitnessRules } from './witness-rules.ts'

/** The rules of one network, each by what it does. */
export interface HeliumPolicy {
  readonly name: string
  readonly makeBeacon: typeof makeHeliumBeacon
  readonly beaconRules: typeof heliumBeaconRules
  readonly witnessRules: typeof heliumWitnessRules
  readonly judgeProof: typeof judgeHeliumProof
  readonly selectWitnesses: typeof selectWitnesses
  readonly rewardUnits: (witnesses: number) => RewardUnits
  readonly hexScales: (places: readonly H3Index[]) => ReadonlyMap<H3Index, Ratio>
  readonly sharesOfProof: typeof sharesOfProof
  readonly sumShares: typeof sumShares
  readonly shareEpoch: typeof shareHeliumEpoch
  readonly payloadDataCredits: typeof payloadDataCredits
  readonly billPackets: typeof billPackets
}

/** HIP 15, 17 with 104, 83 and 106, as of February 2026. */
export const heliumPolicy: HeliumPolicy = {
  name: 'helium-2026-02',
  makeBeacon: makeHeliumBeacon,
  beaconRules: heliumBeaconRules,
  witnessRules: heliumWitnessRules,
  judgeProof: judgeHeliumProof,
  selectWitnesses,
  rewardUnits: (witnesses) => rewardUnits(witnesses, heliumRewardUnits),
  hexScales: (places) => hexScales(places, heliumDensity),
  sharesOfProof,
  sumShares,
  shareEpoch: shareHeliumEpoch,
  payloadDataCredits,
  billPackets,
}
