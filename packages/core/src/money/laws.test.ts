/**
 * The twelve laws of money, over random histories of the model; and for each law a broken rule that it notices.
 *
 * Goal: no order of operations, prices, pauses, verdicts of hostile judges or wrong roots breaks a law; and none of the
 * checks is empty, because a ledger with one formula changed fails the law that the formula is there for.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyOperation } from './ledger.ts'
import { earnedOf, flowsOf, headOf, quoteNow, walletOf, withEntry, type Ledger } from './ledger/ledger-state.ts'
import type { Operation } from './ledger/operation.ts'
import { brokenLaws, brokenStepLaws, isCoalitionBounded } from './laws.ts'
import { moneyRules, type MoneyRules } from './money-rules.ts'
import { ceilDiv } from './pocket.ts'
import { simulatedActors, simulatedLedger, simulatedParameters } from './simulate/actors.ts'
import { listedDraw, seededDraw } from './simulate/draw.ts'
import { randomWalk, type Step } from './simulate/random-walk.ts'
import { dueAt } from './stream.ts'

const lawsBrokenBy = (step: Step): readonly string[] => [...brokenLaws(step.after), ...brokenStepLaws(step)]

interface Search {
  readonly seeds: readonly number[]
  readonly operationCount: number
  readonly start: Ledger
}

/** Walks until a law breaks. @returns the numbers of the laws that broke first */
function firstBroken(rules: MoneyRules, { seeds, operationCount, start }: Search): readonly number[] {
  for (const seed of seeds) {
    for (const step of randomWalk({ draw: seededDraw(seed), operationCount, rules, start })) {
      const broken = lawsBrokenBy(step)
      if (broken.length > 0) return broken.map((sentence) => Number(/^law (\d+)/.exec(sentence)?.[1]))
    }
  }
  return []
}
const seedsFrom = (first: number, count: number): number[] => Array.from({ length: count }, (_, index) => first + index)

test('no random history breaks a law', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 200, maxLength: 2_000, size: 'max' }), (numbers) => {
      const draw = listedDraw(numbers)
      for (const step of randomWalk({ draw, operationCount: Math.ceil(numbers.length / 10) })) {
        assert.deepEqual(lawsBrokenBy(step), [], `after ${step.operation.kind}`)
      }
    }),
    { numRuns: 40 },
  )
})

test('no seeded history of 400 operations breaks a law', () => {
  assert.deepEqual(
    firstBroken(moneyRules, { seeds: seedsFrom(7_001, 12), operationCount: 400, start: simulatedLedger() }),
    [],
  )
})

test('law 10 holds for every set of accounts, not for single ones only', () => {
  fc.assert(
    fc.property(fc.nat(), fc.subarray([...simulatedActors.accounts], { minLength: 1 }), (seed, coalition) => {
      for (const { after } of randomWalk({ draw: seededDraw(seed), operationCount: 80 })) {
        assert.ok(isCoalitionBounded(after, coalition))
      }
    }),
    { numRuns: 25 },
  )
})

/** Law 11: what may refuse a way out. Each is the caller's own doing or a deadline; only the breaker puts off. */
const waysOut: Readonly<Record<string, readonly string[]>> = {
  settle: ['NoSuchRail'],
  settleMany: [],
  redeem: ['NoSuchRail', 'BadSignature'],
  redeemMany: [],
  finish: ['NoSuchRail', 'NotYet', 'PayIsHeld'],
  finishAllotment: ['NoSuchRail', 'NotYet'],
  accept: ['NoSuchRail', 'NotParty'],
  decline: ['NoSuchRail', 'NotParty'],
  finishEscrow: ['NoSuchRail', 'NotYet'],
  convert: ['NotEnoughCredits', 'TooLittleOut', 'BreakerOpen'],
  convertFor: ['NotEnoughCredits', 'TooLittleOut', 'BreakerOpen', 'DeadlinePassed', 'BadSignature'],
  claim: ['BadProof', 'BreakerOpen'],
  release: ['NotJudge'],
  fault: ['NotJudge'],
  thaw: ['NoSuchLock', 'NotKeeper'],
  unlock: ['NoSuchLock', 'NotKeeper'],
  releaseThawed: ['NoSuchLock', 'StillThawing'],
  withdraw: ['NotEnoughFree'],
  payDeposit: ['NoSuchLock'],
  returnDeposit: ['NoSuchLock'],
}

