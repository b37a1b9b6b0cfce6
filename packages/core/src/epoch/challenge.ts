/**
 * What a judge is shown to reject a post: the structs of ISumJudge.sol and IReceiptJudge.sol as data, field for field.
 *
 * Plain data, ready for an ABI encoder; nothing is decided here.
 *
 * @module
 */

import type { Address } from '../identity/address.ts'
import type { BatchHeader } from '../evidence/batch-header.ts'
import type { Entry } from '../evidence/entry.ts'
import type { SumPath } from '../merkle/sum-path.ts'
import type { Hex } from '../units/hex.ts'
import type { EpochPost } from './post.ts'

/** Which tree of a post `challengeNode` is about. */
export const treeNumbers = { leaves: 0, lines: 1, batches: 2 } as const

export interface Case {
  readonly network: number
  readonly post: EpochPost
  readonly reporter: Address
  readonly salt: Hex
}

export interface ShownLine {
  readonly network: number
  readonly epoch: bigint
  readonly account: Address
  readonly kind: number
  readonly quantity: bigint
  readonly unitPriceAtto: bigint
  readonly entriesRoot: Hex
  readonly entryCount: number
}

export interface LineAt {
  readonly line: ShownLine
  readonly path: SumPath
}

export interface Used {
  readonly batchDigest: Hex
  readonly index: number
  readonly entryHash: Hex
  readonly quantity: bigint
}

export interface UsedAt {
  readonly used: Used
  readonly path: SumPath
}

/** A used entry with all its fields. */
export interface UsedEntry {
  readonly batchDigest: Hex
  readonly index: number
  readonly entry: Entry
}

export interface BatchAt {
  readonly digest: Hex
  readonly signatureHash: Hex
  readonly path: SumPath
}

export interface CountedBatch {
  readonly header: BatchHeader
  readonly signatureHash: Hex
  readonly path: SumPath
}

export interface EntryAt {
  readonly entry: Entry
  readonly index: number
  readonly recorded: bigint
  readonly path: SumPath
}

export interface LeafAt {
  readonly account: Address
  readonly rebateAtto: bigint
  readonly bootstrapAtto: bigint
  readonly path: SumPath
}

export interface LeafView {
  readonly present: boolean
  readonly leaf: LeafAt
  readonly left: readonly LeafAt[]
  readonly right: readonly LeafAt[]
}

export interface LinesView {
  readonly left: readonly LineAt[]
  readonly lines: readonly LineAt[]
  readonly right: readonly LineAt[]
}

export interface BatchesView {
  readonly left: readonly BatchAt[]
  readonly right: readonly BatchAt[]
}

/** A call to a judge: `functionName` and `args` after the case, in the order of the interface. */
export type Challenge =
  | Call<'challengeNode', readonly [tree: number, preimage: Hex, recordedSum: bigint, path: SumPath]>
  | Call<'challengeEmpty', readonly []>
  | Call<'challengeLine', readonly [line: LineAt, entries: readonly UsedEntry[]]>
  | Call<'challengePrice', readonly [line: LineAt]>
  | Call<'challengeReadinessPrices', readonly [one: LineAt, other: LineAt]>
  | Call<
      'challengeReadiness',
      readonly [
        readiness: LineAt,
        before: readonly LineAt[],
        beforeFirst: readonly LineAt[],
        first: readonly LineAt[],
        used: readonly UsedAt[],
      ]
    >
  | Call<'challengeTwice', readonly [one: LineAt, usedOne: UsedAt, other: LineAt, usedOther: UsedAt]>
  | Call<'challengeLineOrder', readonly [left: LineAt, right: LineAt, firsts: readonly UsedAt[]]>
  | Call<'challengeLeafOrder', readonly [left: LeafAt, right: LeafAt]>
  | Call<'challengeBatchOrder', readonly [left: BatchAt, right: BatchAt]>
  | Call<'challengeLineCount', readonly [lines: readonly LineAt[]]>
  | Call<'challengeLeaf', readonly [account: Address, before: LeafView, now: LeafView, lines: LinesView]>
  | Call<'challengeBatch', readonly [batch: CountedBatch, signature: Hex], 'receipt'>
  | Call<'challengeRefuted', readonly [batch: BatchAt], 'receipt'>
  | Call<'challengeEntry', readonly [batch: CountedBatch, entry: EntryAt], 'receipt'>
  | Call<
      'challengeDropped',
      readonly [batch: CountedBatch, entry: EntryAt, lines: LinesView, used: readonly (readonly Used[])[]]
    >
  | Call<'challengeOmission', readonly [header: BatchHeader, batches: BatchesView]>
  | Call<
      'challengeReused',
      readonly [batch: BatchAt, earlierEpoch: bigint, earlierCount: bigint, earlierPath: SumPath],
      'receipt'
    >
  | Call<'challengeCounted', readonly [batch: BatchAt], 'receipt'>

interface Call<Name extends string, Args extends readonly unknown[], Judge extends 'sum' | 'receipt' = 'sum'> {
  readonly judge: Judge
  /** letter of the fault in docs/protocol/epochs.md#challenges */
  readonly letter: 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g'
  readonly functionName: Name
  /** without the leading Case, which the challenger completes with its reporter and salt */
  readonly args: Args
}
