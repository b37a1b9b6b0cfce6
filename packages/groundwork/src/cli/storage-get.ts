/**
 * `groundwork storage get`: reads an object back through a gateway, which verifies every block, and writes it to a folder.
 *
 * @module
 */

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { z } from 'zod'
import type { ReadReport } from '../gateway/gateway-client.ts'
import { GatewayFailed } from '../gateway/gateway-errors.ts'
import { openGateway } from '../gateway/open-gateway.ts'
import { writeFiles } from '../gateway/write-files.ts'
import { command, type AnyCommand } from './command.ts'
import { UsageWrong } from './usage-errors.ts'

export const storageGet: AnyCommand = command({
  name: 'storage get',
  summary: 'Read a file or a folder back, verified block by block.',
  positional: ['cid'],
  options: z.object({
    cid: z.string().min(8).describe('what `storage put` printed'),
    out: z.string().default('.').describe('folder to write to'),
    gateway: z.url().optional().describe('address of the gateway'),
  }),
  async run({ cid, out, gateway }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const folder = makeFolder(path.resolve(out, cid))
    const response = await client.open(`/v1/storage/objects/${encodeURIComponent(cid)}/content`, { signal })
    const bytes = whole(response, { url: client.url, signal })
    const { fileCount, sizeBytes } = await writeFiles(bytes, { folder, signal })
    const report = await client.get<ReadReport>(
      `/v1/storage/reads/${response.headers.get('x-groundwork-read') ?? ''}`,
      { signal },
    )
    show.say(`wrote ${fileCount} files, ${sizeBytes} bytes, to ${folder}`)
    show(report.servedBy.map((served) => ({ ...served, latencyMs: served.latencyMs.toFixed(1) })))
    show.finish({ cid, folder, fileCount, sizeBytes, ...report })
  },
})

/** The bytes of an answer. @throws GatewayFailed when it breaks off: what was written until then is whole files */
async function* whole(
  { body }: Response,
  { url, signal }: { readonly url: string; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  try {
    yield* Readable.fromWeb(body as never)
  } catch (cause) {
    signal.throwIfAborted()
    const why = 'its answer broke off, so not all files have come'
    throw new GatewayFailed({ url, path: 'content', code: 'GW_GATEWAY_BROKE_OFF', why }, { cause })
  }
}

/** Made before anything is asked for, so that a place where nothing can be written is said at once. */
function makeFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true })
    return folder
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageWrong({ why: `${folder} cannot be written to: ${why}`, tip: '--out <a folder of yours>' })
  }
}
