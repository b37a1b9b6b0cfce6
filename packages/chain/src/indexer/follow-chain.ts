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
import { asked, isPassing } from '../decode-error.ts'
import { contractNames } from '../deployment.ts'
import { ChainFaulty, type ChainUnreachable, IndexUnwritable } from '../errors.ts'
import { sleep } from '../sleep.ts'
import { type ChainEvent, decodeLog, type RawLog } from './decode-log.ts'
import type { ChainIndex, IndexedBlock } from './open-index.ts'

/** Blocks of one range, where the endpoint gives that many. */
export const rangeBlocksMax = 1_000n
const headersAtOnceMax = 32
/** Ranges of one pass that may have changed while they were read. */
export const changesMax = 16
/** Longest pause after an endpoint failed; the pauses double up to it. */
export const pauseMsMax = 5_000

/** One pass: how far the index is, and to which block it had to go back first, if it had. */
export type Advance = { readonly tip: bigint; readonly rewoundTo: bigint | undefined; readonly events: number }

const turns = new WeakMap<ChainIndex, Promise<unknown>>()

/**
 * Brings the index up to the head. An index has one writer: passes over one index follow each other, whoever asks for them.
 *
 * @throws ChainUnreachable, ChainFaulty, IndexUnwritable: another pass may do better. IndexDamaged, else the signal's reason.
 */
export async function advanceIndex(index: ChainIndex, chain: Chain, { signal }: Waiting): Promise<Advance> {
  const before = turns.get(index) ?? Promise.resolve()
  const mine = before.catch(() => undefined).then(async () => pass(index, chain, { signal }))
  turns.set(index, mine)
  return mine
}

async function pass(index: ChainIndex, chain: Chain, { signal }: Waiting): Promise<Advance> {
  let rewoundTo = await rewindIfGone(index, chain, { signal })
  let [events, changes, sizeBlocks] = [0, 0, rangeBlocksMax]
  for (;;) {
    signal.throwIfAborted()
    const head = await headOf(chain)
    const from = nextBlock(index, chain)
    if (from > head) return { tip: from - 1n, rewoundTo, events }
    const to = head - from < sizeBlocks ? head : from + sizeBlocks - 1n
    const range = await readRange(index, chain, { from, to })
    if (range === 'refused') sizeBlocks = (to - from + 1n) / 2n
    else if (range === 'changed') {
      changes += 1
      if (changes > changesMax) throw faulty(chain, 'its blocks keep changing while they are read')
      rewoundTo = lower(rewoundTo, await rewindIfGone(index, chain, { signal }))
    } else {
      index.append(range)
      events += range.events.length
      sizeBlocks = sizeBlocks * 2n < rangeBlocksMax ? sizeBlocks * 2n : rangeBlocksMax
    }
  }
}

export type FollowOptions = Waiting & {
  readonly everyMs?: number | undefined
  /** after each pass that changed something */
  readonly onAdvance?: ((advance: Advance) => void) | undefined
  /** told when the endpoint gives no usable answer, or the disk no room; following goes on after a pause */
  readonly onTrouble?: ((error: ChainUnreachable | ChainFaulty | IndexUnwritable) => void) | undefined
}

/**
 * Follows until the signal is aborted. What the endpoint or the disk does wrong passes: it is asked again, after pauses that
 * grow. A mistake of our own, or a damaged index, ends the following.
 */
export async function followChain(
  index: ChainIndex,
  chain: Chain,
  { everyMs = 250, onAdvance, onTrouble, signal }: FollowOptions,
): Promise<void> {
  let seen: bigint | undefined
  let pauseMs = everyMs
  while (!signal.aborted) {
    try {
      const advance = await advanceIndex(index, chain, { signal })
      if (advance.tip !== seen || advance.rewoundTo !== undefined) onAdvance?.(advance)
      seen = advance.tip
      pauseMs = everyMs
    } catch (error) {
      if (signal.aborted) return
      if (!isPassing(error) && !(error instanceof IndexUnwritable)) throw error
      onTrouble?.(error)
      pauseMs = Math.min(pauseMs * 2, pauseMsMax)
    }
    await sleep(pauseMs, { signal }).catch(() => undefined)
  }
}

