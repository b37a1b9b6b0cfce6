/**
 * One Helium proof of coverage, judged: the beacon, each witness, reciprocity (HIP 106), the selection (HIP 83), and the
 * units and scales that follow.
 *
 * Pure: what the network remembers of gateways comes in, and what it learns goes out.
 *
 * @module
 */

import type { H3Index } from '@groundwork/core/geography/h3-index.ts'
import { rewardUnits } from '../reward-units.ts'
import { firstBroken } from '../rule.ts'
import { zero, type Ratio } from '../ratio.ts'
import { heliumBeaconRules, type HeliumBeaconReason } from './beacon-rules.ts'
import type { BeaconChannel } from './helium-beacon.ts'
import {
  entropyLifespanMs,
  heliumRewardUnits,
  reciprocityMs,
  unknownPlaceScale,
  witnessesMax,
} from './helium-parameters.ts'
import type { HeliumBeaconReport, HeliumDenylist, HeliumGateway, HeliumWitnessReport } from './helium-report.ts'
import { heliumWitnessRules, type HeliumWitnessReason } from './witness-rules.ts'

export type HeliumProofReason = HeliumBeaconReason | 'GatewayNotFound' | 'GatewayNoValidWitnesses'
export type HeliumVerdictReason = HeliumWitnessReason | 'GatewayNotFound' | 'GatewayNoValidBeacons' | 'Duplicate'

/** What the network remembers of one gateway. */
export interface HeliumHistory {
  /** Of its last beacon report, valid or not. */
  readonly lastBeaconMs?: number
  /** Of its last valid beacon that somebody reported to have heard. */
  readonly lastHeardBeaconMs?: number
  /** Of its last valid witness report. */
  readonly lastWitnessMs?: number
}

/** All that a verdict rests on besides the reports. */
export interface HeliumWorld {
  readonly gatewayOf: (key: string) => HeliumGateway | undefined
  readonly historyOf: (key: string) => HeliumHistory
  readonly channelsOf: (region: string) => readonly BeaconChannel[]
  readonly denylist: HeliumDenylist
  /** By `hexScales`. */
  readonly scales: ReadonlyMap<H3Index, Ratio>
}

/** A witness report with what became of it; undefined is valid. */
export interface HeliumVerdict {
  readonly report: HeliumWitnessReport
  readonly reason: HeliumVerdictReason | undefined
}

export interface HeliumSelection<Verdict> {
  /** Rewarded. */
  readonly selected: readonly Verdict[]
  /** Published, not rewarded: valid ones over the limit, then invalid ones. */
  readonly unselected: readonly Verdict[]
}

export interface HeliumProofVerdict extends HeliumSelection<HeliumVerdict> {
  /** Undefined when the beacon is valid; otherwise nothing of it counts. */
  readonly reason: HeliumProofReason | undefined
  /** Of the beaconer's place, for its witnesses too. */
  readonly hexScale: Ratio
  readonly beaconerUnit: Ratio
  readonly witnessUnit: Ratio
  /** What to remember, also of an invalid proof. */
  readonly learned: ReadonlyMap<string, HeliumHistory>
}

/**
 * @param witnesses in the order of receipt
 * @returns up to `max` valid ones, and all others but those who heard themselves
 */
export function selectWitnesses<
  Verdict extends { readonly reason: string | undefined; readonly report: { readonly receivedMs: number } },
>(witnesses: readonly Verdict[], max: number = witnessesMax): HeliumSelection<Verdict> {
  const published = witnesses.filter(({ reason }) => reason !== 'SelfWitness')
  const valid = published.filter(({ reason }) => reason === undefined)
  const ordered = valid.length <= max ? valid : valid.toSorted((a, b) => a.report.receivedMs - b.report.receivedMs)
  return {
    selected: ordered.slice(0, max),
    unselected: [...ordered.slice(max), ...published.filter(({ reason }) => reason !== undefined)],
  }
}

/** @returns whether the other half of a gateway's work lies less than 48 hours back */
export function isReciprocal(lastMs: number | undefined, atMs: number): boolean {
  return lastMs !== undefined && atMs - lastMs < reciprocityMs
}

