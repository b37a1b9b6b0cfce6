/**
 * The piece commitment of a stream of bytes (FRC-0069), in one pass.
 *
 * Memory: 127 KiB, and 32 bytes for each 64 KiB of padded data, the cap, which proofs need later. Works through batches
 * level by level, many nodes at a time, with whatever `Hasher` it is given. Not a store, and no names: the CID is made
 * in `wire/piece-cid.ts`.
 *
 * @see docs/protocol/storage-proofs.md#caps
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { leafMaker, quadsPerBatchMax } from '../hasher/leaf-maker.ts'
import { capHeight, heightOf, pieceSizeBytesMax, pieceSizes } from '../model.ts'
import { nodeSizeBytes, type Hasher } from '../ports/hasher.ts'
import { binaryTree } from '../possession/binary-tree.ts'
import { quadRawBytes } from '../wire/fr32.ts'
import { PieceEmpty, PieceTooLarge } from './piece-errors.ts'

/** What hashing a piece gives. */
export interface PieceDigest {
  /** root of the tree, 32 bytes */
  readonly root: Uint8Array
  /** height of the tree, 2 or more */
  readonly height: number
  /** zero bytes after the raw ones, up to 127 * 2^(height - 2) */
  readonly paddingBytes: number
  /** bytes that were hashed, 1 or more */
  readonly rawSizeBytes: number
  /** leaves that carry data */
  readonly leafCount: number
  /** nodes of height 11 that carry data, one after another; of a lower tree the root alone */
  readonly cap: Uint8Array
}

export interface PieceHasher {
  /**
   * Takes the next bytes, in chunks of any size; they may be overwritten afterwards.
   *
   * @throws PieceTooLarge
   */
  update(chunk: Uint8Array): void

  /**
   * Ends the piece; the hasher is used up.
   *
   * @throws PieceEmpty
   */
  digest(): PieceDigest
}

/** Quads below one node of the cap. */
const quadsPerCapNode = 2 ** capHeight / 4

/** Raw bytes hashed at once. */
const batchBytes: number = quadsPerBatchMax * quadRawBytes

/**
 * Starts a piece.
 *
 * @param rawSizeBytesMax the most bytes it may have; by default 1 GiB of padded data
 */
export function pieceHasher({
  hasher,
  rawSizeBytesMax = pieceSizeBytesMax,
}: {
  readonly hasher: Hasher
  readonly rawSizeBytesMax?: number
}): PieceHasher {
  const waiting = new Uint8Array(batchBytes)
  let waitingBytes = 0
  let rawSizeBytes = 0
  let cap = new Uint8Array(16 * nodeSizeBytes)
  let capBytes = 0
  let isUsedUp = false

  function keepInCap(nodes: Uint8Array): void {
    if (capBytes + nodes.length > cap.length) {
      const larger = new Uint8Array(cap.length * 2)
      larger.set(cap)
      cap = larger
    }
    cap.set(nodes, capBytes)
    capBytes += nodes.length
  }

  function hashBatch(raw: Uint8Array): void {
    const capNodeCount = Math.ceil(raw.length / (quadsPerCapNode * quadRawBytes))
    keepInCap(nodesOver({ raw, quadCount: capNodeCount * quadsPerCapNode, height: capHeight, hasher }))
  }

  /** Keeps bytes until there is a whole batch; returns how many it took. */
  function wait(chunk: Uint8Array): number {
    const taken = chunk.subarray(0, batchBytes - waitingBytes)
    waiting.set(taken, waitingBytes)
    waitingBytes += taken.length
    if (waitingBytes === batchBytes) {
      hashBatch(waiting)
      waitingBytes = 0
    }
    return taken.length
  }

  function finishCap(height: number): void {
    const raw = waiting.subarray(0, waitingBytes)
    if (height <= capHeight) keepInCap(nodesOver({ raw, quadCount: 2 ** (height - 2), height, hasher }))
    else if (waitingBytes > 0) hashBatch(raw)
  }

  return {
    update(chunk) {
      invariant(!isUsedUp, 'a piece that has its digest takes no more bytes')
      if (rawSizeBytes + chunk.length > rawSizeBytesMax) throw new PieceTooLarge({ rawSizeBytesMax })
      rawSizeBytes += chunk.length
      let at = 0
      while (at < chunk.length) {
        if (waitingBytes === 0 && chunk.length - at >= batchBytes) {
          hashBatch(chunk.subarray(at, at + batchBytes))
          at += batchBytes
        } else {
          at += wait(chunk.subarray(at))
        }
      }
    },

    digest() {
      invariant(!isUsedUp, 'a piece has its digest once')
      isUsedUp = true
      if (rawSizeBytes === 0) throw new PieceEmpty()
      const height = heightOf(rawSizeBytes)
      const sizes = pieceSizes({ height, rawSizeBytes })
      invariant(sizes !== undefined, 'the smallest height that holds the bytes has sizes')
      finishCap(height)
      const nodes = cap.slice(0, capBytes)
      const { root } = binaryTree({ nodes, baseHeight: Math.min(height, capHeight), height, hasher })
      return { root: root.slice(), height, rawSizeBytes, ...sizes, cap: nodes }
    },
  }
}

/**
 * The digest of bytes that are all in memory already.
 *
 * @throws PieceEmpty, PieceTooLarge
 */
export function hashPiece({ raw, hasher }: { readonly raw: Uint8Array; readonly hasher: Hasher }): PieceDigest {
  const piece = pieceHasher({ hasher })
  piece.update(raw)
  return piece.digest()
}

/** The nodes of `height` over a batch, padded with zeros to `quadCount` quads; valid until the next batch of anyone. */
function nodesOver({
  raw,
  quadCount,
  height,
  hasher,
}: {
  readonly raw: Uint8Array
  readonly quadCount: number
  readonly height: number
  readonly hasher: Hasher
}): Uint8Array {
  const maker = leafMaker()
  maker.make(raw, quadCount)
  let level = maker.leaves.subarray(0, quadCount * 4 * nodeSizeBytes)
  for (let at = 0; at < height; at++) {
    const above = (at % 2 === 0 ? maker.spare : maker.leaves).subarray(0, level.length / 2)
    hasher.hashPairs(level, above)
    level = above
  }
  return level
}
