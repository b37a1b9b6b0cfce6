/**
 * Auditing a posted epoch: recompute it from its bundle and say whether it agrees, where it first differs, or that the
 * evidence is not there. docs/protocol/epochs.md#audit
 *
 * Pure; whoever calls it has fetched blocks and facts. It never says "agrees" about what it could not recompute.
 *
 * @module
 */

import { decodeBatch, type Batch } from '../evidence/batch.ts'
import { isNamed, type BlockSource } from '../evidence/block.ts'
import { decodeBundle, type Bundle, type PreviousEpoch } from '../evidence/bundle.ts'
import type { EntryPlace } from '../evidence/entry.ts'
import type { Line } from '../evidence/line.ts'
import { packLanes, trySumLanes } from '../merkle/lanes.ts'
import type { Audits, EpochFacts } from './audit.ts'
import { closeEpoch, type ClosedEpoch } from './close-epoch.ts'
import { buildLeafTree, isSorted, type Leaf } from './leaves.ts'
import type { EpochPost } from './post.ts'

/** The first thing that differs; values as text, '' where one side has nothing. */
export interface Difference {
  /** 'block' is evidence whose bytes are not what their name says, where no line shows it */
  readonly part: 'facts' | 'previous' | 'lines' | 'batches' | 'post' | 'block'
  /** place in the list of that part; 0 for 'facts', 'post' and 'block' */
  readonly index: number
  readonly field: string
  /** what the audit finds */
  readonly expected: string
  /** what was posted */
  readonly actual: string
}

export type BundleVerdict =
  | { readonly tag: 'agrees'; readonly closed: ClosedEpoch; readonly bundle: Bundle }
  | {
      readonly tag: 'differs'
      readonly difference: Difference
      /** absent when the bundle could not be recomputed */
      readonly closed?: ClosedEpoch
      readonly bundle?: Bundle
    }
  /** CIDs of blocks that are not there; at most `missingMax` of them */
  | { readonly tag: 'unavailable'; readonly missing: readonly string[] }

/** Most missing blocks that a verdict names. */
export const missingMax = 16

export interface CompareInput {
  readonly network: number
  /** as it stands on chain */
  readonly post: EpochPost
  /** blocks of the bundle as they were found; wrong bytes under a name are noticed here */
  readonly blocks: BlockSource
  readonly audits: Audits
  /** read from the chain by whoever audits, never from the bundle */
  readonly facts: EpochFacts
  /** the head that the epoch adds to, from the chain */
  readonly previous: PreviousEpoch
  /** batches that the auditor knows besides those of the bundle, such as vouched ones */
  readonly knownBatches?: readonly Batch[]
}

/**
 * @throws AuditMissing when there is no audit for the network
 */
export function compareBundle(input: CompareInput): BundleVerdict {
  const decoded = decodeBundle(input.post.evidence, input.blocks)
  if (decoded.tag === 'missing') return { tag: 'unavailable', missing: [decoded.cid.toString()] }
  if (decoded.tag === 'malformed') {
    const field = `block ${decoded.cid.toString()}`
    return differs({
      part: 'lines',
      index: decoded.firstLine,
      field,
      expected: 'a page of the bundle',
      actual: 'malformed',
    })
  }
  const { bundle } = decoded
  const batches = gatherBatches(bundle, input.blocks)
  if (batches.missing.length > 0) return { tag: 'unavailable', missing: batches.missing.slice(0, missingMax) }

  const early = compareFacts(bundle, input) ?? comparePrevious(bundle, input)
  if (early !== undefined) return differs(early, { bundle })
  const closed = closeEpoch({
    ...input,
    epoch: input.post.epoch,
    batches: [...batches.sound, ...(input.knownBatches ?? [])],
    blocks: batches.source,
    previousLeaves: bundle.previousLeaves,
  })
  const corrupt = [...decoded.corrupt.map((cid) => cid.toString()), ...batches.corrupt]
  const difference =
    compareLines(closed, bundle) ??
    compareBatches(closed, bundle) ??
    comparePost(closed, input.post) ??
    corruptBlock(corrupt)
  return difference === undefined ? { tag: 'agrees', closed, bundle } : differs(difference, { closed, bundle })
}

function differs(difference: Difference, found: { closed?: ClosedEpoch; bundle?: Bundle } = {}): BundleVerdict {
  return { tag: 'differs', difference, ...found }
}

interface Gathered {
  readonly sound: readonly Batch[]
  readonly corrupt: readonly string[]
  readonly missing: readonly string[]
  /** only blocks that are what their name says */
  readonly source: BlockSource
}

