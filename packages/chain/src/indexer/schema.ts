/**
 * The tables of the index. Every row of every table but `meta` and `rewinds` belongs to one block, so that
 * rewinding is deleting.
 *
 * Nothing is updated in place: tables hold histories, and what stands now is the last row of a key. Amounts are decimal
 * text, because SQLite has no integers beyond 64 bits; addresses are checksummed as viem writes them.
 *
 * @module
 */

/** Rises with every change of the tables. */
export const indexVersion = 2

const place = 'block INTEGER NOT NULL, log_index INTEGER NOT NULL, tx TEXT NOT NULL, PRIMARY KEY (block, log_index)'

const columns: Readonly<Record<string, string>> = {
  operators: 'operator TEXT NOT NULL, node_key TEXT NOT NULL, cell TEXT NOT NULL, endpoint TEXT NOT NULL',
  offers:
    'operator TEXT NOT NULL, network INTEGER NOT NULL, capacity TEXT NOT NULL, price_nano TEXT NOT NULL, terms TEXT NOT NULL, open INTEGER NOT NULL',
  rails: 'id TEXT NOT NULL, kind TEXT NOT NULL, payer TEXT NOT NULL, payee TEXT NOT NULL',
  streams:
    'id TEXT NOT NULL, kind TEXT NOT NULL, payee TEXT, rate_nano TEXT, start_at INTEGER, end_at INTEGER, credits TEXT, work_atto TEXT, paid TEXT, open_demands INTEGER, fault_seconds INTEGER',
  data_sets:
    'id TEXT NOT NULL, customer TEXT, provider TEXT, root TEXT, leaf_count TEXT, piece_count INTEGER, version TEXT, manifest TEXT, stream TEXT, ended INTEGER NOT NULL, faulted INTEGER NOT NULL',
  demands:
    'demand_id TEXT NOT NULL, kind TEXT NOT NULL, data_set TEXT, actor TEXT NOT NULL, leaf_index TEXT, deadline_block INTEGER, slashed_atto TEXT',
  epochs:
    'network INTEGER NOT NULL, epoch INTEGER NOT NULL, state TEXT NOT NULL, actor TEXT, root TEXT, totals TEXT, evidence TEXT, post TEXT, reason TEXT',
  claims: 'network INTEGER NOT NULL, account TEXT NOT NULL, rebate_atto TEXT NOT NULL, bootstrap_atto TEXT NOT NULL',
  payments:
    'kind TEXT NOT NULL, rail TEXT NOT NULL, payer TEXT, payee TEXT, credits TEXT NOT NULL, work_atto TEXT NOT NULL',
  conversions:
    'payee TEXT NOT NULL, credits TEXT NOT NULL, work_atto TEXT NOT NULL, minted_atto TEXT NOT NULL, high_usd8 TEXT NOT NULL',
  slashes:
    'lock_id TEXT NOT NULL, operator TEXT NOT NULL, reporter TEXT NOT NULL, amount_atto TEXT NOT NULL, reward_atto TEXT NOT NULL',
  logs: 'contract TEXT NOT NULL, event TEXT NOT NULL, args TEXT NOT NULL',
}

const keys: Readonly<Record<string, string>> = {
  operators: 'operator',
  offers: 'network, operator',
  rails: 'id',
  streams: 'id',
  data_sets: 'id',
  demands: 'demand_id',
  epochs: 'network, epoch',
  claims: 'account',
  payments: 'payee',
  conversions: 'payee',
  slashes: 'operator',
  logs: 'tx',
}

/** Every table that is filled from logs. */
export const eventTables: readonly string[] = Object.keys(columns)

/** What an index belongs to; the one table that every version has. */
export const metaSql = 'CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT'

/** Makes the tables where they are missing. */
export const schemaSql: string = [
  'CREATE TABLE IF NOT EXISTS rewinds (number INTEGER PRIMARY KEY AUTOINCREMENT, to_block INTEGER NOT NULL) STRICT',
  'CREATE TABLE IF NOT EXISTS blocks (number INTEGER PRIMARY KEY, hash TEXT NOT NULL, parent_hash TEXT NOT NULL, at_seconds INTEGER NOT NULL) STRICT',
  ...Object.entries(columns).map(([table, own]) => `CREATE TABLE IF NOT EXISTS ${table} (${own}, ${place}) STRICT`),
  ...Object.entries(keys).map(
    ([table, key]) => `CREATE INDEX IF NOT EXISTS ${table}_key ON ${table} (${key}, block, log_index)`,
  ),
].join(';\n')
