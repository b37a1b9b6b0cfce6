/**
 * Receipts, totals and draw secrets in one SQLite file, written in groups.
 *
 * Writes wait in memory until `commit`, which flushes them in one transaction (synchronous FULL): a router decides many
 * packets, commits once, and only then lets anything leave. Receipts of one commit that follow each other are one row. A total
 * never goes down, whatever is written. Tables have the prefix wireless_carry_; a hotspot and a router of one program use a
 * file each.
 *
 * @see docs/protocol/wireless.md#vouchers
 * @module
 */

import { DatabaseSync } from 'node:sqlite'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Eui } from '../model/radio.ts'
import type { SignedTally } from '../model/receipt.ts'
import type { CarryAccount, CarryLedger } from '../ports/carry.ts'
import { receiptBytes } from '../wire/receipt.ts'
import { CarryLedgerDamaged } from './carry-errors.ts'

/** Version of the tables; a file of a later version is refused. */
export const carryLedgerVersion = 1

/** Most receipts of one read. */
export const receiptsReadMax = 4096

const schema = `
  CREATE TABLE IF NOT EXISTS wireless_carry_accounts (
    peer TEXT PRIMARY KEY, packets_before INTEGER NOT NULL, earned_nano TEXT NOT NULL, total TEXT NOT NULL, signature TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS wireless_carry_receipts (
    peer TEXT NOT NULL, epoch INTEGER NOT NULL, place INTEGER NOT NULL, receipts BLOB NOT NULL, PRIMARY KEY (peer, epoch, place)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS wireless_carry_tallies (
    peer TEXT NOT NULL, epoch INTEGER NOT NULL, router TEXT NOT NULL, owner TEXT NOT NULL, packets INTEGER NOT NULL,
    units TEXT NOT NULL, nano_credits TEXT NOT NULL, root TEXT NOT NULL, signature TEXT NOT NULL, PRIMARY KEY (peer, epoch)
  ) STRICT;
  CREATE TABLE IF NOT EXISTS wireless_carry_secrets (epoch INTEGER PRIMARY KEY, secret BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS wireless_carry_spent (dev_eui TEXT PRIMARY KEY, day INTEGER NOT NULL, units INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS wireless_carry_versions (version INTEGER NOT NULL) STRICT;
`

type Write = () => void

/** Of a device on one day. */
interface Spent {
  readonly day: number
  readonly units: number
}

/** Receipts that follow each other. */
interface Run {
  readonly peer: Hex
  readonly epoch: bigint
  readonly place: number
  readonly receipts: Uint8Array[]
}

/** @param path a file, or ':memory:' for tests @throws CarryLedgerDamaged */
export function openCarryLedger({ path }: { readonly path: string }): CarryLedger & Disposable {
  const database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;')
  database.exec(schema)
  requireVersion(database, path)
  const statements = prepare(database)
  const accounts = new Map<Hex, CarryAccount>()
  for (const row of database.prepare('SELECT * FROM wireless_carry_accounts').all())
    accounts.set(hex(row['peer']), accountOf(row))
  let waiting: Write[] = []
  let runs: Run[] = []
  /** the run of a peer that may still grow */
  const growing = new Map<Hex, Run>()
  const changed = new Set<Hex>()
  const spent = new Map<Eui, Spent>()
  let lastDay = 0

  const writeAccount = (peer: Hex): void => {
    const account = accounts.get(peer)
    if (account === undefined) return
    const { packetsBefore, earnedNano, total, voucherSignature } = account
    statements.setAccount.run(peer, packetsBefore, earnedNano.toString(), total.toString(), voucherSignature ?? null)
  }
  const commit = (): void => {
    if (waiting.length === 0 && runs.length === 0 && changed.size === 0 && spent.size === 0) return
    const [writes, added] = [waiting, runs]
    waiting = []
    runs = []
    growing.clear()
    database.exec('BEGIN IMMEDIATE')
    try {
      for (const { peer, epoch, place, receipts } of added)
        statements.addReceipts.run(peer, epoch, place, joined(receipts))
      for (const write of writes) write()
      for (const peer of changed) writeAccount(peer)
      for (const [devEui, { day, units }] of spent) statements.setSpent.run(devEui, day, units)
      database.exec('COMMIT')
      changed.clear()
      spent.clear()
    } catch (error) {
      database.exec('ROLLBACK')
      waiting = [...writes, ...waiting]
      runs = [...added, ...runs]
      throw error
    }
  }

  return {
    account: (peer) => accounts.get(peer),
    peers: () => [...accounts.keys()],
    setAccount(peer, account) {
      const before = accounts.get(peer)
      invariant((before?.total ?? 0n) <= account.total, 'a signed total never goes down')
      invariant((before?.earnedNano ?? 0n) <= account.earnedNano, 'what was earned never goes down')
      accounts.set(peer, account)
      changed.add(peer)
    },
    addReceipt({ peer, epoch, index, receipt }) {
      invariant(receipt.length === receiptBytes, 'a receipt has its size')
      const last = growing.get(peer)
      if (last !== undefined && last.epoch === epoch && last.place + last.receipts.length === index) {
        last.receipts.push(receipt)
        return
      }
      const run = { peer, epoch, place: index, receipts: [receipt] }
      growing.set(peer, run)
      runs.push(run)
    },
    receipts({ peer, epoch, fromIndex, countMax }) {
      commit()
      const found: Uint8Array[] = []
      const most = Math.min(countMax, receiptsReadMax)
      for (const { place, receipts } of statements.receipts.iterate(peer, epoch, peer, epoch, fromIndex)) {
        if (!(receipts instanceof Uint8Array)) continue
        const skip = Math.max(0, fromIndex - Number(place))
        for (let from = skip * receiptBytes; from < receipts.length && found.length < most; from += receiptBytes)
          found.push(receipts.slice(from, from + receiptBytes))
        if (found.length >= most) break
      }
      return found
    },
    epochsOf(peer) {
      commit()
      return statements.epochs.all(peer).map(({ epoch }) => BigInt(Number(epoch)))
    },
    setTally({ tally, signature }, peer) {
      const { router, owner, epoch, packets, units, nanoCredits, root } = tally
      waiting.push(() =>
        statements.setTally.run(
          peer,
          epoch,
          router,
          owner,
          packets,
          units.toString(),
          nanoCredits.toString(),
          root,
          signature,
        ),
      )
    },
    tally({ peer, epoch }) {
      commit()
      const row = statements.tally.get(peer, epoch)
      return row === undefined ? undefined : tallyOf(row)
    },
    drawSecret(epoch, fresh) {
      commit()
      const kept = statements.secret.get(epoch)?.['secret']
      if (kept instanceof Uint8Array) return kept
      const secret = fresh()
      waiting.push(() => statements.setSecret.run(epoch, secret))
      commit()
      return secret
    },
    spentUnits(devEui, day) {
      const waits = spent.get(devEui)
      if (waits !== undefined) return waits.day === day ? waits.units : 0
      return Number(statements.spent.get(devEui, day)?.['units'] ?? 0)
    },
    setSpentUnits(devEui, day, units) {
      spent.set(devEui, { day, units })
      if (day <= lastDay) return
      lastDay = day
      waiting.push(() => database.prepare('DELETE FROM wireless_carry_spent WHERE day < ?').run(day))
    },
    forgetBefore(epoch) {
      for (const table of ['receipts', 'tallies', 'secrets'])
        waiting.push(() => database.prepare(`DELETE FROM wireless_carry_${table} WHERE epoch < ?`).run(epoch))
    },
    commit,
    [Symbol.dispose]() {
      if (!database.isOpen) return
      commit()
      database.close()
    },
  }
}

