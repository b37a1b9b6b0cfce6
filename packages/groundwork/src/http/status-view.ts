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
import type { ComposedCustomer } from '../compose.ts'
import { paymentViews } from './payment-views.ts'
import { shortWork } from './short-work.ts'
import type { EpochView, ProviderView, StatusView } from './status-page.ts'

export interface StatusSource {
  readonly chain: Chain
  readonly index: ChainIndex
  readonly store: ComposedCustomer
}

const storage = 1
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
    networks: [networkView(index)],
    providers: providerViews(index, latencies),
    epochs: epochViews(index).slice(0, epochsShownMax),
    payments: payments.slice(skip, skip + paymentsShownMax),
    paymentsSkipped: skip,
    paymentCount: payments.length,
    objects: store.records.objects().map(({ cid, sizeBytes, copies }) => ({ cid, size: `${sizeBytes} bytes`, copies })),
  }
}

function networkView(index: ChainIndex): StatusView['networks'][number] {
  const steps = epochStepsIn(index, { network: storage }).filter(({ state }) => state !== 'sealed')
  const last = steps.at(-1)
  return {
    name: 'storage',
    operatorCount: offersIn(index, { network: storage }).length,
    setCount: dataSetsAsOf(index, { block: index.tip()?.number ?? 0n }).length,
    lastEpoch: last?.epoch.toString() ?? 'none',
    state: last?.state ?? 'waiting for the first epoch',
  }
}

function providerViews(index: ChainIndex, latencies: ReadonlyMap<Hex, number>): ProviderView[] {
  const slashed = new Set(slashesIn(index).map(({ operator }) => operator.toLowerCase()))
  const minted = new Map<string, bigint>()
  for (const { kind, payee, workAtto } of paymentsIn(index)) {
    if ((kind !== 'conversion' && kind !== 'claim') || payee === undefined) continue
    const key = payee.toLowerCase()
    minted.set(key, (minted.get(key) ?? 0n) + workAtto)
  }
  const operators = new Map(operatorsIn(index).map((operator) => [operator.operator.toLowerCase(), operator]))
  return offersIn(index, { network: storage }).map(({ operator, priceNano }) => {
    const known = operators.get(operator.toLowerCase())
    return {
      operator,
      endpoint: known?.endpoint ?? '',
      place: known?.cell.toString(16) ?? '',
      price: priceNano.toString(),
      bond: shortWork(bondOf(index, operator)),
      earned: shortWork(minted.get(operator.toLowerCase()) ?? 0n),
      latencyMs: latencies.get(operator.toLowerCase() as Hex),
      isFaulted: slashed.has(operator.toLowerCase()),
    }
  })
}

/** What stands in Bonds by its events: deposits, less what was withdrawn and slashed. */
function bondOf(index: ChainIndex, operator: string): bigint {
  const rows = index.database
    .prepare("SELECT event, args FROM logs WHERE contract = 'bonds' AND event IN ('Deposited', 'Withdrawn', 'Slashed')")
    .all() as unknown as readonly { event: string; args: string }[]
  let bondAtto = 0n
  for (const { event, args } of rows) {
    const { operator: whose, amountAtto } = JSON.parse(args) as { operator: string; amountAtto: string }
    if (whose.toLowerCase() === operator.toLowerCase())
      bondAtto += event === 'Deposited' ? BigInt(amountAtto) : -BigInt(amountAtto)
  }
  return bondAtto
}

/** The newest first. A post carries the totals of all epochs so far; what an epoch adds is the difference to the last final one. */
export function epochViews(index: ChainIndex): EpochView[] {
  const shown = new Map<bigint, EpochView>()
  const totalsOf = new Map<bigint, bigint>()
  let finalTotals = 0n
  for (const { epoch, state, totals, evidence } of epochStepsIn(index, { network: storage })) {
    const before = shown.get(epoch)
    if (totals !== undefined) totalsOf.set(epoch, totals)
    const added = totals === undefined ? undefined : lanesBetween(finalTotals, totals)
    shown.set(epoch, {
      network: 'storage',
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
