/**
 * A piece on its way out: written to a file as it is cut, read again once for each provider that takes it, then removed.
 *
 * Its name is only known when it ends, and every provider wants the name first; so it passes through the disk, never through memory.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import { createReadStream, mkdirSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import path from 'node:path'

const chunkBytes = 256 * 1024

export interface Spool {
  write(bytes: Uint8Array): Promise<void>
  /** Call once, when all is written. */
  end(): Promise<void>
  /** The bytes from the start, as often as asked. */
  read(): AsyncIterable<Uint8Array>
  [Symbol.asyncDispose](): Promise<void>
}

/** @param folder made when it is missing; what a crash left there is removed by `clearSpools` */
export async function openSpool(folder: string): Promise<Spool> {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${randomUUID()}.piece`)
  let handle: FileHandle | undefined = await open(file, 'wx', 0o600)
  const close = async (): Promise<void> => {
    await handle?.close()
    handle = undefined
  }
  return {
    async write(bytes) {
      await handle?.writeFile(bytes)
    },
    end: close,
    read: () => createReadStream(file, { highWaterMark: chunkBytes }) as AsyncIterable<Uint8Array>,
    async [Symbol.asyncDispose]() {
      await close()
      await rm(file, { force: true })
    },
  }
}

/** Removes what an earlier process left. */
export async function clearSpools(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
