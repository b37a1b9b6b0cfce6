/**
 * The money contracts against the TypeScript model: the same random history on both, compared after each operation.
 *
 * Goal: every balance, pocket, stream field, limit and lock, and the name of every refusal, is the same in both. Longer
 * histories run in money-traces.long.test.ts.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { moneyRules, type MoneyRules } from '@groundwork/core/money/money-rules.ts'
import { dueAt } from '@groundwork/core/money/stream.ts'
import { comparedTrace } from './money-trace.ts'

for (const seed of [11, 12]) {
  test(`the contracts and the model agree on every number of random history ${seed}`, async () => {
    const { operationCount, refusalCount, kinds } = await comparedTrace({ seed, operationCount: 90 })
    assert.ok(operationCount - refusalCount > 60, `most of ${operationCount} operations went through`)
    assert.ok(refusalCount > 10, 'some were refused, so that refusals were compared too')
    assert.ok(kinds.size >= 15, `only ${[...kinds].join(', ')} went through`)
  })
}

const brokenRules: readonly { readonly name: string; readonly rules: Partial<MoneyRules> }[] = [
  {
    name: 'rounds the WORK of a payment up',
    rules: { shareOf: (pocket, credits) => moneyRules.shareOf(pocket, credits, 'up') },
  },
  {
    name: 'pays held seconds at once',
    rules: {
      payableAt: (stream, nowSeconds) =>
        dueAt(stream, nowSeconds) > stream.paid ? dueAt(stream, nowSeconds) - stream.paid : 0n,
    },
  },
  {
    name: 'raises the limit by one atto too much',
    rules: { limitRaisedBy: (retiredAtto) => moneyRules.limitRaisedBy(retiredAtto) + 1n },
  },
]

for (const { name, rules } of brokenRules) {
  test(`the comparison notices a model that ${name}`, async () => {
    await assert.rejects(
      comparedTrace({ seed: 12, operationCount: 90, rules: { ...moneyRules, ...rules } }),
      assert.AssertionError,
    )
  })
}
