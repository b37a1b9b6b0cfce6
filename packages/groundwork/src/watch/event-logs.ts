/**
 * Events of the contracts by name, from the index: what every reader of the past is made of.
 *
 * @module
 */

import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'

export interface IndexLog {
  readonly block: bigint
  readonly args: Readonly<Record<string, unknown>>
}

const latestBlock = 2n ** 53n - 1n

/** What was read from an index stands until its tip is another block. */
const readFrom = new WeakMap<ChainIndex, { readonly tip: string; readonly values: Map<string, unknown> }>()

/** What `read` gave at this tip. */
export function onceForTip<T>(index: ChainIndex, key: string, read: () => T): T {
  const tip = index.tip()?.hash ?? ''
  const known = readFrom.get(index)
  const values = known?.tip === tip ? known.values : new Map<string, unknown>()
  if (known?.tip !== tip) readFrom.set(index, { tip, values })
  if (!values.has(key)) values.set(key, read())
  return values.get(key) as T
}

/** Events are asked for by name here and nowhere else, so the index to them is ours. */
const indexed = new WeakSet<ChainIndex>()

function ensureEventIndex(index: ChainIndex): void {
  if (indexed.has(index)) return
  index.database.exec('CREATE INDEX IF NOT EXISTS watch_logs_event ON logs (contract, event, block)')
  indexed.add(index)
}

/** In the order of the chain, from a block to a block, both included. */
export function logsOf(
  index: ChainIndex,
  {
    contract,
    event,
    from,
    until,
  }: { contract: string; event: string; from?: bigint | undefined; until?: bigint | undefined },
): IndexLog[] {
  ensureEventIndex(index)
  const sql =
    'SELECT block, args FROM logs WHERE contract = ? AND event = ? AND block >= ? AND block <= ? ORDER BY block, log_index'
  const rows = index.database.prepare(sql).all(contract, event, Number(from ?? 0n), Number(until ?? latestBlock))
  return rows.map(({ block, args }) => ({
    block: BigInt(block as number),
    args: JSON.parse(String(args)) as Record<string, unknown>,
  }))
}
