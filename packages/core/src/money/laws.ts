/**
 * The twelve laws of money, checked on a ledger. What they say stands in docs/protocol/money.md#laws.
 *
 * Law 11 (nothing that pays out is ever refused by a state) is about operations and stands in the test of the laws.
 * Used by tests, by simulations, and by programs that check the balances of a chain.
 *
 * @module
 */

import type { Hex } from '../units/hex.ts'
import { flowsOf, quoteNow, supplyOf, type Ledger } from './ledger/ledger-state.ts'
import { basisPoints, feeBasisPoints, rebateBasisPoints } from './money-constants.ts'
import { emptyPocket, isFullCover, mergePockets, type Pocket } from './pocket.ts'
import { creditsPromised, dueAt } from './stream.ts'

const sumOf = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((sum, amount) => sum + amount, 0n)

/** @returns credits and WORK of all pockets and rails together */
export function allPockets(ledger: Ledger): Pocket {
  const { bought, earned, streams, allotments, escrows } = ledger
  return [bought, earned, streams, allotments, escrows]
    .flatMap((pockets): readonly Pocket[] => [...(pockets as ReadonlyMap<string, Pocket>).values()])
    .reduce<Pocket>(mergePockets, emptyPocket)
}

/** @returns atto-WORK in wallets, bonds and open deposits */
export function tokensHeld({ wallets, stakes, deposits }: Ledger): bigint {
  const staked = [...stakes.values()].map((stake) => stake.totalAtto)
  const deposited = [...deposits.values()].map((deposit) => deposit.amountAtto)
  return sumOf(wallets.values()) + sumOf(staked) + sumOf(deposited)
}

/**
 * @param ledger any state
 * @returns a sentence for each law that does not hold; empty when all do
 */
export function brokenLaws(ledger: Ledger): readonly string[] {
  const { parameters, totals } = ledger
  const supply = supplyOf(ledger)
  const cap = parameters.genesisAtto + parameters.bootstrapMaxAtto
  const pockets = allPockets(ledger)
  const broken: string[] = []
  const law = (number: number, holds: boolean, what: string): void => {
    if (!holds) broken.push(`law ${number}: ${what}`)
  }
  law(1, supply <= cap, 'supply is at most the cap')
  law(1, supply === tokensHeld(ledger), 'supply is what wallets, bonds and open deposits hold')
  law(2, pockets.credits === totals.issuedCredits - totals.spentCredits, 'credits are what was issued and not spent')
  const lineage = totals.burnedAtto - totals.mintedAtto - totals.retiredAtto
  law(3, pockets.workAtto === lineage, 'the WORK of all pockets is what was burned and neither minted nor retired')
  const kept = basisPoints - feeBasisPoints
  law(4, totals.mintedAtto * basisPoints <= totals.burnedAtto * kept, 'no more is minted than burned, less the fee')
  law(
    5,
    [...ledger.flows.keys()].every((account) => isWithinLimit(ledger, account)),
    'rebates stay within k of what was retired',
  )
  law(6, supply + pockets.workAtto <= cap, 'supply and lineage together are at most the cap')
  law(9, brokenStakes(ledger).length === 0, 'bonds hold what is locked and thawing')
  law(
    10,
    [...ledger.flows.keys()].every((account) => isCoalitionBounded(ledger, [account])),
    'nobody gets out more than went in',
  )
  law(
    10,
    [...ledger.flows.keys()].every((account) => hasHonestLineage(ledger, account)),
    'what an account did explains its lineage',
  )
  law(
    12,
    [...ledger.streams.values()].every((stream) => stream.credits >= creditsPromised(stream)),
    'an open stream holds what may still fall due',
  )
  return broken
}

function isWithinLimit(ledger: Ledger, account: Hex): boolean {
  const { rebatesAtto, retiredAtto } = flowsOf(ledger, account)
  return rebatesAtto * basisPoints <= retiredAtto * rebateBasisPoints
}

/** @returns operator-network keys of stakes that do not hold their locks, or whose locks do not add up */
function brokenStakes({ stakes, locks }: Ledger): readonly string[] {
  const locked = new Map<string, bigint>()
  for (const lock of locks.values()) {
    const key = `${lock.operator}:${lock.network}`
    locked.set(key, (locked.get(key) ?? 0n) + (lock.isSlashed ? 0n : lock.amountAtto))
  }
  return [...stakes.entries()]
    .filter(([key, stake]) => stake.totalAtto < stake.lockedAtto || stake.lockedAtto !== (locked.get(key) ?? 0n))
    .map(([key]) => key)
}

