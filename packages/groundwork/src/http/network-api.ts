/**
 * What anyone may read of a network from a gateway: deployment, providers, epochs, payments, demands, slashes, and one
 * resumable stream of events. All of it comes from the index of the chain, so all of it can be checked on the chain.
 *
 * @module
 */

import { formatDeployment } from '@groundwork/chain/deployment.ts'
import type { Chain } from '@groundwork/chain/client.ts'
import { asked } from '@groundwork/chain/decode-error.ts'
import {
  claimsIn,
  dataSetsAsOf,
  demandsIn,
  epochStepsIn,
  indexRowsMax,
  offersIn,
  operatorsIn,
  paymentsIn,
  slashesIn,
} from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { receiptOrUndefined } from '@groundwork/chain/wait-for-receipt.ts'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { holdsIn } from '../holds/holds-in.ts'
import { holdView } from '../holds/hold-view.ts'
import { networkIds, networkNames } from '../networks.ts'
import { storageNetwork } from '@groundwork/storage'
import { toCsv, toJson, type ShowRow } from '../cli/show.ts'
import { eventStreamsMax, sendEvents } from './event-stream.ts'
import { NotFound, TooManyStreams } from './http-errors.ts'
import type { Api } from './make-server.ts'

export interface NetworkApiOptions {
  readonly chain: Chain
  readonly index: ChainIndex
  readonly signal: AbortSignal
}

/** Rows of one answer, inclusive. */
export const rowsMax = 1_000

const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(rowsMax).default(100).describe('how many rows, the newest'),
  skip: z.coerce.number().int().min(0).max(indexRowsMax).default(0).describe('rows, of the newest, to pass over'),
  format: z.enum(['json', 'csv']).default('json').describe('csv for a spreadsheet'),
})
type ListQuery = z.infer<typeof listQuery>
const networkQuery = listQuery.extend({
  network: z.enum(networkNames).default('storage').describe('of which network'),
})
type NetworkQuery = z.infer<typeof networkQuery>

/** Every list can be had as JSON or as CSV. */
async function sendList(
  reply: FastifyReply,
  rows: readonly object[],
  { limit, skip, format }: ListQuery,
): Promise<unknown> {
  const newest = rows.toReversed().slice(skip, skip + limit)
  if (format === 'json') return newest
  await reply.type('text/csv; charset=utf-8').send(toCsv(newest.map(flat)))
  return reply
}

const flat = (row: object): ShowRow =>
  Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key,
      typeof value === 'object' && value !== null ? toJson(value) : (value as string),
    ]),
  )

