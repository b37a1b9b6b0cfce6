/**
 * What the makers of random operations share: the world that they look at, and the picks that most of them make.
 *
 * @module
 */

import { bytesOfBigint } from '../../units/bytes.ts'
import { toHex, type Hex } from '../../units/hex.ts'
import { boughtOf, walletOf, type Ledger } from '../ledger/ledger-state.ts'
import type { Operation } from '../ledger/operation.ts'
import type { Actors } from './actors.ts'
import { amountUpTo, oneOf, type Draw } from './draw.ts'

export interface World {
  readonly ledger: Ledger
  readonly actors: Actors
  readonly draw: Draw
}

/** Makes one kind of operation, or one of a few. */
export type Maker<Made extends Operation = Operation> = (world: World) => Made

/** A maker, and how often it is drawn against the others. */
export type Weighted = readonly [maker: Maker, weight: number]

export const word = (number: number): Hex => toHex(bytesOfBigint(BigInt(number), 32))

export const anyone = ({ actors, draw }: World): Hex => oneOf(draw, actors.accounts)

export const fromKeys = ({ draw }: World, keys: Iterable<Hex>): Hex => oneOf(draw, [word(0), ...[...keys].slice(-6)])

/** Mostly an id that exists, and of those mostly a recent one. */
export function someId(world: World, ids: Iterable<Hex>): Hex {
  const known = [...ids].slice(-6)
  return world.draw(12) === 0 || known.length === 0 ? word(world.draw(3)) : oneOf(world.draw, known)
}

/** Mostly the one who may, at times anyone. */
export const mostly = (world: World, who: Hex | undefined): Hex =>
  who === undefined || world.draw(8) === 0 ? anyone(world) : who

export const mostlyJudge = (world: World, judge: Hex | undefined): Hex =>
  judge === undefined || world.draw(8) === 0 ? oneOf(world.draw, world.actors.judges) : judge

/** At most half of the wallet, so that nobody is poor too soon. */
export const someWork = (world: World, account: Hex): bigint =>
  amountUpTo(world.draw, walletOf(world.ledger, account) / 2n)

export const someCredits = (world: World, account: Hex): bigint =>
  amountUpTo(world.draw, boughtOf(world.ledger, account).credits)

export const someCover = (world: World, account: Hex): bigint =>
  world.draw(3) === 0 ? someWork(world, account) : walletOf(world.ledger, account) / 4n

/** Mostly of those who have bought credits. */
export const someBuyer = (world: World): Hex => {
  const buyers = world.actors.accounts.filter((account) => boughtOf(world.ledger, account).credits > 0n)
  return buyers.length === 0 || world.draw(8) === 0 ? anyone(world) : oneOf(world.draw, buyers)
}

export const fund = (world: World, by: Hex): { credits: bigint; coverMaxAtto: bigint } => ({
  credits: someCredits(world, by),
  coverMaxAtto: someCover(world, by),
})
