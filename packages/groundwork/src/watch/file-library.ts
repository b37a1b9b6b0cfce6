/**
 * A bundle in a file as the source of an audit: only what the file holds, and only if it is what its name says.
 *
 * A changed byte is read leniently, so that the audit can say which line it touches: where the file has blocks under wrong
 * names, a name that nothing answers to counts as a block of other bytes, not as one that is nowhere to be had.
 *
 * @module
 */

import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import { decodeBundleCar } from '@groundwork/core/evidence/bundle-car.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Library } from './library.ts'
import { CarMalformed } from './watch-errors.ts'

/** @throws CarMalformed when the bytes are no CAR, or one of another bundle */
export function fileLibrary(
  bytes: Uint8Array,
  { file, evidence }: { readonly file: string; readonly evidence: Hex },
): Library {
  const decoded = decodeBundleCar(bytes)
  if (decoded.tag === 'malformed') throw new CarMalformed({ file, reason: decoded.reason, offset: decoded.offset })
  const { root, blocks, corrupt } = decoded.car
  const wanted = cidOfDigest(evidence).toString()
  if (root.toString() !== wanted)
    throw new CarMalformed({ file, reason: `its root is ${root.toString()}, not ${wanted}`, offset: 0 })
  const unnamed = corrupt.length > 0 ? new Uint8Array() : undefined
  return {
    get: (name) => blocks.get(name) ?? unnamed,
    fetch: async () => {},
    batches: async () => [],
    complaints: () => corrupt.map((cid) => `${file} has other bytes under ${cid.toString()}`),
  }
}
