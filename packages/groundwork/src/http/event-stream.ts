/**
 * Every event of the contracts as server-sent events, from the beginning or from after the last one that a reader had.
 *
 * An id is `<index>-<rewinds>-<block>-<log index>`: which index it was read from, and how often that had gone back by then. So a
 * reader that comes again learns what a rollback of the chain took meanwhile: `rewound` says that everything above a block is
 * void; what stands there now follows.
 *
 * @module
 */

import type { ServerResponse } from 'node:http'
import { birthOf, logsIn, rewindsIn } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { sleep } from '@groundwork/chain/sleep.ts'
import { toJson } from '../cli/show.ts'

export interface EventStreamOptions {
  readonly index: ChainIndex
  /** no event is older */
  readonly startBlock: bigint
  /** the request's `last-event-id` header */
  readonly lastEventId: string | undefined
  readonly signal: AbortSignal
  /** `aliveMs` when left out */
  readonly everyAliveMs?: number | undefined
}

/** Event streams of one server at once, inclusive. */
export const eventStreamsMax = 64
/** Events that are read at once. */
const batchMax = 500
const pollMs = 250
/** A reader that takes nothing for this long has its line cut: it can come again with the id that it has. */
export const drainMsMax = 30_000
/** Something is sent at least this often, so that a line that broke without a word is noticed. */
const aliveMs = 15_000
const lastOfBlock = 999_999_999

interface Place {
  readonly rewinds: number
  readonly block: bigint
  readonly logIndex: number
}

/** Sends until the reader leaves or the signal is aborted; resolves then. The head has been written. */
export async function sendEvents(response: ServerResponse, options: EventStreamOptions): Promise<void> {
  const { index, signal, everyAliveMs = aliveMs } = options
  const gone = new AbortController()
  response.once('close', () => gone.abort(new Error('the reader left')))
  const until = AbortSignal.any([signal, gone.signal])
  const birth = birthOf(index)
  const write = async ({ id, event, data }: { id: Place; event: string; data: unknown }): Promise<void> => {
    const name = `${birth}-${id.rewinds}-${id.block}-${id.logIndex}`
    await writeAll(response, `id: ${name}\nevent: ${event}\ndata: ${toJson(data)}\n\n`, until)
  }

  let place = placeOf(options, birth)
  let [quietMs, isOver] = [0, false]
  while (!isOver && !until.aborted) {
    const { count, toBlock } = rewindsIn(index, { after: place.rewinds })
    const isVoid = toBlock !== undefined && toBlock < place.block
    place = isVoid ? { rewinds: count, block: toBlock, logIndex: lastOfBlock } : { ...place, rewinds: count }
    const logs = logsIn(index, { afterBlock: place.block, afterLogIndex: place.logIndex, limit: batchMax })
    // What was read at one moment goes out with the count of that moment, however long the reader takes.
    if (isVoid) await write({ id: place, event: 'rewound', data: { toBlock } })
    for (const log of logs) {
      place = { ...place, block: log.block, logIndex: log.logIndex }
      await write({ id: place, event: `${log.contract}.${log.event}`, data: log })
    }
    quietMs = logs.length > 0 || isVoid ? 0 : quietMs + pollMs
    if (quietMs >= everyAliveMs) {
      quietMs = 0
      await writeAll(response, ': still here\n\n', until)
    }
    if (logs.length < batchMax)
      isOver = await sleep(pollMs, { signal: until }).then(
        () => false,
        () => true,
      )
  }
}

/** Where to go on. An id of another index tells nothing about this one: then all of it follows, after word that it does. */
function placeOf({ index, startBlock, lastEventId }: EventStreamOptions, birth: string): Place {
  const beginning = { rewinds: rewindsIn(index, { after: 0 }).count, block: startBlock - 1n, logIndex: lastOfBlock }
  const match = /^([0-9a-f]{8})-(\d{1,9})-(\d{1,15})-(\d{1,9})$/.exec(lastEventId ?? '')
  if (match === null) return beginning
  const [, own, rewinds, block, logIndex] = match
  const place = { rewinds: Number(rewinds), block: BigInt(block ?? 0), logIndex: Number(logIndex) }
  return own === birth ? place : { ...place, rewinds: -1 }
}

/** @throws the signal's reason, and ends the line of a reader that takes nothing */
async function writeAll(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (response.write(text)) return
  await new Promise<void>((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer)
      response.off('drain', drained)
      signal.removeEventListener('abort', stopped)
    }
    const drained = (): void => {
      over()
      resolve()
    }
    const stopped = (): void => {
      over()
      reject(signal.reason)
    }
    const timer = setTimeout(() => response.destroy(), drainMsMax)
    response.once('drain', drained)
    signal.addEventListener('abort', stopped, { once: true })
  })
}
