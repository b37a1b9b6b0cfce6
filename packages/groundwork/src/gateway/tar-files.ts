/**
 * A folder as a tar stream, and a tar stream as files compared with a folder. Nothing is held whole but one chunk.
 *
 * @module
 */

import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { extract, pack, type Pack } from 'tar-stream'
import { BytesDiffer, FilesTooMany } from './gateway-errors.ts'

export interface LocalFile {
  /** with '/' between names, relative to the input */
  readonly name: string
  readonly path: string
  readonly sizeBytes: number
}

/** Files of one put, inclusive. */
export const filesMax = 100_000

/**
 * The regular files below a path, sorted by name; a single file is itself. Links are not followed.
 *
 * @throws FilesTooMany GW_FILES_TOO_MANY
 */
export async function filesBelow(
  input: string,
  { countMax = filesMax }: { countMax?: number } = {},
): Promise<LocalFile[]> {
  const top = await stat(input)
  if (top.isFile()) return [{ name: path.basename(input), path: input, sizeBytes: top.size }]
  const found: LocalFile[] = []
  for (const entry of await readdir(input, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    if (found.length >= countMax) throw new FilesTooMany({ input, countMax })
    const full = path.join(entry.parentPath, entry.name)
    found.push({
      name: path.relative(input, full).split(path.sep).join('/'),
      path: full,
      sizeBytes: (await stat(full)).size,
    })
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Files as one tar stream, in the order given. */
export function tarOf(files: readonly LocalFile[]): Readable {
  const tar = pack()
  void fill(tar, files).catch((error: unknown) => tar.destroy(error as Error))
  return Readable.from(tar, { objectMode: false })
}

async function fill(tar: Pack, files: readonly LocalFile[]): Promise<void> {
  for (const { name, path: file, sizeBytes } of files) {
    const entry = tar.entry({ name, size: sizeBytes, mtime: new Date(0) })
    createReadStream(file).pipe(entry)
    await finished(entry)
  }
  tar.finalize()
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
