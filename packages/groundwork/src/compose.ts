/**
 * The one place that picks adapters: which hasher, which peers, which chain behind each network's ports.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import type { Chain } from '@groundwork/chain/client.ts'
import { operatorsIn } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { readStreamId } from '@groundwork/chain/read-stream.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import { softwareNodeSigner } from '@groundwork/core/identity/node-signer.ts'
import { parseWork } from '@groundwork/core/units/work.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import {
  ContentUnavailable,
  dataSetIdOf,
  decodeCap,
  findLostLeaf,
  setTree,
  type Offer,
  type Piece,
} from '@groundwork/storage'
import {
  chainActions,
  clearSpools,
  customer as makeCustomer,
  fastestHasher,
  httpPeers,
  nodeSha256,
  openCustomerRecords,
  openReader,
  readEndedDataSets,
  type Customer,
  type CustomerRecords,
  type ObjectReader,
} from '@groundwork/storage/adapters'
import type { CID } from 'multiformats/cid'
import type { Logger } from 'pino'
import type { LocalAccount } from 'viem'
import { openNodeKey } from './account/open-account.ts'
import type { Config } from './config.ts'
import { openContentGate } from './policy/open-content-gate.ts'
import { httpEvidencePeer, parseCid } from './watch/evidence-peer.ts'

interface Waiting {
  readonly signal: AbortSignal
}

/** A customer's storage, ready to be mounted. */
export interface ComposedCustomer extends Disposable {
  readonly customer: Customer
  readonly records: CustomerRecords
  openReader(cid: CID, holders: readonly Hex[], waiting: Waiting): Promise<ObjectReader>
  readPiece(piece: Piece, from: readonly Hex[], waiting: Waiting): AsyncIterable<Uint8Array>
  lostProviders(waiting: Waiting): Promise<readonly Hex[]>
  offers(waiting: Waiting): Promise<readonly Offer[]>
  /** Replaces what lost providers held; one repair at a time. @returns all that this process has replaced, the newest last */
  repair(waiting: Waiting): Promise<readonly Replaced[]>
  /** All that this process has replaced, the newest last. */
  repaired(): readonly Replaced[]
  /** milliseconds of a probe of every operator that answers, by address in lower case; at most `latencyAgeMsMax` old */
  latencies(waiting: Waiting): Promise<ReadonlyMap<Hex, number>>
  /** Which drawn leaf of an unproven set its provider does not serve; undefined when it serves them all, or the set is not known here. */
  lostLeaf(
    unproven: { readonly set: SetOnChain; readonly epoch: bigint },
    waiting: Waiting,
  ): Promise<number | undefined>
  /** a block of evidence by CID, from whoever keeps it */
  evidence(cid: string, waiting: Waiting): Promise<Uint8Array | undefined>
}

/** A set of ours as the chain has it. */
export interface SetOnChain {
  readonly id: Hex
  readonly provider: Hex
  readonly root: Hex
  readonly pieceCount: number
}

/** A lost copy and who took its place. */
export interface Replaced {
  readonly lost: Hex
  readonly by: Hex
}

export interface ComposeCustomerOptions {
  readonly config: Config
  readonly chain: Chain
  readonly account: LocalAccount
  readonly index: ChainIndex
  readonly log: Logger
  readonly signal: AbortSignal
}

/** The most WORK that one stream may cost without anyone being asked. */
const buyAttoMax: bigint = parseWork('1000')
const latencyAgeMsMax = 4_000
const probeMsMax = 1_500

/** The machine's clocks. */
export const machineClock: { nowMs(): number; elapsedMs(): number } = {
  nowMs: () => Date.now(),
  elapsedMs: () => performance.now(),
}

/** The machine's timers; none of them keeps a program alive. */
export const machineTimers: { after(delayMs: number, run: () => void): () => void } = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** The machine's randomness. */
export const machineRandom: { bytes(sizeBytes: number): Uint8Array } = {
  bytes(sizeBytes) {
    if (sizeBytes > randomPoolBytes / 16) return Uint8Array.from(randomBytes(sizeBytes))
    // Asking the system costs more than the bytes: many small ones come from one answer, none of them twice.
    if (pool.from + sizeBytes > pool.bytes.length) Object.assign(pool, { bytes: randomBytes(randomPoolBytes), from: 0 })
    const bytes = Uint8Array.from(pool.bytes.subarray(pool.from, pool.from + sizeBytes))
    pool.bytes.fill(0, pool.from, pool.from + sizeBytes)
    pool.from += sizeBytes
    return bytes
  },
}

const randomPoolBytes = 8_192
const pool = { bytes: Buffer.alloc(0), from: 0 }

/** An account as the networks sign with it: the address in lower case, the key behind it. */
export function accountSigner(account: LocalAccount): { readonly address: Hex; sign(digest: Hex): Promise<Hex> } {
  const { sign } = account
  if (sign === undefined) throw new TypeError('a local account signs digests')
  return { address: account.address.toLowerCase() as Hex, sign: async (hash) => sign({ hash }) }
}

/** Pairs of one process that are remembered, inclusive. */
const replacedMax = 1_024

async function repairLost(
  { customer, lostProviders, readPiece }: ComposedCustomer,
  replaced: Replaced[],
  { signal }: Waiting,
): Promise<void> {
  for (const lost of await lostProviders({ signal })) {
    for (const by of await customer.replace(lost, {
      readPiece: (piece, from) => readPiece(piece, from, { signal }),
      signal,
    })) {
      replaced.push({ lost, by })
      if (replaced.length > replacedMax) replaced.shift()
    }
  }
  await customer.flush({ signal })
}

