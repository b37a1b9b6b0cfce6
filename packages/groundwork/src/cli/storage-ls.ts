/**
 * `groundwork storage ls`: what a gateway's customer has stored, and where the copies are.
 *
 * @module
 */

import { z } from 'zod'
import type { StoredPiece } from '../gateway/gateway-client.ts'
import { openGateway } from '../gateway/open-gateway.ts'
import { command, type AnyCommand } from './command.ts'

interface ListedObject {
  readonly cid: string
  readonly sizeBytes: string
  readonly fileCount: number
  readonly copies: number
  readonly storedAtMs: number
  readonly pieces: readonly StoredPiece[]
}

export const storageLs: AnyCommand = command({
  name: 'storage ls',
  summary: 'List what is stored, where and since when.',
  options: z.object({ gateway: z.url().optional().describe('address of the gateway') }),
  async run({ gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const objects = await client.get<readonly ListedObject[]>('/v1/storage/objects', { signal })
    show(
      objects.map(({ cid, sizeBytes, fileCount, copies, storedAtMs, pieces }) => ({
        cid,
        sizeBytes,
        files: fileCount,
        copiesWanted: copies,
        copiesNow: Math.min(...pieces.map(({ providers }) => providers.length)),
        pieces: pieces.length,
        storedAt: new Date(storedAtMs).toISOString(),
      })),
    )
  },
})
