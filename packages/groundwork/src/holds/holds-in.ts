/**
 * Holds from the index, as of a block: what a daemon reads without asking a node again.
 *
 * The same list as `readHolds` of packages/chain gives from the logs.
 *
 * @module
 */

import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { foldHolds, type HoldEvents, type HoldRecord } from '@groundwork/core/policy/hold-record.ts'
import { logsOf, onceForTip } from '../watch/event-logs.ts'

/** Every hold placed up to a block, with what was said up to it, oldest first; the whole index when no block is named. */
export function holdsIn(index: ChainIndex, { until }: { readonly until?: bigint } = {}): readonly HoldRecord[] {
  const argsOf = (event: string): readonly unknown[] =>
    logsOf(index, { contract: 'holds', event, until }).map(({ args }) => args)
  const read = (): readonly HoldRecord[] =>
    foldHolds({
      placed: argsOf('HoldPlaced') as HoldEvents['placed'],
      appealed: argsOf('HoldAppealed') as HoldEvents['appealed'],
      decided: argsOf('HoldDecided') as HoldEvents['decided'],
      released: argsOf('HoldReleased') as HoldEvents['released'],
    })
  return until === undefined ? onceForTip(index, 'holds', read) : read()
}

/** Accounts of a network that may not claim at a block, with the first block in which they may again; in lower case. */
export function heldAt(
  index: ChainIndex,
  { network, block }: { readonly network: number; readonly block: bigint },
): ReadonlyMap<Address, bigint> {
  const ends = new Map<Address, bigint>()
  for (const { args } of logsOf(index, { contract: 'epochs', event: 'ClaimsHeld', until: block })) {
    if (Number(args['network']) !== network) continue
    ends.set(String(args['account']).toLowerCase() as Address, BigInt(String(args['endBlock'])))
  }
  return new Map([...ends].filter(([, endBlock]) => block < endBlock))
}