export function networkApi(app: Api, { chain, index, signal }: NetworkApiOptions): void {
  const { deployment } = chain
  let streams = 0

  app.get('/v1/health', { schema: { summary: 'Whether this gateway keeps up with its chain' } }, async () => ({
    ok: true,
    block: await asked({ rpcUrl: chain.rpcUrl, functionName: 'eth_blockNumber' }, async () =>
      chain.client.getBlockNumber({ cacheTime: 0 }),
    ),
    indexedBlock: index.tip()?.number ?? null,
  }))
  app.get(
    '/v1/deployment',
    { schema: { summary: 'The deployment file: which contracts, on which chain' } },
    async (_request, reply) => {
      await reply.type('application/json').serializer(String).send(formatDeployment(deployment))
      return reply
    },
  )
  app.get(
    '/v1/providers',
    { schema: { summary: 'Operators and what they offer', querystring: networkQuery } },
    async (request, reply) => {
      const network = networkIds[(request.query as NetworkQuery).network]
      const offers = new Map(offersIn(index, { network }).map((offer) => [offer.operator, offer]))
      const rows = operatorsIn(index).map((operator) => {
        const { capacity, priceNano } = offers.get(operator.operator) ?? {}
        return {
          ...operator,
          capacityBytes: (network === storageNetwork ? capacity : undefined) ?? null,
          priceNano: priceNano ?? null,
        }
      })
      return sendList(reply, rows, request.query as ListQuery)
    },
  )
  app.get(
    '/v1/data-sets',
    { schema: { summary: 'Data sets as they stand', querystring: listQuery } },
    async (request, reply) =>
      sendList(reply, dataSetsAsOf(index, { block: index.tip()?.number ?? 0n }), request.query as ListQuery),
  )
  app.get(
    '/v1/data-sets/:id',
    {
      schema: {
        summary: 'One data set as it stands',
        params: z.object({ id: z.string().regex(/^0x[0-9a-fA-F]{64}$/) }),
      },
    },
    async (request) => {
      const { id } = request.params as { id: string }
      const sets = dataSetsAsOf(index, { block: index.tip()?.number ?? 0n })
      const found = sets.find((set) => set.id.toLowerCase() === id.toLowerCase())
      if (found === undefined) throw new NotFound({ what: `data set ${id}, or it has ended` })
      return found
    },
  )
  app.get(
    '/v1/epochs',
    { schema: { summary: 'What happened to each epoch', querystring: networkQuery } },
    async (request, reply) => {
      const query = request.query as NetworkQuery
      return sendList(reply, epochStepsIn(index, { network: networkIds[query.network] }), query)
    },
  )
  app.get(
    '/v1/payments',
    { schema: { summary: 'Every payment and the evidence behind it', querystring: listQuery } },
    async (request, reply) => sendList(reply, paymentsIn(index), request.query as ListQuery),
  )
  app.get(
    '/v1/claims',
    { schema: { summary: 'Claims of rebate and bootstrap', querystring: listQuery } },
    async (request, reply) => sendList(reply, claimsIn(index), request.query as ListQuery),
  )
  app.get(
    '/v1/demands',
    { schema: { summary: 'Demanded leaves and what came of them', querystring: listQuery } },
    async (request, reply) => sendList(reply, demandsIn(index), request.query as ListQuery),
  )
  app.get(
    '/v1/slashes',
    { schema: { summary: 'Locks taken for proven faults', querystring: listQuery } },
    async (request, reply) => sendList(reply, slashesIn(index), request.query as ListQuery),
  )
  app.get(
    '/v1/holds',
    { schema: { summary: 'Holds: who is accused of what, what was answered and decided', querystring: listQuery } },
    async (request, reply) => {
      const block = index.tip()?.number ?? 0n
      const rows = holdsIn(index).map((record) => holdView(record, block))
      return sendList(reply, rows, request.query as ListQuery)
    },
  )
  app.get(
    '/v1/transactions/:hash',
    {
      schema: {
        summary: 'The receipt of a transaction',
        params: z.object({ hash: z.string().regex(/^0x[0-9a-fA-F]{64}$/) }),
      },
    },
    async (request) => {
      const { hash } = request.params as { hash: `0x${string}` }
      const receipt = await receiptOrUndefined(chain, hash)
      if (receipt === undefined) throw new NotFound({ what: `transaction ${hash}` })
      return receipt
    },
  )
  app.get(
    '/v1/events',
    { schema: { summary: 'Every event of the contracts, as server-sent events; Last-Event-ID resumes' } },
    async (request, reply) => {
      if (streams >= eventStreamsMax) throw new TooManyStreams({ eventStreamsMax })
      streams += 1
      reply.hijack()
      const { raw } = reply
      raw.on('error', () => raw.destroy())
      raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      // Not with the first event, which may be long in coming.
      raw.flushHeaders()
      const { startBlock } = deployment
      const lastEventId = String(request.headers['last-event-id'] ?? '')
      try {
        await sendEvents(raw, { index, startBlock, lastEventId, signal })
      } catch (error) {
        // The reader left, or we stop: it comes again with the id that it has. Whatever else it was, it can only be told by an end.
        if (!signal.aborted && !raw.destroyed) request.log.error(error)
      } finally {
        streams -= 1
        raw.end()
      }
      return reply
    },
  )
}
