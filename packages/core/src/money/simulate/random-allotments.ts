/**
 * Random operations on allotments, forged vouchers among them.
 *
 * @module
 */

import type { Hex } from '../../units/hex.ts'
import { allotmentKey } from '../ledger/ledger-state.ts'
import type { RailsOperation, SignedVoucher } from '../ledger/operation.ts'
import { amountUpTo, oneOf } from './draw.ts'
import { type World, type Maker, anyone, mostly, someBuyer, someWork, type Weighted, fund } from './world.ts'

const openAllotment: Maker<RailsOperation> = (world) => {
  const by = someBuyer(world)
  return { kind: 'openAllotment', by, payee: anyone(world), signer: anyone(world), ...fund(world, by) }
}

function somePair(world: World): { payer: Hex; payee: Hex } {
  const known = [...world.ledger.allotments.keys()].slice(-6)
  const [payer, payee] =
    known.length === 0 || world.draw(10) === 0 ? [] : (oneOf(world.draw, known).split(':') as Hex[])
  return { payer: payer ?? anyone(world), payee: payee ?? anyone(world) }
}

const topUpAllotment: Maker<RailsOperation> = (world) => {
  const { payer, payee } = somePair(world)
  return { kind: 'topUpAllotment', by: payer, payee, ...fund(world, payer) }
}

const coverAllotment: Maker<RailsOperation> = (world) => {
  const { payer: by, payee } = somePair(world)
  return { kind: 'coverAllotment', by, payee, workAtto: someWork(world, by) >> 6n }
}

function someVoucher(world: World): SignedVoucher {
  const pair = somePair(world)
  const allotment = world.ledger.allotments.get(allotmentKey(pair.payer, pair.payee))
  const reach = (allotment?.redeemed ?? 0n) + (allotment?.credits ?? 0n)
  const signer = allotment !== undefined && BigInt(allotment.signer) !== 0n ? allotment.signer : undefined
  return { ...pair, total: amountUpTo(world.draw, reach), signedBy: mostly(world, signer) }
}

export const redeem: Maker<RailsOperation> = (world) => ({ kind: 'redeem', by: anyone(world), ...someVoucher(world) })

const redeemMany: Maker<RailsOperation> = (world) => ({
  kind: 'redeemMany',
  by: anyone(world),
  vouchers: Array.from({ length: world.draw(4) }, () => someVoucher(world)),
})

const noticeAllotment: Maker<RailsOperation> = (world) => {
  const pair = somePair(world)
  return { kind: 'noticeAllotment', by: mostly(world, oneOf(world.draw, [pair.payer, pair.payee])), ...pair }
}

const finishAllotment: Maker<RailsOperation> = (world) => ({
  kind: 'finishAllotment',
  by: anyone(world),
  ...somePair(world),
})

export const allotmentMakers: readonly Weighted[] = [
  [openAllotment, 4],
  [topUpAllotment, 3],
  [coverAllotment, 1],
  [redeem, 7],
  [redeemMany, 3],
  [noticeAllotment, 2],
  [finishAllotment, 2],
]
