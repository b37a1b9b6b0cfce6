/**
 * A piece set as both sides sign it: EIP-712 type PieceSet of DataSets.sol, and the proposal a customer sends.
 *
 * Pure. Whether the set is the right one is judged elsewhere (set-terms.ts, work.ts).
 *
 * @see docs/protocol/storage-proofs.md#set
 * @module
 */

import { hashTypedData, type Domain, type TypedStructs } from '@groundwork/core/identity/eip712.ts'
import { recover } from '@groundwork/core/identity/secp256k1.ts'
import { bytesOfBigint, concatBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import * as dagCbor from '@ipld/dag-cbor'
import { keccak_256 } from '@noble/hashes/sha3.js'
import type { PieceSet } from '../model.ts'
import type { SetProposal } from '../ports.ts'

/** EIP-712 struct of a piece set, in the contract's order. */
export const pieceSetTypes: TypedStructs = {
  PieceSet: [
    { name: 'customer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'streamSalt', type: 'bytes32' },
    { name: 'root', type: 'bytes32' },
    { name: 'leafCount', type: 'uint64' },
    { name: 'pieceCount', type: 'uint32' },
    { name: 'version', type: 'uint64' },
    { name: 'lockAtto', type: 'uint128' },
    { name: 'manifest', type: 'bytes32' },
  ],
}

/** What both sides sign. */
export function pieceSetDigest({ set, domain }: { readonly set: PieceSet; readonly domain: Domain }): Hex {
  return hashTypedData({ domain, types: pieceSetTypes, primaryType: 'PieceSet', message: { ...set } })
}

/** Who signed a piece set; undefined when the signature is none. */
export function pieceSetSigner({
  set,
  signature,
  domain,
}: {
  readonly set: PieceSet
  readonly signature: Hex
  readonly domain: Domain
}): Hex | undefined {
  return recover(pieceSetDigest({ set, domain }), signature)
}

/** The id of the set of this customer at this provider: keccak256(abi.encode(customer, provider)). */
export function dataSetIdOf({ customer, provider }: Pick<PieceSet, 'customer' | 'provider'>): Hex {
  return toHex(
    keccak_256(concatBytes(new Uint8Array(12), fromHex(customer, 20), new Uint8Array(12), fromHex(provider, 20))),
  )
}

/** The bytes of a proposal: dag-cbor, addresses and hashes as bytes, large integers big-endian. */
export function encodeProposal({ set, customerSignature, manifest, rateNano }: SetProposal): Uint8Array {
  return dagCbor.encode({
    version: 1,
    set: [
      fromHex(set.customer, 20),
      fromHex(set.provider, 20),
      fromHex(set.streamSalt, 32),
      fromHex(set.root, 32),
      bytesOfBigint(set.leafCount, 8),
      set.pieceCount,
      bytesOfBigint(set.version, 8),
      bytesOfBigint(set.lockAtto, 16),
      fromHex(set.manifest, 32),
    ],
    customerSignature: fromHex(customerSignature, 65),
    manifest,
    rateNano: bytesOfBigint(rateNano, 12),
  })
}

/** Reads the bytes of a stranger; undefined when they are not a proposal. */
export function decodeProposal(bytes: Uint8Array): SetProposal | undefined {
  const value = decoded(bytes)
  if (typeof value !== 'object' || value === null) return undefined
  const { version, set, customerSignature, manifest, rateNano } = value as Readonly<Record<string, unknown>>
  if (version !== 1 || !Array.isArray(set) || set.length !== 9) return undefined
  const [customer, provider, streamSalt, root, leafCount, pieceCount, setVersion, lockAtto, manifestDigest] =
    set as readonly unknown[]
  if (!isBytes(customer, 20) || !isBytes(provider, 20) || !isBytes(streamSalt, 32) || !isBytes(root, 32))
    return undefined
  if (!isBytes(leafCount, 8) || !isBytes(setVersion, 8) || !isBytes(lockAtto, 16) || !isBytes(manifestDigest, 32))
    return undefined
  if (typeof pieceCount !== 'number' || !Number.isInteger(pieceCount) || pieceCount < 0 || pieceCount >= 2 ** 32)
    return undefined
  if (!isBytes(customerSignature, 65) || !(manifest instanceof Uint8Array) || !isBytes(rateNano, 12)) return undefined
  return {
    set: {
      customer: toHex(customer),
      provider: toHex(provider),
      streamSalt: toHex(streamSalt),
      root: toHex(root),
      leafCount: integerOf(leafCount),
      pieceCount,
      version: integerOf(setVersion),
      lockAtto: integerOf(lockAtto),
      manifest: toHex(manifestDigest),
    },
    customerSignature: toHex(customerSignature),
    manifest,
    rateNano: integerOf(rateNano),
  }
}

function isBytes(value: unknown, sizeBytes: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === sizeBytes
}

function integerOf(bytes: Uint8Array): bigint {
  return BigInt(toHex(bytes))
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return dagCbor.decode(bytes)
  } catch {
    return undefined
  }
}
