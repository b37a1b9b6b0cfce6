/**
 * A town that is small enough to be played in a second: for tests of those who play false in it.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import {
  coverageRounds,
  regionOf,
  simulateTown,
  type Adversary,
  type CoverageReport,
  type CoverageRoundsOptions,
  type TownGateway,
  type TownOptions,
  type TownReport,
} from '@groundwork/wireless'

const secondsOfTown = 1800
const origin = { latitude: 53.5, longitude: 10 }
const cellOf: TownOptions['cellOf'] = (place) => cellAt(place) ?? assert.fail('a town is on the earth')

/** Half an hour of 20 hotspots and 120 devices in 36 square kilometres. */
export async function marketOf(
  adversary?: Adversary,
  options: Partial<TownOptions> & { readonly share?: number } = {},
): Promise<TownReport> {
  const { share = 0.3, ...rest } = options
  const town = simulateTown({
    seed: 5,
    region: 'EU868',
    deviceCount: 120,
    gatewayCount: 20,
    sideM: 6000,
    intervalSeconds: 300,
    origin,
    cellOf,
    play: adversary?.market,
    playShare: adversary === undefined ? 0 : share,
    ...rest,
  })
  await town.pass(secondsOfTown)
  return town.report()
}

/** Three rounds of beacons of 30 hotspots in a hundred square kilometres. */
export function beaconsOf(
  adversary?: Adversary,
  options: Partial<CoverageRoundsOptions> & { readonly share?: number } = {},
): CoverageReport {
  const { share = 0.3, ...rest } = options
  return coverageRounds({
    seed: 5,
    region: regionOf('EU868'),
    hotspotCount: 30,
    sideM: 10_000,
    origin,
    cellOf,
    play: adversary?.coverage,
    playShare: adversary === undefined ? 0 : share,
    ...rest,
  })
}

export const sumOf = (gateways: readonly TownGateway[], of: (one: TownGateway) => number): number =>
  gateways.reduce((all, one) => all + of(one), 0)

/** Packets that those who play false sold, and what the same hotspots sold in a town of honest ones. */
export function soldBy(played: TownReport, honest: TownReport): { readonly now: number; readonly before: number } {
  const isLiar = (index: number): boolean => played.gateways[index]!.isFalse
  const sold = ({ gateways }: TownReport): number =>
    sumOf(
      gateways.filter((_, index) => isLiar(index)),
      ({ soldPackets }) => soldPackets,
    )
  return { now: sold(played), before: sold(honest) }
}

/** Units of beacons that those who play false earned, and what the same hotspots earned in a town of honest ones. */
export function unitsBy(
  played: CoverageReport,
  honest: CoverageReport,
): { readonly now: number; readonly before: number } {
  const liars = new Set(played.parties.filter(({ isFalse }) => isFalse).map(({ party }) => party))
  const units = ({ parties }: CoverageReport): number =>
    parties.reduce((all, one) => all + (liars.has(one.party) ? one.units : 0), 0)
  return { now: units(played), before: units(honest) }
}
