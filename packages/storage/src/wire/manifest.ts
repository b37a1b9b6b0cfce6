/**
 * The manifest of a set: the dag-cbor block that lists its pieces, whose sha256 stands on chain.
 *
 * Pure. Each piece is `[root, height, rawSize]`, with its cap's sha256 as a fourth item where the tree is higher than a
 * cap. Leaf counts follow from the sizes and are not written twice.
 *
 * @see docs/protocol/storage-proofs.md#set
 * @module
 */

import { decodeBlock, encodeBlock, type Block } from '@groundwork/core/evidence/block.ts'
import { readAll, readHex, readList, readMap, readNumber } from '@groundwork/core/evidence/field-reader.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { fromHex } from '@groundwork/core/units/hex.ts'
import { capHeight, pieceHeightMax, pieceSizes, piecesPerSetMax, type Piece } from '../model.ts'

const formatVersion = 1

/** The manifest block of these pieces, at most `piecesPerSetMax`. */
export function encodeManifest(pieces: readonly Piece[]): Block {
  invariant(pieces.length <= piecesPerSetMax, 'a set has at most piecesPerSetMax pieces')
  return encodeBlock({
    version: formatVersion,
    pieces: pieces.map(({ root, height, rawSizeBytes, capDigest }) =>
      capDigest === undefined
        ? [fromHex(root, 32), height, rawSizeBytes]
        : [fromHex(root, 32), height, rawSizeBytes, fromHex(capDigest, 32)],
    ),
  })
}

/** Reads the bytes of a stranger; undefined when they are not a manifest of pieces that can be. */
export function decodeManifest(bytes: Uint8Array): readonly Piece[] | undefined {
  const map = readMap(decodeBlock(bytes), ['version', 'pieces'])
  return map?.['version'] === formatVersion ? readAll(readList(map['pieces'], piecesPerSetMax), readPiece) : undefined
}

function readPiece(item: unknown): Piece | undefined {
  const list = readList(item, 4)
  const root = readHex(list?.[0], 32)
  const height = readNumber(list?.[1], pieceHeightMax)
  const rawSizeBytes = readNumber(list?.[2], Number.MAX_SAFE_INTEGER)
  if (list === undefined || root === undefined || height === undefined || rawSizeBytes === undefined) return undefined
  const sizes = pieceSizes({ height, rawSizeBytes })
  if (sizes === undefined) return undefined
  const piece = { root, height, rawSizeBytes, leafCount: sizes.leafCount }
  if (height <= capHeight) return list.length === 3 ? piece : undefined
  const capDigest = readHex(list[3], 32)
  return capDigest === undefined ? undefined : { ...piece, capDigest }
}
