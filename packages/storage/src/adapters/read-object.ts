/**
 * Reading content back: from the nearest provider by measured latency, hedged to the next when it is late, every block verified before
 * a byte of it goes on.
 *
 * A wrong byte moves the read to another provider, and is remembered with who served it.
 *
 * @module
 */

import { exporter, recursive, type UnixFSEntry } from 'ipfs-unixfs-exporter'
import type { CID } from 'multiformats/cid'
import type { ContentGate } from '@groundwork/core/policy/content-gate.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Offer } from '../model.ts'
import type { Peer, Peers, Waiting } from '../ports.ts'
import { ContentUnavailable, WrongByte } from '../storage-errors.ts'
import { checkBlock, type Sha256 } from '../wire/car.ts'

export interface ServedBy {
  readonly provider: Hex
  /** 1 is the nearest */
  readonly latencyRank: number
  readonly latencyMs: number
  readonly blockCount: number
  readonly sizeBytes: number
}

/** What a read has met so far. */
export interface ReadReport {
  readonly servedBy: readonly ServedBy[]
  readonly wrongBytes: readonly { readonly provider: Hex; readonly cid: string }[]
  /** who did not answer, or not in time */
  readonly failed: readonly Hex[]
}

export interface ObjectReader {
  /** The files below the root, in order; each must be consumed before the next. */
  files(): AsyncGenerator<{
    readonly path: string
    readonly sizeBytes: bigint
    readonly content: AsyncIterable<Uint8Array>
  }>
  report(): ReadReport
}

export interface OpenReaderOptions extends Waiting {
  readonly cid: CID
  /** who has a copy */
  readonly holders: readonly Offer[]
  readonly peers: Peers
  readonly sha256: Sha256
  /** asked for every block before it is fetched: throws when it may not be served */
  readonly allow?: ContentGate
}

/** A provider that has not answered a probe within this is asked last. */
export const probeMsMax = 2_000
/** Before this a block is never late; after it, or after ten round trips, the next provider is asked as well. */
export const hedgeMsMin = 150
/** A block that nobody served within this is given up. */
export const blockMsMax = 30_000

interface Ranked {
  readonly peer: Peer
  readonly provider: Hex
  readonly latencyMs: number
  readonly latencyRank: number
  blockCount: number
  sizeBytes: number
}

/** Probes the holders and opens a reader over them. */
export async function openReader(options: OpenReaderOptions): Promise<ObjectReader> {
  const { cid, holders, peers, sha256, allow = () => undefined, signal } = options
  allow(cid)
  const ranked = await rank({ holders, peers, signal })
  const wrongBytes: { provider: Hex; cid: string }[] = []
  const failed = new Set<Hex>()
  const distrusted = new Set<Hex>()

  const fetchFrom = async (holder: Ranked, wanted: CID, within: AbortSignal): Promise<Uint8Array> => {
    const bytes = await holder.peer.getBlock(wanted, { signal: within })
    if (checkBlock({ cid: wanted, bytes, sha256 }) !== undefined) {
      wrongBytes.push({ provider: holder.provider, cid: wanted.toString() })
      distrusted.add(holder.provider)
      throw new WrongByte({ provider: holder.provider, cid: wanted.toString() })
    }
    holder.blockCount += 1
    holder.sizeBytes += bytes.length
    return bytes
  }
  const getBlock = async (wanted: CID): Promise<Uint8Array> => {
    allow(wanted)
    const order = ranked.toSorted(
      (a, b) =>
        Number(distrusted.has(a.provider)) - Number(distrusted.has(b.provider)) || a.latencyRank - b.latencyRank,
    )
    return hedged({ order, wanted, fetchFrom, onFailed: (provider) => failed.add(provider), signal })
  }
  const blockstore = {
    async *get(wanted: CID): AsyncGenerator<Uint8Array> {
      yield await getBlock(wanted)
    },
  }

  return {
    async *files() {
      const top = await exporter(cid, blockstore, { signal })
      if (top.type !== 'directory') {
        yield fileOf(top, '', signal)
        return
      }
      for await (const entry of recursive(cid, blockstore, { signal })) {
        const found = await exporter(entry.cid, blockstore, { signal })
        if (found.type === 'directory') continue
        yield fileOf(found, entry.path.split('/').slice(1).join('/'), signal)
      }
    },
    report: () => ({
      servedBy: ranked
        .filter(({ blockCount }) => blockCount > 0)
        .map(({ provider, latencyRank, latencyMs, blockCount, sizeBytes }) => ({
          provider,
          latencyRank,
          latencyMs,
          blockCount,
          sizeBytes,
        })),
      wrongBytes,
      failed: [...failed],
    }),
  }
}

