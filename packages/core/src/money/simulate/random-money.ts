/**
 * Random operations on prices, tokens and purchases.
 *
 * @module
 */

import { quoteNow } from '../ledger/ledger-state.ts'
import type { Operation } from '../ledger/operation.ts'
import { priceUsd8Max } from '../money-constants.ts'
import { oneOf } from './draw.ts'
import { type World, type Maker, anyone, someWork, type Weighted } from './world.ts'

function randomPrice({ ledger, draw }: World): bigint {
  const { lowUsd8 } = quoteNow(ledger)
  if (draw(40) === 0) return oneOf(draw, [0n, 99n, 100n, 101n, priceUsd8Max, priceUsd8Max + 1n])
  const around = lowUsd8 === 0n || draw(30) === 0 ? 50_000_000n : lowUsd8
  return (around * BigInt(900 + draw(250))) / 1_000n + 1n
}

const buy: Maker = (world) => {
  const by = anyone(world)
  return {
    kind: 'buy',
    by,
    workAtto: someWork(world, by),
    creditsMin: BigInt(world.draw(24) === 0 ? world.draw(1_000_000_000) : 0),
  }
}

const cover: Maker = (world) => {
  const by = anyone(world)
  return { kind: 'cover', by, workAtto: someWork(world, by) >> 4n }
}

const transfer: Maker = (world) => {
  const by = anyone(world)
  return { kind: 'transfer', by, to: anyone(world), amountAtto: someWork(world, by) }
}

const burn: Maker = (world) => {
  const by = anyone(world)
  return { kind: 'burn', by, amountAtto: someWork(world, by) >> 8n }
}

const pause: Maker = (world) => ({
  kind: 'pause',
  by: world.draw(8) === 0 ? anyone(world) : world.ledger.parameters.guardian,
  seconds: BigInt(oneOf(world.draw, [0, 3_600, 86_400, 604_800, 604_801])),
})

const changePosters: Maker = (world) => {
  const { ledger, actors, draw } = world
  const by = ledger.parameters.guardian
  const posters = ledger.postersProposal?.posters
  if (posters !== undefined && draw(4) !== 0) return { kind: 'changePosters', by, posters }
  const from = draw(3)
  return { kind: 'proposePosters', by, posters: actors.posters.slice(from, from + 3 + draw(3)) }
}

/** @returns a price post, mostly by the poster of that number in the set: in turn they make a median */
export function randomPost(world: World, number: number): Operation {
  const { posters } = world.ledger.feed
  const by = world.draw(25) === 0 ? anyone(world) : posters[number % posters.length]
  return { kind: 'post', by: by ?? anyone(world), priceUsd8: randomPrice(world) }
}

/** @returns a purchase by some account */
export function randomBuy(world: World): Operation {
  return buy(world)
}

export const moneyMakers: readonly Weighted[] = [
  [buy, 14],
  [cover, 2],
  [transfer, 3],
  [burn, 1],
  [pause, 1],
  [changePosters, 1],
]
