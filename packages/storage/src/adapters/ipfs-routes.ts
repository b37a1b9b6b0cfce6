/**
 * The trustless IPFS gateway over kept pieces: a block as it is, or the blocks below it as a CAR.
 *
 * Follows the Trustless Gateway specification (specs.ipfs.tech/http-gateways/trustless-gateway), without paths: the receiver
 * walks and verifies. Blocks are read out of segments by the index, never from files of their own.
 *
 * @module
 */

import type { ContentGate } from '@groundwork/core/policy/content-gate.ts'
import type { CID } from 'multiformats/cid'
import type { PieceStore, Waiting } from '../ports.ts'
import { CidMalformed, FormatUnsupported, NotFound } from '../storage-errors.ts'
import { carHeader, carSection, parseCid } from '../wire/car.ts'
import { dagLinks, isPlainDirectory } from '../wire/dag-links.ts'
import { sendBytes, type Exchange } from './http-exchange.ts'
import type { Misbehaviour } from './misbehaviour.ts'

const identityCode = 0x00
const rawType = 'application/vnd.ipld.raw'
const carType = 'application/vnd.ipld.car'

/** Blocks of one CAR answer. */
export const carBlocksMax: number = 2 ** 20

export type DagScope = 'block' | 'entity' | 'all'

export interface IpfsRoutesOptions {
  readonly store: PieceStore
  readonly misbehaviour: Misbehaviour
  /** Whether this may be served: throws when it may not. */
  readonly allow: ContentGate
}

/** Answers GET and HEAD of /ipfs/<cid>. @throws CidMalformed, NotFound, FormatUnsupported */
export async function serveIpfs(exchange: Exchange, { store, misbehaviour, allow }: IpfsRoutesOptions): Promise<void> {
  const [, text = '', ...rest] = exchange.path
  const cid = parseCid(text)
  if (cid === undefined || rest.some((part) => part !== ''))
    throw new CidMalformed({ cid: exchange.path.slice(1).join('/'), wanted: 'the CID of a block' })
  allow(cid)
  const format = formatOf(exchange)
  const root = await blockOf(store, cid, exchange)
  if (root === undefined) throw new NotFound({ what: cid.toString() })
  const common = {
    'x-content-type-options': 'nosniff',
    'cache-control': 'public, max-age=29030400, immutable',
    'x-ipfs-path': `/ipfs/${text}`,
  }
  if (format === 'raw') {
    const headers = {
      ...common,
      'content-type': rawType,
      'content-length': root.length,
      etag: `"${text}.raw"`,
      'content-disposition': `attachment; filename="${text}.bin"`,
    }
    await sendBytes(exchange, { status: 200, headers, bytes: () => misbehaviour.spoil(once(root)) })
    return
  }
  const scope = scopeOf(exchange)
  const headers = {
    ...common,
    'content-type': `${carType}; version=1; order=dfs; dups=n`,
    etag: `W/"${text}.car.${scope}"`,
    'content-disposition': `attachment; filename="${text}.car"`,
  }
  const bytes = (): AsyncIterable<Uint8Array> =>
    misbehaviour.spoil(carOf({ store, allow, cid, root, scope, signal: exchange.signal }))
  await sendBytes(exchange, { status: 200, headers, bytes })
}

/** The bytes of a block that is kept, or that its CID holds in itself. */
export async function blockOf(store: PieceStore, cid: CID, { signal }: Waiting): Promise<Uint8Array | undefined> {
  if (cid.multihash.code === identityCode) return cid.multihash.digest
  const place = store.findBlock(cid)
  if (place === undefined) return undefined
  const [bytes] = await store.readRanges({ piece: place.piece, ranges: [place.range] }, { signal })
  return bytes
}

async function* carOf({
  store,
  allow,
  cid,
  root,
  scope,
  signal,
}: {
  readonly store: PieceStore
  readonly allow: ContentGate
  readonly cid: CID
  readonly root: Uint8Array
  readonly scope: DagScope
} & Waiting): AsyncGenerator<Uint8Array> {
  yield carHeader([cid])
  const isAlone = scope === 'block' || (scope === 'entity' && isPlainDirectory({ cid, bytes: root }))
  const sent = new Set<string>()
  const waiting: CID[] = [cid]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    signal.throwIfAborted()
    const name = next.toString()
    if (sent.has(name) || next.multihash.code === identityCode) continue
    if (sent.size >= carBlocksMax)
      throw new NotFound({ what: `more than ${carBlocksMax} blocks below ${cid.toString()}` })
    sent.add(name)
    allow(next)
    const bytes = next === cid ? root : await blockOf(store, next, { signal })
    if (bytes === undefined) throw new NotFound({ what: `${name} below ${cid.toString()}` })
    yield carSection({ cid: next, bytes })
    if (!isAlone) waiting.push(...dagLinks({ cid: next, bytes }).toReversed())
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

function formatOf({ query, request }: Exchange): 'raw' | 'car' {
  const format = query.get('format')
  const accept = request.headers.accept ?? ''
  if (format === 'raw' || (format === null && accept.includes(rawType))) return 'raw'
  if (format === 'car' || (format === null && accept.includes(carType))) return 'car'
  throw new FormatUnsupported({ format: format ?? accept.slice(0, 100), wanted: 'raw or car' })
}

function scopeOf({ query }: Exchange): DagScope {
  const scope = query.get('dag-scope') ?? 'all'
  if (scope === 'block' || scope === 'entity' || scope === 'all') return scope
  throw new FormatUnsupported({ format: `dag-scope=${scope.slice(0, 100)}`, wanted: 'dag-scope block, entity or all' })
}
