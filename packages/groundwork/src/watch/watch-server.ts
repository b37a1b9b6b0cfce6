/**
 * What a watcher serves: the evidence that it keeps, to anyone; and, when it was drawn, the keeping of a posted bundle.
 *
 * The same routes as every operator's server has for evidence. docs/protocol/evidence.md#serving
 *
 * @module
 */

import { digestOfAvailable, type Available } from '@groundwork/core/evidence/availability.ts'
import { bundleBytesMax, decodeBundleCar } from '@groundwork/core/evidence/bundle-car.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { CidMalformed } from '@groundwork/storage'
import type { LocalAccount } from 'viem'
import { z } from 'zod'
import { NotFound, RequestWrong } from '../http/http-errors.ts'
import type { Api } from '../http/make-server.ts'
import type { AuditContext } from './audit-context.ts'
import { bundleAuditor, whyNotOurs } from './bundle-auditor.ts'
import { bundleBlocks } from './bundle-blocks.ts'
import { signDigest } from './evidence-desk.ts'
import { evidenceDomain } from './epoch-facts.ts'
import { parseCid } from './evidence-peer.ts'
import { BundleRefused, KeeperBusy } from './keeper-errors.ts'
import type { WatchStore } from './watch-store.ts'

/** Bundles that are received and audited at once. */
const bundlesAtOnceMax = 2

export interface WatchServerOptions {
  readonly context: AuditContext & { readonly store: WatchStore }
  readonly account: LocalAccount
  readonly signal: AbortSignal
}

const epochQuery = z.object({ network: z.coerce.number().int().min(1).max(255), epoch: z.coerce.bigint().min(0n) })
const digest = z.string().regex(/^0x[0-9a-f]{64}$/)
const bundleQuery = epochQuery.extend({ evidence: digest, post: digest })

/** Adds the routes to a server. */
export function serveEvidence(app: Api, { context, account, signal }: WatchServerOptions): void {
  const { store } = context
  const operator = account.address.toLowerCase() as Address
  const audit = bundleAuditor(context, operator)
  let receiving = 0

  app.get('/v1/health', async () => ({ ok: true, operator }))

  app.get('/v1/evidence/batches', (request, reply) => {
    void reply.send({ batches: store.batches(readQuery(epochQuery, request.query)) })
  })

  app.get('/v1/evidence/:cid', async (request, reply) => {
    const { cid: text } = request.params as { cid: string }
    const cid = parseCid(text)
    if (cid === undefined) throw new CidMalformed({ cid: text, wanted: 'the CID of a block of evidence' })
    const bytes = store.get(cid.toString())
    if (bytes === undefined) throw new NotFound({ what: `evidence ${text.slice(0, 100)}` })
    return reply
      .type('application/vnd.ipld.dag-cbor')
      .header('cache-control', 'public, max-age=31536000, immutable')
      .send(Buffer.from(bytes))
  })

  app.addContentTypeParser(
    'application/vnd.ipld.car',
    { parseAs: 'buffer', bodyLimit: bundleBytesMax },
    (_request, body, done) => done(null, body),
  )

  app.post('/v1/evidence/bundles', {
    config: { isOpen: true, isUpload: true },
    bodyLimit: bundleBytesMax,
    // A body is read only from whoever hands over what we were drawn for.
    onRequest: async (request) => {
      if (receiving >= bundlesAtOnceMax) throw new KeeperBusy({ bundlesAtOnceMax })
      const available = readQuery(bundleQuery, request.query) as Available
      const why = await whyNotOurs(context, { operator, available }, { signal })
      if (why !== undefined) throw new BundleRefused({ evidence: available.evidence, why })
    },
    handler: async (request) => {
      const available = readQuery(bundleQuery, request.query) as Available
      if (receiving >= bundlesAtOnceMax) throw new KeeperBusy({ bundlesAtOnceMax })
      receiving += 1
      try {
        const { evidence, post } = available
        return { operator, evidence, post, signature: await keep(available, request.body) }
      } finally {
        receiving -= 1
      }
    },
  })

  const keep = async (available: Available, body: unknown): Promise<Hex> => {
    const { network, evidence } = available
    const decoded = body instanceof Uint8Array ? decodeBundleCar(body) : undefined
    if (decoded?.tag !== 'car') throw new RequestWrong({ why: `the body is no CAR: ${decoded?.reason ?? 'empty'}` })
    const { blocks } = decoded.car
    const why = await audit({ available, blocks }, { signal })
    const kept = bundleBlocks(blocks, { network, evidence })
    if (why !== undefined || kept === undefined) throw new BundleRefused({ evidence, why: why ?? 'blocks are missing' })
    store.keep(kept)
    return signDigest(account, digestOfAvailable(available, evidenceDomain(context)))
  }
}

function readQuery<T extends z.ZodType>(schema: T, query: unknown): z.infer<T> {
  const parsed = schema.safeParse(query)
  if (!parsed.success) throw new RequestWrong({ why: z.prettifyError(parsed.error).replaceAll('\n', ' ') })
  return parsed.data
}
