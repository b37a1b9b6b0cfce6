/**
 * Rounds of beacons in a town: each hotspot's is sent once a round, heard as physics has it, reported as its owner likes, and judged
 * by the rules that everyone can read.
 *
 * Honest hotspots say what they heard. The judge and what follows from its verdicts for trust are handed in, so that a rule can be
 * taken away, and another measure of trust played against.
 *
 * @module
 */

import type { Cell } from '@groundwork/core/geography/cell.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { commitBeaconSecret, drawBeacon, type BeaconChoices } from '../../coverage/draw-beacon.ts'
import { distanceRange, type HeardBeacon, type Hotspot, type SentBeacon } from '../../coverage/hotspot.ts'
import { judgeBeacon, type BeaconVerdict, type CoverageWorld, type VerdictReason } from '../../coverage/judge-beacon.ts'
import { locationTrust } from '../../coverage/location-trust.ts'
import type { Ratio } from '../../coverage/ratio.ts'
import type { Modulation } from '../../model/modulation.ts'
import { airtimeUs } from '../../region/airtime.ts'
import type { Region } from '../../region/region.ts'
import { fadingDb } from '../fading.ts'
import { linkTable, type Links } from '../link-table.ts'
import { degreesOf, type Degrees, type Place } from '../place.ts'
import { townRadio } from '../radio-model.ts'
import { decodeProbability, floorDbOf, milliwattsOf, noiseFloorDbm } from '../receiver.ts'
import { drawUnit, hashOf, randomStream } from '../seeded-random.ts'
import type { CoveragePlay, FalseReport } from './coverage-play.ts'
import { falseCountOf, ownersEachMax, type Registered } from './market-play.ts'

/** Hotspots of one town, Sybils counted, and rounds, inclusive. */
export const arenaHotspotsMax = 4_096
export const arenaRoundsMax = 64

/** One beacon with its verdict. */
export interface PlayedBeacon {
  readonly beaconer: Hotspot
  readonly beacon: SentBeacon
  readonly verdict: BeaconVerdict
}

/** How far a hotspot is where it says, from what was judged: 0 or more, by hotspot; who is not in it has none. */
export type TrustMeasure = (
  judged: readonly PlayedBeacon[],
  /** whether others paid the owner for carrying */
  hasCarried: (owner: Hex) => boolean,
) => ReadonlyMap<string, number>

export interface CoverageRoundsOptions {
  readonly seed: number
  readonly region: Region
  readonly hotspotCount: number
  readonly sideM: number
  readonly origin: Degrees
  readonly cellOf: (place: Degrees) => Cell
  readonly play?: CoveragePlay | undefined
  /** of hotspots whose owners play false, 0 to 1 */
  readonly playShare?: number
  /** the first only makes a history; 3 when left out */
  readonly rounds?: number
  readonly judge?: typeof judgeBeacon
  /** the program’s own when left out */
  readonly trust?: TrustMeasure
  /** of owners that play false: whether others paid them for carrying; as of honest ones when left out */
  readonly hasCarried?: boolean
}

export interface CoverageParty {
  readonly hotspot: Hotspot
  /** which party it is of: several hotspots may share a radio */
  readonly party: number
  readonly isFalse: boolean
  /** metres between where it stands and the middle of the cell that it registered */
  readonly awayM: number
  /** HIP 15's units of a round, on average, as sender and as witness */
  readonly units: number
  readonly trust: number
}

export interface CoverageReport {
  readonly parties: readonly CoverageParty[]
  /** reports of honest hotspots: all, and those that a rule drops although they are true */
  readonly honestReports: number
  readonly honestDropped: number
  /** reports that are untrue in some way: all, and those that a rule drops */
  readonly falseReports: number
  readonly falseDropped: number
  readonly falseReasons: Readonly<Partial<Record<VerdictReason, number>>>
  readonly honestReasons: Readonly<Partial<Record<VerdictReason, number>>>
}

/** These say nothing against a report: it was right, and another took its place. */
const placeTaken: ReadonlySet<VerdictReason> = new Set<VerdictReason>(['owner-counted', 'not-drawn'])
/** And these, that two hotspots are too near each other to be two coverages. */
const blameless: ReadonlySet<VerdictReason> = new Set<VerdictReason>([...placeTaken, 'same-cell', 'same-owner'])

const roundMs = 86_400_000
const roundsUsual = 3
const antennaDbi = 3
const clockSigmaMs = 30
const [placesPurpose, beaconPurpose, decodePurpose, reportPurpose] = [0xc01, 0xc02, 0xc03, 0xc04] as const

