/**
 * The state of the whole money system as plain readonly data, and the small steps in which pockets and tokens move.
 *
 * It is a model: it says what the contracts must say, for the differential test and for balance checks of programs.
 * Roots, signatures and token approvals are not in it; an operation states who signed.
 *
 * @module
 */

import { MoneyRefused } from '../../errors/money-errors.ts'
import type { Hex } from '../../units/hex.ts'
import type { Allotment } from '../allotment.ts'
import { emptyStake, type Lock, type Stake } from '../bonds.ts'
import { unusedBreaker, type Breaker } from '../breaker.ts'
import type { Escrow } from '../escrow.ts'
import { quoteOf, withPosters, type Feed, type Quote } from '../feed.ts'
import type { MoneyParameters } from '../money-parameters.ts'
import { isPaused } from '../pause.ts'
import { emptyPocket, mergePockets, type Pocket } from '../pocket.ts'
import type { Stream } from '../stream.ts'

/** Sums over the life of an account, in atto-WORK. */
export interface Flows {
  readonly burnedAtto: bigint
  readonly mintedAtto: bigint
  readonly retiredAtto: bigint
  /** most rebate that it may be paid in all */
  readonly limitAtto: bigint
  /** rebate that it was paid, over all networks */
  readonly rebatesAtto: bigint
  /** lineage work of payments that it received */
  readonly paidInAtto: bigint
  /** lineage work of payments that it made */
  readonly paidOutAtto: bigint
}

/** Two amounts of atto-WORK: the lanes of an epoch's sums. */
export interface Lanes {
  readonly rebateAtto: bigint
  readonly bootstrapAtto: bigint
}

/** The last finalised root of one network, with its leaves in the open. */
export interface Head {
  /** number of the last finalised epoch plus one; 0n when there is none */
  readonly nextEpoch: bigint
  readonly totals: Lanes
  readonly leaves: ReadonlyMap<Hex, Lanes>
  /** what was claimed from this network so far */
  readonly claimed: Lanes
}

export interface Totals {
  readonly issuedCredits: bigint
  readonly spentCredits: bigint
  readonly burnedAtto: bigint
  readonly mintedAtto: bigint
  readonly retiredAtto: bigint
  readonly rebatesAtto: bigint
  readonly bootstrapAtto: bigint
  readonly slashBurnedAtto: bigint
  /** burned by holders on their own account, outside the protocol */
  readonly destroyedAtto: bigint
}

/** A deposit for the cost of an answer. */
export interface Deposit {
  readonly demander: Hex
  readonly amountAtto: bigint
}

export interface Ledger {
  readonly parameters: MoneyParameters
  readonly nowSeconds: bigint
  readonly wallets: ReadonlyMap<Hex, bigint>
  readonly bought: ReadonlyMap<Hex, Pocket>
  readonly earned: ReadonlyMap<Hex, Pocket>
  readonly feed: Feed
  readonly postersProposal: { readonly posters: readonly Hex[]; readonly fromSeconds: bigint } | undefined
  readonly pausedUntil: bigint
  readonly streams: ReadonlyMap<Hex, Stream>
  /** ids of finished streams: never used again */
  readonly closedStreams: ReadonlySet<Hex>
  /** by payer and payee: `allotmentKey` */
  readonly allotments: ReadonlyMap<string, Allotment>
  readonly escrows: ReadonlyMap<Hex, Escrow>
  readonly flows: ReadonlyMap<Hex, Flows>
  readonly convertBreaker: Breaker
  readonly claimBreaker: Breaker
  readonly nonces: ReadonlyMap<Hex, bigint>
  /** by sender and key */
  readonly usedKeys: ReadonlySet<string>
  readonly heads: ReadonlyMap<bigint, Head>
  /** by network and account: `gotKey` */
  readonly got: ReadonlyMap<string, Lanes>
  /** by operator and network: `stakeKey` */
  readonly stakes: ReadonlyMap<string, Stake>
  readonly locks: ReadonlyMap<Hex, Lock>
  /** committed reports -> when, Unix seconds */
  readonly reports: ReadonlyMap<string, bigint>
  readonly deposits: ReadonlyMap<Hex, Deposit>
  readonly totals: Totals
}

