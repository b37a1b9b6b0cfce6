/**
 * What a watcher serves: the evidence that it keeps, to anyone; and, when it was drawn, the keeping of a posted bundle.
 *
 * The same routes as every operator's server has for evidence. docs/protocol/evidence.md#serving
 *
 * @module
 */

import { digestOfAvailable } from '@groundwork/core/evidence/availability.ts'
import { bundleBytesMax, decodeBundleCar } from '@groundwork/core/evidence/bundle-car.ts'
import { isSameAddress } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { LocalAccount } from 'viem'
import { z } from 'zod'
import { NotFound, RequestWrong } from '../http/http-errors.ts'
import type { Api } from '../http/make-server.ts'
import type { AuditContext } from './audit-context.ts'
import { auditPostedBundle } from './audit-post.ts'
import type { ChainDesk } from './desks.ts'
import { signDigest } from './evidence-desk.ts'
import { evidenceDomain } from './epoch-facts.ts'
import { parseCid } from './evidence-peer.ts'
import { postsIn } from './epoch-history.ts'
import { BundleRefused, KeeperBusy } from './keeper-errors.ts'
import type { WatchStore } from './watch-store.ts'

/** Bundles that are received and audited at once. */
const bundlesAtOnceMax = 2

export interface WatchServerOptions {
  readonly context: AuditContext & { readonly store: WatchStore }
  readonly chain: Pick<ChainDesk, 'committee' | 'self'>
  readonly account: LocalAccount
  readonly signal: AbortSignal
}

const epochQuery = z.object({ network: z.coerce.number().int().min(1).max(255), epoch: z.coerce.bigint().min(0n) })
const bundleQuery = epochQuery.extend({ evidence: z.string().regex(/^0x[0-9a-f]{64}$/) })

/** Adds the routes to a server. */
export function serveEvidence(app: Api, { context, chain, account, signal }: WatchServerOptions): void {
  const { store } = context
  let receiving = 0

  app.get('/v1/health', async () => ({ ok: true, operator: chain.self }))

  app.get('/v1/evidence/batches', async (request) => {
    const wanted = readQuery(epochQuery, request.query)
    return { batches: store.batches(wanted) }
  })

  app.get('/v1/evidence/:cid', async (request, reply) => {
    const { cid: text } = request.params as { cid: string }
    const cid = parseCid(text)
    const bytes = cid === undefined ? undefined : store.get(cid.toString())
    if (bytes === undefined) throw new NotFound({ what: `evidence ${text.slice(0, 100)}` })
    return reply.type('application/vnd.ipld.dag-cbor').header('cache-control', 'public, max-age=31536000, immutable').send(Buffer.from(bytes))
  })

  app.addContentTypeParser('application/vnd.ipld.car', { parseAs: 'buffer', bodyLimit: bundleBytesMax }, (_request, body, done) => done(null, body))

  app.post('/v1/evidence/bundles', {
    config: { isOpen: true },
    bodyLimit: bundleBytesMax,
    // A body is read only from whoever hands over what we were drawn for.
    onRequest: async (request) => {
      if (receiving >= bundlesAtOnceMax) throw new KeeperBusy({ bundlesAtOnceMax })
      const { network, evidence } = readQuery(bundleQuery, request.query)
      await context.advance({ signal })
      const pending = postsIn(context.index, network).at(-1)
      const isNamed = pending?.outcome === 'pending' && pending.post.evidence === evidence
      if (!isNamed) throw new BundleRefused({ evidence, why: 'no pending epoch names it' })
      const committee = await chain.committee(network, { signal })
      if (!committee.some((one) => isSameAddress(one, chain.self))) throw new BundleRefused({ evidence, why: 'another was drawn to keep it' })
    },
    handler: async (request) => {
      const { network, epoch, evidence } = readQuery(bundleQuery, request.query)
      if (receiving >= bundlesAtOnceMax) throw new KeeperBusy({ bundlesAtOnceMax })
      receiving += 1
      try {
        return { signature: await keep({ network, epoch, evidence: evidence as Hex, body: request.body }) }
      } finally {
        receiving -= 1
      }
    },
  })

  const keep = async (handed: { network: number; epoch: bigint; evidence: Hex; body: unknown }): Promise<Hex> => {
    const { network, epoch, evidence, body } = handed
    const decoded = body instanceof Uint8Array ? decodeBundleCar(body) : undefined
    if (decoded?.tag !== 'car') throw new RequestWrong({ why: `the body is no CAR: ${decoded?.reason ?? 'empty'}` })
    const audited = await auditPostedBundle(context, { network, evidence, blocks: decoded.car.blocks }, { signal })
    if (audited.tag === 'not-pending') throw new BundleRefused({ evidence, why: 'no pending epoch names it' })
    if (audited.tag === 'unavailable') throw new BundleRefused({ evidence, why: `missing: ${audited.missing.join(', ')}` })
    if (audited.tag === 'differs') {
      const { part, index, field } = audited.difference
      throw new BundleRefused({ evidence, why: `${part} ${index} differ in ${field}` })
    }
    store.keep(audited.bundle)
    return signDigest(account, digestOfAvailable({ network, epoch, evidence }, evidenceDomain(context)))
  }
}

function readQuery<T extends z.ZodType>(schema: T, query: unknown): z.infer<T> {
  const parsed = schema.safeParse(query)
  if (!parsed.success) throw new RequestWrong({ why: z.prettifyError(parsed.error).replaceAll('\n', ' ') })
  return parsed.data
}
