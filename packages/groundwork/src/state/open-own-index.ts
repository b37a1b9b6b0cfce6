/**
 * The index of a program's own folder: opened, or made anew when it belongs to another deployment or is damaged.
 *
 * An index is a cache of the chain, so one of a deployment that is gone, as after a devnet was rolled back past it, or one
 * of another version, is removed without loss. Nothing else in the folder is touched.
 *
 * @module
 */

import { rmSync } from 'node:fs'
import type { Deployment } from '@groundwork/chain/deployment.ts'
import { IndexDamaged, IndexForeign } from '@groundwork/chain/errors.ts'
import { openIndex, type ChainIndex } from '@groundwork/chain/indexer/open-index.ts'

/** @param path a file that this program alone writes */
export function openOwnIndex({
  path,
  deployment,
}: {
  readonly path: string
  readonly deployment: Deployment
}): ChainIndex {
  try {
    return openIndex({ path, deployment })
  } catch (error) {
    if (!(error instanceof IndexForeign || error instanceof IndexDamaged)) throw error
    // SQLite's own companions go with the file.
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
    return openIndex({ path, deployment })
  }
}