export const emptyFlows: Flows = {
  burnedAtto: 0n,
  mintedAtto: 0n,
  retiredAtto: 0n,
  limitAtto: 0n,
  rebatesAtto: 0n,
  paidInAtto: 0n,
  paidOutAtto: 0n,
}
export const noLanes: Lanes = { rebateAtto: 0n, bootstrapAtto: 0n }

export interface LedgerStart {
  readonly parameters: MoneyParameters
  /** who holds genesis; sums to `parameters.genesisAtto` */
  readonly genesis: ReadonlyMap<Hex, bigint>
  readonly posters: readonly Hex[]
}

/** @returns the ledger of a fresh deployment */
export function openLedger({ parameters, genesis, posters }: LedgerStart): Ledger {
  return {
    parameters,
    nowSeconds: 0n,
    wallets: genesis,
    bought: new Map(),
    earned: new Map(),
    feed: withPosters(undefined, posters, parameters.posterCountMin),
    postersProposal: undefined,
    pausedUntil: 0n,
    streams: new Map(),
    closedStreams: new Set(),
    allotments: new Map(),
    escrows: new Map(),
    flows: new Map(),
    convertBreaker: unusedBreaker,
    claimBreaker: unusedBreaker,
    nonces: new Map(),
    usedKeys: new Set(),
    heads: new Map(),
    got: new Map(),
    stakes: new Map(),
    locks: new Map(),
    reports: new Map(),
    deposits: new Map(),
    totals: {
      issuedCredits: 0n,
      spentCredits: 0n,
      burnedAtto: 0n,
      mintedAtto: 0n,
      retiredAtto: 0n,
      rebatesAtto: 0n,
      bootstrapAtto: 0n,
      slashBurnedAtto: 0n,
      destroyedAtto: 0n,
    },
  }
}

export const allotmentKey = (payer: Hex, payee: Hex): string => `${payer}:${payee}`
export const gotKey = (network: bigint, account: Hex): string => `${network}:${account}`
export const stakeKey = (operator: Hex, network: bigint): string => `${operator}:${network}`

export const walletOf = (ledger: Ledger, account: Hex): bigint => ledger.wallets.get(account) ?? 0n
export const boughtOf = (ledger: Ledger, account: Hex): Pocket => ledger.bought.get(account) ?? emptyPocket
export const earnedOf = (ledger: Ledger, account: Hex): Pocket => ledger.earned.get(account) ?? emptyPocket
export const flowsOf = (ledger: Ledger, account: Hex): Flows => ledger.flows.get(account) ?? emptyFlows
export const stakeOf = (ledger: Ledger, operator: Hex, network: bigint): Stake =>
  ledger.stakes.get(stakeKey(operator, network)) ?? emptyStake
export const gotOf = (ledger: Ledger, network: bigint, account: Hex): Lanes =>
  ledger.got.get(gotKey(network, account)) ?? noLanes
export const headOf = (ledger: Ledger, network: bigint): Head =>
  ledger.heads.get(network) ?? { nextEpoch: 0n, totals: noLanes, leaves: new Map(), claimed: noLanes }

/** @returns low, high and freshness now */
export const quoteNow = (ledger: Ledger): Quote =>
  quoteOf(ledger.feed, ledger.nowSeconds, ledger.parameters.feedFreshSeconds)

/** @returns atto-WORK that exist: genesis and all mints, less all burns */
export function supplyOf({ parameters, totals }: Ledger): bigint {
  const mintedAtto = totals.mintedAtto + totals.rebatesAtto + totals.bootstrapAtto
  return parameters.genesisAtto + mintedAtto - totals.burnedAtto - totals.slashBurnedAtto - totals.destroyedAtto
}

