/**
 * The status page of a gateway, filled from the index, and evidence as anyone can read it.
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
  type IndexedPayment,
} from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { cidOfDigest, decodeBlock } from '@groundwork/core/evidence/block.ts'
import { lanesOf } from '@groundwork/core/merkle/lanes.ts'
import { formatWork } from '@groundwork/core/units/work.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { NotFound } from './http-errors.ts'
import type { Api } from './make-server.ts'
import { statusPage, type EpochView, type PaymentView, type ProviderView, type StatusView } from './status-page.ts'
import type { ComposedCustomer } from '../compose.ts'

export interface StatusApiOptions {
  readonly chain: Chain
  readonly index: ChainIndex
  readonly store: ComposedCustomer
  readonly signal: AbortSignal
}

const storage = 1
const paymentsShownMax = 200
const epochsShownMax = 12

export function statusApi(app: Api, { chain, index, store, signal }: StatusApiOptions): void {
  const view = async (): Promise<StatusView> => {
    const latencies = await store.latencies({ signal })
    return {
      name: chain.deployment.name,
      block: index.tip()?.number ?? 0n,
      rpc: chain.rpcUrl,
      networks: [networkView(index)],
      providers: providerViews(index, latencies),
      epochs: epochViews(index),
      payments: paymentsIn(index).slice(-paymentsShownMax).toReversed().map(paymentView),
      objects: store.records
        .objects()
        .map(({ cid, sizeBytes, copies }) => ({ cid, size: `${sizeBytes} bytes`, copies })),
    }
  }
  app.get('/', { schema: { hide: true } }, async (_request, reply) => {
    await reply
      .type('text/html; charset=utf-8')
      .serializer(String)
      .send(statusPage(await view()))
    return reply
  })
  app.get('/v1/status', { schema: { summary: 'Networks, providers, epochs, payments and objects at a glance' } }, view)
  app.get(
    '/v1/evidence/:cid',
    {
      schema: {
        summary: 'A block of evidence, decoded, from whoever keeps it',
        params: z.object({ cid: z.string().min(8).max(128) }),
      },
    },
    async (request) => {
      const { cid } = request.params as { cid: string }
      const bytes = await store.evidence(cid, { signal })
      if (bytes === undefined) throw new NotFound({ what: `evidence ${cid}` })
      return { cid, sizeBytes: bytes.length, value: readable(decodeBlock(bytes)) }
    },
  )
}

/** DAG-CBOR as JSON a person can read: bytes in hex, links as their CID. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  const link = CID.asCID(value)
  if (link !== null) return link.toString()
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readable(item)]))
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
      bond: `${formatWork(bondOf(index, operator))} WORK`,
      earned: `${formatWork(minted.get(operator.toLowerCase()) ?? 0n)} WORK`,
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

function epochViews(index: ChainIndex): EpochView[] {
  const last = new Map<bigint, EpochView>()
  for (const { epoch, state, totals, evidence } of epochStepsIn(index, { network: storage })) {
    const before = last.get(epoch)
    const lanes = totals === undefined ? undefined : lanesOf(totals)
    last.set(epoch, {
      network: 'storage',
      epoch: epoch.toString(),
      state,
      rebate: lanes === undefined ? (before?.rebate ?? '') : `${formatWork(lanes.high)} WORK`,
      bootstrap: lanes === undefined ? (before?.bootstrap ?? '') : `${formatWork(lanes.low)} WORK`,
      evidenceCid: evidence === undefined ? before?.evidenceCid : cidOfDigest(evidence).toString(),
    })
  }
  return [...last.values()].slice(-epochsShownMax).toReversed()
}

const amountOf = ({ kind, credits, workAtto }: IndexedPayment): string =>
  kind === 'conversion'
    ? `${credits} credits → ${formatWork(workAtto)} WORK`
    : kind === 'claim'
      ? `${formatWork(workAtto)} WORK`
      : `${credits} credits`

function paymentView(payment: IndexedPayment): PaymentView {
  const { kind, block, payer, payee, tx, epoch, evidence, dataSet } = payment
  const bundle =
    evidence === undefined
      ? undefined
      : { text: `epoch ${epoch ?? ''}`, href: `/v1/evidence/${cidOfDigest(evidence).toString()}` }
  const set = dataSet === undefined ? undefined : { text: 'data set', href: '/v1/data-sets' }
  return {
    block: block.toString(),
    kind,
    from: payer ?? 'the protocol',
    to: payee ?? '',
    amount: amountOf(payment),
    tx,
    evidence: bundle ?? set,
  }
}
