/**
 * One random history on a fresh chain and on the model, stopped at the first thing in which they differ.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { brokenLaws, brokenStepLaws } from '@groundwork/core/money/laws.ts'
import { moneyRules, type MoneyRules } from '@groundwork/core/money/money-rules.ts'
import { seededDraw } from '@groundwork/core/money/simulate/draw.ts'
import { randomWalk, type Step } from '@groundwork/core/money/simulate/random-walk.ts'
import { startMoneyChain } from './money-chain.ts'

export interface Trace {
  readonly seed: number
  /** without the price posts between them */
  readonly operationCount: number
  /** of the model: the law, unless the test wants to see that a difference is found */
  readonly rules?: MoneyRules
}

export interface Compared {
  readonly operationCount: number
  readonly refusalCount: number
  /** kinds of operations that went through */
  readonly kinds: ReadonlySet<string>
}

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, field: unknown) =>
    typeof field === 'bigint' ? `${field}n` : field instanceof Map ? [...field] : field,
  )

/** Plays the history. @throws AssertionError at the first difference, with the seed, the operation and both sides */
export async function comparedTrace({ seed, operationCount, rules = moneyRules }: Trace): Promise<Compared> {
  await using chain = await startMoneyChain()
  const kinds = new Set<string>()
  let count = 0
  let refusalCount = 0
  const walk = randomWalk({
    draw: seededDraw(seed),
    operationCount,
    actors: chain.actors,
    start: chain.start,
    rules,
    scope: { epochs: true, bonds: true, deposits: false },
  })
  for (const step of walk) {
    count += 1
    const where = (): string => `seed ${seed}, operation ${count}, at ${step.atSeconds}: ${shown(step.operation)}`
    const refusal = await chain.play(step)
    assert.equal(refusal, step.refusal, where())
    const wholeOnly = step.operation.kind === 'post' // a price moves no balance; the next operation compares all
    assert.deepEqual(await chain.differences(step.after, { wholeOnly }), [], where())
    assert.deepEqual(lawsBrokenBy(step), [], where())
    if (refusal === undefined) kinds.add(step.operation.kind)
    else refusalCount += 1
  }
  return { operationCount: count, refusalCount, kinds }
}

const lawsBrokenBy = (step: Step): readonly string[] => [...brokenLaws(step.after), ...brokenStepLaws(step)]