/** The share of all units that a hotspot earned: what beacons alone say. Where to stand is nobody's to prove by it. */
export const trustByUnits: TrustMeasure = (judged) => {
  const units = new Map<string, number>()
  const add = (id: string, ratio: Ratio): void => void units.set(id, (units.get(id) ?? 0) + valueOf(ratio))
  for (const { beaconer, verdict } of judged) {
    add(beaconer.id, verdict.beaconerUnit)
    for (const { heard, reason } of verdict.witnesses) if (reason === undefined) add(heard.hotspot, verdict.witnessUnit)
  }
  return units
}

/** What the program itself makes of an epoch's beacons. */
export const trustOfOwners: TrustMeasure = (judged, hasCarried) => {
  const ownerOf = new Map(judged.map(({ beaconer }) => [beaconer.id, beaconer.owner as Hex]))
  const beacons = judged.map(({ beaconer, verdict }) => ({
    owner: beaconer.owner as Hex,
    gatewayEui: beaconer.id,
    reason: verdict.reason,
    reports: verdict.witnesses.flatMap(({ heard, reason }) => {
      const owner = ownerOf.get(heard.hotspot)
      return owner === undefined ? [] : [{ owner, gatewayEui: heard.hotspot, reason }]
    }),
  }))
  const trusted = new Map(locationTrust({ beacons }, hasCarried).map(({ owner, trust }) => [owner, trust]))
  return new Map([...ownerOf].map(([id, owner]) => [id, trusted.get(owner) ?? 0]))
}

const valueOf = ({ numerator, denominator }: Ratio): number => Number(numerator) / Number(denominator)
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

/** An account of its own for each hotspot. */
const ownerOf = (index: number, owner: number): Hex =>
  `0x${(1 + index * ownersEachMax + owner).toString(16).padStart(40, '0')}`

interface Seat {
  readonly hotspot: Hotspot
  readonly radio: number
  readonly isFalse: boolean
  readonly awayM: number
}

export function coverageRounds(options: CoverageRoundsOptions): CoverageReport {
  const { seed, region, judge = judgeBeacon, trust = trustOfOwners, play, hasCarried = true } = options
  const rounds = Math.min(options.rounds ?? roundsUsual, arenaRoundsMax)
  const { seats, places } = seatsOf(options)
  const air = airOf({ seed, places })
  const hotspots = new Map(seats.map(({ hotspot }) => [hotspot.id, hotspot]))
  const choices = choicesOf(region)
  const lossBack = new Map<string, number>()
  const heardAt = new Map<string, number>()
  const judged: PlayedBeacon[] = []
  const books = { honestReports: 0, honestDropped: 0, falseReports: 0, falseDropped: 0 }
  const falseReasons: Partial<Record<VerdictReason, number>> = {}
  const honestReasons: Partial<Record<VerdictReason, number>> = {}

  for (const round of range(rounds)) {
    const windowStartMs = 1_800_000_000_000 + round * roundMs
    const losses: [string, number][] = []
    const heardNow: [string, number][] = []
    for (const [number, sender] of seats.entries()) {
      const frame = round * seats.length + number
      const sent = sentBy(sender, { seed, frame, choices, windowStartMs, round })
      const isSilent = sender.isFalse && play?.isSilent === true
      const heard = isSilent ? [] : air.heard(sender.radio, sent, frame)
      const reports = reportsOf(seats, { sender, sent, heard, play, lossBack, seed, frame })
      const world: CoverageWorld = {
        hotspotOf: (id) => hotspots.get(id),
        isDenied: () => false,
        lossBackDb: (witness, beaconer) => lossBack.get(`${beaconer}>${witness}`),
        // In the first round everybody is as new as everybody else.
        ownBeaconHeardMs: (id) => heardAt.get(id) ?? (round === 0 ? sent.beacon.endedMs : undefined),
      }
      const verdict = judge(
        sent.facts,
        sender.hotspot,
        reports.map((one) => one.heard),
        world,
      )
      for (const { heard: told, reason } of verdict.witnesses) {
        if (reason !== undefined && !placeTaken.has(reason)) continue
        const witness = hotspots.get(told.hotspot)!
        losses.push([`${witness.id}>${sender.hotspot.id}`, lossOf(sender.hotspot, sent.beacon, witness, told)])
        heardNow.push([sender.hotspot.id, sent.beacon.endedMs])
      }
      // The first round is history: who has none is not held against it.
      if (round === 0 && rounds > 1) continue
      judged.push({ beaconer: sender.hotspot, beacon: sent.beacon, verdict })
      for (const [at, { reason }] of verdict.witnesses.entries()) {
        const { isFalse, isTheirs } = reports[at]!
        if (isTheirs && !isFalse) continue
        const isDropped = reason !== undefined && !blameless.has(reason)
        const [all, dropped] = isFalse
          ? (['falseReports', 'falseDropped'] as const)
          : (['honestReports', 'honestDropped'] as const)
        books[all] += 1
        if (isDropped) books[dropped] += 1
        const reasons = isFalse ? falseReasons : honestReasons
        if (reason !== undefined) reasons[reason] = (reasons[reason] ?? 0) + 1
      }
    }
    for (const [pair, lossDb] of losses) lossBack.set(pair, lossDb)
    for (const [id, atMs] of heardNow) heardAt.set(id, atMs)
  }

  const paid = new Set(seats.flatMap(({ hotspot, isFalse }) => (isFalse && !hasCarried ? [] : [hotspot.owner])))
  const isPaid = (owner: Hex): boolean => paid.has(owner)
  const [trusted, units] = [trust(judged, isPaid), trustByUnits(judged, isPaid)]
  const counted = Math.max(1, rounds > 1 ? rounds - 1 : rounds)
  return {
    parties: seats.map(({ hotspot, radio, isFalse, awayM }) => ({
      hotspot,
      party: radio,
      isFalse,
      awayM,
      units: (units.get(hotspot.id) ?? 0) / counted,
      trust: trusted.get(hotspot.id) ?? 0,
    })),
    ...books,
    falseReasons,
    honestReasons,
  }
}

