/**
 * Random operations on bonds.
 *
 * @module
 */

import { unreachable } from '../../invariant.ts'
import { stakeOf } from '../ledger/ledger-state.ts'
import { amountUpTo, oneOf } from './draw.ts'
import { type Maker, word, anyone, fromKeys, mostlyJudge, someWork, type Weighted } from './world.ts'

const deposit: Maker = (world) => {
  const by = anyone(world)
  return {
    kind: 'deposit',
    by,
    operator: anyone(world),
    network: BigInt(1 + world.draw(2)),
    amountAtto: someWork(world, by) >> 2n,
  }
}

const withdraw: Maker = (world) => {
  const by = anyone(world)
  const network = BigInt(1 + world.draw(2))
  return {
    kind: 'withdraw',
    by,
    network,
    amountAtto: amountUpTo(world.draw, stakeOf(world.ledger, by, network).totalAtto),
  }
}

const lock: Maker = (world) => {
  const operator = anyone(world)
  const network = BigInt(1 + world.draw(2))
  const { totalAtto, lockedAtto } = stakeOf(world.ledger, operator, network)
  return {
    kind: 'lock',
    by: world.draw(12) === 0 ? anyone(world) : oneOf(world.draw, world.ledger.parameters.keepers),
    lockId: word(world.draw(60)),
    operator,
    network,
    amountAtto: amountUpTo(world.draw, totalAtto - lockedAtto),
    judge: oneOf(world.draw, world.actors.judges),
  }
}

const onLock: Maker = (world) => {
  const lockId = fromKeys(world, world.ledger.locks.keys())
  const found = world.ledger.locks.get(lockId)
  const keeper =
    found === undefined || world.draw(10) === 0 ? oneOf(world.draw, world.ledger.parameters.keepers) : found.keeper
  const kind = oneOf(world.draw, [
    'raiseLock',
    'thaw',
    'unlock',
    'releaseThawed',
    'slash',
    'slash',
    'commitReport',
    'commitReport',
  ] as const)
  const salt = word(world.draw(2))
  switch (kind) {
    case 'raiseLock':
      return { kind, by: keeper, lockId, amountAtto: amountUpTo(world.draw, 10n ** 18n) }
    case 'thaw':
    case 'unlock':
      return { kind, by: keeper, lockId }
    case 'releaseThawed':
      return { kind, by: anyone(world), lockId }
    case 'commitReport':
      return { kind, by: world.actors.accounts[0] ?? keeper, lockId, salt }
    case 'slash':
      return { kind, by: mostlyJudge(world, found?.judge), lockId, reporter: world.actors.accounts[0] ?? keeper, salt }
  }
  return unreachable(kind)
}

export const bondMakers: readonly Weighted[] = [
  [deposit, 6],
  [withdraw, 4],
  [lock, 6],
  [onLock, 14],
]
