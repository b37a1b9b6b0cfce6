/**
 * Owners with a hotspot each, who send and hear beacons as the rules say; a test changes what one of them says.
 *
 * @module
 */

import { cellAt, type Cell } from '@groundwork/core/geography/cell.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { HotspotRecord } from '../model/hotspot-record.ts'
import { regionOf } from '../region/region-of.ts'
import { reportCommitment, type BeaconReport, type CoverageNote, type OpenedReport } from '../wire/coverage-note.ts'
import { beaconAirtimeMs, beaconChoices } from './beacon-frame.ts'
import { commitBeaconSecret, drawBeacon, type DrawnBeacon } from './draw-beacon.ts'
import { windowOf, type BeaconRound, type BeaconWindow } from './judge-round.ts'

export const fixtureWindow: BeaconWindow = {
  epoch: 12n,
  sealed: `0x${'5e'.repeat(32)}`,
  sealedMs: 1_800_000_100_000,
  previousSealedMs: 1_800_000_000_000,
}
const antennaGainDbi = 3
const frequenciesHz = [868_100_000, 868_300_000, 868_500_000]

export interface FixtureOwner {
  readonly owner: Hex
  readonly gatewayEui: string
  readonly cell: Cell
  readonly secret: Uint8Array
  readonly drawn: DrawnBeacon
  readonly endedMs: number
}

/** Owners that stand some kilometres from each other, in a row to the north; or, when it is said where, there. */
export function fixtureOwner(
  number: number,
  { latitude, longitude }: { readonly latitude: number; readonly longitude: number } = {
    latitude: 52 + number * 0.08,
    longitude: 13.4,
  },
): FixtureOwner {
  const owner: Hex = `0x${(number + 1).toString(16).padStart(40, '0')}`
  const gatewayEui = (0xaa00 + number).toString(16).padStart(16, '0')
  const cell = cellAt({ latitude, longitude }) ?? 0n
  const secret = new Uint8Array(32).fill(number + 1)
  const { startMs, lengthMs } = windowOf(fixtureWindow)
  const choices = beaconChoices(regionOf('EU868'), { frequenciesHz, antennaGainDbi, windowMs: lengthMs })
  const drawn = drawBeacon(
    { sealed: fromHex(fixtureWindow.sealed, 32), secret, hotspot: `${owner}/${gatewayEui}` },
    choices,
  )
  return { owner, gatewayEui, cell, secret, drawn, endedMs: startMs + drawn.offsetMs + beaconAirtimeMs(drawn) }
}

/** What one hears of another's beacon: a signal as path loss in a town makes it. */
export function heardOf(witness: FixtureOwner, beaconer: FixtureOwner): OpenedReport {
  const { data, frequencyHz, spreadingFactor, bandwidthHz, powerDbm } = beaconer.drawn
  const rssiTenths = Math.round((powerDbm + 2 * antennaGainDbi - 128) * 10)
  const report: BeaconReport = {
    gatewayEui: witness.gatewayEui,
    data,
    frequencyHz,
    spreadingFactor,
    bandwidthHz,
    rssiTenths,
    snrTenths: Math.min(rssiTenths + 1170, 100),
    heardMs: Math.round(beaconer.endedMs + 5),
  }
  return { salt: new Uint8Array(16).fill(Number.parseInt(beaconer.gatewayEui.slice(-2), 16)), report }
}

export interface RoundNotes {
  planned: CoverageNote[]
  heard: CoverageNote[]
  revealed: CoverageNote[]
}

/** Notes of owners of which each hears all the others. */
export function notesOf(owners: readonly FixtureOwner[]): RoundNotes {
  const empty = { planned: [], heard: [], revealed: [], opened: [] }
  const notes: RoundNotes = { planned: [], heard: [], revealed: [] }
  for (const one of owners) {
    const { owner, gatewayEui, secret, endedMs } = one
    const opened = owners.filter((other) => other !== one).map((other) => heardOf(one, other))
    const commitment = toHex(commitBeaconSecret(secret))
    notes.planned.push({
      ...empty,
      owner,
      epoch: fixtureWindow.epoch - 2n,
      planned: [{ gatewayEui, commitment, region: 'EU868', frequenciesHz }],
    })
    const heard = opened.map((report) => reportCommitment(owner, report))
    notes.heard.push({ ...empty, owner, epoch: fixtureWindow.epoch, heard })
    notes.revealed.push({
      ...empty,
      owner,
      epoch: fixtureWindow.epoch + 1n,
      revealed: [{ gatewayEui, secret, endedMs: Math.round(endedMs) }],
      opened,
    })
  }
  return notes
}

export function roundOf(owners: readonly FixtureOwner[], notes: RoundNotes = notesOf(owners)): BeaconRound {
  const hotspots = owners.map(({ owner, cell }): HotspotRecord => ({
    owner,
    cell,
    antennaGainDbi,
    unitPriceNano: 0n,
    stakeAtto: 1n,
    isOpen: true,
  }))
  return { window: fixtureWindow, ...notes, hotspots, isHeld: () => false }
}
