/**
 * The files of a tar stream, written below a folder. A file appears under its name only when all of it has come.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { createWriteStream, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { explainSystemError } from '../cli/explain-system-error.ts'
import { UsageWrong } from '../cli/usage-errors.ts'
import { untar } from './tar-files.ts'

export interface Written {
  readonly fileCount: number
  readonly sizeBytes: number
}

/** @throws UsageWrong when a name leads outside of the folder, FileUnusable, MachineShort */
export async function writeFiles(
  stream: AsyncIterable<Uint8Array>,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<Written> {
  // Of a name that no file of the object has: a draft beside its file would be written over `a.part` by `a`.
  const draft = path.join(folder, `.groundwork-${randomUUID()}.part`)
  let fileCount = 0
  let sizeBytes = 0
  try {
    await untar(stream, async (name, content) => {
      const target = path.resolve(folder, name)
      if (!target.startsWith(folder + path.sep))
        throw new UsageWrong({ why: `the name ${name} leads outside`, tip: 'another object' })
      try {
        mkdirSync(path.dirname(target), { recursive: true })
        const file = createWriteStream(draft)
        await pipeline(content, file, { signal })
        renameSync(draft, target)
        sizeBytes += file.bytesWritten
      } catch (error) {
        throw explainSystemError(error, target) ?? error
      }
      fileCount += 1
    })
  } finally {
    rmSync(draft, { force: true })
  }
  return { fileCount, sizeBytes }
}
