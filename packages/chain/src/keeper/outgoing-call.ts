/**
 * The bytes in which the keeper's outbox holds a call and what became of it. Version 1, JSON.
 *
 * Only we write and read them: whatever cannot be read is our own mistake.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import type { Address, Hex } from 'viem'
import { type Call, dataOf } from '../call.ts'
import type { Outgoing } from '../submit-call.ts'

/** A call as it waits to be sent. */
export function encodeCall(call: Call): Uint8Array<ArrayBuffer> {
  const { to, functionName } = call
  return bytesOf({ version: 1, functionName, to, data: dataOf(call) })
}

export function decodeCall(body: Uint8Array): Outgoing {
  const { version, functionName, to, data } = recordOf(body)
  invariant(version === 1, 'the outbox holds calls of version 1')
  return { functionName: String(functionName), to: to as Address, data: data as Hex }
}

/** How a call was sent, and where it landed, if it did. */
export type SentNote = {
  readonly hash: Hex
  readonly nonce: number
  /** signed bytes: what is handed in again after a rollback */
  readonly raw: Hex
  readonly blockNumber?: bigint | undefined
  readonly blockHash?: Hex | undefined
}

export function encodeSent({ blockNumber, ...note }: SentNote): Uint8Array<ArrayBuffer> {
  return bytesOf({ version: 1, ...note, ...(blockNumber === undefined ? {} : { blockNumber: blockNumber.toString() }) })
}

export function decodeSent(note: Uint8Array): SentNote {
  const { version, hash, nonce, raw, blockNumber, blockHash } = recordOf(note)
  invariant(version === 1, 'the outbox holds notes of version 1')
  return {
    hash: hash as Hex,
    nonce: Number(nonce),
    raw: raw as Hex,
    blockNumber: blockNumber === undefined ? undefined : BigInt(blockNumber as string),
    blockHash: blockHash as Hex | undefined,
  }
}

/** Why a call was given up. */
export function encodeRefusal(reason: string): Uint8Array<ArrayBuffer> {
  return bytesOf({ version: 1, reason })
}

export function decodeRefusal(note: Uint8Array): string {
  return String(recordOf(note)['reason'])
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value))
}

function recordOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, unknown>>
}
