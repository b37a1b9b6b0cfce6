/**
 * Fetching a bundle by the name that the chain has for it: its root, its pages, and if wanted its batches and their details.
 *
 * @module
 */

import { decodeBatch, type Batch } from '@groundwork/core/evidence/batch.ts'
import { cidOfDigest, decodeBlock } from '@groundwork/core/evidence/block.ts'
import { decodeBundle, pagesMax, type Bundle, type PreviousEpoch } from '@groundwork/core/evidence/bundle.ts'
import { addLines, buildLeafTree, isSorted, type Leaf } from '@groundwork/core/epoch/leaves.ts'
import { lineSum } from '@groundwork/core/evidence/line.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { CID } from 'multiformats/cid'
import type { Waiting } from './desks.ts'
import type { Library } from './library.ts'

/** Fetches the root block and its pages. */
export async function fetchPages(library: Library, evidence: Hex, { signal }: Waiting): Promise<void> {
  const root = cidOfDigest(evidence)
  await library.fetch([root], { signal })
  const bytes = library.get(root.toString())
  await library.fetch(linksIn(bytes), { signal })
}

/** Fetches all of a bundle: what an audit of it reads. */
export async function fetchBundle(library: Library, evidence: Hex, { signal }: Waiting): Promise<void> {
  await fetchPages(library, evidence, { signal })
  const decoded = decodeBundle(evidence, library)
  if (decoded.tag !== 'bundle') return
  const cids = decoded.bundle.batches.map(({ cid }) => cid)
  await library.fetch(cids, { signal })
  const details = batchesOf(decoded.bundle, library).flatMap((batch) => batch?.details ?? [])
  await library.fetch(details, { signal })
}

/** The batches of a bundle in its order; undefined where one is not there or is none. */
export function batchesOf(bundle: Bundle, library: Pick<Library, 'get'>): (Batch | undefined)[] {
  return bundle.batches.map(({ cid }) => {
    const bytes = library.get(cid.toString())
    return bytes === undefined ? undefined : decodeBatch(bytes)
  })
}

/** The links in the lists of a root block: its pages. */
export function linksIn(root: Uint8Array | undefined): CID[] {
  const value = root === undefined ? undefined : decodeBlock(root)
  if (typeof value !== 'object' || value === null) return []
  const lists = Object.values(value).filter((item) => Array.isArray(item)) as unknown[][]
  return lists.flatMap((list) => list.slice(0, pagesMax).flatMap((item) => CID.asCID(item) ?? []))
}

/**
 * The cumulative leaves of a finalised epoch, from its bundle.
 *
 * @returns undefined when the bundle is not to be had, or does not give the root that was finalised
 */
export async function fetchLeaves(
  library: Library,
  head: PreviousEpoch,
  network: number,
  { signal }: Waiting,
): Promise<readonly Leaf[] | undefined> {
  if (head.next === 0n) return []
  await fetchPages(library, head.evidence, { signal })
  const decoded = decodeBundle(head.evidence, library)
  if (decoded.tag !== 'bundle' || !isSorted(decoded.bundle.previousLeaves)) return undefined
  const { previousLeaves, lines } = decoded.bundle
  if (lines.some((line) => lineSum(line) === undefined)) return undefined
  const leaves = addLines(previousLeaves, lines)
  const { root } = buildLeafTree(leaves, network)
  return root.hash === head.root && root.sum === head.totals ? leaves : undefined
}
