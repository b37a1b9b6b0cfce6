/**
 * A folder as a tar stream, and a tar stream as files compared with a folder. Nothing is held whole but one chunk.
 *
 * @module
 */

import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { extract, pack, type Pack } from 'tar-stream'
import { explainSystemError } from '../cli/explain-system-error.ts'
import { FileChanged, FileUnusable } from '../cli/system-errors.ts'
import { BytesDiffer, FilesTooMany } from './gateway-errors.ts'

export interface LocalFile {
  /** with '/' between names, relative to the input */
  readonly name: string
  readonly path: string
  readonly sizeBytes: number
}

/** Files of one put, inclusive. */
export const filesMax = 100_000

export interface FilesBelowOptions {
  readonly countMax?: number
  /** is told of what is neither file nor folder: a link, which is not followed, a pipe, a device */
  readonly onLeftOut?: (name: string) => void
}

/**
 * The regular files below a path, sorted by name; a single file is itself.
 *
 * @throws FilesTooMany GW_FILES_TOO_MANY, FileUnusable GW_FILE_UNUSABLE
 */
export async function filesBelow(
  input: string,
  { countMax = filesMax, onLeftOut }: FilesBelowOptions = {},
): Promise<LocalFile[]> {
  const top = await explained(stat(input))
  if (top.isFile()) return [{ name: path.basename(input), path: input, sizeBytes: top.size }]
  if (!top.isDirectory()) throw new FileUnusable({ file: input, why: 'it is neither a file nor a folder' })
  const found: LocalFile[] = []
  for (const entry of await explained(readdir(input, { recursive: true, withFileTypes: true }))) {
    const full = path.join(entry.parentPath, entry.name)
    const name = path.relative(input, full).split(path.sep).join('/')
    // What was no UTF-8 comes as the replacement character, and cannot be opened by that name.
    if (name.includes('\uFFFD')) throw new FileUnusable({ file: full, why: 'its name is not UTF-8' })
    if (!entry.isFile()) {
      if (!entry.isDirectory()) onLeftOut?.(name)
      continue
    }
    if (found.length >= countMax) throw new FilesTooMany({ input, countMax })
    found.push({ name, path: full, sizeBytes: (await explained(stat(full))).size })
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

async function explained<Result>(work: Promise<Result>, file?: string): Promise<Result> {
  try {
    return await work
  } catch (error) {
    throw explainSystemError(error, file) ?? error
  }
}

/** Files as one tar stream, in the order given. It fails with FileUnusable or FileChanged when one is not as it was listed. */
export function tarOf(files: readonly LocalFile[]): Readable {
  const tar = pack()
  void fill(tar, files).catch((error: unknown) => tar.destroy(error as Error))
  return Readable.from(tar, { objectMode: false })
}

async function fill(tar: Pack, files: readonly LocalFile[]): Promise<void> {
  for (const file of files) {
    const handle = await explained(open(file.path))
    const source = Readable.from(contentOf(file, handle))
    try {
      const entry = tar.entry({ name: file.name, size: file.sizeBytes, mtime: new Date(0) })
      source.on('error', (error) => entry.destroy(error))
      source.pipe(entry)
      await finished(entry)
    } finally {
      source.destroy()
      await handle.close()
    }
  }
  tar.finalize()
}

const chunkBytes = 64 * 1024

/** As many bytes as were listed: what was written to the end since then is not part of it. */
async function* contentOf({ path: file, sizeBytes }: LocalFile, handle: FileHandle): AsyncGenerator<Uint8Array> {
  for (let readBytes = 0; readBytes < sizeBytes;) {
    const chunk = Buffer.alloc(Math.min(chunkBytes, sizeBytes - readBytes))
    const { bytesRead } = await explained(handle.read(chunk, 0, chunk.length, readBytes), file)
    if (bytesRead === 0) throw new FileChanged({ file, sizeBytes, readBytes })
    readBytes += bytesRead
    yield chunk.subarray(0, bytesRead)
  }
}

/** @param take gets each file of the stream in turn and must consume it */
export async function untar(
  stream: AsyncIterable<Uint8Array>,
  take: (name: string, content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const tar = extract()
  const source = Readable.from(stream)
  source.on('error', (error) => tar.destroy(error))
  source.pipe(tar)
  for await (const entry of tar) {
    try {
      if (entry.header.type === 'file') await take(entry.header.name, entry as AsyncIterable<Uint8Array>)
    } catch (error) {
      // An entry that nobody reads to its end would keep the loop from ending.
      source.destroy()
      tar.destroy()
      throw error
    }
    entry.resume()
  }
}

/**
 * Compares what came back with what is on disk, byte by byte.
 *
 * @returns bytes compared
 * @throws BytesDiffer naming the first file that differs, is missing, or was never stored
 */
export async function compareWithFiles(
  stream: AsyncIterable<Uint8Array>,
  files: readonly LocalFile[],
): Promise<number> {
  const missing = new Map(files.map((file) => [file.name, file]))
  let comparedBytes = 0
  await untar(stream, async (name, content) => {
    const file = missing.get(name)
    if (file === undefined) throw new BytesDiffer({ file: name, why: 'it was never stored' })
    missing.delete(name)
    comparedBytes += await compareOne(file, content)
  })
  const [lost] = missing.values()
  if (lost !== undefined) throw new BytesDiffer({ file: lost.name, why: 'it did not come back' })
  return comparedBytes
}

async function compareOne(
  { name, path: file, sizeBytes }: LocalFile,
  content: AsyncIterable<Uint8Array>,
): Promise<number> {
  const original = await open(file)
  let offset = 0
  try {
    for await (const chunk of content) {
      const expected = Buffer.alloc(chunk.length)
      const { bytesRead } = await original.read(expected, 0, chunk.length, offset)
      if (bytesRead !== chunk.length || !expected.equals(chunk))
        throw new BytesDiffer({ file: name, why: `it differs after byte ${offset}` })
      offset += chunk.length
    }
  } finally {
    await original.close()
  }
  if (offset !== sizeBytes) throw new BytesDiffer({ file: name, why: `${offset} of ${sizeBytes} bytes came back` })
  return offset
}