test('law 11: a way out is refused for nothing but a wrong caller, amount, deadline or least amount', () => {
  const seen = new Set<string>()
  for (const seed of seedsFrom(8_001, 30)) {
    for (const { operation, refusal } of randomWalk({ draw: seededDraw(seed), operationCount: 200 })) {
      const allowed = waysOut[operation.kind]
      if (allowed === undefined) continue
      if (refusal === undefined) seen.add(operation.kind)
      else assert.ok(allowed.includes(refusal), `${operation.kind} was refused with ${refusal}`)
    }
  }
  assert.deepEqual(
    Object.keys(waysOut).filter((kind) => !seen.has(kind)),
    [],
    'every way out was walked',
  )
})

test('law 11: paused and with a dead feed, everything can still be brought home', () => {
  for (const seed of seedsFrom(9_001, 12)) {
    let ledger = lastOf(seed, 120)
    const guardian = ledger.parameters.guardian
    const run = (operation: Operation, atSeconds: bigint): string | undefined => {
      const outcome = applyOperation(ledger, operation, atSeconds)
      ledger = outcome.ledger
      return outcome.refusal
    }
    let now = ledger.nowSeconds + 40n * 86_400n
    run({ kind: 'pause', by: guardian, seconds: 604_800n }, now)
    assert.equal(quoteNow(ledger).fresh, false)
    const [someone = guardian] = simulatedActors.accounts
    now += 1n
    for (const [id, { payer }] of ledger.streams) {
      run({ kind: 'notice', by: payer, id }, now)
      assert.equal(run({ kind: 'settle', by: someone, id }, now), undefined)
    }
    for (const key of ledger.allotments.keys()) {
      const [payer = guardian, payee = guardian] = key.split(':') as (typeof guardian)[]
      run({ kind: 'noticeAllotment', by: payer, payer, payee }, now)
    }
    now += 40n * 86_400n
    for (const id of ledger.streams.keys()) assert.equal(run({ kind: 'finish', by: someone, id }, now), undefined)
    for (const key of ledger.allotments.keys()) {
      const [payer = guardian, payee = guardian] = key.split(':') as (typeof guardian)[]
      assert.ok([undefined, 'NoSuchRail'].includes(run({ kind: 'finishAllotment', by: someone, payer, payee }, now)))
    }
    for (const id of ledger.escrows.keys())
      assert.ok([undefined, 'NoSuchRail'].includes(run({ kind: 'finishEscrow', by: someone, id }, now)))
    assert.deepEqual(
      [ledger.streams.size, [...ledger.escrows.values()].filter(({ state }) => state !== 'ended').length],
      [0, 0],
    )
    for (const account of simulatedActors.accounts) {
      for (let window = 0; earnedOf(ledger, account).credits > 0n; window += 1) {
        assert.ok(window < 1_000, 'the breaker only puts off')
        now += ledger.parameters.breakerWindowSeconds
        for (let { credits } = earnedOf(ledger, account); ; credits = ceilDiv(credits, 2n)) {
          const refusal = run({ kind: 'convert', by: account, credits, minOutAtto: 0n }, now)
          if (refusal === undefined) break
          assert.equal(refusal, 'BreakerOpen')
          assert.ok(credits > 1n, 'one credit fits into an empty window')
        }
      }
    }
    assert.deepEqual(brokenLaws(ledger), [])
  }
})

function lastOf(seed: number, operationCount: number): Ledger {
  let last = simulatedLedger()
  for (const { after } of randomWalk({ draw: seededDraw(seed), operationCount })) last = after
  return last
}

const least = (left: bigint, right: bigint): bigint => (left < right ? left : right)

/** Each broken formula, and the laws of which at least one must notice. */
const mutants: readonly {
  readonly name: string
  readonly laws: readonly number[]
  readonly rules: Partial<MoneyRules>
}[] = [
  {
    name: 'a convert mints what the credits are worth, whatever was burned for them',
    laws: [4, 5, 6, 10],
    rules: { mintedFor: ({ credits }, highUsd8) => (credits * 10n ** 21n) / highUsd8 },
  },
  {
    name: 'a convert keeps no fee of the lineage',
    laws: [4, 10],
    rules: { mintedFor: ({ workAtto }) => workAtto },
  },
  {
    name: 'the limit of the rebate is the whole of what was retired',
    laws: [5, 10],
    rules: { limitRaisedBy: (retiredAtto) => retiredAtto },
  },
  {
    name: 'the limit of the rebate counts for each network anew',
    laws: [5, 10],
    rules: {
      rebatePays: ({ leafAtto, gotAtto, limitAtto }) =>
        leafAtto > gotAtto ? least(leafAtto, limitAtto) - gotAtto : 0n,
    },
  },
  {
    name: 'moving no credits out of an empty pocket takes its cover along twice',
    laws: [3, 10],
    rules: {
      shareOf: (pocket, credits, rounding) =>
        credits === 0n ? pocket.workAtto + 1n : moneyRules.shareOf(pocket, credits, rounding),
    },
  },
  {
    name: 'a move into a rail needs no cover, and takes its WORK rounded down',
    laws: [7],
    rules: {
      coverToBurn: () => 0n,
      shareOf: (pocket, credits) =>
        credits === pocket.credits ? pocket.workAtto : (pocket.workAtto * credits) / pocket.credits,
    },
  },
  {
    name: 'a stream is opened with what its payer likes',
    laws: [12],
    rules: { requireFunded: (stream) => stream },
  },
  {
    name: 'a stream pays for time that has not passed',
    laws: [8, 12],
    rules: { payableAt: (stream) => stream.credits },
  },
  {
    name: 'fault seconds of a finished segment are forgotten, and the segment is earned in full',
    laws: [12],
    rules: {
      withSegment: (stream, next) => ({
        ...moneyRules.withSegment(stream, next),
        accruedNano: dueAt(stream, stream.end) * 2n * 10n ** 9n,
      }),
    },
  },
  {
    name: 'a fault takes more than its lock',
    laws: [1, 9],
    rules: {
      slashStake: (stake, amountAtto) => ({
        totalAtto: stake.totalAtto - amountAtto - 1n,
        lockedAtto: stake.lockedAtto - amountAtto,
      }),
    },
  },
]

