/**
 * The storage role of a provider: serve pieces, prove every epoch after its seal, answer demands.
 *
 * Composes the store, the evidence, the sets and the server over one data directory; what is published and what is answered
 * follows from the disk and the chain, so it may be killed at any time and goes on when it starts again.
 *
 * @module
 */

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import type { NodeSigner } from '@groundwork/core/identity/node-signer.ts'
import type { ContentGate } from '@groundwork/core/policy/content-gate.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { AccountSigner, Chain, Clock, Hasher, Waiting } from '../ports.ts'
import { answerLeaf } from '../prove.ts'
import { NotFound } from '../storage-errors.ts'
import { bundleKeeper, type AuditBundle } from './bundle-keeper.ts'
import { openEvidenceStore, type EvidenceStore } from './evidence-store.ts'
import { misbehaviourOf, type Misbehave } from './misbehaviour.ts'
import { nodeSha256 } from './node-sha256.ts'
import { pieceServer, type PieceServer } from './piece-server.ts'
import { proveEpoch, type EpochProven } from './prove-epoch.ts'
import { openProviderDatabase } from './provider-database.ts'
import { openSegmentStore, type SegmentStore } from './segment-store.ts'
import { setKeeper, type SetKeeper } from './set-keeper.ts'

export interface StorageProviderOptions {
  /** holds storage.sqlite and pieces/; made when it is missing */
  readonly folder: string
  readonly chain: Chain
  /** the operator's account */
  readonly signer: AccountSigner
  readonly nodeSigner: NodeSigner
  readonly hasher: Hasher
  readonly clock: Clock
  readonly capacityBytes: number
  readonly priceNanoPerGibSecond: bigint
  /** the largest bond for one set, in atto-WORK */
  readonly lockAttoMax: bigint
  /** the epoch that a block lies in; undefined before epoch 0 */
  readonly epochAt: (blockNumber: bigint) => bigint | undefined
  /** keeps bundles for which the operator was drawn; without it none are kept */
  readonly auditBundle?: AuditBundle
  /** asked before anything is kept or served: throws when it may not be */
  readonly allow?: ContentGate
  readonly onEvent?: (event: ProviderEvent) => void
  readonly misbehave?: Misbehave
  /** how often the chain is looked at */
  readonly pollMs?: number
}

export type ProviderEvent =
  | { readonly kind: 'proven'; readonly result: EpochProven }
  | { readonly kind: 'answered'; readonly demandId: Hex; readonly leafIndex: bigint }
  | { readonly kind: 'demand-failed'; readonly demandId: Hex; readonly error: unknown }
  | { readonly kind: 'pieces-lost'; readonly roots: readonly Hex[] }
  /** a turn failed and is tried again at the next one */
  | { readonly kind: 'turn-failed'; readonly error: unknown }