const faulty = ({ rpcUrl }: Chain, reason: string): ChainFaulty =>
  new ChainFaulty({ rpcUrl, functionName: 'eth_getLogs', reason })

const lower = (a: bigint | undefined, b: bigint | undefined): bigint | undefined =>
  a === undefined ? b : b === undefined || a < b ? a : b

function nextBlock(index: ChainIndex, { deployment }: Chain): bigint {
  const tip = index.tip()
  return tip === undefined ? deployment.startBlock : tip.number + 1n
}

/**
 * Goes back to a kept block that the chain still has: the newest one, or after a deep rollback one at most twice as deep, for
 * the steps back double. Every kept block costs a question, and there may be many.
 */
async function rewindIfGone(index: ChainIndex, chain: Chain, { signal }: Waiting): Promise<bigint | undefined> {
  const tip = index.tip()
  if (tip === undefined || (await hashAt(chain, tip.number)) === tip.hash) return undefined
  let kept = index.before(tip.number)
  for (let stepBlocks = 0n; kept !== undefined && (await hashAt(chain, kept.number)) !== kept.hash;) {
    signal.throwIfAborted()
    kept = index.before(kept.number - stepBlocks)
    stepBlocks = stepBlocks === 0n ? 1n : stepBlocks * 2n
  }
  const to = kept?.number ?? chain.deployment.startBlock - 1n
  index.rewind(to)
  return to
}

type Range = { readonly blocks: readonly IndexedBlock[]; readonly events: readonly ChainEvent[] }

/** @returns 'changed' when the chain changed while it was read, 'refused' when the endpoint may give a shorter range */
async function readRange(
  index: ChainIndex,
  chain: Chain,
  { from, to }: { from: bigint; to: bigint },
): Promise<Range | 'changed' | 'refused'> {
  const { deployment } = chain
  const end = await blockAt(chain, to)
  const logs = await logsOf(chain, { from, to }).catch((error: unknown) => {
    if (from === to || !(error instanceof ChainFaulty)) throw error
    return undefined
  })
  if (logs === undefined) return 'refused'
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
  if (!whole || bearing.some(([number, hash]) => hashes.get(number) !== hash)) return 'changed'
  return {
    blocks: all.filter((block) => block !== undefined).toSorted((a, b) => (a.number < b.number ? -1 : 1)),
    events: logs.map((log) => decodeLog(deployment.addresses, log)).filter((event) => event !== undefined),
  }
}

/** The logs of our contracts; one outside the range, or of no block, is no answer. */
async function logsOf(
  { client, deployment, rpcUrl }: Chain,
  { from, to }: { from: bigint; to: bigint },
): Promise<readonly RawLog[]> {
  return asked({ rpcUrl, functionName: 'eth_getLogs' }, async () => {
    const logs = (await client.getLogs({
      address: contractNames.map((name) => deployment.addresses[name]),
      fromBlock: from,
      toBlock: to,
    })) as readonly RawLog[]
    const isWrong = logs.some(({ blockNumber, blockHash }) => !(blockNumber >= from && blockNumber <= to && blockHash))
    if (isWrong) throw new RangeError('it gives logs of other blocks than were asked for')
    return logs
  })
}

async function headOf({ client, rpcUrl }: Chain): Promise<bigint> {
  return asked({ rpcUrl, functionName: 'eth_blockNumber' }, async () => client.getBlockNumber({ cacheTime: 0 }))
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

async function blockAt({ client, rpcUrl }: Chain, blockNumber: bigint): Promise<IndexedBlock | undefined> {
  return asked({ rpcUrl, functionName: 'eth_getBlockByNumber' }, async () => {
    try {
      const { number, hash, parentHash, timestamp } = await client.getBlock({ blockNumber })
      if (number !== blockNumber || !hash) throw new RangeError('it gives another block than was asked for')
      return { number, hash, parentHash, atSeconds: Number(timestamp) }
    } catch (error) {
      if (error instanceof Error && error.name === 'BlockNotFoundError') return undefined
      throw error
    }
  })
}

async function hashAt(chain: Chain, number: bigint): Promise<Hex | undefined> {
  return (await blockAt(chain, number))?.hash as Hex | undefined
}
