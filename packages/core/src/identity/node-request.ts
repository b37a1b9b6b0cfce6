/**
 * Requests between nodes, authenticated by node key: what is signed, how it stands in a header, and the check.
 *
 * The signature covers method, path, body hash, nonce, expiry and the audience's node key, so a request counts once, for
 * a short time, for one receiver; a relay in between can read but not change or redirect it. It encrypts nothing.
 *
 * @module
 */

import { bytesOfText } from '../units/bytes.ts'
import { parseHex, toHex, type Hex } from '../units/hex.ts'
import type { NodeKey, NodeSigner, VerifyNode } from './node-signer.ts'
import type { ReplayWindow } from './replay-window.ts'

/** The header that carries the signature. */
export const nodeRequestHeader = 'x-groundwork-node'

/** First line of what is signed: the version of this format. */
export const nodeRequestContext = 'groundwork-request/1'

/** A request expires at most this long after the receiver's present. */
export const expiryMsMax: number = 5 * 60_000

/** Longest header value that is read, in characters. */
export const headerCharactersMax = 512

/** Bytes of a nonce. */
export const nonceSizeBytes = 16

/** Said of the body when it is streamed and checked by other means, such as block by block. */
export const unsignedBody = 'UNSIGNED'

/** sha256 of the body, or 'UNSIGNED'. */
export type BodyHash = Hex | typeof unsignedBody

/** What is signed. */
export interface NodeRequest {
  /** upper case: 'GET' */
  readonly method: string
  /** path and query exactly as sent */
  readonly path: string
  readonly body: BodyHash
  /** 16 random bytes */
  readonly nonce: Hex
  readonly expiresAtMs: number
  /** node key of the receiver */
  readonly audience: NodeKey
}

export type RequestFault =
  | 'header-missing'
  | 'header-malformed'
  | 'expired'
  | 'expires-too-late'
  | 'bad-signature'
  | 'replayed'
  | 'too-busy'

/** Who asks. The receiver still compares `body` with the hash of the bytes it read. */
export type RequestVerdict =
  | { readonly tag: 'authenticated'; readonly nodeKey: NodeKey; readonly body: BodyHash }
  | { readonly tag: 'refused'; readonly reason: RequestFault }

/** @returns the exact bytes that are signed: lines of text, joined by one line feed */
export function requestBytes(
  { method, path, body, nonce, expiresAtMs, audience }: NodeRequest,
  nodeKey: NodeKey,
): Uint8Array {
  return bytesOfText([nodeRequestContext, method, path, body, nonce, expiresAtMs, audience, nodeKey].join('\n'))
}

/** @returns the value of `nodeRequestHeader` for a request */
export async function signNodeRequest(request: NodeRequest, signer: NodeSigner): Promise<string> {
  const signature = toHex(await signer.sign(requestBytes(request, signer.nodeKey)))
  return `key=${signer.nodeKey};nonce=${request.nonce};expires=${request.expiresAtMs};body=${request.body};signature=${signature}`
}

export interface VerifyRequestInput {
  readonly method: string
  readonly path: string
  /** value of `nodeRequestHeader`, undefined when the request has none */
  readonly header: string | undefined
  /** the receiver's own node key */
  readonly audience: NodeKey
  readonly nowMs: number
}

/** Checks a request of a stranger. Nonces are remembered only of requests that are otherwise good. */
export function verifyNodeRequest(
  { method, path, header, audience, nowMs }: VerifyRequestInput,
  { replays, verify }: { readonly replays: ReplayWindow; readonly verify: VerifyNode },
): RequestVerdict {
  const refused = (reason: RequestFault): RequestVerdict => ({ tag: 'refused', reason })
  if (header === undefined) return refused('header-missing')
  const parsed = parseHeader(header)
  if (parsed === undefined) return refused('header-malformed')
  const { nodeKey, nonce, expiresAtMs, body, signature } = parsed
  if (expiresAtMs <= nowMs) return refused('expired')
  if (expiresAtMs > nowMs + expiryMsMax) return refused('expires-too-late')
  const message = requestBytes({ method, path, body, nonce, expiresAtMs, audience }, nodeKey)
  if (!verify({ nodeKey, message, signature })) return refused('bad-signature')
  const seen = replays.accept({ key: nodeKey, nonce, expiresAtMs }, nowMs)
  if (seen !== 'new') return refused(seen === 'seen' ? 'replayed' : 'too-busy')
  return { tag: 'authenticated', nodeKey, body }
}

interface ParsedHeader {
  readonly nodeKey: NodeKey
  readonly nonce: Hex
  readonly expiresAtMs: number
  readonly body: BodyHash
  readonly signature: Uint8Array
}

const headerPattern =
  /^key=(0x[0-9a-f]{64});nonce=(0x[0-9a-f]{32});expires=([1-9]\d{0,15});body=(0x[0-9a-f]{64}|UNSIGNED);signature=(0x[0-9a-f]{128})$/

function parseHeader(header: string): ParsedHeader | undefined {
  const match = header.length > headerCharactersMax ? null : headerPattern.exec(header)
  if (match === null) return undefined
  const [, nodeKey, nonce, expires, body, signature] = match as unknown as [string, NodeKey, Hex, string, BodyHash, Hex]
  const signatureBytes = parseHex(signature, 64)
  const expiresAtMs = Number(expires)
  if (signatureBytes === undefined || !Number.isSafeInteger(expiresAtMs)) return undefined
  return { nodeKey, nonce, expiresAtMs, body, signature: signatureBytes }
}
