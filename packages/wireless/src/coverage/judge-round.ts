/**
 * All beacons of one epoch, judged from the notes of their owners: who sent what it was drawn to send, and who heard it by the rules.
 *
 * Pure: the same notes give the same verdicts on any machine, in whatever order they come. Nothing here is paid for; it ranks
 * (location-trust.ts).
 *
 * @see docs/protocol/wireless.md#beacons
 * @module
 */

import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { HotspotRecord } from '../model/hotspot-record.ts'
import { regionOf } from '../region/region-of.ts'
import { reportCommitment, type CoverageNote, type OpenedReport, type PlannedBeacon } from '../wire/coverage-note.ts'
import { beaconAirtimeMs, beaconChoices, isBeaconChannel } from './beacon-frame.ts'
import { drawBeacon } from './draw-beacon.ts'
import { distanceRange, type HeardBeacon, type Hotspot } from './hotspot.ts'
import {
  judgeBeacon,
  type BeaconFacts,
  type BeaconReason,
  type CoverageWorld,
  type VerdictReason,
} from './judge-beacon.ts'
import { pathLossDb } from './witness-rules.ts'

/** From the block whose hash draws to the first beacon at most: until then every hotspot has seen it. */
export const beaconLeadMsMax = 60_000

/** When and from what the beacons of an epoch are drawn. */
export interface BeaconWindow {
  readonly epoch: bigint
  /** hash of the block that sealed the epoch before, 32 bytes */
  readonly sealed: Hex
  /** of that block, Unix milliseconds */
  readonly sealedMs: number
  /** of the block that sealed the one before that */
  readonly previousSealedMs: number
}

/**
 * After a quarter of an epoch, or a minute, beacons begin, for half an epoch: what is left is for the last of them to be heard in it.
 *
 * @returns when the first may begin, Unix, and how long they may begin for; an epoch is as long as the one before was
 */
export function windowOf({ sealedMs, previousSealedMs }: BeaconWindow): { startMs: number; lengthMs: number } {
  const epochMs = Math.max(sealedMs - previousSealedMs, 4)
  const leadMs = Math.min(Math.floor(epochMs / 4), beaconLeadMsMax)
  return { startMs: sealedMs + leadMs, lengthMs: Math.floor(epochMs / 2) }
}

/** What is known of an epoch's beacons; of each owner one note of an epoch. */
export interface BeaconRound {
  readonly window: BeaconWindow
  /** notes of two epochs before: what was planned */
  readonly planned: readonly CoverageNote[]
  /** notes of the epoch: what was heard */
  readonly heard: readonly CoverageNote[]
  /** notes of the epoch after: secrets, and opened reports */
  readonly revealed: readonly CoverageNote[]
  /** owners as they stood at the epoch's close */
  readonly hotspots: readonly HotspotRecord[]
  /** whether a hold stood on an owner */
  readonly isHeld: (owner: Hex) => boolean
}

export type SentReason = BeaconReason | 'not-registered' | 'channel-not-in-band' | 'not-revealed'
export type ReportReason = VerdictReason | 'not-committed' | 'unknown-beacon' | 'beacon-refused'

export interface JudgedReport {
  readonly owner: Hex
  readonly gatewayEui: string
  /** undefined: it counts */
  readonly reason: ReportReason | undefined
}

export interface JudgedBeacon {
  readonly owner: Hex
  readonly gatewayEui: string
  /** undefined: it was sent as drawn */
  readonly reason: SentReason | undefined
  readonly reports: readonly JudgedReport[]
  /** reports that were too many to be looked at */
  readonly unreadCount: number
}

export interface JudgedRound {
  /** in order of owner and gateway */
  readonly beacons: readonly JudgedBeacon[]
  /** opened reports that belong to no beacon */
  readonly strays: readonly JudgedReport[]
  /** commitments to reports that were never opened, by owner */
  readonly unopened: ReadonlyMap<Hex, number>
}

/** Rounds of judgeBeacon: commitments are of the epoch, reveals of the next. */
const [sentRound, revealedRound] = [0, 1]

interface Sent {
  readonly plan: PlannedBeacon
  readonly beaconer: Hotspot
  readonly facts: BeaconFacts
}

const idOf = (owner: Hex, gatewayEui: string): string => `${owner}/${gatewayEui}`
const ownerOfId = (id: string): Hex => id.slice(0, id.indexOf('/')) as Hex
const euiOfId = (id: string): string => id.slice(id.indexOf('/') + 1)

