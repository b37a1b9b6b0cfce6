/**
 * Whether a kept piece may be served as a whole: it may when every block in it may.
 *
 * A list may name what was kept before it was read. A piece is looked through once, a few blocks at a time, so that others are
 * served meanwhile; the verdict is kept as long as the program runs, for so is the list.
 *
 * @module
 */

import { setImmediate } from 'node:timers/promises'
import type { ContentGate } from '@groundwork/core/policy/content-gate.ts'
import type { CID } from 'multiformats/cid'
import type { PieceName, Waiting } from '../ports.ts'
import { formatPieceName } from '../wire/piece-cid.ts'
import type { SegmentStore } from './segment-store.ts'

/** Blocks that are looked at before others have their turn. */
const blocksAtOnce = 256

/** Pieces whose verdict is remembered; the oldest is looked through again. */
export const verdictsMax = 65_536

/** @returns a function that throws what `allow` throws at the first block of the piece that may not be served */
export function pieceGate({
  store,
  allow,
}: {
  readonly store: Pick<SegmentStore, 'blocksOf'>
  readonly allow: ContentGate
}): (piece: PieceName, waiting: Waiting) => Promise<void> {
  const deniedBlocks = new Map<string, CID | undefined>()

  const firstDenied = async (piece: PieceName, { signal }: Waiting): Promise<CID | undefined> => {
    let after: CID | undefined
    for (;;) {
      const blocks = store.blocksOf(piece, { after, countMax: blocksAtOnce })
      const denied = blocks.find((cid) => isDenied(allow, cid))
      if (denied !== undefined || blocks.length < blocksAtOnce) return denied
      after = blocks.at(-1)
      await setImmediate(undefined, { signal })
    }
  }

  return async (piece, waiting) => {
    const key = formatPieceName(piece)
    if (!deniedBlocks.has(key)) {
      deniedBlocks.set(key, await firstDenied(piece, waiting))
      const [oldest] = deniedBlocks.keys()
      if (deniedBlocks.size > verdictsMax && oldest !== undefined) deniedBlocks.delete(oldest)
    }
    const denied = deniedBlocks.get(key)
    if (denied !== undefined) allow(denied)
  }
}

function isDenied(allow: ContentGate, cid: CID): boolean {
  try {
    allow(cid)
    return false
  } catch {
    // Why is said when the block is asked for again.
    return true
  }
}
