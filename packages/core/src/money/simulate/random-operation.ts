/**
 * Random operations that fit the present ledger well enough to get somewhere, and badly enough to be refused at times.
 *
 * For the tests of the laws, the differential test against the contracts, and simulations.
 *
 * @module
 */

import type { Operation } from '../ledger/operation.ts'
import { oneOf, type Draw } from './draw.ts'
import { allotmentMakers, redeem } from './random-allotments.ts'
import { bondMakers } from './random-bonds.ts'
import { depositMakers } from './random-deposits.ts'
import { epochMakers } from './random-epochs.ts'
import { escrowMakers } from './random-escrows.ts'
import { moneyMakers } from './random-money.ts'
import { convert, outMakers, payFee } from './random-out.ts'
import { finish, notice, settle, streamMakers, topUp } from './random-streams.ts'
import { anyone, word, type Maker, type Weighted, type World } from './world.ts'

/** A few calls of Rails in one, with keys that come again. */
const batch: Maker = (world) => {
  const by = anyone(world)
  const entries = Array.from({ length: world.draw(5) }, () => ({
    key: word(world.draw(50)),
    operation: oneOf(world.draw, [settle, redeem, convert, notice, topUp, finish, payFee])(world),
  }))
  return { kind: 'batch', by, entries }
}

const batchMakers: readonly Weighted[] = [[batch, 4]]

/** Which parts of money take part. */
export interface Scope {
  readonly epochs: boolean
  readonly bonds: boolean
  readonly deposits: boolean
}

export const wholeScope: Scope = { epochs: true, bonds: true, deposits: true }

/** @returns an operation to try on the ledger; prices are posted apart, by `randomPost` */
export function randomOperation(world: World, scope: Scope = wholeScope): Operation {
  const makers = [
    ...moneyMakers,
    ...streamMakers,
    ...allotmentMakers,
    ...escrowMakers,
    ...outMakers,
    ...batchMakers,
    ...(scope.epochs ? epochMakers : []),
    ...(scope.bonds ? bondMakers : []),
    ...(scope.deposits ? depositMakers : []),
  ]
  const tickets = makers.flatMap(([maker, weight]) => Array.from({ length: weight }, () => maker))
  return oneOf(world.draw, tickets)(world)
}

/** @returns seconds until the next operation: mostly little, at times past every window; at least 1 */
export function randomElapsed(draw: Draw): bigint {
  const shape = draw(24)
  if (shape < 15) return BigInt(1 + draw(30))
  if (shape < 20) return BigInt(1 + draw(3_600))
  if (shape < 23) return BigInt(1 + draw(2 * 86_400))
  return BigInt(1 + draw(40 * 86_400))
}
