/**
 * What it is worth to play false: an adversary's day against an honest owner's, at several parts of the population.
 *
 * The town is one of many alike, so the bootstrap is divided among the owners of the whole network. Two ways to divide it: equally
 * among those who carried for others, as the audit does, or by the trust that beacons give, which nobody is paid by today.
 *
 * @module
 */

import { creditDivisor } from '@groundwork/core/money/money-constants.ts'
import { nanoPerCredit } from '@groundwork/core/units/credits.ts'
import { coverageUnitsMin } from '../../pay.ts'
import type { TownReport } from '../simulate-town.ts'
import type { Adversary } from './adversary.ts'
import type { CoverageReport } from './coverage-round.ts'
import { dayOf, seatCostAtto, type MoneyTerms } from './owner-day.ts'

/** How a day's allowance is divided: equally among owners with paid traffic of others (pay.ts), or by their trust. */
export const bootstrapWays = ['equal', 'trust'] as const
export type BootstrapWay = (typeof bootstrapWays)[number]

export interface ScoreTerms extends MoneyTerms {
  /** of the network's bootstrap, in a day */
  readonly allowanceAtto: bigint
  /** parties of the whole network, false ones among them; each honest one has one seat */
  readonly networkParties: number
  readonly bootstrap: BootstrapWay
}

/** One town, played. */
export interface Played {
  /** undefined: nobody plays false */
  readonly adversary: Adversary | undefined
  readonly share: number
  readonly market: TownReport
  readonly coverage: CoverageReport
}

export interface Score {
  readonly adversary: string
  readonly share: number
  /** a day, in atto-WORK: of the false parties if all were honest, of an honest one in this town, of a false one */
  readonly usualAtto: bigint
  readonly honestAtto: bigint
  readonly falseAtto: bigint
  /** false less usual: above 0 it pays */
  readonly gainAtto: bigint
  /** whether it pays: the gain is more than chance in the draws explains */
  readonly pays: boolean
  /** of the gain, what carriage brings more than the usual; the rest is bootstrap and costs */
  readonly carriageGainAtto: bigint
  /** stake of a seat from which on it would not pay; undefined: it does not, at any, or the seat is not what it hangs on */
  readonly seatAttoToStop: bigint | undefined
  /** part of its stake that it would have to lose in a day, on average, for it not to pay; undefined where it does not pay */
  readonly riskToStop: number | undefined
  /** untrue copies and reports, and the part of them that a rule names; undefined: there were none */
  readonly falseActs: number
  readonly noticedShare: number | undefined
  /** honest copies and reports that a rule drops */
  readonly wrongedShare: number
  /** of an honest party's usual day */
  readonly honestLossShare: number
  /** how far places are believed, of a false hotspot and an honest one, on average */
  readonly falseTrust: number
  readonly honestTrust: number
}

const hoursPerDay = 24
const microPerOne = 1_000_000n
/** Real numbers of a simulation become exact ones here, once. */
const exactly = (value: number): bigint => BigInt(Math.round(value))

interface Means {
  readonly soldUnits: number
  /** of the units, as chance in the draws leaves it */
  readonly soldUnitsError: number
  readonly earnedNano: number
  readonly trust: number
}

/** Of one party's radios and owners, in a day; of the parties whose number `isMeant`. */
function meansOf({ market, coverage }: Played, isMeant: (party: number) => boolean): Means {
  const gateways = market.gateways.filter((_, party) => isMeant(party))
  const hotspots = coverage.parties.filter(({ party }) => isMeant(party))
  const parties = Math.max(1, gateways.length)
  const perDay = hoursPerDay / market.hours / parties
  const packets = gateways.reduce((sum, one) => sum + one.soldPackets, 0)
  const units = gateways.reduce((sum, one) => sum + one.soldUnits, 0)
  return {
    soldUnits: units * perDay,
    // Packets are won one by one, so their number is off by its root.
    soldUnitsError: packets === 0 ? 0 : (units / packets) * Math.sqrt(packets) * perDay,
    earnedNano: gateways.reduce((sum, one) => sum + Number(one.earnedNano), 0) * perDay,
    trust: hotspots.reduce((sum, one) => sum + one.trust, 0) / parties,
  }
}

/** Whether each of a party's owners has what the audit wants of it: 24 units that others paid for. */
function seatsThatCount(soldUnits: number, owners: number, ownUnitsEach: bigint): number {
  const each = exactly(soldUnits / owners) + ownUnitsEach
  if (each >= coverageUnitsMin) return owners
  // What is sold can be given to as many of them as it is enough for.
  return Math.min(owners, Math.floor(soldUnits / Number(coverageUnitsMin)))
}

