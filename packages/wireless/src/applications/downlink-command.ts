/**
 * A downlink that an application asks for, as ChirpStack v4 reads it: topic `…/command/down` and a JSON body.
 *
 * The body is `{ devEui, confirmed, fPort, data | object, id?, expiresAt? }`. Unknown fields are let through, for ChirpStack does
 * so; known ones are read strictly, and what is wrong with them has a name.
 *
 * @module
 */

import { isWithinDepth } from '../codec/json-depth.ts'
import { codecAnswerDepthMax, type JsonObject } from '../codec/payload-codec.ts'
import type { Eui } from '../model/radio.ts'
import { decodeBase64 } from '../wire/base64.ts'
import { parseCommandTopic } from './topic.ts'

/** Longest body, in bytes. */
export const commandBytesMax: number = 16 * 1024

/** Longest application payload, at the fastest rate of any region. */
export const downlinkPayloadBytesMax = 242

export interface DownlinkCommand {
  readonly applicationId: string
  readonly devEui: Eui
  /** the caller's own id of it, at most 64 characters */
  readonly id?: string
  readonly isConfirmed: boolean
  /** 1 to 223; absent where the codec is to say */
  readonly fPort?: number
  readonly payload:
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
    | { readonly kind: 'object'; readonly object: JsonObject }
  readonly expiresAtMs?: number
}

/** Where commands go. Never throws and never waits: what becomes of it comes as an event of the device. */
export interface DownlinkSink {
  request(command: DownlinkCommand): void
  /** A command of the application itself that cannot be read. */
  refused(command: { readonly applicationId: string; readonly devEui: Eui; readonly refusal: CommandRefusal }): void
}

export type CommandRefusal =
  | 'topic-unknown'
  | 'command-unknown'
  | 'body-too-long'
  | 'body-not-json'
  | 'dev-eui-not-of-topic'
  | 'confirmed-not-boolean'
  | 'port-out-of-range'
  | 'payload-missing'
  | 'payload-twice'
  | 'data-not-base64'
  | 'data-too-long'
  | 'object-not-object'
  | 'object-too-deep'
  | 'id-malformed'
  | 'expiry-malformed'

export type CommandRead = { readonly command: DownlinkCommand } | { readonly refused: CommandRefusal }

/** Reads a message that an application published. */
export function readDownlinkCommand(topic: string, body: Uint8Array): CommandRead {
  const target = parseCommandTopic(topic)
  if (target === undefined) return { refused: 'topic-unknown' }
  if (target.command !== 'down') return { refused: 'command-unknown' }
  if (body.length > commandBytesMax) return { refused: 'body-too-long' }
  const fields = parseObject(body)
  if (fields === undefined) return { refused: 'body-not-json' }
  return readFields(target, fields)
}

function readFields(target: { readonly applicationId: string; readonly devEui: Eui }, fields: JsonObject): CommandRead {
  const field = (camel: string, snake: string): unknown => fields[camel] ?? fields[snake] ?? undefined
  const devEui = field('devEui', 'dev_eui')
  if (typeof devEui !== 'string' || devEui.toLowerCase() !== target.devEui) return { refused: 'dev-eui-not-of-topic' }
  const confirmed = fields['confirmed'] ?? false
  if (typeof confirmed !== 'boolean') return { refused: 'confirmed-not-boolean' }
  const id = fields['id'] ?? ''
  if (typeof id !== 'string' || !/^[\w.:-]{0,64}$/.test(id)) return { refused: 'id-malformed' }
  const expiresAtMs = readTime(field('expiresAt', 'expires_at'))
  if (expiresAtMs === 'malformed') return { refused: 'expiry-malformed' }
  const payload = readPayload(fields)
  if ('refused' in payload) return payload
  const fPort = field('fPort', 'f_port') ?? 0
  if (typeof fPort !== 'number' || !Number.isInteger(fPort) || fPort < 0 || fPort > 223)
    return { refused: 'port-out-of-range' }
  if (fPort === 0 && payload.kind === 'bytes') return { refused: 'port-out-of-range' }
  return {
    command: {
      applicationId: target.applicationId,
      devEui: target.devEui,
      isConfirmed: confirmed,
      payload,
      ...(id === '' ? {} : { id }),
      ...(fPort === 0 ? {} : { fPort }),
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    },
  }
}

function readPayload(fields: JsonObject): DownlinkCommand['payload'] | { readonly refused: CommandRefusal } {
  const object = fields['object'] ?? undefined
  const data = fields['data'] ?? undefined
  if (object !== undefined) {
    if (data !== undefined && data !== '') return { refused: 'payload-twice' }
    if (!isObject(object)) return { refused: 'object-not-object' }
    return isWithinDepth(object, codecAnswerDepthMax) ? { kind: 'object', object } : { refused: 'object-too-deep' }
  }
  if (data === undefined) return { refused: 'payload-missing' }
  const bytes = typeof data === 'string' ? decodeBase64(data) : undefined
  if (bytes === undefined) return { refused: 'data-not-base64' }
  return bytes.length > downlinkPayloadBytesMax ? { refused: 'data-too-long' } : { kind: 'bytes', bytes }
}

function readTime(value: unknown): number | undefined | 'malformed' {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value))
    return 'malformed'
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? 'malformed' : atMs
}

function parseObject(body: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
