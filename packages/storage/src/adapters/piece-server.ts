/**
 * A provider's face to customers and auditors, over HTTP: pieces, sets, blocks, evidence, health.
 *
 * Reads are open to everyone; writes carry a request signature by node key (core/identity/node-request.ts). Bodies are
 * bounded and stream to disk; what is malformed gets a clear error and leaves nothing behind. It can be mounted: `handle`
 * says whether a request was one of its own.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bundleBytesMax } from '@groundwork/core/evidence/bundle-car.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { nodeRequestHeader, unsignedBody, verifyNodeRequest } from '@groundwork/core/identity/node-request.ts'
import { verifyNode, type NodeSigner, type VerifyNode } from '@groundwork/core/identity/node-signer.ts'
import { replayWindow } from '@groundwork/core/identity/replay-window.ts'
import { bytesOfText } from '@groundwork/core/units/bytes.ts'
import { parseHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { ContentGate } from '@groundwork/core/policy/content-gate.ts'
import type { SignedReceipt } from '../model.ts'
import type { AccountSigner, Clock, PieceName } from '../ports.ts'
import {
  BodyMalformed,
  CidMalformed,
  NoRoom,
  NotAuthenticated,
  NotFound,
  RangeNotSatisfiable,
  TooBusy,
} from '../storage-errors.ts'
import { parseCid, type Sha256 } from '../wire/car.ts'
import { parsePieceCid, sizesOfPieceCid } from '../wire/piece-cid.ts'
import { decodeProposal } from '../wire/piece-set.ts'
import { readRange } from '../wire/range-header.ts'
import { receiptDigest, receiptToJson } from '../wire/receipt.ts'
import type { BundleKeeper } from './bundle-keeper.ts'
import type { EvidenceStore } from './evidence-store.ts'
import { openExchange, readBody, sendBytes, sendError, sendJson, type Exchange } from './http-exchange.ts'
import { serveIpfs } from './ipfs-routes.ts'
import type { Misbehaviour } from './misbehaviour.ts'
import { pieceGate } from './piece-gate.ts'
import type { SegmentStore } from './segment-store.ts'
import type { SetKeeper } from './set-keeper.ts'

export interface PieceServerOptions {
  readonly store: SegmentStore
  readonly evidence: EvidenceStore
  readonly sets: SetKeeper
  readonly signer: AccountSigner
  readonly nodeSigner: NodeSigner
  /** verifyingContract is DataSets */
  readonly domain: Domain
  readonly clock: Clock
  readonly sha256: Sha256
  readonly misbehaviour: Misbehaviour
  /** bytes of pieces without a set that are kept for their customers at most */
  readonly looseBytesMax: number
  readonly bundles?: BundleKeeper
  /** Asked before anything is kept or served: throws when it may not be. */
  readonly allow?: ContentGate
  readonly verify?: VerifyNode
}

export interface PieceServer {
  /** Answers when the request is one of ours; false leaves it untouched. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>
  /** Serves on a port of its own; 0 picks one. */
  listen(at: { readonly host: string; readonly port: number }): Promise<{ readonly url: string }>
  [Symbol.asyncDispose](): Promise<void>
}

/** Uploads at once. */
export const uploadsMax = 32

/** Bundles audited at once: each takes memory and time. */
export const bundlesMax = 2

/** Bytes of a proposal: a manifest of 1 MiB and what is around it. */
export const proposalBytesMax: number = 2 ** 20 + 4096

/** A piece without a set is kept this long for its customer. */
export const looseMsMax = 3_600_000

/** What a provider signs with its node key when it is asked whether it lives. */
export function healthBytes({
  nonce,
  operator,
  atMs,
}: {
  readonly nonce: Hex
  readonly operator: Hex
  readonly atMs: number
}): Uint8Array {
  return bytesOfText(['groundwork-health/1', nonce, operator, atMs].join('\n'))
}

type Route = (exchange: Exchange) => Promise<void>