export function judgeRound(round: BeaconRound): JudgedRound {
  const records = new Map(round.hotspots.map((record) => [record.owner, record]))
  const regions = new Map<string, string>()
  const sent = new Map<string, Sent>()
  const failed: JudgedBeacon[] = []
  const [planned, revealed] = [byOwner(round.planned), byOwner(round.revealed)]
  for (const { owner, planned: plans } of planned.values()) {
    const after = revealed.get(owner)
    for (const plan of oneOfEachGateway(plans)) {
      const found = sentOf(round, { owner, plan, after, record: records.get(owner) })
      regions.set(idOf(owner, plan.gatewayEui), plan.region)
      if (typeof found === 'string')
        failed.push({ owner, gatewayEui: plan.gatewayEui, reason: found, reports: [], unreadCount: 0 })
      else sent.set(toHex(found.facts.beacon.data), found)
    }
  }
  const { reports, strays, unopened } = reportsOf({ heard: byOwner(round.heard), revealed, sent })
  // A gateway that plans no beacon of its own is none that could be heard back.
  const hotspots = new Map<string, Hotspot>()
  for (const [id, region] of regions) {
    const record = records.get(ownerOfId(id))
    if (record === undefined) continue
    const { owner, cell, antennaGainDbi } = record
    hotspots.set(id, { id, owner, cell, antennaGainDbi, region })
  }
  const hotspotOf = (id: string): Hotspot | undefined => hotspots.get(id)
  const isDenied = (witness: string, beaconer: string): boolean =>
    round.isHeld(ownerOfId(witness)) || round.isHeld(ownerOfId(beaconer))
  const judge = (world: Pick<CoverageWorld, 'lossBackDb' | 'ownBeaconHeardMs'>): JudgedBeacon[] =>
    [...sent].map(([data, { plan, beaconer, facts }]): JudgedBeacon => {
      const about = reports.get(data) ?? []
      const { reason, witnesses, unreadCount } = judgeBeacon(facts, beaconer, about, { hotspotOf, isDenied, ...world })
      const refused = (heard: HeardBeacon): JudgedReport => ({ ...whoOf(heard), reason: 'beacon-refused' })
      return {
        owner: beaconer.owner as Hex,
        gatewayEui: plan.gatewayEui,
        reason,
        reports:
          reason === undefined
            ? witnesses.map((one) => ({ ...whoOf(one.heard), reason: one.reason }))
            : about.map(refused),
        unreadCount: reason === undefined ? unreadCount : 0,
      }
    })
  // First as if everyone had been heard; then with what that pass found of the other direction.
  const { startMs } = windowOf(round.window)
  const alone = judge({ lossBackDb: () => undefined, ownBeaconHeardMs: () => startMs })
  const both = judge(otherWay({ alone, sent, reports, hotspotOf }))
  return { beacons: [...failed, ...both].toSorted(inOrder), strays, unopened }
}

const whoOf = ({ hotspot }: HeardBeacon): { owner: Hex; gatewayEui: string } => ({
  owner: ownerOfId(hotspot),
  gatewayEui: euiOfId(hotspot),
})

function inOrder(a: JudgedBeacon, b: JudgedBeacon): number {
  return a.owner === b.owner ? (a.gatewayEui < b.gatewayEui ? -1 : 1) : a.owner < b.owner ? -1 : 1
}

/** Of notes of one owner the first: whoever gathers them has them in the order of the chain. */
function byOwner(notes: readonly CoverageNote[]): ReadonlyMap<Hex, CoverageNote> {
  const first = new Map<Hex, CoverageNote>()
  for (const note of notes) if (!first.has(note.owner)) first.set(note.owner, note)
  return first
}

function oneOfEachGateway(planned: readonly PlannedBeacon[]): PlannedBeacon[] {
  const first = new Map<string, PlannedBeacon>()
  for (const plan of planned) if (!first.has(plan.gatewayEui)) first.set(plan.gatewayEui, plan)
  return [...first.values()]
}

function sentOf(
  { window, isHeld }: BeaconRound,
  {
    owner,
    plan,
    after,
    record,
  }: {
    readonly owner: Hex
    readonly plan: PlannedBeacon
    readonly after: CoverageNote | undefined
    readonly record: HotspotRecord | undefined
  },
): Sent | SentReason {
  if (record === undefined) return 'not-registered'
  const region = regionOf(plan.region)
  if (!plan.frequenciesHz.every((hz) => isBeaconChannel(region, hz))) return 'channel-not-in-band'
  const revealed = after?.revealed.find(({ gatewayEui }) => gatewayEui === plan.gatewayEui)
  if (revealed === undefined) return 'not-revealed'
  const { startMs, lengthMs } = windowOf(window)
  const { antennaGainDbi, cell } = record
  const choices = beaconChoices(region, {
    frequenciesHz: plan.frequenciesHz,
    antennaGainDbi,
    windowMs: lengthMs,
  })
  const id = idOf(owner, plan.gatewayEui)
  const { secret, endedMs } = revealed
  const sealed = fromHex(window.sealed, 32)
  const drawn = drawBeacon({ sealed, secret, hotspot: id }, choices)
  return {
    plan,
    beaconer: { id, owner, cell, antennaGainDbi, region: plan.region },
    facts: {
      beacon: { hotspot: id, ...drawn, endedMs, revealedRound },
      isDenied: isHeld(owner),
      commitment: fromHex(plan.commitment, 32),
      secret,
      sealed,
      choices,
      sentRound,
      windowStartMs: startMs,
      airtimeMs: beaconAirtimeMs(drawn),
    },
  }
}