/** @returns a copy of the map with one entry set */
export function withEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  return new Map(map).set(key, value)
}

/** @returns a copy of the map without one entry */
export function withoutEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): ReadonlyMap<Key, Value> {
  const copy = new Map(map)
  copy.delete(key)
  return copy
}

/** @returns the sums with amounts added to some of them */
export function addTotals(ledger: Ledger, added: Partial<Totals>): Ledger {
  return { ...ledger, totals: sumOf(ledger.totals, added) }
}

/** @returns the account's sums with amounts added to some of them */
export function addFlows(ledger: Ledger, account: Hex, added: Partial<Flows>): Ledger {
  return { ...ledger, flows: withEntry(ledger.flows, account, sumOf(flowsOf(ledger, account), added)) }
}

function sumOf<T extends Totals | Flows>(sums: T, added: Partial<T>): T {
  const entries = Object.entries(sums) as [keyof T & string, bigint][]
  return Object.fromEntries(entries.map(([name, sum]) => [name, sum + ((added[name] as bigint) ?? 0n)])) as unknown as T
}

/** @throws MoneyRefused Paused */
export function requireInflows(ledger: Ledger): void {
  if (isPaused(ledger.pausedUntil, ledger.nowSeconds)) throw new MoneyRefused('Paused')
}

/**
 * @returns the low price, above 0
 * @throws MoneyRefused StalePrice
 */
export function requireFreshLow(ledger: Ledger): bigint {
  const { lowUsd8, fresh } = quoteNow(ledger)
  if (!fresh) throw new MoneyRefused('StalePrice')
  return lowUsd8
}

/** Tokens come into a wallet. */
export function addToWallet(ledger: Ledger, account: Hex, amountAtto: bigint): Ledger {
  return { ...ledger, wallets: withEntry(ledger.wallets, account, walletOf(ledger, account) + amountAtto) }
}

/** Tokens leave a wallet. @throws MoneyRefused InsufficientBalance */
export function takeFromWallet(ledger: Ledger, account: Hex, amountAtto: bigint): Ledger {
  const balance = walletOf(ledger, account)
  if (amountAtto > balance) throw new MoneyRefused('InsufficientBalance', { balance, wanted: amountAtto })
  return { ...ledger, wallets: withEntry(ledger.wallets, account, balance - amountAtto) }
}

/** Burns tokens of a wallet as lineage of credits: they count in `burned`; the caller says where the WORK goes. */
export function burnForCover(ledger: Ledger, account: Hex, amountAtto: bigint): Ledger {
  const taken = takeFromWallet(ledger, account, amountAtto)
  return addFlows(addTotals(taken, { burnedAtto: amountAtto }), account, { burnedAtto: amountAtto })
}

export const withBought = (ledger: Ledger, account: Hex, pocket: Pocket): Ledger => ({
  ...ledger,
  bought: withEntry(ledger.bought, account, pocket),
})

export const withEarned = (ledger: Ledger, account: Hex, pocket: Pocket): Ledger => ({
  ...ledger,
  earned: withEntry(ledger.earned, account, pocket),
})

/** A payment: it merges into the payee's earned pocket. */
export function payEarned(
  ledger: Ledger,
  payment: { readonly from: Hex; readonly to: Hex; readonly pocket: Pocket },
): Ledger {
  const { from, to, pocket } = payment
  const paid = withEarned(ledger, to, mergePockets(earnedOf(ledger, to), pocket))
  return addFlows(addFlows(paid, from, { paidOutAtto: pocket.workAtto }), to, { paidInAtto: pocket.workAtto })
}

/** What a closed rail gives back: it merges into the payer's bought pocket. */
export function returnBought(ledger: Ledger, payer: Hex, pocket: Pocket): Ledger {
  return withBought(ledger, payer, mergePockets(boughtOf(ledger, payer), pocket))
}
