/**
 * Goal: pieces on disk and pieces in memory are kept by one set of rules.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { memoryPieceStore } from '@groundwork/storage'
import { fastestHasher, nodeSha256, openProviderDatabase, openSegmentStore } from '@groundwork/storage/adapters'
import { pieceStoreConformance } from './piece-store.ts'

const hasher = await fastestHasher()

pieceStoreConformance({
  name: 'memory',
  hasher,
  open: async (capacityBytes) => ({
    store: memoryPieceStore({ hasher, sha256: nodeSha256, capacityBytes }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
})

pieceStoreConformance({
  name: 'segments',
  hasher,
  open: async (capacityBytes) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'piece-store-'))
    const database = openProviderDatabase({ path: path.join(folder, 'index.sqlite') })
    const store = openSegmentStore({
      folder: path.join(folder, 'pieces'),
      database,
      hasher,
      sha256: nodeSha256,
      capacityBytes,
    })
    return {
      store,
      async [Symbol.asyncDispose]() {
        await store[Symbol.asyncDispose]()
        database.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
})
