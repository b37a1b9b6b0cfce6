/**
 * EIP-712: the digest of typed data, as wallets sign it and contracts check it.
 *
 * The whole encoding but nothing else: no signing (`secp256k1.ts`), no parsing of JSON. Values come from our own code, so a
 * value that does not fit its type is our mistake. Every domain of the project is {name "Groundwork", version "1", chainId,
 * verifyingContract}.
 *
 * @module
 * @see https://eips.ethereum.org/EIPS/eip-712
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { invariant } from '../invariant.ts'
import { bytesOfBigint, bytesOfText, concatBytes } from '../units/bytes.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'
import type { Address } from './address.ts'

/** One field of a struct: `type` is an atomic type, 'string', 'bytes', a struct's name, or any of them with '[]' or '[n]'. */
export interface TypedField {
  readonly name: string
  readonly type: string
}

/** Struct name to its fields, in order. */
export type TypedStructs = Readonly<Record<string, readonly TypedField[]>>

/** What a field may hold; integers are bigint or a safe integer, bytes are hex. */
export type TypedValue =
  | bigint
  | number
  | boolean
  | string
  | readonly TypedValue[]
  | { readonly [name: string]: TypedValue }

/** Where a signature counts: one chain and one contract. */
export interface Domain {
  readonly chainId: bigint | number
  readonly verifyingContract: Address
}

/** One thing to be signed. */
export interface TypedData {
  readonly domain: Domain
  readonly types: TypedStructs
  readonly primaryType: string
  readonly message: { readonly [name: string]: TypedValue }
}

/** Fixed part of every domain of the project. */
export const domainName = 'Groundwork'

/** Version of every domain of the project. */
export const domainVersion = '1'

/** The fields of a domain, for wallets that want them. */
export const domainFields: readonly TypedField[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]

/** @returns keccak256(0x1901, domain separator, hash of the message): what is signed */
export function hashTypedData({ domain, types, primaryType, message }: TypedData): Hex {
  return toHex(
    keccak_256(
      concatBytes(Uint8Array.of(0x19, 0x01), domainSeparator(domain), hashStruct(primaryType, message, types)),
    ),
  )
}

/** @returns 32 bytes, as the contract's own separator */
export function domainSeparator({ chainId, verifyingContract }: Domain): Uint8Array {
  const message = { name: domainName, version: domainVersion, chainId, verifyingContract }
  return hashStruct('EIP712Domain', message, { EIP712Domain: domainFields })
}

/** @returns keccak256(typeHash, encoded fields) */
export function hashStruct(
  name: string,
  message: { readonly [name: string]: TypedValue },
  types: TypedStructs,
): Uint8Array {
  const fields = types[name]
  invariant(fields !== undefined, `the struct ${name} is declared`)
  const words = fields.map((field) => {
    const value = message[field.name]
    invariant(value !== undefined, `${name}.${field.name} has a value`)
    return encodeField(field.type, value, types)
  })
  return keccak_256(concatBytes(keccak_256(bytesOfText(encodeType(name, types))), ...words))
}

/** @returns the struct and all that it refers to, as text: 'A(B b,uint256 c)B(...)' */
export function encodeType(name: string, types: TypedStructs): string {
  const referred = new Set<string>()
  const visit = (struct: string): void => {
    for (const { type } of types[struct] ?? []) {
      const inner = type.replace(/(\[\d*\])+$/, '')
      if (types[inner] === undefined || inner === name || referred.has(inner)) continue
      referred.add(inner)
      visit(inner)
    }
  }
  visit(name)
  return [name, ...[...referred].toSorted()]
    .map((struct) => `${struct}(${(types[struct] ?? []).map((field) => `${field.type} ${field.name}`).join(',')})`)
    .join('')
}

function encodeField(type: string, value: TypedValue, types: TypedStructs): Uint8Array {
  const array = /^(.*)\[(\d*)\]$/.exec(type)
  if (array !== null) {
    invariant(Array.isArray(value) && (array[2] === '' || value.length === Number(array[2])), `${type} takes its list`)
    return keccak_256(concatBytes(...value.map((item: TypedValue) => encodeField(array[1] ?? '', item, types))))
  }
  if (types[type] !== undefined) {
    invariant(typeof value === 'object' && !Array.isArray(value), `${type} takes a struct`)
    return hashStruct(type, value as { readonly [name: string]: TypedValue }, types)
  }
  return encodeAtom(type, value)
}

function encodeAtom(type: string, value: TypedValue): Uint8Array {
  if (type === 'string') {
    invariant(typeof value === 'string', 'a string takes text')
    return keccak_256(bytesOfText(value))
  }
  if (type === 'bool') {
    invariant(typeof value === 'boolean', 'a bool takes true or false')
    return bytesOfBigint(value ? 1n : 0n, 32)
  }
  if (type === 'bytes') return keccak_256(hexValue(value))
  if (type === 'address') return leftPad(hexValue(value, 20))
  const fixed = /^bytes(\d+)$/.exec(type)
  if (fixed !== null) return concatBytes(hexValue(value, Number(fixed[1])), new Uint8Array(32 - Number(fixed[1])))
  const integer = /^(u?)int(\d+)$/.exec(type)
  invariant(integer !== null, `${type} is a type of EIP-712`)
  return encodeInteger(value, { isSigned: integer[1] === '', bits: BigInt(integer[2] ?? '0') })
}

function encodeInteger(value: TypedValue, { isSigned, bits }: { isSigned: boolean; bits: bigint }): Uint8Array {
  invariant(typeof value === 'bigint' || Number.isSafeInteger(value), 'an integer field takes an integer')
  const integer = BigInt(value as bigint | number)
  const minimum = isSigned ? -(1n << (bits - 1n)) : 0n
  const maximum = isSigned ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n
  invariant(integer >= minimum && integer <= maximum, 'an integer fits its field')
  return bytesOfBigint(BigInt.asUintN(256, integer), 32)
}

function hexValue(value: TypedValue, sizeBytes?: number): Uint8Array {
  invariant(typeof value === 'string', 'bytes are given as hex')
  return fromHex(value, sizeBytes)
}

function leftPad(bytes: Uint8Array): Uint8Array {
  return concatBytes(new Uint8Array(32 - bytes.length), bytes)
}
