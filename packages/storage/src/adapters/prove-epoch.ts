/**
 * A provider's evidence for one epoch: proofs of all its sets, as batches that it signs, keeps, publishes and registers.
 *
 * Done again after a crash it finds what it kept and goes on from there. Only when a rollback gave the epoch another seal is
 * it proven anew, by batches that follow the old ones.
 *
 * @see docs/protocol/storage-proofs.md#evidence
 * @module
 */

import { batchDetailsMax, decodeBatch, draftHeader, encodeBatch } from '@groundwork/core/evidence/batch.ts'
import { digestOfHeader } from '@groundwork/core/evidence/batch-header.ts'
import { cidOf, cidOfDigest, digestOfCid, type Block } from '@groundwork/core/evidence/block.ts'
import type { Entry } from '@groundwork/core/evidence/entry.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { storageNetwork, type DataSetState, type Piece } from '../model.ts'
import { possessionKind, setsPerOperatorMax } from '../pay.ts'
import type { AccountSigner, Chain, PieceReader, Waiting } from '../ports.ts'
import type { Hasher } from '../ports/hasher.ts'
import { placeOfLeaf, setLayout } from '../possession/set-tree.ts'
import { prove, type Possession } from '../prove.ts'
import { hashDetail } from '../wire/possession-detail.ts'
import type { EvidenceStore, KeptBatch } from './evidence-store.ts'
import type { SetKeeper } from './set-keeper.ts'

export interface ProveEpochOptions {
  readonly chain: Chain
  readonly store: PieceReader
  readonly sets: SetKeeper
  readonly evidence: EvidenceStore
  readonly signer: AccountSigner
  readonly hasher: Hasher
}

export interface EpochProven {
  readonly epoch: bigint
  /** sets that were proven */
  readonly proven: readonly Hex[]
  /** sets that could not be, and why */
  readonly failed: readonly { readonly dataSet: Hex; readonly error: unknown }[]
  readonly batches: readonly KeptBatch[]
}

interface ProvenSet {
  readonly entry: Entry
  readonly details: readonly Block[]
}

/**
 * Proves the sets that stood at the close of a sealed epoch.
 *
 * @returns undefined while the epoch is not sealed
 */
export async function proveEpoch(
  options: ProveEpochOptions,
  { epoch }: { readonly epoch: bigint },
  { signal }: Waiting,
): Promise<EpochProven | undefined> {
  const { chain, evidence, signer } = options
  const sealedHash = await chain.sealedHash(epoch, { signal })
  if (sealedHash === undefined) return undefined
  const ownBatches = (): readonly KeptBatch[] => ownBatchesOf(options, { epoch, sealedHash })
  const kept = ownBatches()
  const failed: { dataSet: Hex; error: unknown }[] = []
  const proven: Hex[] = kept.flatMap(({ cid }) => subjectsOf(evidence, cid))
  if (kept.length === 0) {
    const sets = await chain.dataSetsAt({ blockNumber: chain.closeBlock(epoch), provider: signer.address }, { signal })
    const done: ProvenSet[] = []
    for (const set of sets.filter(({ faulted }) => !faulted).slice(0, setsPerOperatorMax)) {
      try {
        done.push(await proveSet(options, { set, epoch, sealedHash, signal }))
        proven.push(set.id)
      } catch (error) {
        signal.throwIfAborted()
        failed.push({ dataSet: set.id, error })
      }
    }
    for (const group of inBatches(done)) await signBatch(options, { epoch, sealedHash, group })
  }
  await register(options, { epoch, sealedHash, signal })
  return { epoch, proven, failed, batches: ownBatches() }
}

/** Own batches that answer this very seal. */
function ownBatchesOf(
  { evidence, signer }: ProveEpochOptions,
  { epoch, sealedHash }: { readonly epoch: bigint; readonly sealedHash: Hex },
): readonly KeptBatch[] {
  return evidence
    .batchesBy({ network: storageNetwork, signer: signer.address, epoch })
    .filter((batch) => batch.sealedHash === sealedHash)
}

/** Registers what is kept and not registered yet; nothing is done after the deadline. */
async function register(
  options: ProveEpochOptions,
  { epoch, sealedHash, signal }: { readonly epoch: bigint; readonly sealedHash: Hex } & Waiting,
): Promise<void> {
  const { chain, evidence } = options
  const { blockNumber } = await chain.head({ signal })
  if (blockNumber >= chain.evidenceDeadline(epoch)) return
  for (const { digest, cid, isRegistered } of ownBatchesOf(options, { epoch, sealedHash })) {
    if (isRegistered) continue
    const block = evidence.get(cid.toString())
    invariant(block !== undefined, 'a kept batch has its block')
    await chain.registerBatch({ block }, { signal })
    evidence.markRegistered(digest)
  }
}