export async function composeCustomer({
  config,
  chain,
  account,
  index,
  log,
}: ComposeCustomerOptions): Promise<ComposedCustomer> {
  const nodeKey = await openNodeKey(config)
  const signer = accountSigner(account)
  const port = chainActions({ chain, account: signer.address, buyAttoMax })
  const peers = httpPeers({ nodeSigner: softwareNodeSigner(nodeKey.seed), clock: machineClock, sha256: nodeSha256 })
  const records = openCustomerRecords({ path: path.join(config.dataDir, 'storage.sqlite') })
  const spoolFolder = path.join(config.dataDir, 'spool')
  await clearSpools(spoolFolder)
  const near = cellAt(config)
  const hasher = await fastestHasher()
  const allow = openContentGate(config, log)
  const gated = allow === undefined ? {} : { allow }
  const options = {
    records,
    chain: port,
    peers,
    signer,
    hasher,
    sha256: nodeSha256,
    clock: machineClock,
    spoolFolder,
    pieceSizeBytesMax: config.storagePieceBytes,
    ...gated,
  }
  const customer = makeCustomer(near === undefined ? options : { ...options, near })

  const offersOf = async (holders: readonly Hex[], { signal }: Waiting): Promise<readonly Offer[]> => {
    const wanted = new Set(holders)
    return (await port.offers({ signal })).filter(({ operator }) => wanted.has(operator))
  }
  const replaced: Replaced[] = []
  let repairing: Promise<unknown> = Promise.resolve()
  let probed: { atMs: number; latencies: ReadonlyMap<Hex, number> } | undefined

  const composed: ComposedCustomer = {
    customer,
    records,
    openReader: async (cid, holders, { signal }) =>
      openReader({ cid, holders: await offersOf(holders, { signal }), peers, sha256: nodeSha256, signal, ...gated }),
    async *readPiece(piece, from, { signal }) {
      let last: unknown = new ContentUnavailable({ cid: piece.root, tried: from.length })
      for (const offer of await offersOf(from, { signal })) {
        let hasBegun = false
        try {
          for await (const bytes of peers.peerOf(offer).getPiece({ piece }, { signal })) {
            hasBegun = true
            yield bytes
          }
          return
        } catch (error) {
          signal.throwIfAborted()
          // Half a piece has gone on already: another provider's whole one must not follow it.
          if (hasBegun) throw error
          last = error
        }
      }
      throw last
    },
    async lostProviders({ signal }) {
      const { blockNumber } = await port.head({ signal })
      // By the chain's word only: a set that it does not have any more may have fallen to a rollback, and is posted again.
      const ended = await readEndedDataSets(chain, { toBlock: blockNumber })
      const lost = new Set(customer.unfinished())
      for (const { isLost, provider, signed } of records.sets()) {
        const stream = isLost ? undefined : ended.get(dataSetIdOf(signed.set))
        if (stream === undefined) continue
        const own = { payer: signer.address, payee: provider, salt: signed.set.streamSalt }
        if ((await readStreamId(chain, own)) === stream) lost.add(provider)
      }
      return [...lost]
    },
    offers: async ({ signal }) => port.offers({ signal }),
    repaired: () => [...replaced],
    async repair(waiting) {
      const mine = repairing.then(async () => repairLost(composed, replaced, waiting))
      repairing = mine.catch(() => undefined)
      await mine
      return [...replaced]
    },
    async latencies({ signal }) {
      const nowMs = machineClock.elapsedMs()
      if (probed !== undefined && nowMs - probed.atMs < latencyAgeMsMax) return probed.latencies
      const found = await Promise.all(
        (await port.offers({ signal })).map(async (offer) => {
          const within = AbortSignal.any([signal, AbortSignal.timeout(probeMsMax)])
          const latencyMs = await peers
            .peerOf(offer)
            .probe({ signal: within })
            .catch(() => undefined)
          return latencyMs === undefined ? [] : [[offer.operator, latencyMs] as const]
        }),
      )
      probed = { atMs: nowMs, latencies: new Map(found.flat()) }
      return probed.latencies
    },
    async lostLeaf({ set: { id, provider, root, pieceCount }, epoch }, { signal }) {
      const pieces = records.set(provider.toLowerCase() as Hex)?.pieces.slice(0, pieceCount)
      const [offer] = await offersOf([provider.toLowerCase() as Hex], { signal })
      const sealedHash = await port.sealedHash(epoch, { signal })
      if (pieces === undefined || offer === undefined || sealedHash === undefined) return undefined
      if (setTree(pieces).root.hash !== root) return undefined
      const peer = peers.peerOf(offer)
      return findLostLeaf({
        set: { id, pieces },
        challenge: { epoch, sealedHash },
        readRange: async (piece, range) => {
          const parts: Uint8Array[] = []
          for await (const part of peer.getPiece({ piece, range }, { signal })) parts.push(part)
          return Buffer.concat(parts)
        },
        async capOf({ capDigest }) {
          const block =
            capDigest === undefined ? undefined : await composed.evidence(cidOfDigest(capDigest).toString(), { signal })
          return block === undefined ? undefined : decodeCap(block)
        },
        hasher,
        signal,
      })
    },
    async evidence(text, { signal }) {
      const cid = parseCid(text)
      if (cid === undefined) return undefined
      for (const { endpoint } of operatorsIn(index)) {
        const bytes = await httpEvidencePeer(endpoint)
          .block(cid, { signal })
          .catch(() => undefined)
        if (bytes !== undefined && Buffer.from(nodeSha256(bytes)).equals(Buffer.from(cid.multihash.digest)))
          return bytes
      }
      return undefined
    },
    [Symbol.dispose]: () => records[Symbol.dispose](),
  }
  return composed
}
