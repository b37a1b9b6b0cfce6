/**
 * One beacon under our own policy: whether it is as drawn, who heard it by the rules, and what each is worth.
 *
 * Pure, and the same verdict for every order of the reports, so that anyone can recompute it from evidence. Of one owner's
 * hotspots one counts, and of too many witnesses a draw picks: neither haste nor numbers earn more.
 *
 * @module
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { commitBeaconSecret, drawBeacon, type BeaconChoices, type DrawnBeacon } from './draw-beacon.ts'
import { distanceRange, type HeardBeacon, type Hotspot, type SentBeacon } from './hotspot.ts'
import { ratio, zero, type Ratio } from './ratio.ts'
import { rewardUnits, type RewardUnitParameters } from './reward-units.ts'
import { firstBroken, type Rule } from './rule.ts'
import { witnessBounds, witnessRules, type WitnessReason } from './witness-rules.ts'

export type BeaconReason =
  | 'denied'
  | 'secret-not-committed'
  | 'not-as-drawn'
  | 'sent-early'
  | 'sent-late'
  | 'revealed-early'
export type VerdictReason = WitnessReason | 'unknown-hotspot' | 'heard-twice' | 'owner-counted' | 'not-drawn'

/** Witnesses of one beacon that count at most. */
export const countedWitnessesMax = 14

/** Reports of one beacon that are looked at; a beacon is a few hundred bytes on air, and no town holds more hotspots. */
export const reportsMax = 4096

/** HIP 15's numbers: they spread the bootstrap, and are no price. */
export const unitParameters: RewardUnitParameters = {
  redundancy: 4,
  decay: ratio(4n, 5n),
  beaconerMax: ratio(2n),
  decimals: 4,
}

/** What a beacon is held against. */
export interface BeaconFacts {
  readonly beacon: SentBeacon
  readonly isDenied: boolean
  /** What the hotspot published before the block whose hash draws. */
  readonly commitment: Uint8Array
  readonly secret: Uint8Array
  readonly sealed: Uint8Array
  readonly choices: BeaconChoices
  /** The round that the beacon was sent in: reports of it may be committed to as long as that lasts. */
  readonly sentRound: number
  /** Of the window that the beacon belongs to, Unix. */
  readonly windowStartMs: number
  /** Time on air of the drawn frame. */
  readonly airtimeMs: number
}

/** What the registry and earlier epochs say of hotspots. */
export interface CoverageWorld {
  readonly hotspotOf: (id: string) => Hotspot | undefined
  readonly isDenied: (witness: string, beaconer: string) => boolean
  /** What the way from the witness to the beaconer lost when it was last heard, in dB. */
  readonly lossBackDb: (witness: string, beaconer: string) => number | undefined
  /** When a beacon of the hotspot was last heard by another owner. */
  readonly ownBeaconHeardMs: (id: string) => number | undefined
}

/** A report with what became of it; undefined counts. */
export interface WitnessVerdict {
  readonly heard: HeardBeacon
  readonly reason: VerdictReason | undefined
}

