/**
 * A provider's receipt for one piece, as EIP-712 typed data: type Receipt under the domain of DataSets.
 *
 * Pure. Who must have signed, and for what, is judged by work.ts accept().
 *
 * @see docs/protocol/storage-proofs.md#set
 * @module
 */

import { hashTypedData, type Domain, type TypedStructs } from '@groundwork/core/identity/eip712.ts'
import { recover } from '@groundwork/core/identity/secp256k1.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Receipt, SignedReceipt } from '../model.ts'

/** EIP-712 struct of a receipt. */
export const receiptTypes: TypedStructs = {
  Receipt: [
    { name: 'pieceRoot', type: 'bytes32' },
    { name: 'height', type: 'uint8' },
    { name: 'rawSize', type: 'uint64' },
    { name: 'customer', type: 'address' },
    { name: 'provider', type: 'address' },
    { name: 'atSeconds', type: 'uint64' },
  ],
}

/** What is signed. */
export function receiptDigest({ receipt, domain }: { readonly receipt: Receipt; readonly domain: Domain }): Hex {
  return hashTypedData({ domain, types: receiptTypes, primaryType: 'Receipt', message: { ...receipt } })
}

/** Who signed a receipt; undefined when the signature is none. */
export function receiptSigner({
  signed,
  domain,
}: {
  readonly signed: SignedReceipt
  readonly domain: Domain
}): Hex | undefined {
  return recover(receiptDigest({ receipt: signed.receipt, domain }), signed.signature)
}

/** A signed receipt as JSON: integers as decimal text. */
export function receiptToJson({ receipt, signature }: SignedReceipt): Readonly<Record<string, unknown>> {
  return {
    receipt: { ...receipt, rawSize: receipt.rawSize.toString(), atSeconds: receipt.atSeconds.toString() },
    signature,
  }
}

/** Reads the JSON of a stranger. */
export function receiptFromJson(value: unknown): SignedReceipt | undefined {
  if (typeof value !== 'object' || value === null || !('receipt' in value) || !('signature' in value)) return undefined
  const { receipt, signature } = value
  if (typeof receipt !== 'object' || receipt === null || !isHex(signature, 65)) return undefined
  const fields = receipt as Readonly<Record<string, unknown>>
  const { pieceRoot, height, customer, provider } = fields
  const rawSize = uint64(fields['rawSize'])
  const atSeconds = uint64(fields['atSeconds'])
  if (!isHex(pieceRoot, 32) || !isHex(customer, 20) || !isHex(provider, 20)) return undefined
  if (typeof height !== 'number' || !Number.isInteger(height) || height < 0 || height > 255) return undefined
  if (rawSize === undefined || atSeconds === undefined) return undefined
  return { receipt: { pieceRoot, height, rawSize, customer, provider, atSeconds }, signature }
}

function isHex(value: unknown, sizeBytes: number): value is Hex {
  return typeof value === 'string' && value.length === 2 + 2 * sizeBytes && /^0x[0-9a-f]*$/.test(value)
}

function uint64(value: unknown): bigint | undefined {
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return undefined
  const number = BigInt(value)
  return number < 2n ** 64n ? number : undefined
}
