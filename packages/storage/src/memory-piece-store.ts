/**
 * A piece store in memory, with the checks of a real one: for tests, and for a browser that keeps a few pieces.
 *
 * Keeps nothing over a restart.
 *
 * @module
 */

import type { CID } from 'multiformats/cid'
import type { Piece } from './model.ts'
import { pieceHasher } from './piece/piece-hasher.ts'
import type { BlockPlace, ByteRange, PieceName, PieceStore } from './ports.ts'
import type { Hasher } from './ports/hasher.ts'
import { BodyTooLarge, CarMalformed, NoRoom, NotFound, PieceMismatch, RangeNotSatisfiable } from './storage-errors.ts'
import { carReader, type Sha256 } from './wire/car.ts'
import { pieceOf } from './work.ts'

interface Kept {
  readonly piece: Piece
  readonly bytes: Uint8Array
  readonly cap: Uint8Array
}

/** @param capacityBytes of raw pieces */
export function memoryPieceStore({
  hasher,
  sha256,
  capacityBytes,
}: {
  readonly hasher: Hasher
  readonly sha256: Sha256
  readonly capacityBytes: number
}): PieceStore {
  const kept = new Map<string, Kept>()
  const blocks = new Map<string, BlockPlace>()
  let usedBytes = 0
  const keyOf = ({ root, height, rawSizeBytes }: PieceName): string => `${root} ${height} ${rawSizeBytes}`
  const keptOrThrow = (name: PieceName): Kept => {
    const found = kept.get(keyOf(name))
    if (found === undefined) throw new NotFound({ what: `the piece with root ${name.root}` })
    return found
  }
  const cut = ({ bytes, piece }: Kept, { startBytes, sizeBytes }: ByteRange): Uint8Array => {
    const isInside = startBytes >= 0 && sizeBytes >= 0 && startBytes + sizeBytes <= piece.rawSizeBytes
    if (!isInside) throw new RangeNotSatisfiable({ range: `${startBytes}+${sizeBytes}`, sizeBytes: piece.rawSizeBytes })
    return bytes.subarray(startBytes, startBytes + sizeBytes)
  }

  return {
    async put({ name, bytes }, { signal }) {
      const known = kept.get(keyOf(name))
      if (known !== undefined) return known.piece
      if (usedBytes + name.rawSizeBytes > capacityBytes)
        throw new NoRoom({ capacityBytes, usedBytes, wantedBytes: name.rawSizeBytes })
      const raw = new Uint8Array(name.rawSizeBytes)
      const hashing = pieceHasher({ hasher, rawSizeBytesMax: name.rawSizeBytes })
      const places = new Map<string, BlockPlace>()
      const car = carReader({
        sha256,
        onBlock: ({ cid, bytes: block, startBytes }) => {
          places.set(cid.multihash.bytes.toString(), { piece: name, range: { startBytes, sizeBytes: block.length } })
        },
      })
      let sizeBytes = 0
      for await (const part of bytes) {
        signal.throwIfAborted()
        if (sizeBytes + part.length > name.rawSizeBytes) throw new BodyTooLarge({ sizeBytesMax: name.rawSizeBytes })
        raw.set(part, sizeBytes)
        sizeBytes += part.length
        const fault = car.push(part)
        if (fault !== undefined) throw new CarMalformed({ fault })
        hashing.update(part)
      }
      const fault = car.end()
      if (fault !== undefined) throw new CarMalformed({ fault })
      const digest = hashing.digest()
      const piece = pieceOf(digest)
      if (piece.root !== name.root || sizeBytes !== name.rawSizeBytes)
        throw new PieceMismatch({ expected: name.root, actual: piece.root })
      usedBytes += sizeBytes
      kept.set(keyOf(name), { piece, bytes: raw, cap: digest.cap })
      for (const [multihash, place] of places) blocks.set(multihash, { ...place, piece })
      return piece
    },
    find: (name) => kept.get(keyOf(name))?.piece,
    async readRanges({ piece, ranges }, { signal }) {
      signal.throwIfAborted()
      const found = keptOrThrow(piece)
      return ranges.map((range) => cut(found, range).slice())
    },
    async cap(piece, { signal }) {
      signal.throwIfAborted()
      return keptOrThrow(piece).cap
    },
    async *read({ piece, range }, { signal }) {
      signal.throwIfAborted()
      yield cut(keptOrThrow(piece), range)
    },
    findBlock: (cid: CID) => blocks.get(cid.multihash.bytes.toString()),
    async remove(name, { signal }) {
      signal.throwIfAborted()
      if (!kept.delete(keyOf(name))) return
      usedBytes -= name.rawSizeBytes
      for (const [multihash, place] of blocks) if (keyOf(place.piece) === keyOf(name)) blocks.delete(multihash)
    },
    get usedBytes() {
      return usedBytes
    },
    get pieceCount() {
      return kept.size
    },
  }
}
