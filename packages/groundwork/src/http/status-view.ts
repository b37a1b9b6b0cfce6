/**
 * What the status page shows, from the index of the chain.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import {
  dataSetsAsOf,
  epochStepsIn,
  offersIn,
  operatorsIn,
  paymentsIn,
  slashesIn,
} from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import { lanesOf } from '@groundwork/core/merkle/lanes.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { coverageMap } from '@groundwork/wireless'
import type { ComposedCustomer } from '../compose.ts'
import { networkIds, networkNames, type NetworkName } from '../networks.ts'
import { logsOf } from '../watch/event-logs.ts'
import { carriedTraffic } from '../wireless/carried-traffic.ts'
import { routesIn } from '../wireless/routes-in.ts'
import { coveragePicture } from './coverage-picture.ts'
import { paymentViews } from './payment-views.ts'
import { shortWork } from './short-work.ts'
import type { EpochView, ProviderView, StatusView } from './status-page.ts'

export interface StatusSource {
  readonly chain: Chain
  readonly index: ChainIndex
  readonly store: ComposedCustomer
}

export const paymentsShownMax = 200
const epochsShownMax = 12

/** @param skip payments, of the newest, that are passed over: each page shows `paymentsShownMax` */
export async function statusView(
  { chain, index, store }: StatusSource,
  { skip, signal }: { readonly skip: number; readonly signal: AbortSignal },
): Promise<StatusView> {
  const latencies = await store.latencies({ signal })
  const payments = paymentViews(index)
  return {
    name: chain.deployment.name,
    block: index.tip()?.number ?? 0n,
    rpc: chain.rpcUrl,
    networks: networkNames.map((name) => networkView(index, name)),
    providers: networkNames.flatMap((name) => providerViews(index, { name, latencies })),
    epochs: networkNames.flatMap((name) => epochViews(index, name).slice(0, epochsShownMax)),
    payments: payments.slice(skip, skip + paymentsShownMax),
    paymentsSkipped: skip,
    paymentCount: payments.length,
    coverage: coveragePicture(coverageMap(carriedTraffic(index))),
    objects: store.records.objects().map(({ cid, sizeBytes, copies }) => ({ cid, size: `${sizeBytes} bytes`, copies })),
  }
}

function networkView(index: ChainIndex, name: NetworkName): StatusView['networks'][number] {
  const network = networkIds[name]
  const steps = epochStepsIn(index, { network }).filter(({ state }) => state !== 'sealed')
  const last = steps.at(-1)
  return {
    name,
    operatorCount: offersIn(index, { network }).length,
    market: marketOf(index, name),
    lastEpoch: last?.epoch.toString() ?? 'none',
    state: last?.state ?? 'waiting for the first epoch',
  }
}

function marketOf(index: ChainIndex, name: NetworkName): string {
  if (name === 'storage') return counted(dataSetsAsOf(index, { block: index.tip()?.number ?? 0n }).length, 'data set')
  return counted(routesIn(index).filter(({ isOpen }) => isOpen).length, 'route')
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** What a price is for: the unit that customers pay by. */
const units: Readonly<Record<NetworkName, string>> = {
  storage: 'nano-credits per GiB·s',
  wireless: 'nano-credits per 24 bytes',
}

function providerViews(
  index: ChainIndex,
  { name, latencies }: { readonly name: NetworkName; readonly latencies: ReadonlyMap<Hex, number> },
): ProviderView[] {
  const slashed = new Set(slashesIn(index).map(({ operator }) => operator.toLowerCase()))
  const minted = new Map<string, bigint>()
  for (const { kind, payee, workAtto } of paymentsIn(index)) {
    if ((kind !== 'conversion' && kind !== 'claim') || payee === undefined) continue
    const key = payee.toLowerCase()
    minted.set(key, (minted.get(key) ?? 0n) + workAtto)
  }
  const operators = new Map(operatorsIn(index).map((operator) => [operator.operator.toLowerCase(), operator]))
  const network = networkIds[name]
  return offersIn(index, { network }).map(({ operator, priceNano }) => {
    const known = operators.get(operator.toLowerCase())
    return {
      network: name,
      operator,
      endpoint: known?.endpoint ?? '',
      place: known?.cell.toString(16) ?? '',
      price: `${priceNano} ${units[name]}`,
      bond: shortWork(bondOf(index, { network, operator })),
      earned: shortWork(minted.get(operator.toLowerCase()) ?? 0n),
      latencyMs: latencies.get(operator.toLowerCase() as Hex),
      isFaulted: slashed.has(operator.toLowerCase()),
    }
  })
}

/** What stands in Bonds by its events: deposits, less what was withdrawn and slashed. A slash names the lock, the lock its network. */
function bondOf(
  index: ChainIndex,
  { network, operator }: { readonly network: number; readonly operator: string },
): bigint {
  const sumOf = (event: string, isHere: (args: Readonly<Record<string, unknown>>) => boolean): bigint =>
    logsOf(index, { contract: 'bonds', event })
      .filter(({ args }) => String(args['operator']).toLowerCase() === operator.toLowerCase() && isHere(args))
      .reduce((sum, { args }) => sum + BigInt(String(args['amountAtto'])), 0n)
  const isOfNetwork = (args: Readonly<Record<string, unknown>>): boolean => Number(args['network']) === network
  const locks = new Set(
    logsOf(index, { contract: 'bonds', event: 'Locked' })
      .filter(({ args }) => isOfNetwork(args))
      .map(({ args }) => String(args['lockId'])),
  )
  return (
    sumOf('Deposited', isOfNetwork) -
    sumOf('Withdrawn', isOfNetwork) -
    sumOf('Slashed', ({ lockId }) => locks.has(String(lockId)))
  )
}

/** The newest first. A post carries the totals of all epochs so far; what an epoch adds is the difference to the last final one. */
export function epochViews(index: ChainIndex, name: NetworkName): EpochView[] {
  const shown = new Map<bigint, EpochView>()
  const totalsOf = new Map<bigint, bigint>()
  let finalTotals = 0n
  for (const { epoch, state, totals, evidence } of epochStepsIn(index, { network: networkIds[name] })) {
    const before = shown.get(epoch)
    if (totals !== undefined) totalsOf.set(epoch, totals)
    const added = totals === undefined ? undefined : lanesBetween(finalTotals, totals)
    shown.set(epoch, {
      network: name,
      epoch: epoch.toString(),
      state,
      rebate: added === undefined ? (before?.rebate ?? '') : shortWork(added.high),
      bootstrap: added === undefined ? (before?.bootstrap ?? '') : shortWork(added.low),
      evidenceCid: evidence === undefined ? before?.evidenceCid : cidOfDigest(evidence).toString(),
    })
    if (state === 'finalised') finalTotals = totalsOf.get(epoch) ?? finalTotals
  }
  return [...shown.values()].toReversed()
}

function lanesBetween(from: bigint, to: bigint): { high: bigint; low: bigint } {
  const [before, after] = [lanesOf(from), lanesOf(to)]
  return { high: after.high - before.high, low: after.low - before.low }
}
