/**
 * The storage face of a gateway's /v1: put a tar of files, list objects, read one back as a tar, repair what a provider lost.
 *
 * It mounts what the storage network does; nothing here decides anything about pieces or providers.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Customer, CustomerRecords, ObjectReader, ReadReport } from '@groundwork/storage/adapters'
import { CidMalformed, formatPieceCid, parseCid, pieceSizes, type Piece } from '@groundwork/storage'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import { CID } from 'multiformats/cid'
import { finished } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'
import { z } from 'zod'
import { NotFound, RequestWrong } from './http-errors.ts'
import type { Api } from './make-server.ts'
import { readPutTar } from './read-put-tar.ts'

export interface StorageApiOptions {
  readonly customer: Customer
  readonly records: CustomerRecords
  openReader(cid: CID, holders: readonly Hex[], options: { readonly signal: AbortSignal }): Promise<ObjectReader>
  /** Replaces what lost providers held. @returns who took whose place */
  repaired(): readonly { readonly lost: Hex; readonly by: Hex }[]
  repair(options: { readonly signal: AbortSignal }): Promise<readonly { readonly lost: Hex; readonly by: Hex }[]>
  readonly signal: AbortSignal
}

/** Read reports that are remembered, inclusive; the oldest goes. */
const reportsMax = 256

const putQuery = z.object({
  copies: z.coerce.number().int().min(1).max(16).default(3).describe('distinct operators'),
  sizeBytes: z.coerce.number().int().min(0).default(0).describe('about how much comes, to choose providers with room'),
  directory: z.enum(['true', 'false']).default('true').describe('whether the root is a directory over the files'),
  wait: z
    .enum(['acknowledged', 'posted'])
    .default('acknowledged')
    .describe('posted: answer once the chain has the sets too'),
})

const cidParams = z.object({ cid: z.string() })

export function storageApi(app: Api, options: StorageApiOptions): void {
  const { customer, records, signal: stopping } = options
  const reports = new Map<string, ObjectReader>()

  const shown = (piece: Piece): { pieceCid: string; rawSizeBytes: number; providers: readonly Hex[] } => ({
    pieceCid: pieceCidOf(piece),
    rawSizeBytes: piece.rawSizeBytes,
    providers: customer.holdersOf(piece),
  })
  const find = (text: string): { cid: CID; pieces: readonly Piece[] } => {
    if (parseCid(text) === undefined) throw new CidMalformed({ cid: text, wanted: 'the CID of an object' })
    const object = records.object(text)
    if (object === undefined) throw new NotFound({ what: `object ${text}` })
    return { cid: CID.parse(object.cid), pieces: records.piecesOf(object.cid) }
  }

  void app.register(async (scope) => {
    // Uploads stream: the body is handed on as it comes, whatever it calls itself.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.post(
      '/v1/storage/objects',
      { schema: { summary: 'Store the files of a tar', querystring: putQuery }, config: { isUpload: true } },
      async (request) => {
        const { copies, sizeBytes, directory, wait } = request.query as z.infer<typeof putQuery>
        if (!(request.body instanceof Readable)) throw new RequestWrong({ why: 'the body is a tar' })
        const gone = new AbortController()
        request.raw.on('aborted', () => gone.abort(new Error('the customer left')))
        const signal = AbortSignal.any([stopping, gone.signal])
        const isDirectory = directory === 'true'
        const tar = readPutTar(request.body, { isDirectory })
        const { object, pieces } = await customer.put(tar.files, {
          isDirectory,
          copies,
          sizeBytes,
          signal,
        })
        if (wait === 'posted') await customer.flush({ signal: stopping })
        return { ...object, emptyFolderCount: tar.emptyFolderCount(), pieces: pieces.map(({ piece }) => shown(piece)) }
      },
    )
    scope.post(
      '/v1/storage/objects/:cid/repair',
      { schema: { summary: 'Replace lost copies at new operators', params: cidParams } },
      async (request) => {
        find((request.params as z.infer<typeof cidParams>).cid)
        const replaced = await options.repair({ signal: stopping })
        return { replaced }
      },
    )
  })

  app.get('/v1/storage/objects', { schema: { summary: 'What is stored' } }, async () =>
    records.objects().map((object) => ({ ...object, pieces: records.piecesOf(object.cid).map(shown) })),
  )
  app.get(
    '/v1/storage/objects/:cid',
    { schema: { summary: 'One object and where its pieces are', params: cidParams } },
    async (request) => {
      const { cid, pieces } = find((request.params as z.infer<typeof cidParams>).cid)
      return { ...records.object(cid.toString()), pieces: pieces.map(shown) }
    },
  )
  app.get(
    '/v1/storage/objects/:cid/content',
    { schema: { summary: 'The files as a tar, verified block by block', params: cidParams } },
    async (request, reply) => {
      const { cid, pieces } = find((request.params as z.infer<typeof cidParams>).cid)
      const holders = [...new Set(pieces.flatMap((piece) => customer.holdersOf(piece)))]
      const gone = new AbortController()
      reply.raw.on('close', () => gone.abort(new Error('the reader left')))
      const reader = await options.openReader(cid, holders, { signal: AbortSignal.any([stopping, gone.signal]) })
      const id = remember(reports, reader)
      await reply.header('x-groundwork-read', id).type('application/x-tar').send(tarOf(reader))
      return reply
    },
  )
  app.get(
    '/v1/storage/repairs',
    { schema: { summary: 'Copies that this gateway has replaced since it started' } },
    async () => ({
      replaced: options.repaired(),
    }),
  )
  app.get(
    '/v1/storage/reads/:id',
    { schema: { summary: 'Who served a read, and who failed or lied', params: z.object({ id: z.uuid() }) } },
    async (request): Promise<ReadReport> => {
      const reader = reports.get((request.params as { id: string }).id)
      if (reader === undefined) throw new NotFound({ what: 'such read; only the last ones are remembered' })
      return reader.report()
    },
  )
}

function remember(reports: Map<string, ObjectReader>, reader: ObjectReader): string {
  const id = randomUUID()
  reports.set(id, reader)
  const [oldest] = reports.keys()
  if (reports.size > reportsMax && oldest !== undefined) reports.delete(oldest)
  return id
}

export function pieceCidOf({ root, height, rawSizeBytes }: Piece): string {
  const paddingBytes = pieceSizes({ height, rawSizeBytes })?.paddingBytes ?? 0
  return formatPieceCid({ root: fromHex(root, 32), height, paddingBytes })
}

function tarOf(reader: ObjectReader): Readable {
  const tar = pack()
  void fill(tar, reader).catch((error: unknown) => tar.destroy(error as Error))
  return Readable.from(tar, { objectMode: false })
}

async function fill(tar: Pack, reader: ObjectReader): Promise<void> {
  for await (const { path, sizeBytes, content } of reader.files()) {
    const entry = tar.entry({ name: path === '' ? 'file' : path, size: Number(sizeBytes), mtime: new Date(0) })
    const source = Readable.from(content)
    source.on('error', (error) => entry.destroy(error))
    source.pipe(entry)
    await finished(entry)
  }
  tar.finalize()
}
