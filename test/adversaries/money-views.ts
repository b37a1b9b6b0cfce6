/**
 * What the contracts say of every balance, pocket, rail, limit and lock, against what the model's ledger says.
 *
 * @module
 */

import { bondsAbi } from '@groundwork/chain/abi/bonds.ts'
import { creditsAbi } from '@groundwork/chain/abi/credits.ts'
import { epochsAbi } from '@groundwork/chain/abi/epochs.ts'
import { guardAbi } from '@groundwork/chain/abi/guard.ts'
import { priceFeedAbi } from '@groundwork/chain/abi/price-feed.ts'
import { railsAbi } from '@groundwork/chain/abi/rails.ts'
import { workTokenAbi } from '@groundwork/chain/abi/work-token.ts'
import type { Addresses } from '@groundwork/chain/deployment.ts'
import { packLanes } from '@groundwork/core/merkle/lanes.ts'
import { noSigner } from '@groundwork/core/money/ledger/apply-allotment.ts'
import {
  boughtOf,
  earnedOf,
  flowsOf,
  gotOf,
  quoteNow,
  stakeOf,
  supplyOf,
  walletOf,
  type Ledger,
} from '@groundwork/core/money/ledger/ledger-state.ts'
import { emptyPocket } from '@groundwork/core/money/pocket.ts'
import { dueAt, payableAt, type Stream } from '@groundwork/core/money/stream.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { type Abi, decodeFunctionResult, encodeFunctionData } from 'viem'
import type { MoneyChain } from './money-chain.ts'

interface View {
  readonly to: keyof Addresses
  readonly abi: Abi
  readonly functionName: string
  readonly args: readonly unknown[]
  /** fields of the answer that are compared; for an answer of one value, that value */
  readonly expected: unknown
}

const view = (to: keyof Addresses, abi: Abi) => (functionName: string, args: readonly unknown[], expected: unknown): View => ({ to, abi, functionName, args, expected }) // prettier-ignore
const credits = view('credits', creditsAbi)
const rails = view('rails', railsAbi)
const bonds = view('bonds', bondsAbi)
const epochs = view('epochs', epochsAbi)
const workToken = view('workToken', workTokenAbi)

/** @returns a sentence for each view that differs from the ledger; with `wholeOnly` of totals and prices alone */
export async function differencesOf(
  { rpc, addresses, actors }: MoneyChain,
  atOperation: Ledger,
  { wholeOnly }: { readonly wholeOnly: boolean },
): Promise<readonly string[]> {
  const block = (await rpc('eth_getBlockByNumber', 'latest', false)) as { readonly timestamp: Hex }
  const ledger: Ledger = { ...atOperation, nowSeconds: BigInt(block.timestamp) } // finalising an epoch takes some blocks more
  const parts = [
    actors.accounts.flatMap((account) => accountViews(ledger, account)),
    railViews(ledger),
    lockViews(ledger),
  ]
  const views = [...globalViews(ledger), ...(wholeOnly ? [] : parts.flat())]
  const answers = await rpc.many(
    views.map(({ to, abi, functionName, args }) => [
      'eth_call',
      { to: addresses[to], data: encodeFunctionData({ abi, functionName, args }) },
      'latest',
    ]),
  )
  return views.flatMap(({ abi, functionName, args, expected }, index) => {
    const actual = decodeFunctionResult({ abi, functionName, data: answers[index] as Hex, args })
    const [wanted, found] = [textOf(expected), textOf(narrowed(actual, expected))]
    return wanted === found ? [] : [`${functionName}(${textOf(args)}) is ${found}, the model says ${wanted}`]
  })
}