/** @param proof one beacon and all reports that carry its content, in the order of receipt */
export function judgeHeliumProof(
  proof: { readonly beacon: HeliumBeaconReport; readonly witnesses: readonly HeliumWitnessReport[] },
  world: HeliumWorld,
): HeliumProofVerdict {
  const { beacon, witnesses } = proof
  const beaconer = world.gatewayOf(beacon.gateway)
  if (beaconer === undefined) return invalid('GatewayNotFound', new Map())
  if (beaconer.location === undefined) return invalid('NotAsserted', new Map())
  const reason = judgeBeacon(beacon, beaconer, world)
  const learned = new Map([[beacon.gateway, learnBeacon(proof, reason, world)]])
  if (reason !== undefined) return invalid(reason, learned)

  const verdicts = judgeWitnesses(witnesses, beacon, beaconer, world)
  for (const one of verdicts) if (one.reason === undefined) learnWitness(one.report, learned, world)
  const { lastWitnessMs } = world.historyOf(beacon.gateway)
  if (!isReciprocal(lastWitnessMs, beacon.receivedMs)) return invalid('GatewayNoValidWitnesses', learned)

  const { selected, unselected } = selectWitnesses(verdicts.map((one) => askReciprocity(one, world)))
  const { perWitness, beaconer: beaconerUnit } = rewardUnits(selected.length, heliumRewardUnits)
  const hexScale = world.scales.get(beaconer.location) ?? unknownPlaceScale
  return { reason: undefined, selected, unselected, hexScale, beaconerUnit, witnessUnit: perWitness, learned }
}

function invalid(reason: HeliumProofReason, learned: ReadonlyMap<string, HeliumHistory>): HeliumProofVerdict {
  return { reason, selected: [], unselected: [], hexScale: zero, beaconerUnit: zero, witnessUnit: zero, learned }
}

function entropyOf({ remote }: HeliumBeaconReport): { readonly startMs: number; readonly endMs: number } {
  const startMs = remote.atS * 1000
  return { startMs, endMs: startMs + entropyLifespanMs }
}

function judgeBeacon(
  beacon: HeliumBeaconReport,
  beaconer: HeliumGateway,
  world: HeliumWorld,
): HeliumBeaconReason | undefined {
  return firstBroken(heliumBeaconRules, {
    beaconer,
    beacon,
    entropy: entropyOf(beacon),
    denylist: world.denylist,
    lastBeaconMs: world.historyOf(beacon.gateway).lastBeaconMs,
    channels: world.channelsOf(beaconer.region),
  })
}

function judgeWitnesses(
  witnesses: readonly HeliumWitnessReport[],
  beacon: HeliumBeaconReport,
  beaconer: HeliumGateway,
  world: HeliumWorld,
): HeliumVerdict[] {
  const seen = new Set<string>()
  const common = {
    beaconer,
    beacon,
    entropy: entropyOf(beacon),
    denylist: world.denylist,
    firstWitnessMs: witnesses[0]?.receivedMs ?? 0,
  }
  return witnesses.map((report) => {
    if (seen.has(report.gateway)) return { report, reason: 'Duplicate' }
    seen.add(report.gateway)
    const witness = world.gatewayOf(report.gateway)
    if (witness === undefined) return { report, reason: 'GatewayNotFound' }
    return { report, reason: firstBroken(heliumWitnessRules, { ...common, witness, report }) }
  })
}

function askReciprocity(verdict: HeliumVerdict, world: HeliumWorld): HeliumVerdict {
  const { report, reason } = verdict
  if (reason !== undefined) return verdict
  const { lastHeardBeaconMs } = world.historyOf(report.gateway)
  return isReciprocal(lastHeardBeaconMs, report.receivedMs) ? verdict : { report, reason: 'GatewayNoValidBeacons' }
}

function learnBeacon(
  { beacon, witnesses }: { readonly beacon: HeliumBeaconReport; readonly witnesses: readonly unknown[] },
  reason: HeliumBeaconReason | undefined,
  world: HeliumWorld,
): HeliumHistory {
  const learned = { ...world.historyOf(beacon.gateway), lastBeaconMs: beacon.receivedMs }
  const isHeard = reason === undefined && witnesses.length > 0
  return isHeard ? { ...learned, lastHeardBeaconMs: beacon.receivedMs } : learned
}

/** A valid report counts as the witness's own half, also where reciprocity then refuses it. */
function learnWitness(report: HeliumWitnessReport, learned: Map<string, HeliumHistory>, world: HeliumWorld): void {
  learned.set(report.gateway, { ...world.historyOf(report.gateway), lastWitnessMs: report.receivedMs })
}
