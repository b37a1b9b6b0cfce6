/**
 * Another provider over HTTP, direct or through a relay: the `Peer` port on the routes of piece-server.ts.
 *
 * Every wait has a bound; what comes back is bounded too, and believed only where its receiver checks it.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import {
  nodeRequestHeader,
  signNodeRequest,
  unsignedBody,
  type BodyHash,
} from '@groundwork/core/identity/node-request.ts'
import { verifyNode, type NodeSigner, type VerifyNode } from '@groundwork/core/identity/node-signer.ts'
import { parseHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { Offer } from '../model.ts'
import type { Clock, Peer, Peers, Waiting } from '../ports.ts'
import { PeerFailed } from '../storage-errors.ts'
import { blockBytesMax, type Sha256 } from '../wire/car.ts'
import { formatPieceName } from '../wire/piece-cid.ts'
import { encodeProposal } from '../wire/piece-set.ts'
import { receiptFromJson } from '../wire/receipt.ts'
import { healthBytes } from './piece-server.ts'

export interface HttpPeersOptions {
  /** authenticates our writes */
  readonly nodeSigner: NodeSigner
  readonly clock: Clock
  readonly sha256: Sha256
  readonly verify?: VerifyNode
}

/** How long a small answer may take, and how long a stream may stand still. */
export const answerMsMax = 10_000

const jsonBytesMax = 65_536
const signatureMsMax = 60_000

/** Peers by their offers. Holds no connections of its own: the machine's pool does. */
export function httpPeers(options: HttpPeersOptions): Peers {
  return { peerOf: (offer) => httpPeer(offer, options) }
}

