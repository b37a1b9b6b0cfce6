/**
 * `groundwork simulate wireless --adversaries`: what a day of playing false leaves, against an honest owner's, by production's money.
 *
 * @module
 */

import { productionParameters, productionSupply } from '@groundwork/chain/devnet/parameters.ts'
import { cellAt, type Cell } from '@groundwork/core/geography/cell.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { bootstrapAllowance } from '@groundwork/core/money/bootstrap.ts'
import {
  coverageRounds,
  regionOf,
  scoreOf,
  type Adversary,
  type BootstrapWay,
  type CoverageReport,
  type Score,
  type ScoreTerms,
  type TownOptions,
  type TownReport,
  type TrustMeasure,
} from '@groundwork/wireless'
import type { Config } from '../config.ts'
import type { Show } from './show.ts'

/** Of all owners, of those that play false. */
const shares = [0.01, 0.1, 0.3, 0.5]
/** The devnet's price of a WORK, with the feed's 1% to both sides. */
const priceUsd8 = productionSupply.priceUsd8
const secondsPerDay = 86_400n
const referenceNanoPerUnit = 1_000_000_000n

export interface TownOfCommand {
  readonly seed: number
  readonly devices: number
  readonly gateways: number
  readonly sideKm: number
  readonly interval: number
  /** of the whole network */
  readonly owners: number
  readonly bootstrap: BootstrapWay
  /** of 10,000, a year */
  readonly capital: number
}

export interface ScoreAdversariesOptions {
  readonly options: TownOfCommand
  readonly config: Config
  /** fresh ones for each town */
  readonly all: () => readonly Adversary[]
  /** Plays the market of the town. */
  readonly play: (adversary: Adversary | undefined, share: number) => Promise<TownReport>
  /** how beacons make trust; as the program itself does when left out */
  readonly trust?: TrustMeasure
}

export function townOptionsOf(
  { seed, devices, gateways, sideKm, interval }: TownOfCommand,
  config: Config,
): TownOptions {
  return {
    seed,
    region: config.wirelessRegion,
    deviceCount: devices,
    gatewayCount: gateways,
    sideM: sideKm * 1000,
    intervalSeconds: interval,
    origin: { latitude: config.latitude, longitude: config.longitude },
    cellOf,
    unitPriceNano: referenceNanoPerUnit,
  }
}

function cellOf(place: { readonly latitude: number; readonly longitude: number }): Cell {
  const cell = cellAt(place)
  invariant(cell !== undefined, 'a town is on the earth')
  return cell
}

/** Production's terms, at the devnet's price: nobody knows another yet. */
function termsOf({ owners, bootstrap, capital }: TownOfCommand): ScoreTerms {
  const { epochBlocks, blockSeconds, epochsPerYear, networks, seatAtto } = productionParameters
  const { bootstrapMaxAtto } = productionSupply
  const perEpoch = bootstrapAllowance(
    { bootstrapMaxAtto, networkCount: BigInt(networks), epochsPerYear: BigInt(epochsPerYear) },
    0n,
  )
  return {
    lowUsd8: (priceUsd8 * 99n) / 100n,
    highUsd8: (priceUsd8 * 101n + 99n) / 100n,
    referenceNanoPerUnit,
    seatAtto,
    capitalBasisPoints: BigInt(capital),
    allowanceAtto: (perEpoch * secondsPerDay) / (BigInt(epochBlocks) * BigInt(blockSeconds)),
    networkParties: owners,
    bootstrap,
  }
}

export async function scoreAdversaries(about: ScoreAdversariesOptions): Promise<Score[]> {
  const { options, config, all, play, trust } = about
  const terms = termsOf(options)
  const beacons = (adversary: Adversary | undefined, playShare: number): CoverageReport =>
    coverageRounds({
      seed: options.seed,
      region: regionOf(config.wirelessRegion),
      hotspotCount: options.gateways,
      sideM: options.sideKm * 1000,
      origin: { latitude: config.latitude, longitude: config.longitude },
      cellOf,
      play: adversary?.coverage,
      playShare,
      ...(trust === undefined ? {} : { trust }),
    })
  const usual = { adversary: undefined, share: 0, market: await play(undefined, 0), coverage: beacons(undefined, 0) }
  const scores = [scoreOf(usual, usual, terms)]
  for (const { name } of all())
    for (const share of shares) {
      const adversary = all().find((one) => one.name === name)
      scores.push(
        scoreOf(
          { adversary, share, market: await play(adversary, share), coverage: beacons(adversary, share) },
          usual,
          terms,
        ),
      )
    }
  return scores
}

const attoPerWork = 1e18
const work = (atto: bigint): string => {
  const value = Number(atto) / attoPerWork
  return Math.abs(value) < 1 ? value.toFixed(4) : value.toFixed(2)
}
const percent = (share: number | undefined): string => (share === undefined ? '' : `${(share * 100).toFixed(1)}%`)

export function tellScores(scores: readonly Score[], show: Show): void {
  const [usual] = scores
  if (usual !== undefined) show.say(`An honest owner's usual day leaves ${work(usual.usualAtto)} WORK.`)
  show(
    scores.map((score) => ({
      adversary: score.adversary,
      share: percent(score.share),
      falseWorkADay: score.adversary === 'nobody' ? '' : work(score.falseAtto),
      honestWorkADay: work(score.honestAtto),
      gain: score.adversary === 'nobody' ? '' : work(score.gainAtto),
      ofItCarriage: score.adversary === 'nobody' ? '' : work(score.carriageGainAtto),
      pays: score.adversary === 'nobody' ? '' : score.pays ? 'yes' : 'no',
      seatToStop: score.seatAttoToStop === undefined ? '' : (Number(score.seatAttoToStop) / attoPerWork).toFixed(0),
      riskToStop: score.riskToStop === undefined ? '' : `${(score.riskToStop * 100).toFixed(3)}%`,
      noticed: percent(score.noticedShare),
      honestWronged: percent(score.wrongedShare),
      honestLoss: percent(score.honestLossShare),
      trust: `${score.falseTrust.toFixed(0)}/${score.honestTrust.toFixed(0)}`,
    })),
  )
}
