/**
 * The status page of a gateway, and evidence as anyone can read it.
 *
 * @module
 */

import { decodeBlock } from '@groundwork/core/evidence/block.ts'
import { toHex } from '@groundwork/core/units/hex.ts'
import { CidMalformed, parseCid } from '@groundwork/storage'
import { CID } from 'multiformats/cid'
import { z } from 'zod'
import { NotFound } from './http-errors.ts'
import type { Api } from './make-server.ts'
import { statusPage } from './status-page.ts'
import { statusView, type StatusSource } from './status-view.ts'

export interface StatusApiOptions extends StatusSource {
  readonly signal: AbortSignal
}

const pageQuery = z.object({
  skip: z.coerce.number().int().min(0).max(1_000_000).default(0).describe('payments, of the newest, to pass over'),
})
type PageQuery = z.infer<typeof pageQuery>

export function statusApi(app: Api, { signal, ...source }: StatusApiOptions): void {
  app.get('/', { schema: { hide: true, querystring: pageQuery } }, async (request, reply) => {
    const { skip } = request.query as PageQuery
    await reply
      .type('text/html; charset=utf-8')
      .serializer(String)
      .send(statusPage(await statusView(source, { skip, signal })))
    return reply
  })
  app.get(
    '/v1/status',
    { schema: { summary: 'Networks, providers, epochs, payments and objects at a glance', querystring: pageQuery } },
    async (request) => statusView(source, { skip: (request.query as PageQuery).skip, signal }),
  )
  app.get(
    '/v1/evidence/:cid',
    {
      schema: {
        summary: 'A block of evidence, decoded, from whoever keeps it',
        params: z.object({ cid: z.string() }),
      },
    },
    async (request) => {
      const { cid } = request.params as { cid: string }
      if (parseCid(cid) === undefined) throw new CidMalformed({ cid, wanted: 'the CID of a block of evidence' })
      const bytes = await source.store.evidence(cid, { signal })
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