function httpPeer(
  offer: Pick<Offer, 'operator' | 'nodeKey' | 'endpoint'>,
  { nodeSigner, clock, sha256, verify = verifyNode }: HttpPeersOptions,
): Peer {
  const base = offer.endpoint.replace(/\/+$/, '')
  const failed = (what: string, reason: string, more: { status?: number; cause?: unknown } = {}): PeerFailed =>
    new PeerFailed(
      { endpoint: base, what, reason, ...(more.status === undefined ? {} : { status: more.status }) },
      more.cause === undefined ? {} : { cause: more.cause },
    )

  const authorise = (method: string, path: string, body: BodyHash): Promise<string> =>
    signNodeRequest(
      {
        method,
        path,
        body,
        nonce: toHex(randomBytes(16)),
        expiresAtMs: Math.floor(clock.nowMs()) + signatureMsMax,
        audience: offer.nodeKey,
      },
      nodeSigner,
    )

  /** @throws PeerFailed on no answer and on any status but the successful ones */
  const ask = async (
    what: string,
    path: string,
    init: RequestInit & { duplex?: 'half' },
    { signal }: Waiting,
  ): Promise<Response> => {
    const response = await fetch(`${base}${path}`, { redirect: 'error', ...init, signal }).catch((cause: unknown) => {
      throw failed(what, reasonOf(cause), { cause })
    })
    if (response.ok) return response
    const told = await readAll(response, jsonBytesMax).catch(() => undefined)
    throw failed(what, tellingOf(told) ?? `HTTP ${response.status}`, { status: response.status })
  }
  /** As `ask`, within a time, and with the waiter's own reason when it gave up. */
  const askBounded = async <Result>(
    what: string,
    { signal }: Waiting,
    work: (within: AbortSignal) => Promise<Result>,
    msMax = answerMsMax,
  ): Promise<Result> => {
    try {
      return await work(AbortSignal.any([signal, AbortSignal.timeout(msMax)]))
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof PeerFailed ? error : failed(what, reasonOf(error), { cause: error })
    }
  }
  const readJson = async (what: string, response: Response): Promise<unknown> => {
    const bytes = await readAll(response, jsonBytesMax)
    const value = bytes === undefined ? undefined : parsed(bytes)
    if (value === undefined) throw failed(what, 'its answer is no JSON of a sensible size')
    return value
  }

  const existingReceipt = async (cid: string, customer: Hex, waiting: Waiting): ReturnType<typeof readReceipt> => {
    const path = `/v1/pieces/${cid}/receipt?customer=${customer}`
    return askBounded('receipt a piece', waiting, async (within) => {
      const headers = { [nodeRequestHeader]: await authorise('POST', path, unsignedBody) }
      const response = await ask('receipt a piece', path, { method: 'POST', headers }, { signal: within })
      return readReceipt(response)
    }).catch((error: unknown) => {
      if (error instanceof PeerFailed && error.facts['status'] === 404) return undefined
      throw error
    })
  }
  const readReceipt = async (response: Response): Promise<ReturnType<typeof receiptFromJson>> => {
    const signed = receiptFromJson(await readJson('receipt a piece', response))
    if (signed === undefined) throw failed('receipt a piece', 'its answer is no receipt')
    return signed
  }

  return {
    offer,

    async probe({ signal }) {
      const nonce = toHex(randomBytes(16))
      return askBounded('answer a probe', { signal }, async (within) => {
        const startedMs = clock.elapsedMs()
        const response = await ask('answer a probe', `/v1/health?nonce=${nonce}`, {}, { signal: within })
        const value = (await readJson('answer a probe', response)) as {
          operator?: unknown
          atMs?: unknown
          signature?: unknown
        }
        const latencyMs = clock.elapsedMs() - startedMs
        const signature = typeof value.signature === 'string' ? parseHex(value.signature, 64) : undefined
        if (value.operator !== offer.operator || typeof value.atMs !== 'number' || signature === undefined) {
          throw failed('answer a probe', 'its answer is of another operator or malformed')
        }
        const message = healthBytes({ nonce, operator: offer.operator, atMs: value.atMs })
        if (!verify({ nodeKey: offer.nodeKey, message, signature }))
          throw failed('answer a probe', 'its signature differs')
        return latencyMs
      })
    },

    async putPiece({ piece, customer, bytes }, { signal }) {
      const cid = formatPieceName(piece)
      const known = await existingReceipt(cid, customer, { signal })
      if (known !== undefined) return known
      const path = `/v1/pieces/${cid}?customer=${customer}`
      const stalled = stallWatch()
      try {
        const within = AbortSignal.any([signal, stalled.signal])
        const headers = {
          [nodeRequestHeader]: await authorise('PUT', path, unsignedBody),
          'content-type': 'application/vnd.ipld.car',
        }
        const body = streamOf(stalled.watch(bytes()))
        const response = await ask(
          'take a piece',
          path,
          { method: 'PUT', headers, body, duplex: 'half' },
          { signal: within },
        )
        const signed = await readReceipt(response)
        if (signed === undefined) throw failed('take a piece', 'its answer is no receipt')
        return signed
      } catch (error) {
        signal.throwIfAborted()
        throw error instanceof PeerFailed ? error : failed('take a piece', reasonOf(error), { cause: error })
      } finally {
        stalled.stop()
      }
    },

    async putSet(proposal, { signal }) {
      const body = encodeProposal(proposal)
      return askBounded(
        'sign a set',
        { signal },
        async (within) => {
          const headers = {
            [nodeRequestHeader]: await authorise('POST', '/v1/sets', toHex(sha256(body))),
            'content-type': 'application/vnd.ipld.dag-cbor',
          }
          const response = await ask(
            'sign a set',
            '/v1/sets',
            { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> },
            { signal: within },
          )
          const { providerSignature } = (await readJson('sign a set', response)) as { providerSignature?: unknown }
          if (typeof providerSignature !== 'string' || parseHex(providerSignature, 65) === undefined) {
            throw failed('sign a set', 'its answer is no signature')
          }
          return {
            set: proposal.set,
            customerSignature: proposal.customerSignature,
            providerSignature: providerSignature as Hex,
          }
        },
        3 * answerMsMax,
      )
    },

    async *getPiece({ piece, range }, { signal }) {
      const stalled = stallWatch()
      try {
        const within = AbortSignal.any([signal, stalled.signal])
        const headers =
          range === undefined ? {} : { range: `bytes=${range.startBytes}-${range.startBytes + range.sizeBytes - 1}` }
        const response = await ask(
          'serve a piece',
          `/v1/pieces/${formatPieceName(piece)}`,
          { headers },
          { signal: within },
        )
        if (response.body === null) throw failed('serve a piece', 'its answer is empty')
        const sizeBytesMax = range?.sizeBytes ?? piece.rawSizeBytes
        let sizeBytes = 0
        for await (const part of stalled.watch(response.body as AsyncIterable<Uint8Array>)) {
          sizeBytes += part.length
          if (sizeBytes > sizeBytesMax) throw failed('serve a piece', 'it sends more than was asked for')
          yield part
        }
        if (sizeBytes < sizeBytesMax) throw failed('serve a piece', 'it sends less than was asked for')
      } catch (error) {
        signal.throwIfAborted()
        throw error instanceof PeerFailed ? error : failed('serve a piece', reasonOf(error), { cause: error })
      } finally {
        stalled.stop()
      }
    },

    getBlock: (cid, { signal }) =>
      askBounded(
        'serve a block',
        { signal },
        async (within) => {
          const response = await ask('serve a block', `/ipfs/${cid.toString()}?format=raw`, {}, { signal: within })
          const bytes = await readAll(response, blockBytesMax)
          if (bytes === undefined) throw failed('serve a block', `it is larger than ${blockBytesMax} bytes`)
          return bytes
        },
        3 * answerMsMax,
      ),
  }
}

/** Aborts when no part passes for `answerMsMax`, once a stream is watched, or before its first answer. */
function stallWatch(): {
  readonly signal: AbortSignal
  watch(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array>
  stop(): void
} {
  const controller = new AbortController()
  const stall = (): void => controller.abort(new Error(`nothing moved for ${answerMsMax} ms`))
  let timer = setTimeout(stall, answerMsMax)
  const touch = (): void => {
    clearTimeout(timer)
    timer = setTimeout(stall, answerMsMax)
  }
  return {
    signal: controller.signal,
    async *watch(parts) {
      for await (const part of parts) {
        touch()
        yield part
      }
      touch()
    },
    stop: () => clearTimeout(timer),
  }
}

function streamOf(parts: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    cancel: async () => {
      await parts.return(undefined)
    },
  })
}

/** The whole body, or undefined when it is longer than allowed. */
async function readAll(response: Response, sizeBytesMax: number): Promise<Uint8Array | undefined> {
  if (response.body === null) return new Uint8Array(0)
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    sizeBytes += part.length
    if (sizeBytes > sizeBytesMax) return undefined
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}

/** What a provider says of its refusal: code and message, shortened. */
function tellingOf(body: Uint8Array | undefined): string | undefined {
  const value = body === undefined ? undefined : parsed(body)
  const error = (value as { error?: { code?: unknown; message?: unknown } } | null | undefined)?.error
  return error === undefined ? undefined : `${String(error.code)}: ${String(error.message)}`.slice(0, 300)
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return (cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message).slice(0, 300)
}
