/**
 * What a party to a hold says: the accusation, the answer of the accused, the opinion of those who decide. One small DAG-CBOR
 * block, which the contract publishes whole, with links to the evidence that it rests on.
 *
 * Decoding takes any bytes and never throws; whether a statement is true is for those to decide who were drawn.
 * docs/protocol/holds.md#statement
 *
 * @module
 */

import type { CID } from 'multiformats/cid'
import type { Address } from '../identity/address.ts'
import { fromHex } from '../units/hex.ts'
import { decodeBlock, encodeBlock, type Block } from './block.ts'
import { readAll, readHex, readLink, readList, readMap, readNumber, readUint64 } from './field-reader.ts'

/** Version of the encoded statement. */
export const statementVersion = 1

/** Largest statement, in bytes: `Holds.STATEMENT_MAX`. */
export const statementBytesMax = 4_096

/** Most exhibits of one statement, inclusive. */
export const exhibitsMax = 48

/** Longest text of a statement, and of an exhibit's note, in UTF-16 units, inclusive. */
export const statementTextMax = 2_000
export const noteTextMax = 200

/** Who says it. */
export const statementRoles = ['accusation', 'answer', 'opinion'] as const
export type StatementRole = (typeof statementRoles)[number]

/** A block that anyone can fetch and check, and what it shows. */
export interface Exhibit {
  readonly cid: CID
  /** entry of a batch that is meant, from 0; null: the whole block */
  readonly entry: number | null
  readonly note: string
}

export interface Statement {
  readonly role: StatementRole
  readonly network: number
  readonly account: Address
  /** epochs that it is about, inclusive */
  readonly epochs: { readonly from: bigint; readonly to: bigint }
  /** for people; what a machine re-checks are the exhibits */
  readonly text: string
  readonly exhibits: readonly Exhibit[]
}

/** @returns the block, or undefined when it does not fit: too long a text, too many exhibits, too many bytes */
export function encodeStatement(statement: Statement): Block | undefined {
  const { role, network, account, epochs, text, exhibits } = statement
  const block = encodeBlock({
    version: statementVersion,
    role,
    network,
    account: fromHex(account, 20),
    from: epochs.from,
    to: epochs.to,
    text,
    exhibits: exhibits.map(({ cid, entry, note }) => [cid, entry, note]),
  })
  return decodeStatement(block.bytes) === undefined ? undefined : block
}

/** @returns the statement, or undefined when the bytes are none */
export function decodeStatement(bytes: Uint8Array): Statement | undefined {
  if (bytes.length > statementBytesMax) return undefined
  const map = readMap(decodeBlock(bytes), statementKeys)
  if (map?.['version'] !== statementVersion) return undefined
  const role = statementRoles.find((one) => one === map['role'])
  const network = readNumber(map['network'], 255)
  const account = readHex(map['account'], 20)
  const from = readUint64(map['from'])
  const to = readUint64(map['to'])
  const text = readText(map['text'], statementTextMax)
  const exhibits = readAll(readList(map['exhibits'], exhibitsMax), readExhibit)
  if (role === undefined || network === undefined || account === undefined) return undefined
  if (from === undefined || to === undefined || from > to) return undefined
  if (text === undefined || exhibits === undefined) return undefined
  return { role, network, account, epochs: { from, to }, text, exhibits }
}

const statementKeys = ['version', 'role', 'network', 'account', 'from', 'to', 'text', 'exhibits']

function readExhibit(value: unknown): Exhibit | undefined {
  const list = readList(value, 3)
  const cid = readLink(list?.[0])
  const entry = list?.[1] === null ? null : readNumber(list?.[1], 2 ** 32 - 1)
  const note = readText(list?.[2], noteTextMax)
  if (list?.length !== 3 || cid === undefined || entry === undefined || note === undefined) return undefined
  return { cid, entry, note }
}

function readText(value: unknown, charactersMax: number): string | undefined {
  return typeof value === 'string' && value.length <= charactersMax ? value : undefined
}
