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

/** HIP 15, 17 with 104, 83 and 106, as of February 2026. */
export const heliumPolicy = {
  name: 'helium-2026-02',
  makeBeacon: makeHeliumBeacon,
  beaconRules: heliumBeaconRules,
  witnessRules: heliumWitnessRules,
  judgeProof: judgeHeliumProof,
  select: selectWitnesses,
  rewardUnits: (witnesses: number): RewardUnits => rewardUnits(witnesses, heliumRewardUnits),
  hexScales: (places: readonly H3Index[]): ReadonlyMap<H3Index, Ratio> => hexScales(places, heliumDensity),
  proofShares: sharesOfProof,
  epochShares: sumShares,
  shareEpoch: shareHeliumEpoch,
  dataCreditsOf: payloadDataCredits,
  bill: billPackets,
} as const
