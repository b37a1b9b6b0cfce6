/**
 * The provider's side of a set: checks what the customer proposes, signs, and remembers each version that it signed.
 *
 * Idempotent: the same proposal gets the same signature. A set only grows while its stream lives; another stream begins
 * another one. What is signed here, is proven and answered for.
 *
 * @see docs/protocol/storage-proofs.md#set
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import { cidOfDigest, cidOf } from '@groundwork/core/evidence/block.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Piece, SignedPieceSet } from '../model.ts'
import { rateNanoOf } from '../pay.ts'
import type { AccountSigner, SetProposal } from '../ports.ts'
import { setTree } from '../possession/set-tree.ts'
import { SetRefused } from '../storage-errors.ts'
import { decodeManifest } from '../wire/manifest.ts'
import { dataSetIdOf, decodeProposal, encodeProposal, pieceSetDigest, pieceSetSigner } from '../wire/piece-set.ts'
import { signSet } from '../work.ts'
import type { EvidenceStore } from './evidence-store.ts'
import { inTransaction } from './provider-database.ts'
import type { SegmentStore } from './segment-store.ts'

export interface SetKeeperOptions {
  readonly database: DatabaseSync
  readonly store: SegmentStore
  readonly evidence: EvidenceStore
  readonly signer: AccountSigner
  /** verifyingContract is DataSets */
  readonly domain: Domain
  /** what the provider asks now */
  readonly priceNanoPerGibSecond: () => bigint
  /** the largest bond that is locked for one set */
  readonly lockAttoMax: bigint
}

/** A set that this provider signed. */
export interface KeptSet {
  readonly id: Hex
  readonly signed: SignedPieceSet
  readonly pieces: readonly Piece[]
}

/** Why a proposal is not signed. */
export type ProposalFault =
  | 'for-another-provider'
  | 'manifest-malformed'
  | 'manifest-differs'
  | 'set-empty'
  | 'root-differs'
  | 'size-differs'
  | 'customer-signature-differs'
  | 'version-old'
  | 'pieces-not-appended'
  | 'piece-not-kept'
  | 'rate-too-low'
  | 'lock-too-large'

export interface SetKeeper {
  /** @throws SetRefused with a `ProposalFault` as reason */
  sign(proposal: SetProposal): Promise<SignedPieceSet>
  /** The pieces of the set that had this root: whatever version the chain stands at. */
  piecesOfRoot(set: { readonly id: Hex; readonly root: Hex }): readonly Piece[] | undefined
  /** The last version of every set. */
  latest(): readonly KeptSet[]
}

export function setKeeper(options: SetKeeperOptions): SetKeeper {
  const { database, store, evidence, signer, domain } = options
  const rows = (sql: string, ...values: string[]): readonly KeptSet[] =>
    database
      .prepare(sql)
      .all(...values)
      .flatMap(readRow)
  const lastOf = (id: Hex): KeptSet | undefined =>
    rows('SELECT * FROM storage_kept_sets WHERE id = ? ORDER BY length(version) DESC, version DESC LIMIT 1', id)[0]
  /** Proofs keep trees by the list of pieces, so one list is given out as long as the root is the same. */
  const piecesByRoot = new Map<Hex, readonly Piece[]>()
  let last: Promise<unknown> = Promise.resolve()

  const signNow = async (proposal: SetProposal): Promise<SignedPieceSet> => {
    const { set } = proposal
    const refusal = (reason: ProposalFault): SetRefused =>
      new SetRefused({ reason, customer: set.customer, version: set.version })
    const id = dataSetIdOf(set)
    const before = lastOf(id)
    if (before !== undefined && isSame(before, proposal, domain)) return before.signed
    const { pieces, reason } = judge({ proposal, last: before, options })
    if (reason !== undefined) throw refusal(reason)
    const providerSignature = await signSet({ set, domain, signer })
    // All of it or nothing: a set that is remembered without its manifest could not be proven, nor one whose pieces stay loose be kept.
    inTransaction(database, () => {
      // A piece that nobody had paid for may have been dropped while the signature was made.
      if (!pieces.every((piece) => store.find(piece) !== undefined)) throw refusal('piece-not-kept')
      database
        .prepare('INSERT INTO storage_kept_sets VALUES (?, ?, ?, ?, ?, ?)')
        .run(id, set.version.toString(), set.root, set.manifest, encodeProposal(proposal), providerSignature)
      evidence.putBlocks([{ cid: cidOfDigest(set.manifest), bytes: proposal.manifest }])
      store.bindToSet(pieces)
    })
    return { set, customerSignature: proposal.customerSignature, providerSignature }
  }

  return {
    // One at a time: each version is judged by the one before, so that no two are signed that go on from the same.
    sign(proposal) {
      const next = last.then(async () => signNow(proposal))
      last = next.catch(() => undefined)
      return next
    },
    piecesOfRoot({ id, root }) {
      const known = piecesByRoot.get(root)
      if (known !== undefined) return known
      const [kept] = rows('SELECT * FROM storage_kept_sets WHERE id = ? AND root = ? LIMIT 1', id, root)
      if (kept === undefined) return undefined
      piecesByRoot.set(root, kept.pieces)
      if (piecesByRoot.size > rootsCachedMax) piecesByRoot.delete(piecesByRoot.keys().next().value ?? root)
      return kept.pieces
    },
    latest() {
      const ids = database.prepare('SELECT DISTINCT id FROM storage_kept_sets ORDER BY id').all()
      return ids.flatMap(({ id }) => lastOf(String(id) as Hex) ?? [])
    },
  }
}

