/**
 * A random history of money, one operation after the other.
 *
 * @module
 */

import type { RefusalName } from '../../errors/money-errors.ts'
import { applyOperation } from '../ledger.ts'
import type { Ledger } from '../ledger/ledger-state.ts'
import type { Operation } from '../ledger/operation.ts'
import { moneyRules, type MoneyRules } from '../money-rules.ts'
import { simulatedActors, simulatedLedger, type Actors } from './actors.ts'
import type { Draw } from './draw.ts'
import { randomBuy, randomPost } from './random-money.ts'
import { randomElapsed, randomOperation, wholeScope, type Scope } from './random-operation.ts'

export interface Walk {
  readonly draw: Draw
  readonly operationCount: number
  readonly actors?: Actors
  readonly start?: Ledger
  readonly startSeconds?: bigint
  readonly rules?: MoneyRules
  readonly scope?: Scope
}

export interface Step {
  readonly before: Ledger
  readonly operation: Operation
  readonly atSeconds: bigint
  readonly after: Ledger
  readonly refusal: RefusalName | undefined
}

/** A walk begins with purchases, else most of it is about empty pockets. */
const firstBuyCount = 8

/** Sealing, posting and finalising an epoch takes a while, before and after the post. */
const postingSeconds = 400n

/** Most posts in a row: enough for a median of any poster set here. */
const postsInARowMax = 4

/**
 * Walks on from `start`. Before most operations the posters post a price, so that the feed is fresh; at times it is not.
 *
 * @returns each operation with the ledgers before and after it, refused ones too
 */
export function* randomWalk(walk: Walk): Generator<Step, void, undefined> {
  const { draw, operationCount, rules = moneyRules, scope = wholeScope, actors = simulatedActors } = walk
  let ledger = walk.start ?? simulatedLedger(actors)
  let atSeconds = walk.startSeconds ?? 1_800_000_000n
  const step = (operation: Operation): Step => {
    const { ledger: after, refusal } = applyOperation(ledger, operation, atSeconds, rules)
    const done: Step = { before: ledger, operation, atSeconds, after, refusal }
    ledger = after
    return done
  }
  for (let index = 0; index < operationCount; index += 1) {
    atSeconds += randomElapsed(draw)
    const ageSeconds = atSeconds - ledger.feed.computedAtSeconds
    const isOld = ageSeconds > ledger.parameters.feedFreshSeconds / 2n
    const postCount = isOld && draw(6) !== 0 ? postsInARowMax : draw(2)
    for (let posted = 0; posted < postCount; posted += 1) {
      yield step(randomPost({ ledger, actors, draw }, index + posted))
      atSeconds += BigInt(1 + draw(12))
    }
    const world = { ledger, actors, draw }
    const operation = index < firstBuyCount ? randomBuy(world) : randomOperation(world, scope)
    const pauseSeconds = operation.kind === 'finaliseEpoch' ? postingSeconds : 0n
    atSeconds += pauseSeconds
    yield step(operation)
    atSeconds += pauseSeconds
  }
}
