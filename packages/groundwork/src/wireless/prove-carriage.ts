/**
 * A hotspot owner's evidence for one epoch: what it was paid for, as a batch that it signs, keeps, publishes and registers.
 *
 * Done again after a crash it finds what it kept and goes on from there. Only when a rollback gave the epoch another seal is it
 * proven anew, by batches that follow the old ones.
 *
 * @see docs/protocol/wireless.md#evidence
 * @module
 */

import { registerBatchCall } from '@groundwork/chain/register-batch.ts'
import { closeBlockOf, evidenceDeadlineOf } from '@groundwork/core/epoch/timing.ts'
import { decodeBatch, draftHeader, encodeBatch } from '@groundwork/core/evidence/batch.ts'
import { digestOfHeader } from '@groundwork/core/evidence/batch-header.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { EvidenceStore, KeptBatch } from '@groundwork/storage/adapters'
import {
  isNoteBatch,
  pairSubject,
  prove,
  wirelessNetwork,
  type CarriedPair,
  type CarryLedger,
} from '@groundwork/wireless'
import type { Submit } from '../provider/submit.ts'
import type { AuditContext } from '../watch/audit-context.ts'
import { redemptionsIn } from '../watch/carriage-history.ts'
import { timingOf } from '../watch/chain-desk.ts'
import { evidenceDomain } from '../watch/epoch-facts.ts'
import { sealsIn } from '../watch/epoch-history.ts'

/** Epochs back from the last closed one that are still proven, when their deadline has not passed. */
const epochsBackMax = 8n
const receiptsAtOnce = 4096

export interface ProveCarriageOptions {
  readonly context: AuditContext
  readonly ledger: CarryLedger
  readonly evidence: EvidenceStore
  readonly signer: { readonly address: Hex; sign(digest: Hex): Promise<Hex> }
  readonly submit: Submit
}

export interface CarriageProven {
  readonly epoch: bigint
  readonly routers: number
  readonly units: bigint
}

/** Proves every closed and sealed epoch that can still be proven. @returns those of this turn */
export async function proveCarriage(
  options: ProveCarriageOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<CarriageProven[]> {
  const { context } = options
  const tip = await context.advance({ signal })
  const timing = timingOf(context.chain.deployment)
  const done: CarriageProven[] = []
  for (const [epoch, { blockHash }] of sealsIn(context.index, wirelessNetwork)) {
    const isOld = tip - closeBlockOf(timing, epoch) > epochsBackMax * timing.epochBlocks
    if (isOld || tip >= evidenceDeadlineOf(timing, epoch)) continue
    const proven = await proveOne(options, { epoch, sealedHash: blockHash })
    if (proven !== undefined) done.push(proven)
    await register(options, { epoch, sealedHash: blockHash, signal })
  }
  return done
}

interface Place {
  readonly epoch: bigint
  readonly sealedHash: Hex
}

function ownBatches({ evidence, signer }: ProveCarriageOptions, { epoch, sealedHash }: Place): readonly KeptBatch[] {
  return evidence
    .batchesBy({ network: wirelessNetwork, signer: signer.address, epoch })
    .filter((batch) => batch.sealedHash === sealedHash && !isNote(evidence, batch))
}

/** Coverage notes stand in the same chain of batches, and are another's to register. */
function isNote(evidence: EvidenceStore, { cid }: KeptBatch): boolean {
  const bytes = evidence.get(cid.toString())
  const batch = bytes === undefined ? undefined : decodeBatch(bytes)
  return batch !== undefined && isNoteBatch(batch)
}

async function proveOne(options: ProveCarriageOptions, place: Place): Promise<CarriageProven | undefined> {
  const { evidence, signer, context } = options
  const { epoch, sealedHash } = place
  if (ownBatches(options, place).length > 0) return undefined
  const pairs = pairsOf(options, epoch)
  const { entries, details } = prove({ owner: signer.address, epoch, sealedHash, pairs })
  if (entries.length === 0) return undefined
  const previous = evidence.lastBatchBy({ network: wirelessNetwork, signer: signer.address })
  const links = details.map(({ cid }) => cid)
  const header = draftHeader({
    network: wirelessNetwork,
    epoch,
    signer: signer.address,
    entries,
    details: links,
    previous,
  })
  const digest = digestOfHeader(header, evidenceDomain(context))
  const signature = await signer.sign(digest)
  evidence.putBatch({
    batch: { header, digest },
    block: encodeBatch({ header, signature, entries, details: links }),
    details,
    sealedHash,
  })
  const units = entries.reduce((sum, { quantity }) => sum + quantity, 0n)
  return { epoch, routers: entries.length, units }
}

/** What each router redeemed for in the epoch, with the tallies that no entry of ours has shown yet. */
function pairsOf({ context, ledger, evidence, signer }: ProveCarriageOptions, epoch: bigint): CarriedPair[] {
  const timing = timingOf(context.chain.deployment)
  const from = epoch === 0n ? timing.startBlock : closeBlockOf(timing, epoch - 1n) + 1n
  const own = redemptionsIn(context.index, { from, until: closeBlockOf(timing, epoch) }).filter(
    ({ owner }) => owner === signer.address,
  )
  return own.map(({ router, credits }) => {
    const shownUpTo = lastShown(evidence, { signer: signer.address, router, before: epoch })
    const epochs = ledger.epochsOf(router).filter((one) => one <= epoch && one > shownUpTo)
    const tallies = epochs.flatMap((one) => {
      const signed = ledger.tally({ peer: router, epoch: one })
      return signed === undefined ? [] : [{ signed, receipts: receiptsOf(ledger, router, one) }]
    })
    return { router, tallies, redeemedCredits: credits }
  })
}

function receiptsOf(ledger: CarryLedger, peer: Hex, epoch: bigint): Uint8Array[] {
  const found: Uint8Array[] = []
  for (;;) {
    const some = ledger.receipts({ peer, epoch, fromIndex: found.length, countMax: receiptsAtOnce })
    found.push(...some)
    if (some.length < receiptsAtOnce) return found
  }
}

/** The last epoch before this one whose evidence of ours has an entry of that router; -1n: none. */
function lastShown(
  evidence: EvidenceStore,
  { signer, router, before }: { readonly signer: Hex; readonly router: Hex; readonly before: bigint },
): bigint {
  for (let epoch = before - 1n; epoch >= 0n && before - epoch <= epochsBackMax; epoch -= 1n) {
    const batches = evidence.batchesBy({ network: wirelessNetwork, signer, epoch })
    const isShown = batches.some(({ cid }) => {
      const bytes = evidence.get(cid.toString())
      const batch = bytes === undefined ? undefined : decodeBatch(bytes)
      return batch?.entries.some(({ subject }) => subject === pairSubject(router)) ?? false
    })
    if (isShown) return epoch
  }
  return -1n
}

async function register(
  options: ProveCarriageOptions,
  { signal, ...place }: Place & { readonly signal: AbortSignal },
): Promise<void> {
  const { evidence, submit, context } = options
  for (const { digest, cid, isRegistered } of ownBatches(options, place)) {
    if (isRegistered) continue
    const block = evidence.get(cid.toString())
    const batch = block === undefined ? undefined : decodeBatch(block)
    invariant(batch !== undefined, 'a kept batch has its block')
    const { header, signature } = batch
    await submit.send(registerBatchCall(context.chain.deployment, { header, signature }), { signal })
    evidence.markRegistered(digest)
  }
}