/** Opened reports by the content that they say they heard, those that were not committed to or belong to nothing, and who opened too few. */
function reportsOf({
  heard,
  revealed,
  sent,
}: {
  readonly heard: ReadonlyMap<Hex, CoverageNote>
  readonly revealed: ReadonlyMap<Hex, CoverageNote>
  readonly sent: ReadonlyMap<string, Sent>
}): {
  reports: Map<string, HeardBeacon[]>
  strays: JudgedReport[]
  unopened: Map<Hex, number>
} {
  const reports = new Map<string, HeardBeacon[]>()
  const strays: JudgedReport[] = []
  const unopened = new Map<Hex, number>()
  for (const { owner, heard: commitments } of heard.values())
    if (!revealed.has(owner) && commitments.length > 0) unopened.set(owner, commitments.length)
  for (const { owner, opened } of revealed.values()) {
    const left = new Set(heard.get(owner)?.heard)
    for (const one of opened) {
      const data = toHex(one.report.data)
      const stray = !left.delete(reportCommitment(owner, one))
        ? 'not-committed'
        : sent.has(data)
          ? undefined
          : 'unknown-beacon'
      if (stray !== undefined) {
        strays.push({ owner, gatewayEui: one.report.gatewayEui, reason: stray })
        continue
      }
      const all = reports.get(data) ?? []
      reports.set(data, all)
      all.push(heardOf(owner, one))
    }
    if (left.size > 0) unopened.set(owner, left.size)
  }
  return { reports, strays, unopened }
}

function heardOf(owner: Hex, { report }: OpenedReport): HeardBeacon {
  const { gatewayEui, data, frequencyHz, spreadingFactor, bandwidthHz, rssiTenths, snrTenths, heardMs } = report
  return {
    hotspot: idOf(owner, gatewayEui),
    data,
    frequencyHz,
    spreadingFactor,
    bandwidthHz,
    rssiDbm: rssiTenths / 10,
    snrDb: snrTenths / 10,
    heardMs,
    committedRound: sentRound,
  }
}

/** What the first pass says of each way: when a hotspot's own beacon was heard, and what the way from it lost. */
function otherWay({
  alone,
  sent,
  reports,
  hotspotOf,
}: {
  readonly alone: readonly JudgedBeacon[]
  readonly sent: ReadonlyMap<string, Sent>
  readonly reports: ReadonlyMap<string, readonly HeardBeacon[]>
  readonly hotspotOf: (id: string) => Hotspot | undefined
}): Pick<CoverageWorld, 'lossBackDb' | 'ownBeaconHeardMs'> {
  const judgedOf = new Map(alone.map((one) => [idOf(one.owner, one.gatewayEui), one]))
  const heardMs = new Map<string, number>()
  const losses = new Map<string, number>()
  for (const [data, { beaconer, facts }] of sent) {
    const judged = judgedOf.get(beaconer.id)
    const counted = new Set(
      judged?.reports.flatMap(({ owner, gatewayEui, reason }) =>
        isByTheRules(reason) ? [idOf(owner, gatewayEui)] : [],
      ),
    )
    for (const heard of reports.get(data) ?? []) {
      const witness = hotspotOf(heard.hotspot)
      if (witness === undefined || !counted.has(heard.hotspot)) continue
      heardMs.set(beaconer.id, Math.max(heard.heardMs, heardMs.get(beaconer.id) ?? 0))
      const loss = pathLossDb({
        beaconer,
        beacon: facts.beacon,
        witness,
        heard,
        distance: distanceRange(beaconer.cell, witness.cell),
        isDenied: false,
        lossBackDb: undefined,
        ownBeaconHeardMs: undefined,
      })
      losses.set(`${beaconer.id} ${heard.hotspot}`, loss)
    }
  }
  return {
    ownBeaconHeardMs: (id) => heardMs.get(id),
    // From the witness, when it was the one that sent, to the beaconer.
    lossBackDb: (witness, beaconer) => losses.get(`${witness} ${beaconer}`),
  }
}

/** Whether no rule dropped a report; one that others were counted instead of is as true as those. */
export function isByTheRules(reason: ReportReason | undefined): boolean {
  return reason === undefined || reason === 'owner-counted' || reason === 'not-drawn'
}

/** Reasons by which two hotspots cannot both stand where they say, or hear as they say. */
export const placeReasons: ReadonlySet<ReportReason> = new Set<ReportReason>([
  'too-far',
  'too-strong',
  'too-weak',
  'one-way',
])

/** Reasons by which a report contradicts itself: they say nothing of whom it is about. */
export const reportReasons: ReadonlySet<ReportReason> = new Set<ReportReason>([
  'below-sensitivity',
  'snr-below-floor',
  'snr-above-radio',
  'snr-above-noise',
  'snr-below-signal',
])
