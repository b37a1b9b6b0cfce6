/**
 * The manifest of a set: the dag-cbor block that lists its pieces, whose sha256 stands on chain.
 *
 * Pure. Each piece is `[root, height, rawSize]`, with its cap's sha256 as a fourth item where the tree is higher than a
 * cap. Leaf counts follow from the sizes and are not written twice.
 *
 * @see docs/protocol/storage-proofs.md#set
 * @module
 */

import { fromHex, toHex } from '@groundwork/core/units/hex.ts'
import * as dagCbor from '@ipld/dag-cbor'
import { capHeight, pieceSizes, piecesPerSetMax, type Piece } from '../model.ts'

const formatVersion = 1

/** The most bytes a manifest of `pieceCount` pieces takes. */
export function manifestBytesMax(pieceCount: number): number {
  return 64 + 96 * pieceCount
}

/** The bytes of the manifest block. */
export function encodeManifest(pieces: readonly Piece[]): Uint8Array {
  return dagCbor.encode({
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
  if (bytes.length > manifestBytesMax(piecesPerSetMax)) return undefined
  const value = decoded(bytes)
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return undefined
  if (!('version' in value) || value.version !== formatVersion) return undefined
  if (!('pieces' in value) || !Array.isArray(value.pieces) || value.pieces.length > piecesPerSetMax) return undefined
  const pieces: Piece[] = []
  for (const item of value.pieces as readonly unknown[]) {
    const piece = pieceOf(item)
    if (piece === undefined) return undefined
    pieces.push(piece)
  }
  return pieces
}

function pieceOf(item: unknown): Piece | undefined {
  if (!Array.isArray(item)) return undefined
  const [root, height, rawSizeBytes, capDigest] = item as readonly unknown[]
  if (!(root instanceof Uint8Array) || root.length !== 32) return undefined
  if (typeof height !== 'number' || typeof rawSizeBytes !== 'number') return undefined
  const sizes = pieceSizes({ height, rawSizeBytes })
  if (sizes === undefined) return undefined
  const piece = { root: toHex(root), height, rawSizeBytes, leafCount: sizes.leafCount }
  if (height <= capHeight) return item.length === 3 ? piece : undefined
  if (!(capDigest instanceof Uint8Array) || capDigest.length !== 32 || item.length !== 4) return undefined
  return { ...piece, capDigest: toHex(capDigest) }
}

function decoded(bytes: Uint8Array): unknown {
  try {
    return dagCbor.decode(bytes)
  } catch {
    return undefined
  }
}