/**
 * Law 10: what a set of accounts got out, against the WORK that it put in.
 *
 * Payments inside the set cancel out. Bootstrap is a bounded gift and not in it.
 *
 * @returns atto-WORK: minted and rebates; and burned, plus lineage received, less lineage paid
 */
export function coalitionFlows(
  ledger: Ledger,
  accounts: readonly Hex[],
): { readonly outAtto: bigint; readonly inAtto: bigint } {
  const flows = accounts.map((account) => flowsOf(ledger, account))
  return {
    outAtto: sumOf(flows.map(({ mintedAtto, rebatesAtto }) => mintedAtto + rebatesAtto)),
    inAtto: sumOf(flows.map(({ burnedAtto, paidInAtto, paidOutAtto }) => burnedAtto + paidInAtto - paidOutAtto)),
  }
}

/** True when the set got at most 0.99 of what it put in: (1 - f) + f * k, in exact integers. */
export function isCoalitionBounded(ledger: Ledger, accounts: readonly Hex[]): boolean {
  const { outAtto, inAtto } = coalitionFlows(ledger, accounts)
  const most = (basisPoints - feeBasisPoints) * basisPoints + feeBasisPoints * rebateBasisPoints
  return outAtto * basisPoints * basisPoints <= inAtto * most
}

/** True when burned + received - paid - minted - retired is what the account's pockets and the rails that it pays hold. */
function hasHonestLineage(ledger: Ledger, account: Hex): boolean {
  const flows = flowsOf(ledger, account)
  const expected = flows.burnedAtto + flows.paidInAtto - flows.paidOutAtto - flows.mintedAtto - flows.retiredAtto
  return expected === lineageOf(ledger, account)
}

/** @returns atto-WORK in the account's pockets and in the rails that it pays */
export function lineageOf(ledger: Ledger, account: Hex): bigint {
  const rails = [...ledger.streams.values(), ...ledger.escrows.values()].filter(({ payer }) => payer === account)
  const allotments = [...ledger.allotments].filter(([key]) => key.startsWith(`${account}:`)).map(([, rail]) => rail)
  const own = [ledger.bought.get(account) ?? emptyPocket, ledger.earned.get(account) ?? emptyPocket]
  return sumOf([...rails, ...allotments, ...own].map((pocket) => pocket.workAtto))
}

/**
 * The laws about a single step: 7 (cover), 8 (paid) and the second half of 9 (slashed once).
 *
 * @param step the ledgers before and after one operation
 */
export function brokenStepLaws({
  before,
  after,
}: {
  readonly before: Ledger
  readonly after: Ledger
}): readonly string[] {
  const broken: string[] = []
  for (const [id, stream] of after.streams) {
    const earlier = before.streams.get(id)
    if (earlier === undefined) continue
    if (isDilution(earlier, stream, after)) broken.push(`law 7: the cover of stream ${id} was diluted`)
    if (stream.paid < earlier.paid) broken.push(`law 8: paid of stream ${id} fell`)
    const isPayment = stream.paid > earlier.paid
    if (isPayment && stream.paid > dueAt(stream, after.nowSeconds)) broken.push(`law 8: stream ${id} paid above due`)
  }
  for (const [key, allotment] of after.allotments) {
    const earlier = before.allotments.get(key)
    if (earlier === undefined) continue
    if (allotment.redeemed < earlier.redeemed) broken.push(`law 8: redeemed of ${key} fell`)
    if (isDilution(earlier, allotment, after)) broken.push(`law 7: the cover of allotment ${key} was diluted`)
  }
  if (!isEachSlashedOnce(before, after)) broken.push('law 9: a fault took another sum than its lock')
  return broken
}

/** True when credits came in and the rail is neither at full cover at today's low nor covered as well as before. */
function isDilution(earlier: Pocket, later: Pocket, after: Ledger): boolean {
  if (later.credits <= earlier.credits) return false
  const { lowUsd8 } = quoteNow(after)
  return !isFullCover(later, lowUsd8) && later.workAtto * earlier.credits < earlier.workAtto * later.credits
}

/** A step that slashes takes the locks that it newly marks, no more and no less; any other step burns no stake. */
function isEachSlashedOnce(before: Ledger, after: Ledger): boolean {
  const slashed = [...after.locks].filter(([id, lock]) => lock.isSlashed && before.locks.get(id)?.isSlashed === false)
  if (slashed.length === 0) return after.totals.slashBurnedAtto === before.totals.slashBurnedAtto
  const lockedAtto = sumOf(slashed.map(([id]) => before.locks.get(id)?.amountAtto ?? 0n))
  return stakedIn(before) - stakedIn(after) === lockedAtto
}

const stakedIn = ({ stakes }: Ledger): bigint => sumOf([...stakes.values()].map((stake) => stake.totalAtto))
