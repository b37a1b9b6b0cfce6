/**
 * A modulation in six bytes: kind, one small parameter, one large one. Shared by receipts and the carry stream.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'

const lora = 1
const fsk = 2
const lrFhss = 3

export function writeModulation(writer: ByteWriter, modulation: Modulation): void {
  if (modulation.kind === 'lora') {
    writer.u8(lora)
    writer.u8(modulation.spreadingFactor)
    writer.u32(modulation.bandwidthHz)
  } else if (modulation.kind === 'fsk') {
    writer.u8(fsk)
    writer.u8(0)
    writer.u32(modulation.bitRate)
  } else {
    writer.u8(lrFhss)
    writer.u8(modulation.codingRate === '1/3' ? 1 : 2)
    writer.u32(modulation.widthHz)
  }
}

/** Fails the reader for what is none; one modulation has one form. */
export function readModulation(reader: ByteReader): Modulation {
  const kind = reader.u8()
  const small = reader.u8()
  const large = reader.u32()
  if (kind === lora && small >= 5 && small <= 12 && large > 0)
    return { kind: 'lora', spreadingFactor: small, bandwidthHz: large }
  if (kind === fsk && small === 0 && large > 0) return { kind: 'fsk', bitRate: large }
  if (kind === lrFhss && (small === 1 || small === 2) && large > 0)
    return { kind: 'lr-fhss', codingRate: small === 1 ? '1/3' : '2/3', widthHz: large }
  reader.fail()
  return { kind: 'fsk', bitRate: 0 }
}
