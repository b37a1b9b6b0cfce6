/**
 * Goal: a wrong post made on purpose is wrong in its content only: whatever is hashed over it fits, and the judge's fault is
 * the one it was made for.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBundleCar } from '@groundwork/core/evidence/bundle-car.ts'
import type { ClosedBundle } from '@groundwork/core/epoch/close-bundle.ts'
import { closeEpoch } from '@groundwork/core/epoch/close-epoch.ts'
import { compareBundle } from '@groundwork/core/epoch/compare-bundle.ts'
import { findFault } from '@groundwork/core/epoch/find-fault.ts'
import { toyAudit, toyFacts, toyNetwork, toyPriceAtto } from '@groundwork/core/epoch/toy-network.ts'
import { addLanes } from '@groundwork/core/merkle/lanes.ts'
import { batchesOf } from './fetch-bundle.ts'
import { misbehave } from './misbehave.ts'
import { genesis, honestBundle } from './simulated-desks.ts'

const honest = honestBundle(genesis, 0n)?.bundle ?? assert.fail()
const facts = { ...toyFacts, closeBlock: honest.bundle.closeBlock, sealedHash: honest.bundle.sealedHash }
const audits = { [toyNetwork]: toyAudit }

function audited(closed: ClosedBundle): { difference: unknown; fault: string } {
  const decoded = decodeBundleCar(closed.car)
  assert.ok(decoded.tag === 'car' && decoded.car.corrupt.length === 0)
  const { blocks } = decoded.car
  const { post } = closed
  const verdict = compareBundle({ network: toyNetwork, post, blocks, audits, facts, previous: closed.bundle.previous })
  assert.ok(verdict.tag === 'differs' && verdict.closed !== undefined && verdict.bundle !== undefined)
  const batches = batchesOf(verdict.bundle, { get: (name) => blocks.get(name) }).flatMap((batch) => batch ?? [])
  const judgedPrice = { kind: 1, unitPriceAtto: toyPriceAtto }
  const found = findFault({ network: toyNetwork, post, bundle: verdict.bundle, batches }, verdict.closed, {
    vouched: new Set(),
    judgedPrice,
  })
  return { difference: verdict.difference, fault: found.tag === 'fault' ? found.challenge.functionName : found.tag }
}

test('an honest bundle is left as it is', () => {
  assert.equal(misbehave(honest, undefined), honest)
})

test('an overpaid line is shown by its entries', () => {
  const { difference, fault } = audited(misbehave(honest, 'overpay'))
  assert.equal(fault, 'challengeLine')
  assert.deepEqual(difference, { part: 'lines', index: 0, field: 'quantity', expected: '5', actual: '10' })
})

test('a dropped account is shown by its entry that nobody is paid for', () => {
  const { fault } = audited(misbehave(honest, 'drop-line'))
  assert.equal(fault, 'challengeDropped')
})

test('totals stay the head’s and the lines’, so that the contract takes the post', () => {
  for (const how of ['overpay', 'drop-line'] as const) {
    const { post, bundle } = misbehave(honest, how)
    assert.equal(post.totals, addLanes(bundle.previous.totals, post.linesTotal))
    assert.equal(post.lineCount, bundle.lines.length)
    assert.notEqual(post.root, honest.post.root)
  }
})

test('what is compared with is the honest epoch', () => {
  const closed = closeEpoch({
    network: toyNetwork,
    epoch: 0n,
    audits,
    batches: [],
    blocks: new Map(),
    facts,
    previousLeaves: [],
  })
  assert.equal(closed.lines.length, 0)
  assert.ok(honest.bundle.lines.length > 0)
})
