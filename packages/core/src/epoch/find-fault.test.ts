/**
 * Goal: each kind of wrong post is shown by the challenge of its kind, whose paths stand under the posted roots; an honest
 * post has none, and what the poster hides is called hidden.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineLeaf } from '../evidence/line.ts'
import { isUnder } from '../merkle/sum-path.ts'
import type { Hex } from '../units/hex.ts'
import type { LineAt } from './challenge.ts'
import { findFault, type ChallengeFacts, type FoundFault } from './find-fault.ts'
import type { EpochPost } from './post.ts'
import {
  editLine,
  toyBatches,
  toyChallengeFacts,
  toyClose,
  toyClosed,
  toyWrongPosts,
  wrongPost,
  type Wrong,
} from './toy-wrong-posts.ts'

function nameOf(found: FoundFault): string {
  if (found.tag === 'fault') return found.challenge.functionName
  return found.tag === 'hidden' ? `hidden ${found.tree}` : found.tag
}

function find(wrong: Wrong, facts: ChallengeFacts = toyChallengeFacts): string {
  return nameOf(findFault(wrongPost(wrong), toyClosed, facts))
}

/** Every line that is shown stands under the posted root. */
function assertShown(shown: unknown, post: EpochPost): void {
  if (typeof shown !== 'object' || shown === null) return
  if ('line' in shown && 'path' in shown) {
    const { line, path } = shown as LineAt
    const entries = Array.from({ length: line.entryCount }, () => ({ batchDigest: line.entriesRoot, index: 0 }))
    const node = lineLeaf({ ...line, entries }, line)
    assert.ok(node && isUnder({ hash: post.linesRoot, sum: post.linesTotal }, node, path))
  }
  for (const inner of Object.values(shown)) assertShown(inner, post)
}

test('an honest post has no fault, whichever batches it is about', () => {
  assert.equal(find({}), 'none')
  for (const batches of [[], toyBatches.slice(0, 1), toyBatches.slice(1)]) {
    const closed = toyClose(batches)
    assert.equal(
      nameOf(findFault(wrongPost({ lines: closed.lines, batches: closed.batches }), closed, toyChallengeFacts)),
      'none',
    )
  }
})

for (const { name, posted, closed, facts, expected } of toyWrongPosts()) {
  test(`${name}: ${expected}`, () => {
    const found = findFault(posted, closed, facts)
    assert.equal(nameOf(found), expected)
    if (found.tag === 'fault') assertShown(found.challenge.args, posted.post)
  })
}

test('a batch that was not vouched for may be left out', () => {
  const { lines, batches } = toyClose(toyBatches.slice(1))
  assert.equal(find({ lines, batches }), 'none')
})

test('what the poster does not show is hidden', () => {
  const other: Hex = `0x${'cd'.repeat(32)}`
  assert.equal(find({ post: { linesRoot: other } }), 'hidden lines')
  assert.equal(find({ post: { batchesRoot: other } }), 'hidden batches')
  assert.equal(find({ post: { root: other } }), 'hidden leaves')
  assert.equal(
    find({ lines: editLine(0, (line) => ({ ...line, entriesRoot: other })) }, { vouched: new Set() }),
    'hidden entries',
  )
  const posted = wrongPost({})
  const lines = posted.bundle.lines.map((line) => ({ ...line, quantity: 2n ** 127n, unitPriceAtto: 2n ** 127n }))
  assert.equal(
    nameOf(findFault({ ...posted, bundle: { ...posted.bundle, lines } }, toyClosed, toyChallengeFacts)),
    'hidden lines',
  )
})