const rootsCachedMax = 512

function isSame({ signed }: KeptSet, { set }: SetProposal, domain: Domain): boolean {
  return pieceSetDigest({ set: signed.set, domain }) === pieceSetDigest({ set, domain })
}

function judge({
  proposal: { set, manifest, customerSignature, rateNano },
  last,
  options: { signer, domain, store, priceNanoPerGibSecond, lockAttoMax },
}: {
  readonly proposal: SetProposal
  readonly last: KeptSet | undefined
  readonly options: SetKeeperOptions
}): { readonly pieces: readonly Piece[]; readonly reason: ProposalFault | undefined } {
  const refused = (reason: ProposalFault): { pieces: readonly Piece[]; reason: ProposalFault } => ({
    pieces: [],
    reason,
  })
  if (set.provider !== signer.address) return refused('for-another-provider')
  if (cidOf(manifest).toString() !== cidOfDigest(set.manifest).toString()) return refused('manifest-differs')
  const pieces = decodeManifest(manifest)
  if (pieces === undefined) return refused('manifest-malformed')
  if (pieces.length === 0) return refused('set-empty')
  const { root } = setTree(pieces)
  if (root.hash !== set.root) return refused('root-differs')
  if (root.sum !== set.leafCount || pieces.length !== set.pieceCount) return refused('size-differs')
  if (pieceSetSigner({ set, signature: customerSignature, domain }) !== set.customer)
    return refused('customer-signature-differs')
  if (last !== undefined && set.version <= last.signed.set.version) return refused('version-old')
  if (last !== undefined && !isAppended({ pieces, last, streamSalt: set.streamSalt }))
    return refused('pieces-not-appended')
  for (const piece of pieces)
    if (store.find(piece)?.capDigest !== piece.capDigest || store.find(piece) === undefined)
      return refused('piece-not-kept')
  const rateNanoMin = rateNanoOf({ leafCount: set.leafCount, priceNanoPerGibSecond: priceNanoPerGibSecond() })
  if (rateNano < rateNanoMin) return refused('rate-too-low')
  if (set.lockAtto > lockAttoMax) return refused('lock-too-large')
  return { pieces, reason: undefined }
}

function isAppended({
  pieces,
  last,
  streamSalt,
}: {
  readonly pieces: readonly Piece[]
  readonly last: KeptSet
  readonly streamSalt: Hex
}): boolean {
  if (last.signed.set.streamSalt !== streamSalt) return true
  return last.pieces.every(
    ({ root, rawSizeBytes }, index) => pieces[index]?.root === root && pieces[index]?.rawSizeBytes === rawSizeBytes,
  )
}

function readRow(row: Readonly<Record<string, unknown>>): KeptSet[] {
  const { proposal: bytes, provider_signature: providerSignature } = row
  const proposal = bytes instanceof Uint8Array ? decodeProposal(bytes) : undefined
  const pieces = proposal === undefined ? undefined : decodeManifest(proposal.manifest)
  if (proposal === undefined || pieces === undefined) return []
  const { set, customerSignature } = proposal
  return [
    {
      id: dataSetIdOf(set),
      signed: { set, customerSignature, providerSignature: String(providerSignature) as Hex },
      pieces,
    },
  ]
}
