/**
 * Following a chain into the index: range by range up to the head, and back when the chain went back.
 *
 * A rollback shows as a lower head or another hash where our tip stood. A range is kept only when its first and last
 * blocks still stand after its logs were read, so no range mixes two branches.
 *
 * @module
 */

import type { Hex } from 'viem'
import type { Chain, Waiting } from '../client.ts'
import { decodeError } from '../decode-error.ts'
import { contractNames } from '../deployment.ts'
import { ChainUnreachable } from '../errors.ts'
import { sleep } from '../sleep.ts'
import { type ChainEvent, decodeLog, type RawLog } from './decode-log.ts'
import type { ChainIndex, IndexedBlock } from './open-index.ts'

/** Blocks of one range. */
export const rangeBlocksMax = 1_000n
const headersAtOnceMax = 32

/** One pass: how far the index is, and to which block it had to go back first, if it had. */
export type Advance = { readonly tip: bigint; readonly rewoundTo: bigint | undefined; readonly events: number }

/** Brings the index up to the head. @throws ChainUnreachable, else the signal's reason */
export async function advanceIndex(index: ChainIndex, chain: Chain, { signal }: Waiting): Promise<Advance> {
  try {
    let rewoundTo = await rewindIfGone(index, chain, { signal })
    let events = 0
    for (;;) {
      signal.throwIfAborted()
      const head = await chain.client.getBlockNumber({ cacheTime: 0 })
      const from = nextBlock(index, chain)
      if (from > head) return { tip: from - 1n, rewoundTo, events }
      const to = head - from < rangeBlocksMax ? head : from + rangeBlocksMax - 1n
      const range = await readRange(index, chain, { from, to })
      if (range === undefined) {
        const again = await rewindIfGone(index, chain, { signal })
        rewoundTo = lower(rewoundTo, again)
        continue
      }
      index.append(range)
      events += range.events.length
    }
  } catch (error) {
    throw decodeError(error, { rpcUrl: chain.rpcUrl, functionName: 'eth_getLogs' })
  }
}

export type FollowOptions = Waiting & {
  readonly everyMs?: number | undefined
  /** after each pass that changed something */
  readonly onAdvance?: ((advance: Advance) => void) | undefined
  /** told when the endpoint does not answer; following goes on */
  readonly onUnreachable?: ((error: ChainUnreachable) => void) | undefined
}

/** Follows until the signal is aborted. An endpoint that is down is asked again; anything else ends the following. */
export async function followChain(
  index: ChainIndex,
  chain: Chain,
  { everyMs = 250, onAdvance, onUnreachable, signal }: FollowOptions,
): Promise<void> {
  let seen: bigint | undefined
  while (!signal.aborted) {
    try {
      const advance = await advanceIndex(index, chain, { signal })
      if (advance.tip !== seen || advance.rewoundTo !== undefined) onAdvance?.(advance)
      seen = advance.tip
      await sleep(everyMs, { signal })
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ChainUnreachable)) throw error
      onUnreachable?.(error)
      await sleep(everyMs, { signal }).catch(() => undefined)
    }
  }
}

const lower = (a: bigint | undefined, b: bigint | undefined): bigint | undefined =>
  a === undefined ? b : b === undefined || a < b ? a : b

function nextBlock(index: ChainIndex, { deployment }: Chain): bigint {
  const tip = index.tip()
  return tip === undefined ? deployment.startBlock : tip.number + 1n
}

/** Goes back to the newest kept block that the chain still has. */
async function rewindIfGone(index: ChainIndex, chain: Chain, { signal }: Waiting): Promise<bigint | undefined> {
  const tip = index.tip()
  if (tip === undefined || (await hashAt(chain, tip.number)) === tip.hash) return undefined
  let kept = index.before(tip.number)
  while (kept !== undefined && (await hashAt(chain, kept.number)) !== kept.hash) {
    signal.throwIfAborted()
    kept = index.before(kept.number)
  }
  const to = kept?.number ?? chain.deployment.startBlock - 1n
  index.rewind(to)
  return to
}

type Range = { readonly blocks: readonly IndexedBlock[]; readonly events: readonly ChainEvent[] }

/** @returns undefined when the chain changed while it was read */
async function readRange(
  index: ChainIndex,
  chain: Chain,
  { from, to }: { from: bigint; to: bigint },
): Promise<Range | undefined> {
  const { client, deployment } = chain
  const end = await blockAt(chain, to)
  const logs = (await client.getLogs({
    address: contractNames.map((name) => deployment.addresses[name]),
    fromBlock: from,
    toBlock: to,
  })) as readonly RawLog[]
  const bearing = [...new Map(logs.map(({ blockNumber, blockHash }) => [blockNumber, blockHash])).entries()]
  const blocks = await inPortions(
    bearing.filter(([number]) => number !== to),
    ([number]) => blockAt(chain, number),
  )
  const all = [...blocks, end]
  const hashes = new Map(all.flatMap((block) => (block === undefined ? [] : [[block.number, block.hash] as const])))
  const tip = index.tip()
  const [tipNow, endNow] = await Promise.all([tip && hashAt(chain, tip.number), hashAt(chain, to)])
  const whole = tipNow === tip?.hash && end !== undefined && endNow === end.hash
  if (!whole || bearing.some(([number, hash]) => hashes.get(number) !== hash)) return undefined
  return {
    blocks: all.filter((block) => block !== undefined).toSorted((a, b) => (a.number < b.number ? -1 : 1)),
    events: logs.map((log) => decodeLog(deployment.addresses, log)).filter((event) => event !== undefined),
  }
}

async function inPortions<item, result>(
  items: readonly item[],
  read: (item: item) => Promise<result>,
): Promise<result[]> {
  const results: result[] = []
  for (let at = 0; at < items.length; at += headersAtOnceMax) {
    results.push(...(await Promise.all(items.slice(at, at + headersAtOnceMax).map(read))))
  }
  return results
}

async function blockAt({ client }: Chain, blockNumber: bigint): Promise<IndexedBlock | undefined> {
  try {
    const { number, hash, parentHash, timestamp } = await client.getBlock({ blockNumber })
    return { number, hash, parentHash, atSeconds: Number(timestamp) }
  } catch (error) {
    if (error instanceof Error && error.name === 'BlockNotFoundError') return undefined
    throw error
  }
}

async function hashAt(chain: Chain, number: bigint): Promise<Hex | undefined> {
  return (await blockAt(chain, number))?.hash as Hex | undefined
}
