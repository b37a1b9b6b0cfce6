/**
 * `groundwork storage put`: a file or a folder goes to a gateway, and comes to lie at distinct operators.
 *
 * @module
 */

import { pipeline, Readable, Transform } from 'node:stream'
import { z } from 'zod'
import type { StoredObject } from '../gateway/gateway-client.ts'
import { openGateway } from '../gateway/open-gateway.ts'
import { filesBelow, tarOf } from '../gateway/tar-files.ts'
import { command, type AnyCommand } from './command.ts'
import { transferBar } from './transfer-bar.ts'
import { UsageWrong } from './usage-errors.ts'

/** Names of what was left out that are said, inclusive. */
const leftOutShownMax = 5

export const storagePut: AnyCommand = command({
  name: 'storage put',
  summary: 'Store a file or a folder.',
  positional: ['path'],
  options: z.object({
    path: z.string().min(1).describe('file or folder'),
    gateway: z.url().optional().describe('address of the gateway'),
    copies: z.coerce.number().int().min(1).max(16).default(3).describe('distinct operators'),
    wait: z.enum(['acknowledged', 'posted']).default('acknowledged').describe('posted: until the chain has it too'),
  }),
  async run({ path, gateway, copies, wait }, { show, signal, config }) {
    const client = await openGateway({ gateway, dataDir: config.dataDir })
    const leftOut: string[] = []
    const files = await filesBelow(path, { onLeftOut: (name) => void leftOut.push(name) })
    if (files.length === 0) throw new UsageWrong({ why: `${path} holds no file to store`, tip: 'a folder with files' })
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
    const isFolder = files.length !== 1 || files[0]?.path !== path
    const bar = transferBar({ label: 'sent', totalBytes: sizeBytes, isShown: !show.isJson })
    const counted = new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        bar.add(chunk.length)
        done(null, chunk)
      },
    })
    // Whatever a file does wrong reaches the request through what it sends.
    pipeline(tarOf(files), counted, () => undefined)
    const stored = await client
      .post<StoredObject>(
        `/v1/storage/objects?copies=${copies}&sizeBytes=${sizeBytes}&directory=${isFolder}&wait=${wait}`,
        { body: Readable.toWeb(counted) as BodyInit, contentType: 'application/x-tar', signal },
      )
      .finally(() => bar.stop())
    show.say(`stored ${stored.fileCount} files, ${stored.sizeBytes} bytes, as ${stored.cid}`)
    if (leftOut.length > 0) show.say(leftOutLine(leftOut))
    show(
      stored.pieces.map(({ pieceCid, rawSizeBytes, providers }) => ({
        pieceCid,
        rawSizeBytes,
        copies: providers.length,
        providers: providers.join(' '),
      })),
    )
    show.finish({ ...stored, leftOutCount: leftOut.length })
  },
})

function leftOutLine(names: readonly string[]): string {
  const shown = names.slice(0, leftOutShownMax).join(', ')
  const more = names.length > leftOutShownMax ? ', …' : ''
  return `left out ${names.length}, links and others that are no files: ${shown}${more}`
}