// ---- who stands where ----

function seatsOf(options: CoverageRoundsOptions): {
  readonly seats: readonly Seat[]
  readonly places: readonly Place[]
} {
  const { seed, region, hotspotCount, sideM, origin, cellOf, play, playShare = 0 } = options
  const random = randomStream(hashOf(seed, placesPurpose))
  const falseCount = play === undefined ? 0 : falseCountOf(hotspotCount, playShare)
  const ownersEach = Math.min(Math.max(play?.ownersEach ?? 1, 1), ownersEachMax)
  const places = range(hotspotCount).map((index): Place => {
    const chance = { eastM: random.unit() * sideM, northM: random.unit() * sideM, heightM: 15 }
    return index < falseCount ? (play?.place?.({ index, chance, sideM }) ?? chance) : chance
  })
  const seats = places.flatMap((place, index): Seat[] => {
    const isFalse = index < falseCount
    const truth: Registered = { place: degreesOf(origin, place), antennaGainDbi: antennaDbi }
    return range(isFalse ? ownersEach : 1).map((owner): Seat => {
      const said = isFalse ? (play?.register?.(truth, { index, owner }) ?? truth) : truth
      const id = `${index}.${owner}`
      const hotspot = {
        id,
        owner: ownerOf(index, owner),
        cell: cellOf(said.place),
        antennaGainDbi: said.antennaGainDbi,
        region: region.name,
      }
      return { hotspot, radio: index, isFalse, awayM: betweenM(truth.place, said.place) }
    })
  })
  return { seats: seats.slice(0, arenaHotspotsMax), places }
}

function betweenM(a: Degrees, b: Degrees): number {
  const north = (a.latitude - b.latitude) * 111_195
  const east = (a.longitude - b.longitude) * 111_195 * Math.cos((a.latitude * Math.PI) / 180)
  return Math.hypot(north, east)
}

// ---- beacons ----

function choicesOf(region: Region): BeaconChoices {
  return {
    frequenciesHz: region.uplinkChannels.slice(0, 3).map(({ hz }) => hz),
    spreadingFactors: [9, 10, 11, 12],
    powersDbm: [11, 14],
    bandwidthHz: 125_000,
    windowMs: roundMs - 600_000,
  }
}

interface Sent {
  readonly beacon: SentBeacon
  readonly facts: Parameters<typeof judgeBeacon>[0]
}

function sentBy(
  { hotspot }: Seat,
  about: {
    readonly seed: number
    readonly frame: number
    readonly choices: BeaconChoices
    readonly windowStartMs: number
    readonly round: number
  },
): Sent {
  const { seed, frame, choices, windowStartMs, round } = about
  const random = randomStream(hashOf(seed, frame, beaconPurpose))
  const bytes = (): Uint8Array => Uint8Array.from({ length: 32 }, () => random.index(256))
  const [secret, sealed] = [bytes(), bytes()]
  const drawn = drawBeacon({ sealed, secret, hotspot: hotspot.id }, choices)
  const { data, frequencyHz, spreadingFactor, bandwidthHz, powerDbm, offsetMs } = drawn
  const modulation: Modulation = { kind: 'lora', spreadingFactor, bandwidthHz }
  const airtimeMs = airtimeUs({ phyPayloadBytes: data.length + 5, modulation, hasCrc: false }) / 1000
  const endedMs = windowStartMs + offsetMs + airtimeMs + clockSigmaMs * random.normal()
  const sent = { data, frequencyHz, spreadingFactor, bandwidthHz, powerDbm }
  const beacon = { hotspot: hotspot.id, ...sent, endedMs, revealedRound: round + 1 }
  const commitment = commitBeaconSecret(secret)
  return {
    beacon,
    facts: { beacon, isDenied: false, commitment, secret, sealed, choices, sentRound: round, windowStartMs, airtimeMs },
  }
}

