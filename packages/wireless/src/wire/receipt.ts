/**
 * A receipt in its 73 bytes, and its leaf under a tally's root.
 *
 * @see docs/protocol/wireless.md#receipts
 * @module
 */

import { leafHash, type SumNode } from '@groundwork/core/merkle/sum-tree.ts'
import { fromHex, toHex } from '@groundwork/core/units/hex.ts'
import { unitsOf } from '../model.ts'
import { phyPayloadBytesMax, type Eui } from '../model/radio.ts'
import { copiesMax } from '../model/route.ts'
import type { Receipt } from '../model/receipt.ts'
import { byteReader } from './byte-reader.ts'
import { byteWriter } from './byte-writer.ts'
import { readModulation, writeModulation } from './modulation-field.ts'

export const receiptBytes = 73

/** Written for a signal-to-noise ratio that is not there. */
const noSnr = -0x8000

export function encodeReceipt(receipt: Receipt): Uint8Array {
  const writer = byteWriter(receiptBytes)
  writer.raw(fromHex(receipt.packet, 32))
  writer.u16(receipt.sizeBytes)
  writer.raw(bytesOfEui(receipt.gatewayEui))
  writer.u53(receipt.heardAtMs)
  writer.u32(receipt.frequencyHz)
  writeModulation(writer, receipt.modulation)
  writer.i16(receipt.rssiDeciDbm)
  writer.i16(receipt.snrDeciDb ?? noSnr)
  writer.u8(receipt.copies)
  writer.u64(receipt.priceNano)
  return writer.bytes()
}

/** Reads a stranger's bytes; undefined when they are no receipt. */
export function decodeReceipt(bytes: Uint8Array): Receipt | undefined {
  if (bytes.length !== receiptBytes) return undefined
  const reader = byteReader(bytes)
  const packet = toHex(reader.raw(32))
  const sizeBytes = reader.u16()
  const gatewayEui = euiOfBytes(reader.raw(8))
  const heardAtMs = reader.u53()
  const frequencyHz = reader.u32()
  const modulation = readModulation(reader)
  const rssiDeciDbm = reader.i16()
  const snr = reader.i16()
  const copies = reader.u8()
  const priceNano = reader.u64()
  if (!reader.isWhole || sizeBytes > phyPayloadBytesMax || copies < 1 || copies > copiesMax) return undefined
  const receipt = { packet, sizeBytes, gatewayEui, heardAtMs, frequencyHz, modulation, rssiDeciDbm, copies, priceNano }
  return snr === noSnr ? receipt : { ...receipt, snrDeciDb: snr }
}

/** The leaf of a receipt: keccak256(0x00, "receipt", its 73 bytes), sum = its units. */
export function receiptLeaf(encoded: Uint8Array): SumNode {
  const sizeBytes = ((encoded[32] ?? 0) << 8) | (encoded[33] ?? 0)
  return { hash: leafHash('receipt', encoded), sum: BigInt(unitsOf(sizeBytes)) }
}

/** @returns 8 bytes, most significant first */
export function bytesOfEui(eui: Eui): Uint8Array {
  return fromHex(`0x${eui}`, 8)
}

/** @returns 16 lower-case digits */
export function euiOfBytes(bytes: Uint8Array): Eui {
  return toHex(bytes).slice(2)
}

/** Tenths of a decibel as a receipt has them: clamped to what fits, never the value that stands for none. */
export function deciOf(decibels: number): number {
  return Math.max(-0x7fff, Math.min(0x7fff, Math.round(decibels * 10)))
}
