/**
 * Bytes that look random and repeat with their seed. For tests and simulations: never for keys of value.
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { RandomRefused } from '../../errors/port-errors.ts'
import { bytesOfBigint, bytesOfText, concatBytes } from '../../units/bytes.ts'
import { randomBytesMax, type Random } from '../random.ts'

/** @param seed any text; the same text gives the same bytes, however they are cut into calls */
export function memoryRandom(seed: string): Random {
  const seedBytes = bytesOfText(seed)
  let block = 0n
  let held = new Uint8Array(0)

  return {
    bytes(sizeBytes) {
      if (!Number.isInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > randomBytesMax) {
        throw new RandomRefused({ sizeBytes, sizeBytesMax: randomBytesMax })
      }
      const parts = [held]
      for (let have = held.length; have < sizeBytes; have += 32) {
        parts.push(keccak_256(concatBytes(bytesOfBigint(block, 8), seedBytes)))
        block += 1n
      }
      const all = concatBytes(...parts)
      held = all.slice(sizeBytes)
      return all.slice(0, sizeBytes)
    },
  }
}
