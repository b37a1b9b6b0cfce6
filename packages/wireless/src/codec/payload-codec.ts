/**
 * What a payload codec is asked and what it answers, as the JavaScript API of LoRaWAN codecs has it (TS013, The Things Stack).
 *
 * A script defines `decodeUplink({ bytes, fPort, recvTime, variables })`, `encodeDownlink({ data, variables })` and
 * `decodeDownlink({ bytes, fPort, variables })`. Scripts are strangers' programs: what they answer is read here, and nothing
 * of it is believed. Running them is the work of an adapter; Cayenne LPP needs none.
 *
 * @module
 */

import type { PayloadCodec } from '../model/device.ts'
import { decodeCayenneLpp, encodeCayenneLpp, lppBytesMax } from './cayenne-lpp.ts'
import { isWithinDepth } from './json-depth.ts'

/** Longest answer of a codec, as JSON, in UTF-16 units. */
export const codecAnswerCharactersMax: number = 64 * 1024

/** How deep an answer, or an object to be encoded, may nest, inclusive. */
export const codecAnswerDepthMax = 64

/** Longest script, in UTF-16 units. */
export const codecScriptCharactersMax: number = 256 * 1024

/** Warnings and errors that are kept of one call, and how long each may be. */
export const codecNotesMax = 16
const noteCharactersMax = 256

export type JsonObject = { readonly [key: string]: unknown }

/** One call of a script. */
export type CodecCall =
  | {
      readonly call: 'decodeUplink'
      readonly bytes: Uint8Array
      readonly fPort: number
      /** Unix milliseconds */
      readonly receivedAtMs: number
      readonly variables: Readonly<Record<string, string>>
    }
  | { readonly call: 'encodeDownlink'; readonly data: JsonObject; readonly variables: Readonly<Record<string, string>> }
  | {
      readonly call: 'decodeDownlink'
      readonly bytes: Uint8Array
      readonly fPort: number
      readonly variables: Readonly<Record<string, string>>
    }

/** Why there is no answer. */
export type CodecRefusal =
  /** the script does not parse, or throws before it is asked anything */
  | 'script-broken'
  | 'script-too-long'
  /** it has no function of that name */
  | 'function-missing'
  | 'threw'
  | 'too-slow'
  | 'out-of-memory'
  /** it brought the sandbox itself down, which was then replaced */
  | 'crashed'
  /** its answer is larger than `codecAnswerCharactersMax` */
  | 'answer-too-large'
  /** its answer is not of the form that the call has */
  | 'answer-malformed'
  /** it says itself that the payload is wrong: `errors` */
  | 'said-errors'
  /** too many calls wait already */
  | 'busy'

/** A refusal, and a sentence for whoever wrote the codec. */
export interface CodecRefused {
  readonly refused: CodecRefusal
  readonly description: string
}

export interface CodecDecoded {
  readonly data: JsonObject
  readonly warnings: readonly string[]
}

export interface CodecEncoded {
  readonly bytes: Uint8Array
  /** absent when the codec names none */
  readonly fPort?: number
  readonly warnings: readonly string[]
}

export type DecodeAnswer = CodecDecoded | CodecRefused
export type EncodeAnswer = CodecEncoded | CodecRefused

/** Runs scripts, somewhere where they can do no harm. Never rejects. */
export interface CodecRunner {
  /** @returns the answer as JSON text, unread, or why there is none */
  run(script: string, call: CodecCall): Promise<{ readonly json: string } | CodecRefused>
}

/** Reads an uplink's payload. @returns undefined where there is nothing to read with: no codec, or no port */
export function decodeUplink(
  codec: PayloadCodec,
  call: Extract<CodecCall, { call: 'decodeUplink' }>,
  runner: CodecRunner,
): undefined | DecodeAnswer | Promise<DecodeAnswer> {
  if (codec.kind === 'none') return undefined
  if (codec.kind === 'cayenne-lpp') return decodedLpp(call.bytes)
  return runner.run(codec.script, call).then((answer) => ('json' in answer ? readDecoded(answer.json) : answer))
}

/** Writes a downlink's payload. */
export function encodeDownlink(
  codec: PayloadCodec,
  call: Extract<CodecCall, { call: 'encodeDownlink' }>,
  runner: CodecRunner,
): EncodeAnswer | Promise<EncodeAnswer> {
  if (codec.kind === 'none')
    return { refused: 'function-missing', description: 'The device profile has no codec that could write an object.' }
  if (codec.kind === 'cayenne-lpp') {
    const encoded = encodeCayenneLpp(call.data)
    return 'bytes' in encoded
      ? { bytes: encoded.bytes, warnings: [] }
      : {
          refused: 'answer-malformed',
          description: `Cayenne LPP cannot hold it: ${encoded.refused} ${encoded.at}`.trim(),
        }
  }
  return runner.run(codec.script, call).then((answer) => ('json' in answer ? readEncoded(answer.json) : answer))
}

function decodedLpp(bytes: Uint8Array): DecodeAnswer {
  const decoded = decodeCayenneLpp(bytes)
  return 'data' in decoded
    ? { data: decoded.data, warnings: [] }
    : { refused: 'said-errors', description: `No Cayenne LPP: ${decoded.refused} at byte ${decoded.offset}.` }
}

/** Reads what `decodeUplink` or `decodeDownlink` of a script answered. */
export function readDecoded(json: string): DecodeAnswer {
  const answer = readAnswer(json)
  if ('refused' in answer) return answer
  const { data } = answer.value
  if (!isObject(data)) return malformed('"data" is not an object')
  return { data, warnings: answer.warnings }
}

/** Reads what `encodeDownlink` of a script answered. */
export function readEncoded(json: string): EncodeAnswer {
  const answer = readAnswer(json)
  if ('refused' in answer) return answer
  const { bytes, fPort } = answer.value
  if (!Array.isArray(bytes) || bytes.length > lppBytesMax)
    return malformed(`"bytes" is not a list of at most ${lppBytesMax} bytes`)
  if (!bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255))
    return malformed('"bytes" holds something that is no integer of 0 to 255')
  const payload = { bytes: Uint8Array.from(bytes as number[]), warnings: answer.warnings }
  if (fPort === undefined || fPort === null) return payload
  if (typeof fPort !== 'number' || !Number.isInteger(fPort) || fPort < 1 || fPort > 223)
    return malformed('"fPort" is no integer of 1 to 223')
  return { ...payload, fPort }
}

function readAnswer(json: string): { readonly value: JsonObject; readonly warnings: readonly string[] } | CodecRefused {
  if (json.length > codecAnswerCharactersMax)
    return { refused: 'answer-too-large', description: `The answer has ${json.length} characters.` }
  const value = parseJson(json)
  if (!isObject(value)) return malformed('it is not an object')
  if (!isWithinDepth(value, codecAnswerDepthMax)) return malformed(`it nests deeper than ${codecAnswerDepthMax}`)
  const errors = notesOf(value['errors'])
  if (errors.length > 0) return { refused: 'said-errors', description: errors.join('; ') }
  return { value, warnings: notesOf(value['warnings']) }
}

function malformed(why: string): CodecRefused {
  return { refused: 'answer-malformed', description: `The codec's answer cannot be used: ${why}.` }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}

/** Warnings and errors as text; one alone may stand without a list. */
function notesOf(value: unknown): string[] {
  const notes: readonly unknown[] = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]
  return notes
    .slice(0, codecNotesMax)
    .map((note) => (typeof note === 'string' ? note : (JSON.stringify(note) ?? '')).slice(0, noteCharactersMax))
    .filter((note) => note !== '')
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
