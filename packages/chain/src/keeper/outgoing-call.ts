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
  /** of the same nonce, with lower fees: one of them may be mined instead */
  readonly earlier?: readonly Hex[] | undefined
  readonly blockNumber?: bigint | undefined
  readonly blockHash?: Hex | undefined
}

export function encodeSent(note: SentNote): Uint8Array<ArrayBuffer> {
  return bytesOf({ version: 1, ...plainSent(note) })
}

const plainSent = ({ blockNumber, ...note }: SentNote): object => ({
  ...note,
  ...(blockNumber === undefined ? {} : { blockNumber: blockNumber.toString() }),
})

export function decodeSent(note: Uint8Array): SentNote {
  const record = recordOf(note)
  invariant(record['version'] === 1, 'the outbox holds notes of version 1')
  return sentOf(record)
}

function sentOf({ hash, nonce, raw, earlier, blockNumber, blockHash }: Readonly<Record<string, unknown>>): SentNote {
  return {
    hash: hash as Hex,
    nonce: Number(nonce),
    raw: raw as Hex,
    earlier: earlier as readonly Hex[] | undefined,
    blockNumber: blockNumber === undefined ? undefined : BigInt(blockNumber as string),
    blockHash: blockHash as Hex | undefined,
  }
}

/** Why a call was given up, and by which block that was so: after a rollback past it, it may not be. */
export type RefusalNote = {
  readonly reason: string
  readonly block?: { readonly number: bigint; readonly hash: Hex } | undefined
  /** of one that was mined and failed */
  readonly sent?: SentNote | undefined
}

export function encodeRefusal({ reason, block, sent }: RefusalNote): Uint8Array<ArrayBuffer> {
  return bytesOf({
    version: 1,
    reason,
    ...(block === undefined ? {} : { block: { number: block.number.toString(), hash: block.hash } }),
    ...(sent === undefined ? {} : { sent: plainSent(sent) }),
  })
}

export function decodeRefusal(note: Uint8Array): RefusalNote {
  const { reason, block, sent } = recordOf(note)
  const { number, hash } = (block ?? {}) as { number?: string; hash?: Hex }
  return {
    reason: String(reason),
    block: number === undefined || hash === undefined ? undefined : { number: BigInt(number), hash },
    sent: sent === undefined ? undefined : sentOf(sent as Readonly<Record<string, unknown>>),
  }
}

function bytesOf(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value))
}

function recordOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return JSON.parse(new TextDecoder().decode(bytes)) as Readonly<Record<string, unknown>>
}
