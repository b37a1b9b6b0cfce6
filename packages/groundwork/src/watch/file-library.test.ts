/**
 * Goal: whichever byte of a saved bundle is changed, the audit of the file says that it differs or that it is no CAR of the
 * epoch; it never says that it agrees, nor that evidence is gone.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { closeBundle } from '@groundwork/core/epoch/close-bundle.ts'
import { closeEpoch } from '@groundwork/core/epoch/close-epoch.ts'
import { compareBundle, type BundleVerdict } from '@groundwork/core/epoch/compare-bundle.ts'
import { toyAudit, toyBatch, toyFacts, toyNetwork } from '@groundwork/core/epoch/toy-network.ts'
import { describeDifference } from './describe-difference.ts'
import { noHead } from './epoch-history.ts'
import { fileLibrary } from './file-library.ts'
import { CarMalformed } from './watch-errors.ts'

const audits = { [toyNetwork]: toyAudit }
const batches = [
  toyBatch({ signer: 1, quantities: [5n, 6n] }),
  toyBatch({ signer: 2, quantities: [7n] }),
  toyBatch({ signer: 3, quantities: [1n, 2n, 3n] }),
]
const closed = closeEpoch({
  network: toyNetwork,
  epoch: 1n,
  audits,
  batches,
  blocks: new Map(),
  facts: toyFacts,
  previousLeaves: [],
})
const { car, post } = closeBundle(closed, { previous: noHead, blocks: new Map() })

function audit(bytes: Uint8Array): BundleVerdict {
  const blocks = fileLibrary(bytes, { file: 'bundle.car', evidence: post.evidence })
  return compareBundle({ network: toyNetwork, post, blocks, audits, facts: toyFacts, previous: noHead })
}

test('the file as it was saved agrees', () => {
  assert.equal(audit(car).tag, 'agrees')
})

test('one changed byte is always noticed', () => {
  fc.assert(
    fc.property(fc.nat({ max: car.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const changed = Uint8Array.from(car)
      changed[at] = (changed[at] ?? 0) ^ change
      try {
        const verdict = audit(changed)
        assert.equal(verdict.tag, 'differs', `byte ${at}`)
      } catch (error) {
        assert.ok(error instanceof CarMalformed, String(error))
        assert.equal(error.code, 'GW_CAR_MALFORMED')
      }
    }),
    { numRuns: 120 },
  )
})

test('a changed byte of a batch names the first line that stood on it', () => {
  const changed = Uint8Array.from(car)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  const verdict = audit(changed)
  assert.ok(verdict.tag === 'differs')
  const { part, account, index } = describeDifference(verdict)
  assert.equal(part, 'lines')
  assert.equal(account, closed.lines[index]?.account)
})

test('a file that is cut short, empty or of another epoch is malformed, and says where', () => {
  assert.throws(() => audit(car.subarray(0, car.length - 1)), CarMalformed)
  assert.throws(() => audit(new Uint8Array()), CarMalformed)
  assert.throws(() => fileLibrary(car, { file: 'bundle.car', evidence: `0x${'99'.repeat(32)}` }), /its root is/)
})