async function proveSet(
  { store, sets, evidence, signer, hasher }: ProveEpochOptions,
  {
    set,
    epoch,
    sealedHash,
    signal,
  }: { readonly set: DataSetState; readonly epoch: bigint; readonly sealedHash: Hex } & Waiting,
): Promise<ProvenSet> {
  const pieces = sets.piecesOfRoot(set)
  invariant(pieces !== undefined, 'a set that stands on chain was signed here')
  const possession = await prove({
    set: { id: set.id, pieces },
    challenge: { epoch, sealedHash },
    reader: store,
    hasher,
    signal,
  })
  const proof: Block = { cid: cidOf(possession.proof), bytes: possession.proof }
  const proofSha256 = digestOfCid(proof.cid)
  invariant(proofSha256 !== undefined, 'a proof block is named by its sha256')
  const { root: setRoot, leafCount, pieceCount, version } = set
  const { answersRoot, answers } = possession
  const detail = hashDetail({
    setRoot,
    leafCount,
    pieceCount,
    version,
    answersRoot,
    answerCount: answers.length,
    proofSha256,
  })
  const entry = { kind: possessionKind, account: signer.address, subject: set.id, quantity: leafCount, detail }
  return { entry, details: [proof, ...supports({ set, pieces, possession, evidence })] }
}

/** What else the audit reads: the manifest, and the caps of the pieces that were drawn. */
function supports({
  set,
  pieces,
  possession,
  evidence,
}: {
  readonly set: DataSetState
  readonly pieces: readonly Piece[]
  readonly possession: Possession
  readonly evidence: EvidenceStore
}): Block[] {
  const layout = setLayout(pieces)
  const drawn = new Set(possession.answers.map(({ leafIndex }) => placeOfLeaf(layout, Number(leafIndex)).pieceIndex))
  const caps = [...drawn].flatMap((index) => pieces[index]?.capDigest ?? [])
  return [set.manifest, ...caps].map((digest) => {
    const cid = cidOfDigest(digest)
    const bytes = evidence.get(cid.toString())
    invariant(bytes !== undefined, 'manifest and caps of a signed set are kept')
    return { cid, bytes }
  })
}

/** As few batches as the bound on details allows. */
function inBatches(sets: readonly ProvenSet[]): (readonly ProvenSet[])[] {
  const groups: ProvenSet[][] = []
  let detailCount = 0
  for (const set of sets) {
    const last = groups.at(-1)
    if (last === undefined || detailCount + set.details.length > batchDetailsMax) {
      groups.push([set])
      detailCount = set.details.length
    } else {
      last.push(set)
      detailCount += set.details.length
    }
  }
  return groups
}

async function signBatch(
  { chain, evidence, signer }: ProveEpochOptions,
  {
    epoch,
    sealedHash,
    group,
  }: { readonly epoch: bigint; readonly sealedHash: Hex; readonly group: readonly ProvenSet[] },
): Promise<void> {
  const domain: Domain = { chainId: chain.chainId, verifyingContract: chain.epochsAddress }
  const details = [
    ...new Map(group.flatMap((set) => set.details.map((block) => [block.cid.toString(), block] as const))).values(),
  ]
  const links = details.map(({ cid }) => cid)
  const entries = group.map(({ entry }) => entry)
  const previous = evidence.lastBatchBy({ network: storageNetwork, signer: signer.address })
  const header = draftHeader({
    network: storageNetwork,
    epoch,
    signer: signer.address,
    entries,
    details: links,
    previous,
  })
  const digest = digestOfHeader(header, domain)
  const signature = await signer.sign(digest)
  evidence.putBatch({
    batch: { header, digest },
    block: encodeBatch({ header, signature, entries, details: links }),
    details,
    sealedHash,
  })
}

function subjectsOf(evidence: EvidenceStore, cid: Block['cid']): Hex[] {
  const bytes = evidence.get(cid.toString())
  const batch = bytes === undefined ? undefined : decodeBatch(bytes)
  return batch?.entries.map(({ subject }) => subject) ?? []
}
