/**
 * Random operations on streams, those of hostile judges among them.
 *
 * @module
 */

import type { Hex } from '../../units/hex.ts'
import type { RailsOperation } from '../ledger/operation.ts'
import { amountUpTo, oneOf } from './draw.ts'
import {
  type World,
  type Maker,
  word,
  anyone,
  someId,
  mostly,
  mostlyJudge,
  someWork,
  someCredits,
  someCover,
  someBuyer,
  type Weighted,
  fund,
} from './world.ts'

const someTerm = ({ draw }: World): bigint => oneOf(draw, [0n, 0n, 1n, 3_600n, 86_400n, 30n * 86_400n, 30n * 86_400n])

/** A rate that the credits pay for the term, at times a bit more than they do. */
function rateFor(world: World, credits: bigint, termSeconds: bigint): bigint {
  const seconds = termSeconds === 0n ? world.ledger.parameters.termSeconds : termSeconds
  const most = (credits * 10n ** 9n) / seconds
  return world.draw(6) === 0 ? most + 10n ** 9n : amountUpTo(world.draw, most)
}

const open: Maker<RailsOperation> = (world) => {
  const by = someBuyer(world)
  const credits = someCredits(world, by)
  const termSeconds = someTerm(world)
  return {
    kind: 'open',
    by,
    payee: anyone(world),
    judge: oneOf(world.draw, world.actors.judges),
    rateNano: rateFor(world, credits, termSeconds),
    termSeconds,
    credits,
    coverMaxAtto: someCover(world, by),
    salt: word(world.draw(400)),
  }
}

/** Mostly one that still runs. */
function someStream(world: World): Hex {
  const { streams, nowSeconds } = world.ledger
  const running = [...streams].filter(([, stream]) => stream.end > nowSeconds && !stream.noticed).map(([id]) => id)
  return someId(world, running.length === 0 || world.draw(4) === 0 ? streams.keys() : running)
}

const onStream = (world: World): { id: Hex; by: Hex } => {
  const id = someStream(world)
  return { id, by: mostly(world, world.ledger.streams.get(id)?.payer) }
}

export const topUp: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  return { kind: 'topUp', ...on, ...fund(world, on.by) }
}

const renew: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  return { kind: 'renew', ...on, ...fund(world, on.by), termSeconds: someTerm(world) }
}

const raise: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  const rateNano = world.ledger.streams.get(on.id)?.rateNano ?? 1n
  return { kind: 'raise', ...on, ...fund(world, on.by), rateNano: rateNano + amountUpTo(world.draw, rateNano / 10n) }
}

const cut: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  const stream = world.ledger.streams.get(on.id)
  const isForged = world.draw(8) === 0
  return {
    kind: 'cut',
    ...on,
    rateNano: amountUpTo(world.draw, stream?.rateNano ?? 1n),
    signedBy: isForged ? anyone(world) : (stream?.payee ?? anyone(world)),
    signedStart: (stream?.start ?? 0n) + (world.draw(12) === 0 ? 1n : 0n),
  }
}

const coverStream: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  return { kind: 'coverStream', ...on, workAtto: someWork(world, on.by) >> 6n }
}

export const notice: Maker<RailsOperation> = (world) => {
  const on = onStream(world)
  const payee = world.ledger.streams.get(on.id)?.payee
  return { kind: 'notice', id: on.id, by: world.draw(2) === 0 && payee !== undefined ? payee : on.by }
}

/** Half of the time one with an open demand, where there is one. */
function someHeld(world: World): Hex {
  const { streams } = world.ledger
  const held = [...streams].filter(([, stream]) => stream.openDemands > 0n).map(([id]) => id)
  return someId(world, held.length === 0 || world.draw(2) === 0 ? streams.keys() : held)
}

export const settle: Maker<RailsOperation> = (world) => ({
  kind: 'settle',
  id: someHeld(world),
  by: anyone(world),
})

const settleMany: Maker<RailsOperation> = (world) => ({
  kind: 'settleMany',
  by: anyone(world),
  ids: Array.from({ length: world.draw(5) }, () => someId(world, world.ledger.streams.keys())),
})

export const finish: Maker<RailsOperation> = (world) => ({
  kind: 'finish',
  id: someHeld(world),
  by: anyone(world),
})

export const judge: Maker<RailsOperation> = (world) => {
  const id = someStream(world)
  const by = mostlyJudge(world, world.ledger.streams.get(id)?.judge)
  const kind = oneOf(world.draw, ['hold', 'hold', 'hold', 'release', 'fault'] as const)
  if (kind === 'fault')
    return { kind, id, by, faultSeconds: BigInt(oneOf(world.draw, [0, 1, 600, 86_400, 10_000_000])) }
  return { kind, id, by }
}

export const streamMakers: readonly Weighted[] = [
  [open, 10],
  [topUp, 4],
  [renew, 7],
  [raise, 6],
  [cut, 5],
  [coverStream, 2],
  [notice, 3],
  [settle, 18],
  [settleMany, 3],
  [finish, 5],
  [judge, 12],
]