/** @param usual the same town with nobody playing false */
export function scoreOf(played: Played, usual: Played, terms: ScoreTerms): Score {
  const { adversary, share } = played
  const owners = adversary?.ownersEach ?? 1
  const ownUnitsEach = adversary?.ownUnitsEach ?? 0n
  const isFalse = (party: number): boolean => played.market.gateways[party]?.isFalse === true
  const isHonest = (party: number): boolean => !isFalse(party)
  // Everyone is held against itself: where it stands decides more than how it plays.
  const [before, honestBefore] = [
    meansOf(usual, adversary === undefined ? isHonest : isFalse),
    meansOf(usual, isHonest),
  ]
  const [honest, liar] = [meansOf(played, isHonest), meansOf(played, isFalse)]
  const honestSeats = seatsThatCount(honest.soldUnits, 1, 0n)
  const usualSeats = seatsThatCount(before.soldUnits, 1, 0n)
  const falseSeats = seatsThatCount(liar.soldUnits, owners, ownUnitsEach)
  const { networkParties, bootstrap, allowanceAtto } = terms
  const weigh = (seats: number, trust: number): number => (bootstrap === 'equal' ? seats : seats === 0 ? 0 : trust)
  const weights = {
    usual: weigh(usualSeats, before.trust),
    honestBefore: weigh(seatsThatCount(honestBefore.soldUnits, 1, 0n), honestBefore.trust),
    honest: weigh(honestSeats, honest.trust),
    liar: weigh(falseSeats, liar.trust),
  }
  const all = networkParties * ((1 - share) * weights.honest + share * weights.liar)
  const allBefore = networkParties * ((1 - share) * weights.honestBefore + share * weights.usual)
  const shareOf = (weight: number, of: number): bigint =>
    of === 0 ? 0n : (allowanceAtto * exactly((weight / of) * 1e12)) / (microPerOne * microPerOne)
  const party = (means: Means, seats: number, own: bigint, bootstrapAtto: bigint) =>
    dayOf(
      {
        seats: BigInt(seats),
        soldUnits: exactly(means.soldUnits),
        earnedNano: exactly(means.earnedNano),
        ownUnits: own,
        bootstrapAtto,
        slashedAtto: 0n,
      },
      terms,
    )
  const usualDay = party(before, 1, 0n, shareOf(weights.usual, allBefore))
  const honestUsualDay = party(honestBefore, 1, 0n, shareOf(weights.honestBefore, allBefore))
  const honestDay = party(honest, 1, 0n, shareOf(weights.honest, all))
  const falseDay = party(liar, owners, ownUnitsEach * BigInt(owners), shareOf(weights.liar, all))
  const gainAtto = adversary === undefined ? 0n : falseDay.netAtto - usualDay.netAtto
  // Twice the error of either town's counts, at the price of a unit.
  const errorAtto = attoOfUnits(Math.hypot(before.soldUnitsError, liar.soldUnitsError), terms)
  const carried = (day: typeof usualDay): bigint => day.convertedAtto + day.rebateAtto - day.burnedAtto
  const falseActs = played.market.gateways.reduce((sum, one) => sum + one.falseOffers, 0) + played.coverage.falseReports
  const noticed = played.market.gateways.reduce((sum, one) => sum + one.falseNoticed, 0) + played.coverage.falseDropped
  const pays = adversary !== undefined && gainAtto > 2n * errorAtto
  return {
    adversary: adversary?.name ?? 'nobody',
    share,
    usualAtto: usualDay.netAtto,
    honestAtto: honestDay.netAtto,
    falseAtto: adversary === undefined ? 0n : falseDay.netAtto,
    gainAtto,
    pays,
    carriageGainAtto: adversary === undefined ? 0n : carried(falseDay) - carried(usualDay),
    seatAttoToStop: seatToStop({ gainAtto, owners, terms }),
    riskToStop: pays && terms.seatAtto > 0n ? ratioOf(gainAtto, BigInt(owners) * terms.seatAtto) : undefined,
    falseActs,
    noticedShare: falseActs === 0 ? undefined : noticed / falseActs,
    wrongedShare: wrongedShareOf(played),
    honestLossShare: ratioOf(honestUsualDay.netAtto - honestDay.netAtto, honestUsualDay.netAtto),
    falseTrust: liar.trust / owners,
    honestTrust: honest.trust,
  }
}

function attoOfUnits(units: number, { referenceNanoPerUnit, lowUsd8 }: MoneyTerms): bigint {
  return (exactly(units) * referenceNanoPerUnit * creditDivisor) / (nanoPerCredit * lowUsd8)
}

/** The stake at which the seats beyond the first cost what is gained. */
function seatToStop({
  gainAtto,
  owners,
  terms,
}: {
  readonly gainAtto: bigint
  readonly owners: number
  readonly terms: ScoreTerms
}): bigint | undefined {
  const more = BigInt(owners - 1)
  if (gainAtto <= 0n || more <= 0n) return undefined
  const perAtto = seatCostAtto(more, { ...terms, seatAtto: 10n ** 18n })
  return perAtto === 0n ? undefined : terms.seatAtto + (gainAtto * 10n ** 18n) / perAtto
}

function ratioOf(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * microPerOne) / whole) / Number(microPerOne)
}

/** Honest copies that were told that they cannot be right, and honest reports of beacons. */
function wrongedShareOf({ market, coverage }: Played): number {
  let [all, wronged] = [coverage.honestReports, coverage.honestDropped]
  for (const { isFalse, declined, soldPackets } of market.gateways) {
    if (isFalse) continue
    const against = impossible.reduce((sum, reason) => sum + (declined[reason] ?? 0), 0)
    wronged += against
    all += soldPackets + (declined['not-drawn'] ?? 0) + against
  }
  return all === 0 ? 0 : wronged / all
}

const impossible = [
  'too-strong',
  'too-weak',
  'too-far',
  'snr-below-floor',
  'snr-above-radio',
  'snr-above-noise',
  'mic-failures',
] as const
