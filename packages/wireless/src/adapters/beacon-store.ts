/**
 * Secrets and reports of beacons in one SQLite file, flushed with each write: there are few.
 *
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import { toHex } from '@groundwork/core/units/hex.ts'
import { regionNames } from '../region/region.ts'
import type { BeaconPlan, BeaconStore } from '../ports/beacon-store.ts'
import {
  notedHotspotsMax,
  notedReportsMax,
  readReportBytes,
  reportBytesOf,
  type OpenedReport,
} from '../wire/coverage-note.ts'
import { inTransaction } from './network-database.ts'

const schema = `
  CREATE TABLE IF NOT EXISTS wireless_beacon_plans (
    epoch INTEGER NOT NULL, gateway TEXT NOT NULL, secret BLOB NOT NULL, region TEXT NOT NULL, frequencies TEXT NOT NULL,
    ended_ms INTEGER, PRIMARY KEY (epoch, gateway)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wireless_beacon_heard (
    place INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, gateway TEXT NOT NULL, data TEXT NOT NULL, salt BLOB NOT NULL,
    report BLOB NOT NULL, UNIQUE (epoch, gateway, data)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS wireless_beacon_heard_epoch ON wireless_beacon_heard (epoch);
`

/** @param path a file, or ':memory:' for tests */
export function openBeaconStore({ path }: { readonly path: string }): BeaconStore & Disposable {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;')
  database.exec(schema)
  const countOf = (table: string, epoch: bigint): number =>
    Number(
      database.prepare(`SELECT count(*) AS count FROM wireless_beacon_${table} WHERE epoch = ?`).get(epoch)?.['count'],
    )
  const isKnown = (epoch: bigint, { report }: OpenedReport): boolean =>
    database
      .prepare('SELECT 1 FROM wireless_beacon_heard WHERE epoch = ? AND gateway = ? AND data = ?')
      .get(epoch, report.gatewayEui, toHex(report.data)) !== undefined
  const add = (epoch: bigint, { salt, report }: OpenedReport): void =>
    void database
      .prepare('INSERT OR IGNORE INTO wireless_beacon_heard VALUES (NULL, ?, ?, ?, ?, ?)')
      .run(epoch, report.gatewayEui, toHex(report.data), salt, reportBytesOf(report))
  return {
    plan(epoch, { gatewayEui, secret, region, frequenciesHz }) {
      if (countOf('plans', epoch) >= notedHotspotsMax) return
      database
        .prepare('INSERT OR IGNORE INTO wireless_beacon_plans VALUES (?, ?, ?, ?, ?, NULL)')
        .run(epoch, gatewayEui, secret, region, frequenciesHz.join(','))
    },
    plansOf: (epoch) =>
      database
        .prepare('SELECT * FROM wireless_beacon_plans WHERE epoch = ? ORDER BY gateway')
        .all(epoch)
        .flatMap(planOf),
    sent({ epoch, gatewayEui, endedMs }) {
      database
        .prepare('UPDATE wireless_beacon_plans SET ended_ms = ? WHERE epoch = ? AND gateway = ? AND ended_ms IS NULL')
        .run(endedMs, epoch, gatewayEui)
    },
    hear(epoch, opened) {
      if (isKnown(epoch, opened)) return 'known'
      if (countOf('heard', epoch) >= notedReportsMax) return 'full'
      add(epoch, opened)
      return 'kept'
    },
    swap(epoch, place, opened) {
      const one = 'SELECT place FROM wireless_beacon_heard WHERE epoch = ? ORDER BY place LIMIT 1 OFFSET ?'
      inTransaction(database, () => {
        database.prepare(`DELETE FROM wireless_beacon_heard WHERE place = (${one})`).run(epoch, place)
        add(epoch, opened)
      })
    },
    heardIn: (epoch) =>
      database
        .prepare('SELECT salt, report FROM wireless_beacon_heard WHERE epoch = ? ORDER BY place')
        .all(epoch)
        .flatMap(openedOf),
    forgetBefore(epoch) {
      for (const table of ['plans', 'heard'])
        database.prepare(`DELETE FROM wireless_beacon_${table} WHERE epoch < ?`).run(epoch)
    },
    [Symbol.dispose]() {
      if (database.isOpen) database.close()
    },
  }
}

type Row = Readonly<Record<string, unknown>>

function planOf({ gateway, secret, region, frequencies, ended_ms: endedMs }: Row): BeaconPlan[] {
  const name = regionNames.find((one) => one === region)
  if (!(secret instanceof Uint8Array) || name === undefined) return []
  const plan = {
    gatewayEui: String(gateway),
    secret,
    region: name,
    frequenciesHz: String(frequencies).split(',').map(Number),
  }
  return [endedMs === null ? plan : { ...plan, endedMs: Number(endedMs) }]
}

function openedOf({ salt, report }: Row): OpenedReport[] {
  const read = report instanceof Uint8Array ? readReportBytes(report) : undefined
  return salt instanceof Uint8Array && read !== undefined ? [{ salt, report: read }] : []
}
