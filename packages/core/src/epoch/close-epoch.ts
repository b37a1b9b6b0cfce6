/**
 * Closing an epoch: from batches and facts to lines, leaves, trees and what is posted. One pure call.
 *
 * The order of the batches given does not matter. A batch counts when its header is of this network and not too old, its
 * signature and entries fit, the chain does not exclude it, and the network's audit does not refuse it; a batch with one
 * bad entry does not count at all. docs/protocol/epochs.md#close
 *
 * @module
 */

import { AuditMissing } from '../errors/epoch-errors.ts'
import { invariant } from '../invariant.ts'
import { batchDetailsMax, verifyBatch, type Batch, type VerifiedBatch } from '../evidence/batch.ts'
import { batchLeaf } from '../evidence/batch-header.ts'
import type { BlockSource } from '../evidence/block.ts'
import { comparePlaces, usedLeaf, type EntryPlace } from '../evidence/entry.ts'
import { accountLinesMax, compareLines, laneOf, lineEntriesMax, lineLeaf, type Line } from '../evidence/line.ts'
import { lanesOf } from '../merkle/lanes.ts'
import { buildSumTree, type SumTree } from '../merkle/sum-tree.ts'
import type { Hex } from '../units/hex.ts'
import type { Audits, EpochFacts, LineDraft, RefusedBatch } from './audit.ts'
import { addLines, buildLeafTree, type Leaf } from './leaves.ts'
import type { EpochPost } from './post.ts'

export interface CloseInput {
  readonly network: number
  readonly epoch: bigint
  readonly audits: Audits
  /** every batch that anyone knows, in any order, also bad ones */
  readonly batches: readonly Batch[]
  /** blocks that the batches link to; each is what its name says */
  readonly blocks: BlockSource
  readonly facts: EpochFacts
  /** cumulative leaves of the head, sorted by account */
  readonly previousLeaves: readonly Leaf[]
}

/** The trees of an epoch. */
export interface EpochTrees {
  readonly leaves: SumTree
  readonly lines: SumTree
  readonly batches: SumTree
}

/** A closed epoch. */
export interface ClosedEpoch {
  readonly network: number
  readonly epoch: bigint
  readonly facts: EpochFacts
  /** sorted */
  readonly lines: readonly Line[]
  readonly previousLeaves: readonly Leaf[]
  /** cumulative, sorted by account */
  readonly leaves: readonly Leaf[]
  /** those that count, sorted by digest */
  readonly batches: readonly VerifiedBatch[]
  /** those that do not, sorted by digest */
  readonly refusedBatches: readonly RefusedBatch[]
  readonly trees: EpochTrees
  /** all of EpochPost but the evidence, which is known when the bundle is encoded */
  readonly post: Omit<EpochPost, 'evidence'>
}

/**
 * @throws AuditMissing when `audits` has none for the network
 * @throws LaneOverflow when an account or a total would pass 2^128 - 1 atto-WORK
 */
export function closeEpoch(input: CloseInput): ClosedEpoch {
  const { network, epoch, audits, blocks, facts, previousLeaves } = input
  const audit = audits[network]
  if (audit === undefined) throw new AuditMissing({ network, known: Object.keys(audits).map(Number) })

  const { admitted, refused } = admit(input)
  const result = audit({ network, epoch, batches: admitted, blocks, facts })
  const refusedDigests = new Set(result.refusedBatches.map(({ digest }) => digest))
  const batches = admitted.filter(({ digest }) => !refusedDigests.has(digest))
  const lines = finishLines(result.lines, batches)
  const leaves = addLines(previousLeaves, lines)
  const trees = buildTrees({ network, epoch, batches, lines, leaves })
  invariant(lanesOf(trees.lines.root.sum).low <= facts.allowanceAtto, 'the bootstrap lane stays within the allowance')
  return {
    network,
    epoch,
    facts,
    lines,
    previousLeaves,
    leaves,
    batches,
    refusedBatches: [...refused, ...result.refusedBatches].toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
    trees,
    post: {
      epoch,
      root: trees.leaves.root.hash,
      totals: trees.leaves.root.sum,
      linesRoot: trees.lines.root.hash,
      linesTotal: trees.lines.root.sum,
      lineCount: lines.length,
      batchesRoot: trees.batches.root.hash,
      batchCount: batches.length,
      rules: facts.rules,
    },
  }
}

export interface TreesInput {
  readonly network: number
  readonly epoch: bigint
  readonly batches: readonly { readonly digest: Hex; readonly signature: Hex }[]
  readonly lines: readonly Line[]
  readonly leaves: readonly Leaf[]
}

/** The three trees over lists that are sorted. */
export function buildTrees({ network, epoch, batches, lines, leaves }: TreesInput): EpochTrees {
  const lineNodes = lines.map((line) => {
    const node = lineLeaf(line, { network, epoch })
    invariant(node !== undefined, 'the amount of a line is within its lane')
    return node
  })
  return {
    leaves: buildLeafTree(leaves, network),
    lines: buildSumTree(lineNodes),
    batches: buildSumTree(batches.map(batchLeaf)),
  }
}

