/**
 * The frames between a relay and a provider that has no inbound port: many HTTP exchanges over one WebSocket.
 *
 * A frame is: kind (1 byte), exchange number (4 bytes, big-endian), payload. Pure; docs/protocol/relay.md.
 *
 * @module
 */

/** What a frame says. `window` grants the other side that many more payload bytes on this exchange. */
export const frameKinds = { request: 1, response: 2, data: 3, end: 4, reset: 5, window: 6 } as const

export type FrameKind = keyof typeof frameKinds

export interface RelayFrame {
  readonly kind: FrameKind
  readonly exchange: number
  readonly payload: Uint8Array
}

/** Largest payload of one frame, in bytes, inclusive. */
export const framePayloadBytesMax: number = 64 * 1024
/** Payload bytes each side may have on the way per exchange before it must wait for a window frame. */
export const windowBytes: number = 512 * 1024
/** Largest head (method, path, headers as JSON) of an exchange, in bytes, inclusive. */
export const headBytesMax: number = 32 * 1024
/** Exchanges under way at once on one connection, inclusive. */
export const exchangesMax = 128

const kindNames = new Map<number, FrameKind>(
  Object.entries(frameKinds).map(([name, code]) => [code, name as FrameKind]),
)
const headerBytes = 5

export function encodeFrame({ kind, exchange, payload }: RelayFrame): Uint8Array {
  const frame = new Uint8Array(headerBytes + payload.length)
  frame[0] = frameKinds[kind]
  new DataView(frame.buffer).setUint32(1, exchange)
  frame.set(payload, headerBytes)
  return frame
}

/** @returns undefined when the bytes are no frame: a stranger sent them */
export function decodeFrame(bytes: Uint8Array): RelayFrame | undefined {
  if (bytes.length < headerBytes || bytes.length > headerBytes + framePayloadBytesMax) return undefined
  const kind = kindNames.get(bytes[0] ?? 0)
  if (kind === undefined) return undefined
  const exchange = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(1)
  const payload = bytes.subarray(headerBytes)
  if (kind === 'window' && payload.length !== 4) return undefined
  if ((kind === 'request' || kind === 'response') && payload.length > headBytesMax) return undefined
  return { kind, exchange, payload }
}

export interface RequestHead {
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [string, string])[]
}

export interface ResponseHead {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
}

/** A field name is a token, a value visible characters and blanks (RFC 9110, sections 5.1 and 5.5): nothing that ends a line. */
const isHeader = (value: unknown): value is [string, string] =>
  Array.isArray(value) &&
  value.length === 2 &&
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(String(value[0])) &&
  /^[\t\x20-\x7e\x80-\xff]*$/.test(String(value[1])) &&
  value.every((item) => typeof item === 'string')

/** Fields of an exchange, without those of one hop: a stranger may have put them in. */
function headersOf(value: unknown): [string, string][] | undefined {
  if (!Array.isArray(value) || !value.every(isHeader)) return undefined
  return value.filter(([name]) => !hopHeaders.has(name.toLowerCase()))
}

function parseJson(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

export function parseRequestHead(payload: Uint8Array): RequestHead | undefined {
  const { method, path, headers } = parseJson(payload) ?? {}
  if (typeof method !== 'string' || !/^[A-Z]{3,7}$/.test(method)) return undefined
  if (typeof path !== 'string' || !/^\/[\x21-\x7e]*$/.test(path)) return undefined
  const relayed = headersOf(headers)
  return relayed && { method, path, headers: relayed }
}

/** A final answer; informational ones are the business of one hop. */
export function parseResponseHead(payload: Uint8Array): ResponseHead | undefined {
  const { status, headers } = parseJson(payload) ?? {}
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) return undefined
  const relayed = headersOf(headers)
  return relayed && { status, headers: relayed }
}

export const encodeHead = (head: RequestHead | ResponseHead): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(head))

export function encodeWindow(sizeBytes: number): Uint8Array {
  const payload = new Uint8Array(4)
  new DataView(payload.buffer).setUint32(0, sizeBytes)
  return payload
}

export const decodeWindow = (payload: Uint8Array): number =>
  new DataView(payload.buffer, payload.byteOffset, payload.length).getUint32(0)

/** Headers that belong to one hop and are never relayed (RFC 9110, section 7.6.1). */
const hopHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** @param raw names and values in turn, as Node gives `rawHeaders` */
export function relayedHeaders(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? '').toLowerCase()
    if (!hopHeaders.has(name)) pairs.push([name, raw[index + 1] ?? ''])
  }
  return pairs
}