/** Reads the bundle's batches. What is there with wrong bytes counts as no evidence; what is not there is missing. */
function gatherBatches(bundle: Bundle, blocks: BlockSource): Gathered {
  const sound: Batch[] = []
  const corrupt = new Set<string>()
  const missing = new Set<string>()
  for (const { cid } of bundle.batches) {
    const bytes = blocks.get(cid.toString())
    if (bytes === undefined) missing.add(cid.toString())
    else if (!isNamed(cid, bytes)) corrupt.add(cid.toString())
    else {
      const batch = decodeBatch(bytes)
      if (batch !== undefined) sound.push(batch)
    }
  }
  for (const cid of sound.flatMap(({ details }) => details)) {
    const bytes = blocks.get(cid.toString())
    if (bytes === undefined) missing.add(cid.toString())
    else if (!isNamed(cid, bytes)) corrupt.add(cid.toString())
  }
  const source = { get: (cid: string) => (corrupt.has(cid) ? undefined : blocks.get(cid)) }
  return { sound, corrupt: [...corrupt], missing: [...missing], source }
}

function compareFacts(bundle: Bundle, { network, post, facts }: CompareInput): Difference | undefined {
  const { rules, closeBlock, sealedHash, highUsd8, allowanceAtto } = facts
  const expected = { network, epoch: post.epoch, rules, closeBlock, sealedHash, highUsd8, allowanceAtto }
  return compareFields('facts', 0, expected, bundle)
}

function comparePrevious(bundle: Bundle, { network, previous }: CompareInput): Difference | undefined {
  const field = compareFields('previous', 0, { ...previous }, bundle.previous)
  if (field !== undefined) return field
  const { previousLeaves } = bundle
  if (!isSorted(previousLeaves))
    return {
      part: 'previous',
      index: firstUnsorted(previousLeaves),
      field: 'order',
      expected: 'sorted, unique',
      actual: 'not',
    }
  const totals = trySumLanes(previousLeaves.map((leaf) => packLanes(leaf.rebateAtto, leaf.bootstrapAtto)))
  if (totals !== previous.totals)
    return { part: 'previous', index: 0, field: 'totals', expected: textOf(previous.totals), actual: textOf(totals) }
  const { root } = buildLeafTree(previousLeaves, network)
  return compareFields(
    'previous',
    0,
    { root: previous.root, totals: previous.totals },
    { root: root.hash, totals: root.sum },
  )
}

function firstUnsorted(leaves: readonly Leaf[]): number {
  return leaves.findIndex((leaf, index) => index > 0 && (leaves[index - 1]?.account ?? '') >= leaf.account)
}

function compareLines(closed: ClosedEpoch, bundle: Bundle): Difference | undefined {
  const count = Math.max(closed.lines.length, bundle.lines.length)
  for (let index = 0; index < count; index += 1) {
    const [expected, actual] = [closed.lines[index], bundle.lines[index]]
    const difference = compareFields('lines', index, lineFields(expected), lineFields(actual))
    if (difference !== undefined) return difference
  }
  return undefined
}

function lineFields(line: Line | undefined): Readonly<Record<string, unknown>> {
  if (line === undefined) return {}
  return { ...line, entries: line.entries.map(placeText).join(' ') }
}

function placeText({ batchDigest, index }: EntryPlace): string {
  return `${batchDigest}:${index}`
}

function compareBatches(closed: ClosedEpoch, bundle: Bundle): Difference | undefined {
  const count = Math.max(closed.batches.length, bundle.batches.length)
  for (let index = 0; index < count; index += 1) {
    const expected = closed.batches[index]?.digest ?? ''
    const actual = bundle.batches[index]?.digest ?? ''
    if (expected !== actual) return { part: 'batches', index, field: 'digest', expected, actual }
  }
  return undefined
}

function comparePost(closed: ClosedEpoch, post: EpochPost): Difference | undefined {
  return compareFields('post', 0, closed.post, post)
}

function corruptBlock([name]: readonly string[]): Difference | undefined {
  if (name === undefined) return undefined
  return { part: 'block', index: 0, field: name, expected: 'bytes of this name', actual: 'other bytes' }
}

type Part = Difference['part']

/** The first field of `expected` or only of `actual` that is not the same as text. */
function compareFields(part: Part, index: number, expected: object, actual: object): Difference | undefined {
  const left = new Map(Object.entries(expected))
  const right = new Map(Object.entries(actual))
  // A line that one side lacks is a difference of its first field; facts of the bundle beyond `expected` are not compared.
  const fields = left.size > 0 ? left.keys() : right.keys()
  for (const field of fields) {
    const [one, other] = [textOf(left.get(field)), textOf(right.get(field))]
    if (one !== other) return { part, index, field, expected: one, actual: other }
  }
  return undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? `${value}` : ''
}
