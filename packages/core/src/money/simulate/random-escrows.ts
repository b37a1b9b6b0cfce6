/**
 * Random operations on escrows.
 *
 * @module
 */

import type { RailsOperation } from '../ledger/operation.ts'
import { amountUpTo, oneOf } from './draw.ts'
import {
  type Maker,
  word,
  anyone,
  someId,
  mostly,
  mostlyJudge,
  someBuyer,
  someWork,
  type Weighted,
  fund,
} from './world.ts'

const openEscrow: Maker<RailsOperation> = (world) => {
  const by = someBuyer(world)
  const workDeadline = world.ledger.nowSeconds + BigInt(world.draw(900_000) - (world.draw(9) === 0 ? 900_000 : 0))
  return {
    kind: 'openEscrow',
    by,
    payee: anyone(world),
    judge: oneOf(world.draw, world.actors.judges),
    ...fund(world, by),
    workDeadline: workDeadline < 0n ? 0n : workDeadline,
    verdictDeadline: workDeadline + BigInt(world.draw(200_000)) - (world.draw(9) === 0 ? 1_000n : 0n),
    salt: word(world.draw(400)),
  }
}

const escrowKinds = ['submit', 'accept', 'decline', 'verdict', 'finishEscrow'] as const

const onEscrow: Maker<RailsOperation> = (world) => {
  const live = [...world.ledger.escrows].filter(([, { state }]) => state !== 'ended').map(([key]) => key)
  const id = someId(world, world.draw(8) === 0 ? world.ledger.escrows.keys() : live)
  const escrow = world.ledger.escrows.get(id)
  const isSubmitted = escrow?.state === 'submitted'
  const kind = oneOf(
    world.draw,
    isSubmitted ? (['verdict', 'verdict', ...escrowKinds] as const) : (['submit', 'submit', ...escrowKinds] as const),
  )
  if (kind === 'verdict') {
    return {
      kind,
      id,
      by: mostlyJudge(world, escrow?.judge),
      creditsToPayee: amountUpTo(world.draw, escrow?.credits ?? 0n),
    }
  }
  return { kind, id, by: mostly(world, kind === 'accept' ? escrow?.payer : escrow?.payee) }
}

const coverEscrow: Maker<RailsOperation> = (world) => {
  const id = someId(world, world.ledger.escrows.keys())
  const by = mostly(world, world.ledger.escrows.get(id)?.payer)
  return { kind: 'coverEscrow', id, by, workAtto: someWork(world, by) >> 6n }
}

export const escrowMakers: readonly Weighted[] = [
  [openEscrow, 6],
  [onEscrow, 16],
  [coverEscrow, 2],
]