function fileOf(
  entry: UnixFSEntry,
  path: string,
  signal: AbortSignal,
): { path: string; sizeBytes: bigint; content: AsyncIterable<Uint8Array> } {
  const content = (entry as UnixFSEntry & { content(options: Waiting): AsyncIterable<Uint8Array> }).content({ signal })
  return { path, sizeBytes: entry.size, content }
}

async function rank({
  holders,
  peers,
  signal,
}: Pick<OpenReaderOptions, 'holders' | 'peers' | 'signal'>): Promise<Ranked[]> {
  const probed = await Promise.all(
    holders.map(async (offer) => {
      const peer = peers.peerOf(offer)
      const within = AbortSignal.any([signal, AbortSignal.timeout(probeMsMax)])
      const latencyMs = await peer.probe({ signal: within }).catch(() => Number.POSITIVE_INFINITY)
      return { peer, provider: offer.operator, latencyMs }
    }),
  )
  return probed
    .toSorted((a, b) => a.latencyMs - b.latencyMs || (a.provider < b.provider ? -1 : 1))
    .map((one, index) => ({ ...one, latencyRank: index + 1, blockCount: 0, sizeBytes: 0 }))
}

interface HedgedOptions extends Waiting {
  readonly order: readonly Ranked[]
  readonly wanted: CID
  readonly fetchFrom: (holder: Ranked, wanted: CID, within: AbortSignal) => Promise<Uint8Array>
  readonly onFailed: (provider: Hex) => void
}

/** Asks the first; after its hedge time, or as soon as it fails, the next too; the first good answer ends all others. */
async function hedged({ order, wanted, fetchFrom, onFailed, signal }: HedgedOptions): Promise<Uint8Array> {
  const over = new AbortController()
  const within = AbortSignal.any([signal, over.signal, AbortSignal.timeout(blockMsMax)])
  let next = 0
  let last: unknown
  const running = new Set<Promise<Uint8Array | undefined>>()
  const start = (): void => {
    const holder = order[next]
    if (holder === undefined) return
    next += 1
    const attempt: Promise<Uint8Array | undefined> = fetchFrom(holder, wanted, within).catch((error: unknown) => {
      if (!over.signal.aborted && !(error instanceof WrongByte)) onFailed(holder.provider)
      last = error
      return undefined
    })
    running.add(attempt)
    void attempt.finally(() => running.delete(attempt))
  }
  try {
    while (next < order.length || running.size > 0) {
      signal.throwIfAborted()
      const lateAfterMs = Math.max(hedgeMsMin, 10 * Math.min(order[next]?.latencyMs ?? hedgeMsMin, 1_000))
      if (running.size === 0) start()
      const bytes = await firstOf(running, next < order.length ? lateAfterMs : blockMsMax)
      if (bytes !== 'late' && bytes !== undefined) return bytes
      if (next < order.length) start()
    }
  } finally {
    over.abort(new Error('another provider was faster'))
  }
  throw new ContentUnavailable({ cid: wanted.toString(), tried: order.length }, { cause: last })
}

async function firstOf(
  running: ReadonlySet<Promise<Uint8Array | undefined>>,
  lateAfterMs: number,
): Promise<Uint8Array | undefined | 'late'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), lateAfterMs)
  })
  try {
    return await Promise.race([...running, late])
  } finally {
    clearTimeout(timer)
  }
}