function globalViews(ledger: Ledger): readonly View[] {
  const { issuedCredits, spentCredits, burnedAtto, mintedAtto, retiredAtto } = ledger.totals
  const { low, high, computedAtSeconds: computedAt } = ledger.feed
  const [lowUsd8, highUsd8] = [low?.priceUsd8 ?? 0n, high?.priceUsd8 ?? 0n]
  const anchors = {
    lowUsd8,
    highUsd8,
    lowAnchor: low?.anchorSeconds ?? 0n,
    highAnchor: high?.anchorSeconds ?? 0n,
    computedAt,
  }
  return [
    credits('totals', [], [issuedCredits, spentCredits, burnedAtto, mintedAtto, retiredAtto]),
    workToken('totalSupply', [], supplyOf(ledger)),
    view('priceFeed', priceFeedAbi)('anchors', [], anchors),
    view('priceFeed', priceFeedAbi)('quote', [], [lowUsd8, highUsd8, quoteNow(ledger).fresh]),
    view('priceFeed', priceFeedAbi)('posters', [], ledger.feed.posters),
    view('guard', guardAbi)('pausedUntil', [], ledger.pausedUntil),
    ...[...ledger.heads].flatMap(([network, head]) => [
      epochs('head', [Number(network)], {
        epoch: head.nextEpoch,
        totals: packLanes(head.totals.rebateAtto, head.totals.bootstrapAtto),
      }),
    ]),
  ]
}

function accountViews(ledger: Ledger, account: Hex): readonly View[] {
  const flows = flowsOf(ledger, account)
  const networks = [1n, 2n]
  return [
    workToken('balanceOf', [account], walletOf(ledger, account)),
    credits('bought', [account], boughtOf(ledger, account)),
    credits('earned', [account], earnedOf(ledger, account)),
    rails('retired', [account], flows.retiredAtto),
    rails('limit', [account], flows.limitAtto),
    rails('nonces', [account], ledger.nonces.get(account) ?? 0n),
    epochs('gotAll', [account], flows.rebatesAtto),
    ...[...ledger.heads.keys()].map((network) => {
      const got = gotOf(ledger, network, account)
      return epochs('got', [Number(network), account], [got.rebateAtto, got.bootstrapAtto])
    }),
    ...networks.map((network) => bonds('stake', [account, Number(network)], stakeOf(ledger, account, network))),
  ]
}

/** A finished stream leaves nothing but the mark that its id was used. */
const finishedStream: Stream = {
  ...emptyPocket,
  payer: noSigner,
  payee: noSigner,
  judge: noSigner,
  rateNano: 0n,
  start: 0n,
  end: 0n,
  openDemands: 0n,
  firstOpened: 0n,
  faultSeconds: 0n,
  noticed: true,
  paid: 0n,
  accruedNano: 0n,
}
const escrowStates = { open: 1n, submitted: 2n, ended: 3n } as const

function railViews(ledger: Ledger): readonly View[] {
  const { holdSeconds } = ledger.parameters
  return [
    ...[...ledger.streams].map(([id, stream]) => rails('stream', [id], stream)),
    ...[...ledger.streams].map(([id, stream]) =>
      rails('due', [id, Number(ledger.nowSeconds)], dueAt(stream, ledger.nowSeconds)),
    ),
    ...[...ledger.streams].map(([id, stream]) =>
      rails('payable_', [id], payableAt(stream, ledger.nowSeconds, holdSeconds)),
    ),
    ...[...ledger.closedStreams].map((id) => rails('stream', [id], finishedStream)),
    ...[...ledger.allotments].map(([key, allotment]) => rails('allotment', key.split(':'), allotment)),
    ...[...ledger.escrows].map(([id, escrow]) =>
      rails('escrow', [id], { ...escrow, state: escrowStates[escrow.state] }),
    ),
  ]
}

function lockViews(ledger: Ledger): readonly View[] {
  return [...ledger.locks].map(([id, { operator, network, amountAtto, thawEnd, isSlashed, judge, keeper }]) =>
    bonds('lockOf', [id], { operator, network, amountAtto, thawEnd, slashed: isSlashed, judge, keeper }),
  )
}

/** Only the fields that the expected value has. */
function narrowed(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(expected) || typeof expected !== 'object' || expected === null) return actual
  const fields = actual as Readonly<Record<string, unknown>>
  return Object.fromEntries(Object.keys(expected).map((name) => [name, fields[name]]))
}

/** One text for equal values: integers of any width in decimal, addresses in lower case, fields in order of name. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1))
    return `{${entries.map(([name, field]) => `${name}:${textOf(field)}`).join(',')}}`
  }
  return String(value).toLowerCase()
}
