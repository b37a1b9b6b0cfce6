/**
 * Random deposits of demands.
 *
 * @module
 */

import { oneOf } from './draw.ts'
import { type Maker, word, anyone, fromKeys, someWork, type Weighted } from './world.ts'

export const demand: Maker = (world) => {
  const by = anyone(world)
  const demandId = fromKeys(world, world.ledger.deposits.keys())
  const kind = oneOf(world.draw, ['openDeposit', 'payDeposit', 'returnDeposit'] as const)
  if (kind === 'openDeposit') return { kind, by, demandId: word(world.draw(60)), amountAtto: someWork(world, by) >> 8n }
  return kind === 'payDeposit' ? { kind, by, demandId, answerer: anyone(world) } : { kind, by, demandId }
}

export const depositMakers: readonly Weighted[] = [[demand, 4]]
