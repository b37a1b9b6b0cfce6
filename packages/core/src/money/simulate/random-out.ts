/**
 * Random converts and fees.
 *
 * @module
 */

import type { Hex } from '../../units/hex.ts'
import { boughtOf, earnedOf } from '../ledger/ledger-state.ts'
import type { RailsOperation } from '../ledger/operation.ts'
import { amountUpTo, oneOf } from './draw.ts'
import { type World, type Maker, anyone, mostly, type Weighted } from './world.ts'

/** Of those who earned something, where there are any. */
const someEarner = (world: World): Hex => {
  const earners = world.actors.accounts.filter((account) => earnedOf(world.ledger, account).credits > 0n)
  return earners.length === 0 ? anyone(world) : oneOf(world.draw, earners)
}

export const convert: Maker<RailsOperation> = (world) => {
  const account = someEarner(world)
  const credits = amountUpTo(world.draw, earnedOf(world.ledger, account).credits)
  const minOutAtto = world.draw(8) === 0 ? amountUpTo(world.draw, credits * 10n ** 13n) : 0n
  if (world.draw(3) !== 0) return { kind: 'convert', by: account, credits, minOutAtto }
  return {
    kind: 'convertFor',
    by: anyone(world),
    account,
    credits,
    minOutAtto,
    deadline: world.ledger.nowSeconds + BigInt(world.draw(100_000)),
    signedBy: mostly(world, account),
  }
}

export const payFee: Maker<RailsOperation> = (world) => {
  const by = anyone(world)
  const fromEarned = world.draw(2) === 0
  const pocket = fromEarned ? earnedOf(world.ledger, by) : boughtOf(world.ledger, by)
  return { kind: 'payFee', by, fromEarned, credits: amountUpTo(world.draw, pocket.credits / 4n) }
}

export const outMakers: readonly Weighted[] = [
  [convert, 12],
  [payFee, 3],
]