function requireVersion(database: DatabaseSync, path: string): void {
  const row = database.prepare('SELECT version FROM wireless_carry_versions').get()
  if (row === undefined) database.prepare('INSERT INTO wireless_carry_versions VALUES (?)').run(carryLedgerVersion)
  const version = Number(row?.['version'] ?? carryLedgerVersion)
  if (version <= carryLedgerVersion) return
  database.close()
  throw new CarryLedgerDamaged({ path, reason: `its tables are of version ${version}, we know ${carryLedgerVersion}` })
}

function prepare(
  database: DatabaseSync,
): Readonly<
  Record<
    | 'setAccount'
    | 'addReceipts'
    | 'receipts'
    | 'epochs'
    | 'setTally'
    | 'tally'
    | 'secret'
    | 'setSecret'
    | 'spent'
    | 'setSpent',
    ReturnType<DatabaseSync['prepare']>
  >
> {
  return {
    setAccount: database.prepare('INSERT OR REPLACE INTO wireless_carry_accounts VALUES (?, ?, ?, ?, ?)'),
    addReceipts: database.prepare('INSERT INTO wireless_carry_receipts VALUES (?, ?, ?, ?)'),
    // From the row that the first one is in.
    receipts: database.prepare(
      `SELECT place, receipts FROM wireless_carry_receipts WHERE peer = ? AND epoch = ? AND place >= coalesce(
        (SELECT max(place) FROM wireless_carry_receipts WHERE peer = ? AND epoch = ? AND place <= ?), 0) ORDER BY place`,
    ),
    epochs: database.prepare('SELECT DISTINCT epoch FROM wireless_carry_receipts WHERE peer = ? ORDER BY epoch'),
    setTally: database.prepare('INSERT OR REPLACE INTO wireless_carry_tallies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'),
    tally: database.prepare('SELECT * FROM wireless_carry_tallies WHERE peer = ? AND epoch = ?'),
    secret: database.prepare('SELECT secret FROM wireless_carry_secrets WHERE epoch = ?'),
    spent: database.prepare('SELECT units FROM wireless_carry_spent WHERE dev_eui = ? AND day = ?'),
    setSpent: database.prepare('INSERT OR REPLACE INTO wireless_carry_spent VALUES (?, ?, ?)'),
    setSecret: database.prepare('INSERT INTO wireless_carry_secrets VALUES (?, ?)'),
  }
}

function joined(receipts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(receipts.length * receiptBytes)
  for (const [index, receipt] of receipts.entries()) bytes.set(receipt, index * receiptBytes)
  return bytes
}

type Row = Readonly<Record<string, unknown>>

const hex = (value: unknown): Hex => String(value) as Hex

function accountOf(row: Row): CarryAccount {
  const account = {
    packetsBefore: Number(row['packets_before']),
    earnedNano: BigInt(String(row['earned_nano'])),
    total: BigInt(String(row['total'])),
  }
  return row['signature'] === null ? account : { ...account, voucherSignature: hex(row['signature']) }
}

function tallyOf(row: Row): SignedTally {
  return {
    tally: {
      router: hex(row['router']),
      owner: hex(row['owner']),
      epoch: BigInt(Number(row['epoch'])),
      packets: Number(row['packets']),
      units: BigInt(String(row['units'])),
      nanoCredits: BigInt(String(row['nano_credits'])),
      root: hex(row['root']),
    },
    signature: hex(row['signature']),
  }
}