for (const { name, laws, rules } of mutants) {
  test(`a law notices when ${name}`, () => {
    const search = { seeds: seedsFrom(1, 40), operationCount: 220, start: simulatedLedger() }
    const noticed = firstBroken({ ...moneyRules, ...rules }, search)
    assert.ok(
      noticed.some((law) => laws.includes(law)),
      `noticed by ${noticed.join(', ') || 'none'}, expected one of ${laws.join(', ')}`,
    )
  })
}

test('laws 1 and 6 notice a bootstrap without a schedule', () => {
  const start = simulatedLedger(simulatedActors, { ...simulatedParameters, claimPerWindowAtto: 10n ** 24n })
  const [account = start.parameters.guardian] = simulatedActors.accounts
  const leaf = { rebateAtto: 0n, bootstrapAtto: start.parameters.bootstrapMaxAtto + 1n }
  const finalise: Operation = {
    kind: 'finaliseEpoch',
    by: account,
    network: 1n,
    epoch: 0n,
    leaves: new Map([[account, leaf]]),
    totals: leaf,
  }
  assert.equal(applyOperation(start, finalise, 1n).refusal, 'OverAllowance')

  const rules: MoneyRules = { ...moneyRules, bootstrapAllowance: ({ bootstrapMaxAtto }) => 2n * bootstrapMaxAtto }
  const { ledger } = applyOperation(start, finalise, 1n, rules)
  const claimed = applyOperation(
    ledger,
    { kind: 'claim', by: account, network: 1n, account, ...leaf },
    2n,
    rules,
  ).ledger
  assert.deepEqual(
    brokenLaws(claimed).map((sentence) => sentence.slice(0, 5)),
    ['law 1', 'law 6'],
  )
})

test('laws 1, 2 and 3 notice money out of nothing', () => {
  const ledger = lastOf(5, 60)
  const [account = ledger.parameters.guardian] = simulatedActors.accounts
  const richer = (change: Partial<Ledger>): readonly string[] =>
    brokenLaws({ ...ledger, ...change }).map((sentence) => sentence.slice(0, 5))
  assert.deepEqual(brokenLaws(ledger), [])
  assert.ok(richer({ wallets: withEntry(ledger.wallets, account, walletOf(ledger, account) + 1n) }).includes('law 1'))
  const pocket = earnedOf(ledger, account)
  assert.ok(
    richer({ earned: withEntry(ledger.earned, account, { ...pocket, credits: pocket.credits + 1n }) }).includes(
      'law 2',
    ),
  )
  assert.ok(
    richer({ earned: withEntry(ledger.earned, account, { ...pocket, workAtto: pocket.workAtto + 1n }) }).includes(
      'law 3',
    ),
  )
})

test('a network never pays more than its last finalised totals, whatever its leaves say', () => {
  let claims = 0
  for (const seed of seedsFrom(60, 30)) {
    for (const { operation, before, after, refusal } of randomWalk({ draw: seededDraw(seed), operationCount: 150 })) {
      if (operation.kind !== 'claim' || refusal !== undefined) continue
      if (walletOf(after, operation.account) > walletOf(before, operation.account)) claims += 1
      const { claimed, totals } = headOf(after, operation.network)
      assert.ok(claimed.rebateAtto <= totals.rebateAtto && claimed.bootstrapAtto <= totals.bootstrapAtto)
      assert.ok(flowsOf(after, operation.account).rebatesAtto <= flowsOf(after, operation.account).limitAtto)
    }
  }
  assert.ok(claims > 20, `${claims} claims paid something`)
})