/** Splits what is given into batches that the audit sees and batches refused before it; each digest once. */
function admit({ network, epoch, batches, blocks, facts }: CloseInput): {
  admitted: readonly VerifiedBatch[]
  refused: readonly RefusedBatch[]
} {
  const variantsOf = new Map<Hex, VerifiedBatch[]>()
  const refused = new Map<Hex, RefusedBatch>()
  for (const batch of batches) {
    const verdict = verifyBatch(batch, { domain: facts.domain, network, epoch })
    const digest = verdict.tag === 'verified' ? verdict.batch.digest : verdict.digest
    const excludedBy = facts.excluded.get(digest)
    if (excludedBy !== undefined) refused.set(digest, { digest, reason: excludedBy })
    else if (verdict.tag === 'verified') variantsOf.set(digest, [...(variantsOf.get(digest) ?? []), verdict.batch])
    else if (isFirstReason(verdict.reason, refused.get(digest))) refused.set(digest, verdict)
  }
  const admitted = [...variantsOf.values()].flatMap((variants) => mergeVariants(variants, blocks))
  const bad = [...refused.values()].filter(({ digest }) => !variantsOf.has(digest))
  return {
    admitted: admitted.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
    refused: bad.map(({ digest, reason }) => ({ digest, reason })),
  }
}

/**
 * One digest may come with several good signatures, and with other details, for details are not signed. Nobody may spoil
 * a batch by sending it on with wrong links: details are a set, and the one that counts is all of them that are there.
 */
function mergeVariants(variants: readonly VerifiedBatch[], blocks: BlockSource): VerifiedBatch[] {
  const [first] = variants.toSorted((a, b) => (a.signature < b.signature ? -1 : 1))
  if (first === undefined || variants.length === 1) return [...variants]
  const links = new Map(variants.flatMap(({ details }) => details.map((cid) => [cid.toString(), cid] as const)))
  const details = [...links]
    .filter(([name]) => blocks.get(name) !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, batchDetailsMax)
    .map(([, cid]) => cid)
  return [{ ...first, details }]
}

function isFirstReason(reason: string, other: RefusedBatch | undefined): boolean {
  return other === undefined || reason < other.reason
}

/** Hashes and sorts the audit's lines, and checks that it kept the rules that contracts judge. */
function finishLines(drafts: readonly LineDraft[], batches: readonly VerifiedBatch[]): Line[] {
  const batchOf = new Map(batches.map((batch) => [batch.digest, batch]))
  const lines = drafts.map((draft) => finishLine(draft, batchOf)).toSorted(compareLines)
  assertUsedOnce(lines, batches)
  const countOf = new Map<string, number>()
  for (const { account, kind } of lines) {
    const count = (countOf.get(`${account} ${kind}`) ?? 0) + 1
    invariant(count <= accountLinesMax, 'an account has at most accountLinesMax lines of one kind')
    countOf.set(`${account} ${kind}`, count)
  }
  return lines
}

function finishLine(draft: LineDraft, batchOf: ReadonlyMap<Hex, VerifiedBatch>): Line {
  const { account, kind, quantity, unitPriceAtto } = draft
  invariant(kind >= 1 && kind <= 255 && draft.lane === laneOf(kind), 'the lane of a line follows from its kind')
  const countMax = draft.lane === 'rebate' ? lineEntriesMax : 1
  invariant(draft.entries.length >= 1 && draft.entries.length <= countMax, 'a line has its number of entries')
  const entries = draft.entries.toSorted(comparePlaces)
  const tree = usedTree(entries, batchOf)
  invariant(draft.lane !== 'rebate' || tree.root.sum === quantity, 'a rebate line has the quantity of its entries')
  return { account, kind, quantity, unitPriceAtto, entriesRoot: tree.root.hash, entries }
}

/**
 * The tree over the entries that a line uses.
 *
 * @param places in batches that are known
 */
export function usedTree(places: readonly EntryPlace[], batchOf: ReadonlyMap<Hex, VerifiedBatch>): SumTree {
  return buildSumTree(
    places.map((place) => {
      const entry = batchOf.get(place.batchDigest)?.entries[place.index]
      invariant(entry !== undefined, 'a line uses entries of batches that count')
      return usedLeaf(place, entry)
    }),
  )
}

/** No entry twice in lines of one kind, and none of a batch that counts left out of the lines of its kind. */
function assertUsedOnce(lines: readonly Line[], batches: readonly VerifiedBatch[]): void {
  const used = new Set<string>()
  for (const { kind, entries } of lines) {
    for (const { batchDigest, index } of entries) {
      const key = `${kind} ${batchDigest} ${index}`
      invariant(!used.has(key), 'an entry is used once by lines of one kind')
      used.add(key)
    }
  }
  for (const { digest, entries } of batches) {
    const isPaid = entries.every(({ kind }, index) => used.has(`${kind} ${digest} ${index}`))
    invariant(isPaid, 'every entry of a batch that counts is in a line of its kind')
  }
}
