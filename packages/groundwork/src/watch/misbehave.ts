/**
 * Wrong posts on purpose, for demonstrations and tests: the content is wrong, everything that is hashed over it fits.
 *
 * So what has to notice is the audit and the judges, not a broken hash. Never used unless asked for by name.
 *
 * @module
 */

import { decodeBundleCar, encodeBundleCar } from '@groundwork/core/evidence/bundle-car.ts'
import { encodeBundle, type Bundle } from '@groundwork/core/evidence/bundle.ts'
import { laneOf, lineLeaf, type Line } from '@groundwork/core/evidence/line.ts'
import type { ClosedBundle } from '@groundwork/core/epoch/close-bundle.ts'
import { addLines, buildLeafTree } from '@groundwork/core/epoch/leaves.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { addLanes } from '@groundwork/core/merkle/lanes.ts'
import { buildSumTree } from '@groundwork/core/merkle/sum-tree.ts'
import { CID } from 'multiformats/cid'

/** overpay: the first rebate line has twice its quantity. drop-line: the first account earned nothing; its share goes to the others. */
export type Misbehaviour = 'overpay' | 'drop-line'

export const misbehaviours: readonly [Misbehaviour, ...Misbehaviour[]] = ['overpay', 'drop-line']

/** The bundle that a dishonest poster would post; the same one when it is to be honest. */
export function misbehave(closed: ClosedBundle, misbehaviour: Misbehaviour | undefined): ClosedBundle {
  if (misbehaviour === undefined) return closed
  return withLines(closed, misbehaviour === 'overpay' ? overpaid(closed.bundle) : dropped(closed.bundle))
}

function overpaid({ lines }: Bundle): Line[] {
  const index = lines.findIndex(({ kind }) => laneOf(kind) === 'rebate')
  return lines.map((line, at) => (at === index ? { ...line, quantity: 2n * line.quantity } : line))
}

/** Nothing else is wrong: the bootstrap is shared among those who are left, as it would be without that account. */
function dropped({ lines, allowanceAtto }: Bundle): Line[] {
  const left = lines.filter(({ account }) => account !== lines[0]?.account)
  const sharers = left.filter(({ kind }) => laneOf(kind) === 'bootstrap')
  return left.map((line) =>
    sharers.includes(line) ? { ...line, unitPriceAtto: allowanceAtto / BigInt(sharers.length) } : line,
  )
}

/** The same epoch with other lines: leaves, trees, totals, pages and names all follow from them. */
export function withLines(closed: ClosedBundle, lines: readonly Line[]): ClosedBundle {
  const { bundle, post } = closed
  const leaves = buildLeafTree(addLines(bundle.previousLeaves, lines), bundle.network)
  const lineTree = buildSumTree(
    lines.map((line) => {
      const node = lineLeaf(line, bundle)
      invariant(node !== undefined, 'the amount of a line is within its lane')
      return node
    }),
  )
  return withBundle(closed, {
    bundle: { ...bundle, lines },
    post: {
      ...post,
      root: leaves.root.hash,
      totals: addLanes(bundle.previous.totals, lineTree.root.sum),
      linesRoot: lineTree.root.hash,
      linesTotal: lineTree.root.sum,
      lineCount: lines.length,
    },
  })
}

/** Encodes a bundle anew and puts its name into the post; batches and details stay. */
export function withBundle(
  closed: ClosedBundle,
  { bundle, post }: { readonly bundle: Bundle; readonly post: ClosedBundle['post'] },
): ClosedBundle {
  const { evidence, root, pages } = encodeBundle(bundle)
  const decoded = decodeBundleCar(closed.car)
  invariant(decoded.tag === 'car', 'our own CAR is one')
  const old = new Set([closed.root, ...encodeBundle(closed.bundle).pages].map(({ cid }) => cid.toString()))
  const kept = [...decoded.car.blocks]
    .filter(([name]) => !old.has(name))
    .map(([name, bytes]) => ({ cid: CID.parse(name), bytes }))
  return {
    ...closed,
    bundle,
    root,
    car: encodeBundleCar({ root, blocks: [...pages, ...kept] }),
    post: { ...post, evidence },
  }
}
