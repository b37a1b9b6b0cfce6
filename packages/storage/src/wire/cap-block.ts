/**
 * The cap block of a piece: the nodes of its cap as one dag-cbor byte string, published once, found by `capDigest`.
 *
 * Pure. Whether the nodes fold to the piece is checked where they are used (possession/piece-block.ts).
 *
 * @see docs/protocol/storage-proofs.md#caps
 * @module
 */

import { decodeBlock, encodeBlock, type Block } from '@groundwork/core/evidence/block.ts'

/** The block of a cap's nodes. */
export function encodeCap(nodes: Uint8Array): Block {
  return encodeBlock(nodes)
}

/** The nodes in a block of a stranger; undefined when it is no byte string. */
export function decodeCap(bytes: Uint8Array): Uint8Array | undefined {
  const value = decodeBlock(bytes)
  return value instanceof Uint8Array ? value : undefined
}