export function pieceServer(options: PieceServerOptions): PieceServer {
  const { store, evidence, sets, signer, nodeSigner, domain, clock, sha256, misbehaviour, looseBytesMax, bundles } =
    options
  const { allow = () => undefined, verify = verifyNode } = options
  const requireAllowed =
    options.allow === undefined ? async () => undefined : pieceGate({ store, allow: options.allow })
  const stopping = new AbortController()
  const replays = replayWindow({ countMax: 100_000, countPerKeyMax: 20_000 })
  const servers = new Set<ReturnType<typeof createServer>>()
  let uploadCount = 0
  /** of uploads that found room and are not kept yet */
  let promisedBytes = 0
  let bundleCount = 0

  const authenticate = ({ method, target, request }: Exchange): { readonly body: Hex | typeof unsignedBody } => {
    const header = request.headers[nodeRequestHeader]
    const verdict = verifyNodeRequest(
      {
        method,
        path: target,
        header: typeof header === 'string' ? header : undefined,
        audience: nodeSigner.nodeKey,
        nowMs: clock.nowMs(),
      },
      { replays, verify },
    )
    if (verdict.tag === 'refused') throw new NotAuthenticated({ reason: verdict.reason })
    return verdict
  }

  const receiptFor = async (name: PieceName, customer: Hex): Promise<SignedReceipt> => {
    const receipt = {
      pieceRoot: name.root,
      height: name.height,
      rawSize: BigInt(name.rawSizeBytes),
      customer,
      provider: signer.address,
      atSeconds: BigInt(Math.floor(clock.nowMs() / 1000)),
    }
    return { receipt, signature: await signer.sign(receiptDigest({ receipt, domain })) }
  }

  /** @returns what gives the room back, once the piece is kept or was not */
  const makeRoom = async ({ rawSizeBytes }: PieceName, exchange: Exchange): Promise<Disposable> => {
    const usedBytes = (): number => store.looseBytes + promisedBytes
    if (usedBytes() + rawSizeBytes > looseBytesMax)
      await store.dropLoose({ beforeMs: clock.nowMs() - looseMsMax }, exchange)
    if (usedBytes() + rawSizeBytes > looseBytesMax)
      throw new NoRoom({ capacityBytes: looseBytesMax, usedBytes: usedBytes(), wantedBytes: rawSizeBytes })
    promisedBytes += rawSizeBytes
    return { [Symbol.dispose]: () => void (promisedBytes -= rawSizeBytes) }
  }

  const putPiece: Route = async (exchange) => {
    authenticate(exchange)
    const name = pieceNameOf(exchange)
    const customer = customerOf(exchange)
    if (store.find(name) === undefined) {
      if (uploadCount >= uploadsMax) throw new TooBusy({ what: 'uploads', countMax: uploadsMax })
      uploadCount += 1
      try {
        using _room = await makeRoom(name, exchange)
        await store.put({ name, bytes: exchange.request }, exchange)
      } finally {
        uploadCount -= 1
      }
    } else await requireAllowed(name, exchange)
    sendJson(exchange, { status: 201, value: receiptToJson(await receiptFor(name, customer)) })
  }

  const postReceipt: Route = async (exchange) => {
    authenticate(exchange)
    const name = pieceNameOf(exchange)
    const customer = customerOf(exchange)
    if (store.find(name) === undefined) throw new NotFound({ what: exchange.path[2] ?? '' })
    await requireAllowed(name, exchange)
    sendJson(exchange, { status: 200, value: receiptToJson(await receiptFor(name, customer)) })
  }

  const getPiece: Route = async (exchange) => {
    const piece = store.find(pieceNameOf(exchange))
    if (piece === undefined) throw new NotFound({ what: exchange.path[2] ?? '' })
    await requireAllowed(piece, exchange)
    const sizeBytes = piece.rawSizeBytes
    const range = readRange(exchange.request.headers.range, sizeBytes)
    if (range.tag === 'outside')
      throw new RangeNotSatisfiable({ range: exchange.request.headers.range ?? '', sizeBytes })
    const common = {
      'content-type': 'application/vnd.ipld.car; version=1',
      'accept-ranges': 'bytes',
      etag: `"${exchange.path[2] ?? ''}"`,
    }
    const part = range.tag === 'part' ? range : { startBytes: 0, sizeBytes }
    const lastByte = part.startBytes + part.sizeBytes - 1
    const ranged = range.tag === 'part' ? { 'content-range': `bytes ${part.startBytes}-${lastByte}/${sizeBytes}` } : {}
    await sendBytes(exchange, {
      status: range.tag === 'part' ? 206 : 200,
      headers: { ...common, ...ranged, 'content-length': part.sizeBytes },
      bytes: () => misbehaviour.spoil(store.read({ piece, range: part }, exchange)),
    })
  }

  const postSet: Route = async (exchange) => {
    const { body: signedHash } = authenticate(exchange)
    const body = await readBody(exchange, { sizeBytesMax: proposalBytesMax })
    if (signedHash !== toHex(sha256(body)))
      throw new NotAuthenticated({ reason: 'the body is another than the one signed' })
    const proposal = decodeProposal(body)
    if (proposal === undefined) throw new BodyMalformed({ wanted: 'a proposal of a piece set' })
    const { providerSignature } = await sets.sign(proposal)
    sendJson(exchange, { status: 200, value: { providerSignature } })
  }

  const getHealth: Route = async (exchange) => {
    const nonce = exchange.query.get('nonce') ?? ''
    if (parseHex(nonce, 16) === undefined) throw new BodyMalformed({ wanted: 'a nonce of 16 bytes in hex' })
    const atMs = Math.floor(clock.nowMs())
    const operator = signer.address
    const signature = toHex(await nodeSigner.sign(healthBytes({ nonce: nonce as Hex, operator, atMs })))
    sendJson(exchange, { status: 200, value: { operator, nodeKey: nodeSigner.nodeKey, nonce, atMs, signature } })
  }

  const getBatches: Route = (exchange) => {
    const network = uintOf(exchange, 'network', 255n)
    const epoch = uintOf(exchange, 'epoch', 2n ** 62n)
    sendJson(exchange, {
      status: 200,
      value: { batches: evidence.batchesOf({ network: Number(network), epoch }).map(String) },
    })
    return Promise.resolve()
  }

  const getEvidence: Route = async (exchange) => {
    const text = exchange.path[2] ?? ''
    const cid = parseCid(text)
    if (cid === undefined) throw new CidMalformed({ cid: text, wanted: 'the CID of a block of evidence' })
    const block = evidence.get(cid.toString())
    if (block === undefined) throw new NotFound({ what: text })
    const headers = {
      'content-type': 'application/vnd.ipld.dag-cbor',
      'content-length': block.length,
      'cache-control': 'public, max-age=29030400, immutable',
    }
    await sendBytes(exchange, { status: 200, headers, bytes: () => once(block) })
  }

  const postBundle: Route = async (exchange) => {
    if (bundles === undefined) throw new NotFound({ what: 'a keeper of bundles' })
    const network = Number(uintOf(exchange, 'network', 255n))
    const epoch = uintOf(exchange, 'epoch', 2n ** 62n)
    const evidence = hash32Of(exchange, { name: 'evidence', wanted: 'the sha256 of the bundle in hex' })
    const post = hash32Of(exchange, { name: 'post', wanted: 'the digest of the post in hex' })
    if (bundleCount >= bundlesMax) throw new TooBusy({ what: 'bundles', countMax: bundlesMax })
    bundleCount += 1
    try {
      const car = await readBody(exchange, { sizeBytesMax: bundleBytesMax })
      const available = { network, epoch, evidence, post }
      const signature = await bundles.keep({ available, car }, exchange)
      sendJson(exchange, { status: 200, value: { operator: signer.address, evidence, post, signature } })
    } finally {
      bundleCount -= 1
    }
  }

  const routeOf = ({ method, path }: Exchange): Route | undefined => {
    const [first, second, third, fourth] = path
    const isRead = method === 'GET' || method === 'HEAD'
    if (first === 'ipfs' && isRead && second !== undefined)
      return (exchange) => serveIpfs(exchange, { store, misbehaviour, allow })
    if (first !== 'v1') return undefined
    if (second === 'pieces' && third !== undefined) {
      if (isRead && fourth === undefined) return getPiece
      if (method === 'PUT' && fourth === undefined) return putPiece
      if (method === 'POST' && fourth === 'receipt') return postReceipt
    }
    if (second === 'sets' && method === 'POST' && third === undefined) return postSet
    if (second === 'health' && isRead && third === undefined) return getHealth
    if (second === 'evidence' && third !== undefined && fourth === undefined) {
      if (third === 'batches') return isRead ? getBatches : undefined
      if (third === 'bundles') return method === 'POST' ? postBundle : undefined
      return isRead ? getEvidence : undefined
    }
    return undefined
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<boolean> => {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the other side closed the connection')))
    const exchange = openExchange({ request, response, signal: AbortSignal.any([stopping.signal, gone.signal]) })
    const route = exchange === undefined ? undefined : routeOf(exchange)
    if (exchange === undefined || route === undefined) return false
    try {
      await route(exchange)
    } catch (error) {
      sendError(exchange, error)
    }
    return true
  }

  return {
    handle,
    async listen({ host, port }) {
      const server = createServer((request, response) => {
        void handle(request, response).then((isOurs) => {
          if (!isOurs) sendNotFound(request, response)
        })
      })
      server.headersTimeout = 20_000
      server.requestTimeout = 0
      servers.add(server)
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, resolve)
      })
      return { url: `http://${host}:${(server.address() as AddressInfo).port}` }
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the server stops'))
      await Promise.all(
        [...servers].map(async (server) => {
          const closed = new Promise<void>((resolve) => server.close(() => resolve()))
          server.closeAllConnections()
          await closed
        }),
      )
    },
  }
}