export interface StorageProvider {
  readonly server: PieceServer
  readonly store: SegmentStore
  readonly evidence: EvidenceStore
  readonly sets: SetKeeper
  /** Looks at the chain once: proves epochs that can be proven, answers demands. */
  turn(waiting: Waiting): Promise<void>
  /** Turns until the signal; resolves then. */
  run(waiting: Waiting): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Epochs back from the last closed one that are still proven, when their deadline has not passed. */
const epochsBackMax = 8n

/** An answer that was handed in may take this many blocks to stand in one. */
const answerBlocks = 3n

/** After a rollback the chain may be lower than it was when the demand was answered. */
function isUnderWay(answeredBlock: bigint | undefined, blockNumber: bigint): boolean {
  return answeredBlock !== undefined && blockNumber >= answeredBlock && blockNumber < answeredBlock + answerBlocks
}

export function openStorageProvider(options: StorageProviderOptions): StorageProvider {
  const {
    folder,
    chain,
    signer,
    nodeSigner,
    hasher,
    clock,
    capacityBytes,
    pollMs = 500,
    onEvent = () => undefined,
  } = options
  mkdirSync(folder, { recursive: true })
  const database = openProviderDatabase({ path: path.join(folder, 'storage.sqlite') })
  const store = openSegmentStore({
    folder: path.join(folder, 'pieces'),
    database,
    hasher,
    sha256: nodeSha256,
    capacityBytes,
    nowMs: () => clock.nowMs(),
    ...(options.allow === undefined ? {} : { allow: options.allow }),
  })
  if (store.lost.length > 0) onEvent({ kind: 'pieces-lost', roots: store.lost.map(({ root }) => root) })
  const evidence = openEvidenceStore({ database })
  const domain: Domain = { chainId: chain.chainId, verifyingContract: chain.dataSetsAddress }
  const { priceNanoPerGibSecond, lockAttoMax, auditBundle, allow, misbehave } = options
  const sets = setKeeper({
    database,
    store,
    evidence,
    signer,
    domain,
    priceNanoPerGibSecond: () => priceNanoPerGibSecond,
    lockAttoMax,
  })
  const misbehaviour = misbehaviourOf(misbehave)
  const evidenceDomain: Domain = { chainId: chain.chainId, verifyingContract: chain.epochsAddress }
  const server = pieceServer({
    store,
    evidence,
    sets,
    signer,
    nodeSigner,
    domain,
    clock,
    sha256: nodeSha256,
    misbehaviour,
    looseBytesMax: capacityBytes / 4,
    ...(auditBundle === undefined
      ? {}
      : { bundles: bundleKeeper({ evidence, signer, domain: evidenceDomain, auditBundle }) }),
    ...(allow === undefined ? {} : { allow }),
  })
  /** by the seal that was answered: a rollback may give an epoch another */
  const finished = new Map<bigint, Hex>()
  /** by demand, the block at which it was answered last: open still some blocks later, the answer was lost, as to a rollback */
  const answered = new Map<Hex, bigint>()

  const proveClosed = async ({ signal }: Waiting): Promise<void> => {
    const { blockNumber } = await chain.head({ signal })
    const current = options.epochAt(blockNumber) ?? 0n
    const first = current > epochsBackMax ? current - epochsBackMax : 0n
    for (let epoch = first; epoch < current; epoch += 1n) {
      if (blockNumber >= chain.evidenceDeadline(epoch)) continue
      const sealedHash = await chain.sealedHash(epoch, { signal })
      if (sealedHash === undefined || finished.get(epoch) === sealedHash) continue
      const result = await proveEpoch({ chain, store, sets, evidence, signer, hasher }, { epoch }, { signal })
      if (result === undefined) continue
      finished.set(epoch, sealedHash)
      finished.delete(epoch - epochsBackMax)
      onEvent({ kind: 'proven', result })
    }
  }

  const answerDemands = async ({ signal }: Waiting): Promise<void> => {
    const { blockNumber } = await chain.head({ signal })
    const demands = await chain.openDemands({ provider: signer.address }, { signal })
    const open = new Set(demands.map(({ id }) => id))
    for (const id of answered.keys()) if (!open.has(id)) answered.delete(id)
    for (const demand of demands) {
      if (demand.deadlineBlock < blockNumber || isUnderWay(answered.get(demand.id), blockNumber)) continue
      try {
        const pieces = sets.piecesOfRoot({ id: demand.dataSet, root: demand.root })
        if (pieces === undefined) throw new NotFound({ what: `the set with root ${demand.root}` })
        const answer = await answerLeaf({ pieces, leafIndex: Number(demand.leafIndex), reader: store, hasher, signal })
        await chain.answerDemand({ demandId: demand.id, answer }, { signal })
        answered.set(demand.id, blockNumber)
        onEvent({ kind: 'answered', demandId: demand.id, leafIndex: demand.leafIndex })
      } catch (error) {
        signal.throwIfAborted()
        onEvent({ kind: 'demand-failed', demandId: demand.id, error })
      }
    }
  }

  const turn = async (waiting: Waiting): Promise<void> => {
    if (misbehaviour.isSilent) return
    await proveClosed(waiting)
    await answerDemands(waiting)
  }

  return {
    server,
    store,
    evidence,
    sets,
    turn,
    async run({ signal }) {
      while (!signal.aborted) {
        try {
          await turn({ signal })
          await delay(pollMs, undefined, { signal })
        } catch (error) {
          if (signal.aborted) return
          onEvent({ kind: 'turn-failed', error })
          await delay(pollMs, undefined, { signal }).catch(() => undefined)
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
      database.close()
    },
  }
}