function lossOf(beaconer: Hotspot, beacon: SentBeacon, witness: Hotspot, { rssiDbm }: HeardBeacon): number {
  return beacon.powerDbm + beaconer.antennaGainDbi + witness.antennaGainDbi - rssiDbm
}

// ---- the air ----

interface HeardAtRadio {
  readonly radio: number
  readonly rssiDbm: number
  readonly snrDb: number
}

interface Air {
  heard(radio: number, sent: Sent, frame: number): readonly HeardAtRadio[]
}

const snrReportedMaxDb = 15
const eirpDbmMax = 30
const weakestDbm = -150

function airOf({ seed, places }: { readonly seed: number; readonly places: readonly Place[] }): Air {
  const gateways = places.map((place) => ({ place, antennaGainDbi: antennaDbi, channels: [] }))
  const table = linkTable({ seed, model: townRadio, gateways, lossDbMax: eirpDbmMax - weakestDbm })
  const links: (Links | undefined)[] = []
  return {
    heard(radio, { beacon }, frame) {
      const { spreadingFactor, bandwidthHz, powerDbm } = beacon
      const from = (links[radio] ??= table.fromGateway(radio))
      const noiseDbm = noiseFloorDbm(bandwidthHz)
      const floorDb = floorDbOf({ kind: 'lora', spreadingFactor, bandwidthHz }) ?? 0
      return [...from.gateways].flatMap((receiver, at): HeardAtRadio[] => {
        const fading = fadingDb(townRadio.fading, { seed, frame, receiver })
        const signalDbm = powerDbm + antennaDbi + from.gainDb[at]! + fading
        const snrDb = signalDbm - noiseDbm
        if (drawUnit(seed, frame, receiver, decodePurpose) >= decodeProbability({ snrDb, floorDb })) return []
        const rssiDbm = 10 * Math.log10(milliwattsOf(signalDbm) + milliwattsOf(noiseDbm))
        return [{ radio: receiver, rssiDbm, snrDb: Math.min(snrDb, snrReportedMaxDb) }]
      })
    },
  }
}

// ---- reports ----

interface Reporting {
  readonly sender: Seat
  readonly sent: Sent
  readonly heard: readonly HeardAtRadio[]
  readonly play: CoveragePlay | undefined
  readonly lossBack: ReadonlyMap<string, number>
  readonly seed: number
  readonly frame: number
}

type Told = FalseReport & { readonly isTheirs: boolean }

function reportsOf(seats: readonly Seat[], about: Reporting): Told[] {
  const { sender, sent, heard, play, lossBack, seed, frame } = about
  const random = randomStream(hashOf(seed, frame, reportPurpose))
  const atRadio = new Map(heard.map((one) => [one.radio, one]))
  const { data, frequencyHz, spreadingFactor, bandwidthHz, endedMs, revealedRound } = sent.beacon
  const truthOf = (seat: Seat): HeardBeacon | undefined => {
    const at = atRadio.get(seat.radio)
    if (at === undefined) return undefined
    const heardMs = endedMs + clockSigmaMs * random.normal()
    const said = { rssiDbm: at.rssiDbm, snrDb: at.snrDb, heardMs, committedRound: revealedRound - 1 }
    return { hotspot: seat.hotspot.id, data, frequencyHz, spreadingFactor, bandwidthHz, ...said }
  }
  const honest = seats.flatMap((seat): Told[] => {
    const truth = seat.isFalse || seat === sender ? undefined : truthOf(seat)
    return truth === undefined ? [] : [{ heard: truth, isFalse: false, isTheirs: false }]
  })
  const theirs = seats.filter((seat) => seat.isFalse && seat !== sender)
  if (play === undefined || theirs.length === 0) return honest
  const views = theirs.map((seat) => ({
    hotspot: seat.hotspot,
    radio: seat.radio,
    heard: truthOf(seat),
    distance: distanceRange(sender.hotspot.cell, seat.hotspot.cell),
    lossBackDb: lossBack.get(`${sender.hotspot.id}>${seat.hotspot.id}`),
  }))
  const isKnown = sender.isFalse || views.some(({ heard: own }) => own !== undefined)
  const reports = play.report({
    beaconer: sender.hotspot,
    isTheirs: sender.isFalse,
    known: isKnown ? sent.beacon : undefined,
    seats: views,
    unit: () => random.unit(),
  })
  return [...honest, ...reports.map((one) => ({ ...one, isTheirs: true }))]
}
