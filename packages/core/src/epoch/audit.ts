/**
 * What a network's audit is given and what it returns. The audits themselves are the networks'; core names none of them.
 *
 * An audit is pure and exact: the same batches, blocks and facts give the same lines on every machine, in every order.
 *
 * @module
 */

import type { Address } from '../identity/address.ts'
import type { Domain } from '../identity/eip712.ts'
import type { VerifiedBatch } from '../evidence/batch.ts'
import type { BlockSource } from '../evidence/block.ts'
import type { EntryPlace } from '../evidence/entry.ts'
import type { Lane } from '../evidence/line.ts'
import type { Hex } from '../units/hex.ts'

/** What the chain says of an epoch; the same for everyone who reads it after the evidence deadline. */
export interface EpochFacts {
  /** verifyingContract is Epochs */
  readonly domain: Domain
  /** version of the audit */
  readonly rules: bigint
  readonly closeBlock: bigint
  /** hash of the block after the close, from Epochs.sealOf */
  readonly sealedHash: Hex
  /** sealed with it: the price for the rebate's bound, USD*1e8 per WORK */
  readonly highUsd8: bigint
  /** Epochs.allowance: most atto-WORK of the bootstrap lane */
  readonly allowanceAtto: bigint
  /** batches that may not count, by digest: refuted, contradicted or counted before on chain; the value says which */
  readonly excluded: ReadonlyMap<Hex, string>
  /** what else the network's audit reads from the chain as of the close; the audit checks its shape */
  readonly state: unknown
}

export interface AuditInput {
  readonly network: number
  readonly epoch: bigint
  /** headers and signatures are verified; sorted by digest, unique */
  readonly batches: readonly VerifiedBatch[]
  /** detail blocks; what it gives is what its name says */
  readonly blocks: BlockSource
  readonly facts: EpochFacts
}

/** A line to be: entries are sorted and hashed later. */
export interface LineDraft {
  readonly account: Address
  readonly kind: number
  readonly quantity: bigint
  readonly unitPriceAtto: bigint
  /** must be `laneOf(kind)` */
  readonly lane: Lane
  /** 1 to 16 in the rebate lane, exactly 1 in the bootstrap lane */
  readonly entries: readonly EntryPlace[]
}

/** A batch that does not count, and why, in a word or two that others can compare. */
export interface RefusedBatch {
  readonly digest: Hex
  readonly reason: string
}

/** Every entry of a batch that is not refused must be used by one line of its kind. */
export interface AuditResult {
  readonly lines: readonly LineDraft[]
  readonly refusedBatches: readonly RefusedBatch[]
}

export type Audit = (input: AuditInput) => AuditResult

/** The audits that a program carries, by network. */
export type Audits = Readonly<Record<number, Audit>>