export interface BeaconVerdict {
  /** Undefined when the beacon is as drawn; otherwise no witness counts. */
  readonly reason: BeaconReason | undefined
  /** Of the reports that were looked at, in their order. */
  readonly witnesses: readonly WitnessVerdict[]
  /** Reports over `reportsMax`, which nobody looked at; which ones is drawn. */
  readonly unreadCount: number
  readonly witnessUnit: Ratio
  readonly beaconerUnit: Ratio
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

const drawnFor = new WeakMap<BeaconFacts, DrawnBeacon>()

/** Kept as long as the facts live: several rules ask, and a round is judged twice. */
function drawnOf(facts: BeaconFacts): DrawnBeacon {
  const known = drawnFor.get(facts)
  if (known !== undefined) return known
  const { sealed, secret, beacon, choices } = facts
  const one = drawBeacon({ sealed, secret, hotspot: beacon.hotspot }, choices)
  drawnFor.set(facts, one)
  return one
}

function isAsDrawn(facts: BeaconFacts): boolean {
  const { beacon } = facts
  const { data, frequencyHz, spreadingFactor, bandwidthHz, powerDbm } = drawnOf(facts)
  return (
    isSame(data, beacon.data) &&
    frequencyHz === beacon.frequencyHz &&
    spreadingFactor === beacon.spreadingFactor &&
    bandwidthHz === beacon.bandwidthHz &&
    powerDbm === beacon.powerDbm
  )
}

/** How long after the drawn moment the beacon ended. */
function lateMs(facts: BeaconFacts): number {
  return facts.beacon.endedMs - (facts.windowStartMs + drawnOf(facts).offsetMs + facts.airtimeMs)
}

export const beaconRules: readonly Rule<BeaconFacts, BeaconReason>[] = [
  { reason: 'denied', holds: ({ isDenied }) => !isDenied },
  { reason: 'secret-not-committed', holds: ({ secret, commitment }) => isSame(commitBeaconSecret(secret), commitment) },
  { reason: 'not-as-drawn', holds: isAsDrawn },
  { reason: 'sent-early', holds: (facts) => lateMs(facts) >= -witnessBounds.clockErrorMsMax },
  { reason: 'sent-late', holds: (facts) => lateMs(facts) <= witnessBounds.clockErrorMsMax },
  { reason: 'revealed-early', holds: ({ beacon, sentRound }) => beacon.revealedRound > sentRound },
]

/**
 * @param beaconer as registered; the beacon's own hotspot
 * @param reports opened commitments; of one hotspot the first counts, and none when two of the first round differ
 */
export function judgeBeacon(
  facts: BeaconFacts,
  beaconer: Hotspot,
  reports: readonly HeardBeacon[],
  world: CoverageWorld,
): BeaconVerdict {
  const reason = firstBroken(beaconRules, facts)
  const read = reports.length > reportsMax ? drawReports(reports, facts.sealed) : reports
  const unreadCount = reports.length - read.length
  if (reason !== undefined) return { reason, witnesses: [], unreadCount, witnessUnit: zero, beaconerUnit: zero }

  const first = firstOfEach(read)
  const ruled = read.map((heard) => ({
    heard,
    reason:
      first.get(heard.hotspot) === heard ? judgeWitness(heard, { facts, beaconer, world }) : ('heard-twice' as const),
  }))
  const counted = countWitnesses(ruled, { sealed: facts.sealed, ownerOf: (id) => world.hotspotOf(id)?.owner ?? id })
  const { perWitness, beaconer: beaconerUnit } = rewardUnits(
    counted.filter((verdict) => verdict.reason === undefined).length,
    unitParameters,
  )
  return { reason: undefined, witnesses: counted, unreadCount, witnessUnit: perWitness, beaconerUnit }
}

function judgeWitness(
  heard: HeardBeacon,
  {
    facts,
    beaconer,
    world,
  }: { readonly facts: BeaconFacts; readonly beaconer: Hotspot; readonly world: CoverageWorld },
): VerdictReason | undefined {
  const witness = world.hotspotOf(heard.hotspot)
  if (witness === undefined) return 'unknown-hotspot'
  return firstBroken(witnessRules, {
    beaconer,
    beacon: facts.beacon,
    witness,
    heard,
    distance: distanceRange(beaconer.cell, witness.cell),
    isDenied: world.isDenied(witness.id, beaconer.id),
    lossBackDb: world.lossBackDb(witness.id, beaconer.id),
    ownBeaconHeardMs: world.ownBeaconHeardMs(witness.id),
  })
}

/**
 * Of too many reports those of hotspots that a draw names, as many as are looked at: whoever fills the list with reports is drawn
 * like everyone else, wherever they stand in it. All reports of a hotspot are looked at, or none.
 */
function drawReports(reports: readonly HeardBeacon[], sealed: Uint8Array): HeardBeacon[] {
  const counts = new Map<string, number>()
  for (const { hotspot } of reports) counts.set(hotspot, (counts.get(hotspot) ?? 0) + 1)
  const drawn = [...counts]
    .map(([hotspot, count]) => ({ hotspot, count, place: placeInDraw(sealed, hotspot) }))
    .toSorted((a, b) => (a.place < b.place ? -1 : 1))
  const kept = new Set<string>()
  let left = reportsMax
  for (const { hotspot, count } of drawn) {
    if (count > left) continue
    left -= count
    kept.add(hotspot)
  }
  return reports.filter(({ hotspot }) => kept.has(hotspot))
}

/**
 * The first commitment of each hotspot. Two that differ in one round leave none, so that order decides nothing; a copy of
 * one leaves it, so that nobody spoils another's report by handing it in again.
 */
function firstOfEach(reports: readonly HeardBeacon[]): ReadonlyMap<string, HeardBeacon> {
  const first = new Map<string, HeardBeacon>()
  const torn = new Map<string, number>()
  for (const heard of reports) {
    const other = first.get(heard.hotspot)
    if (other === undefined || heard.committedRound < other.committedRound) first.set(heard.hotspot, heard)
    else if (heard.committedRound === other.committedRound && !isSameReport(heard, other)) {
      torn.set(heard.hotspot, heard.committedRound)
    }
  }
  for (const [hotspot, round] of torn) if (first.get(hotspot)?.committedRound === round) first.delete(hotspot)
  return first
}

function isSameReport(a: HeardBeacon, b: HeardBeacon): boolean {
  return (
    isSame(a.data, b.data) &&
    a.frequencyHz === b.frequencyHz &&
    a.spreadingFactor === b.spreadingFactor &&
    a.bandwidthHz === b.bandwidthHz &&
    a.rssiDbm === b.rssiDbm &&
    a.snrDb === b.snrDb &&
    a.heardMs === b.heardMs
  )
}

/** Of those whom no rule dropped: one an owner, then as many as count, both by the draw. */
function countWitnesses(
  verdicts: readonly WitnessVerdict[],
  { sealed, ownerOf }: { readonly sealed: Uint8Array; readonly ownerOf: (hotspot: string) => string },
): WitnessVerdict[] {
  const good = verdicts.filter(({ reason }) => reason === undefined)
  const ownersOfGood = new Set(good.map(({ heard }) => ownerOf(heard.hotspot)))
  if (ownersOfGood.size === good.length && good.length <= countedWitnessesMax) return [...verdicts]
  const drawn = good
    .map(({ heard: { hotspot } }) => ({ hotspot, place: placeInDraw(sealed, hotspot) }))
    .toSorted((a, b) => (a.place < b.place ? -1 : 1))
  const owners = new Set<string>()
  const later = new Map<string, VerdictReason>()
  for (const { hotspot } of drawn) {
    const owner = ownerOf(hotspot)
    if (owners.has(owner)) later.set(hotspot, 'owner-counted')
    else if (owners.size === countedWitnessesMax) later.set(hotspot, 'not-drawn')
    else owners.add(owner)
  }
  return verdicts.map((verdict) => ({ ...verdict, reason: verdict.reason ?? later.get(verdict.heard.hotspot) }))
}

const drawTag = new TextEncoder().encode('groundwork/wireless/witness-draw/1')

/** 64 bits of a hash that nobody knew when they registered, as hex to compare. */
function placeInDraw(sealed: Uint8Array, hotspot: string): string {
  const digest = sha256.create().update(drawTag).update(sealed).update(new TextEncoder().encode(hotspot)).digest()
  return new DataView(digest.buffer).getBigUint64(0).toString(16).padStart(16, '0')
}
