/**
 * Holds as an index has them, as of a block: what a watcher and an auditor read without asking a node again.
 *
 * @module
 */

import type { Address } from '@groundwork/core/identity/address.ts'
import { foldHolds, type HoldEvents, type HoldRecord } from '@groundwork/core/policy/hold-record.ts'
import type { ChainIndex } from './open-index.ts'

type Args = Readonly<Record<string, unknown>>

/** Every hold placed up to a block, with what was said up to it, oldest first; the whole index when no block is named. */
export function holdsIn(index: ChainIndex, { until }: { readonly until?: bigint } = {}): readonly HoldRecord[] {
  const events = <T>(event: string): readonly T[] =>
    argsOf(index, { contract: 'holds', event, until }) as unknown as readonly T[]
  return foldHolds({
    placed: events<HoldEvents['placed'][number]>('HoldPlaced'),
    appealed: events<HoldEvents['appealed'][number]>('HoldAppealed'),
    decided: events<HoldEvents['decided'][number]>('HoldDecided'),
    released: events<HoldEvents['released'][number]>('HoldReleased'),
  })
}

/** Accounts of a network that may not claim at a block, with the first block in which they may again; in lower case. */
export function heldAt(
  index: ChainIndex,
  { network, block }: { readonly network: number; readonly block: bigint },
): ReadonlyMap<Address, bigint> {
  const ends = new Map<Address, bigint>()
  for (const args of argsOf(index, { contract: 'epochs', event: 'ClaimsHeld', until: block })) {
    if (Number(args['network']) !== network) continue
    ends.set(String(args['account']).toLowerCase() as Address, BigInt(String(args['endBlock'])))
  }
  return new Map([...ends].filter(([, endBlock]) => block < endBlock))
}

function argsOf(
  { database }: ChainIndex,
  { contract, event, until }: { readonly contract: string; readonly event: string; readonly until: bigint | undefined },
): readonly Args[] {
  const last = until === undefined ? Number.MAX_SAFE_INTEGER : Number(until)
  const sql = 'SELECT args FROM logs WHERE contract = ? AND event = ? AND block <= ? ORDER BY block, log_index'
  const rows = database.prepare(sql).all(contract, event, last)
  return rows.map(({ args }) => JSON.parse(String(args)) as Args)
}
