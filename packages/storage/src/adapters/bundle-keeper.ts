/**
 * Keeping a posted epoch's evidence: check that the bundle is the one posted and that its audit agrees, keep it, sign for it.
 *
 * The audit itself is a port, for it needs the chain's facts; here is what comes before and after it.
 *
 * @see docs/protocol/epochs.md#availability
 * @module
 */

import { decodeBatch } from '@groundwork/core/evidence/batch.ts'
import { digestOfAvailable, type Available } from '@groundwork/core/evidence/availability.ts'
import { cidOfDigest, type Block } from '@groundwork/core/evidence/block.ts'
import { decodeBundleCar } from '@groundwork/core/evidence/bundle-car.ts'
import { digestOfHeader } from '@groundwork/core/evidence/batch-header.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { CID } from 'multiformats/cid'
import type { AccountSigner, Waiting } from '../ports.ts'
import { BundleRefused } from '../storage-errors.ts'
import type { EvidenceStore } from './evidence-store.ts'

/**
 * Recomputes the pending epoch whose post has the digest `available.post`, from these blocks and the chain.
 *
 * @returns why it does not agree, or is not that post, or undefined when the operator may sign for it
 */
export type AuditBundle = (
  posted: { readonly available: Available; readonly blocks: ReadonlyMap<string, Uint8Array> },
  waiting: Waiting,
) => Promise<string | undefined>

export interface BundleKeeperOptions {
  readonly evidence: EvidenceStore
  readonly signer: AccountSigner
  /** verifyingContract is Epochs */
  readonly domain: Domain
  readonly auditBundle: AuditBundle
}

export interface BundleKeeper {
  /** @returns the operator's signature over Available @throws BundleRefused */
  keep(given: { readonly available: Available; readonly car: Uint8Array }, waiting: Waiting): Promise<Hex>
}

export function bundleKeeper({ evidence, signer, domain, auditBundle }: BundleKeeperOptions): BundleKeeper {
  return {
    async keep({ available, car }, { signal }) {
      const decoded = decodeBundleCar(car)
      if (decoded.tag === 'malformed') throw new BundleRefused({ reason: `it is malformed: ${decoded.reason}` })
      const { root, blocks, corrupt } = decoded.car
      if (root.toString() !== cidOfDigest(available.evidence).toString())
        throw new BundleRefused({ reason: 'its root is another one' })
      if (corrupt.length > 0)
        throw new BundleRefused({ reason: `${corrupt.length} blocks are not what their names say` })
      const fault = await auditBundle({ available, blocks }, { signal })
      if (fault !== undefined) throw new BundleRefused({ reason: fault })
      const kept = [...blocks].map(([name, bytes]): Block => ({ cid: CID.parse(name), bytes }))
      evidence.putBlocks(kept)
      for (const block of kept) keepBatch({ block, evidence, domain })
      return signer.sign(digestOfAvailable(available, domain))
    },
  }
}

/** Batches are listed by epoch too, so that whoever audits later finds them here. */
function keepBatch({
  block,
  evidence,
  domain,
}: {
  readonly block: Block
  readonly evidence: EvidenceStore
  readonly domain: Domain
}): void {
  const batch = decodeBatch(block.bytes)
  if (batch === undefined) return
  evidence.putBatch({
    batch: { header: batch.header, digest: digestOfHeader(batch.header, domain) },
    block,
    details: [],
  })
}
