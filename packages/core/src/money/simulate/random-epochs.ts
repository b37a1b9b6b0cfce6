/**
 * Random finalised roots, wrong ones among them, and claims.
 *
 * @module
 */

import type { Hex } from '../../units/hex.ts'
import { bootstrapAllowance } from '../bootstrap.ts'
import { flowsOf, headOf, type Lanes } from '../ledger/ledger-state.ts'
import { amountUpTo, oneOf } from './draw.ts'
import { type Maker, anyone, type Weighted } from './world.ts'

const finaliseEpoch: Maker = (world) => {
  const { ledger, actors, draw } = world
  const network = BigInt(1 + draw(Number(ledger.parameters.networkCount)))
  const head = headOf(ledger, network)
  const epoch = head.nextEpoch + BigInt(draw(3)) - (draw(12) === 0 ? 1n : 0n)
  const allowance = bootstrapAllowance(ledger.parameters, epoch < 0n ? 0n : epoch)
  const leaves = new Map<Hex, Lanes>(head.leaves)
  let addedAtto = 0n
  let rebateAtto = head.totals.rebateAtto
  for (const account of actors.accounts.slice(0, 1 + draw(actors.accounts.length))) {
    const before = leaves.get(account) ?? { rebateAtto: 0n, bootstrapAtto: 0n }
    const rebate = amountUpTo(draw, 10n ** 18n)
    const bootstrap = amountUpTo(draw, allowance / 4n)
    addedAtto += bootstrap
    rebateAtto += rebate
    leaves.set(account, { rebateAtto: before.rebateAtto + rebate, bootstrapAtto: before.bootstrapAtto + bootstrap })
  }
  const isWrong = draw(6) === 0 // a root whose totals are below its leaves: claims stay below the totals
  const totals = {
    rebateAtto: isWrong ? head.totals.rebateAtto : rebateAtto,
    bootstrapAtto: head.totals.bootstrapAtto + (isWrong ? addedAtto / 2n : addedAtto),
  }
  return { kind: 'finaliseEpoch', by: anyone(world), network, epoch: epoch < 0n ? 0n : epoch, leaves, totals }
}

const claim: Maker = (world) => {
  const network = oneOf(world.draw, [1n, ...world.ledger.heads.keys()])
  const known = [...headOf(world.ledger, network).leaves.keys()]
  const limited = known.filter((one) => flowsOf(world.ledger, one).limitAtto > 0n)
  const account = oneOf(world.draw, [anyone(world), ...known, ...limited, ...limited])
  const leaf = headOf(world.ledger, network).leaves.get(account) ?? { rebateAtto: 0n, bootstrapAtto: 0n }
  return { kind: 'claim', by: anyone(world), network, account, ...leaf }
}

export const epochMakers: readonly Weighted[] = [
  [finaliseEpoch, 4],
  [claim, 12],
]