function sendNotFound(request: IncomingMessage, response: ServerResponse): void {
  const exchange = {
    request,
    response,
    method: request.method ?? 'GET',
    target: '/',
    path: [],
    query: new URLSearchParams(),
    signal: AbortSignal.abort(),
  }
  sendError(exchange, new NotFound({ what: (request.url ?? '').slice(0, 200) }))
}

function pieceNameOf({ path }: Exchange): PieceName {
  const text = path[2] ?? ''
  const cid = parsePieceCid(text)
  const sizes = cid === undefined ? undefined : sizesOfPieceCid(cid)
  if (cid === undefined || sizes === undefined) throw new CidMalformed({ cid: text, wanted: 'a PieceCID v2' })
  return { root: toHex(cid.root), height: cid.height, rawSizeBytes: sizes.rawSizeBytes }
}

function customerOf({ query }: Exchange): Hex {
  const customer = query.get('customer') ?? ''
  if (!/^0x[0-9a-f]{40}$/.test(customer))
    throw new BodyMalformed({ wanted: 'a request with the customer’s address in lower case' })
  return customer as Hex
}

function uintOf({ query }: Exchange, name: string, maximum: bigint): bigint {
  const text = query.get(name) ?? ''
  const value = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined
  if (value === undefined || value > maximum)
    throw new BodyMalformed({ wanted: `a request with ${name} as a whole number` })
  return value
}

function hash32Of({ query }: Exchange, { name, wanted }: { readonly name: string; readonly wanted: string }): Hex {
  const text = query.get(name) ?? ''
  if (parseHex(text, 32) === undefined) throw new BodyMalformed({ wanted })
  return text.toLowerCase() as Hex
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
