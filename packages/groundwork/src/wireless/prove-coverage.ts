/**
 * A hotspot owner's coverage note for one epoch: signed, kept, published and registered as a batch, like its carriage.
 *
 * Beacons are planned in the same pass, so that every note commits to what is sent two epochs later.
 *
 * @see docs/protocol/wireless.md#beacons
 * @module
 */

import { registerBatchCall } from '@groundwork/chain/register-batch.ts'
import { closeBlockOf, epochAt, evidenceDeadlineOf } from '@groundwork/core/epoch/timing.ts'
import { decodeBatch, draftHeader, encodeBatch, type Batch } from '@groundwork/core/evidence/batch.ts'
import { digestOfHeader } from '@groundwork/core/evidence/batch-header.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { EvidenceStore, KeptBatch } from '@groundwork/storage/adapters'
import {
  isEmptyNote,
  isNoteBatch,
  noteEntry,
  noteOf,
  planEpochsAhead,
  wirelessNetwork,
  writeNote,
  type BeaconPlan,
  type BeaconStore,
} from '@groundwork/wireless'
import type { Submit } from '../provider/submit.ts'
import type { AuditContext } from '../watch/audit-context.ts'
import { timingOf } from '../watch/chain-desk.ts'
import { evidenceDomain } from '../watch/epoch-facts.ts'

/** Beacons and reports of older epochs are in nobody's note any more. */
const epochsKept = 4n

export interface ProveCoverageOptions {
  readonly context: AuditContext
  readonly store: BeaconStore
  readonly evidence: EvidenceStore
  readonly signer: { readonly address: Hex; sign(digest: Hex): Promise<Hex> }
  readonly submit: Submit
  /** what gateways that can send now would send */
  readonly plans: () => readonly Omit<BeaconPlan, 'endedMs'>[]
}

/** Writes the note of the epoch that closed last, while it can still be registered. @returns its epoch, when there was one to write */
export async function proveCoverage(
  options: ProveCoverageOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<bigint | undefined> {
  const { context, store } = options
  const tip = await context.advance({ signal })
  const timing = timingOf(context.chain.deployment)
  if (tip < closeBlockOf(timing, 0n)) return undefined
  const epoch = epochAt(timing, tip) - 1n
  if (tip >= evidenceDeadlineOf(timing, epoch)) return undefined
  const kept = ownNote(options, epoch)
  if (kept !== undefined) {
    await register(options, kept, signal)
    return undefined
  }
  for (const plan of options.plans()) store.plan(epoch + planEpochsAhead, plan)
  if (epoch > epochsKept) store.forgetBefore(epoch - epochsKept)
  const batch = await keepNote(options, epoch)
  if (batch === undefined) return undefined
  await register(options, batch, signal)
  return epoch
}

/** The batch of our note of an epoch, with what is in it. */
function ownNote(
  { evidence, signer }: ProveCoverageOptions,
  epoch: bigint,
): { readonly kept: KeptBatch; readonly batch: Batch } | undefined {
  for (const kept of evidence.batchesBy({ network: wirelessNetwork, signer: signer.address, epoch })) {
    const bytes = evidence.get(kept.cid.toString())
    const batch = bytes === undefined ? undefined : decodeBatch(bytes)
    if (batch !== undefined && isNoteBatch(batch)) return { kept, batch }
  }
  return undefined
}

async function keepNote(options: ProveCoverageOptions, epoch: bigint): Promise<ReturnType<typeof ownNote>> {
  const { context, store, evidence, signer } = options
  const before = epoch === 0n ? undefined : ownNote(options, epoch - 1n)
  const committed = new Set(before === undefined ? [] : noteOf(before.batch, evidence)?.heard)
  const note = writeNote({ owner: signer.address, epoch, store, committed })
  if (isEmptyNote(note)) return undefined
  const { entry, block } = noteEntry(note)
  const previous = evidence.lastBatchBy({ network: wirelessNetwork, signer: signer.address })
  const [entries, details] = [[entry], [block.cid]]
  const header = draftHeader({ network: wirelessNetwork, epoch, signer: signer.address, entries, details, previous })
  const digest = digestOfHeader(header, evidenceDomain(context))
  const signature = await signer.sign(digest)
  evidence.putBatch({
    batch: { header, digest },
    block: encodeBatch({ header, signature, entries, details }),
    details: [block],
  })
  return ownNote(options, epoch)
}

async function register(
  { context, evidence, submit }: ProveCoverageOptions,
  { kept, batch }: NonNullable<ReturnType<typeof ownNote>>,
  signal: AbortSignal,
): Promise<void> {
  if (kept.isRegistered) return
  const { header, signature } = batch
  await submit.send(registerBatchCall(context.chain.deployment, { header, signature }), { signal })
  evidence.markRegistered(kept.digest)
}
