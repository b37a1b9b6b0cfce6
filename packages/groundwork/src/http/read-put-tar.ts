/**
 * The tar of a put, as it comes: its files one by one, or a refusal that names the entry. It stores nothing itself.
 *
 * Anyone with the token can send anything, and half of anything. What an object cannot hold (links, devices, what
 * `put-paths.ts` refuses) is refused rather than left out; only a tar that came to its end is read to the end.
 *
 * @see POSIX.1-2017, pax, "ustar Interchange Format": two blocks of zeros end an archive
 * @module
 */

import type { Readable } from 'node:stream'
import type { FileSource } from '@groundwork/storage'
import { extract, type Header } from 'tar-stream'
import { filesMax } from '../gateway/tar-files.ts'
import { RequestWrong } from './http-errors.ts'
import { putPaths, type PutPaths } from './put-paths.ts'

/** Two blocks of zeros. */
const endBytes = 1_024
const blockBytes = 512
/** Characters of a stranger's name that are said back to them. */
const nameShownMax = 200

export interface PutTar {
  /** For one reader, which takes each file's content before the next file. @throws RequestWrong GW_REQUEST_WRONG */
  readonly files: AsyncGenerator<FileSource>
  /** of what has been read */
  emptyFolderCount(): number
}

export interface ReadPutTarOptions {
  /** whether more than one file is wanted */
  readonly isDirectory: boolean
  /** for tests: `filesMax` when left out */
  readonly fileCountMax?: number
}

/** What tar-stream tells of an entry beyond its types. */
type EntryHeader = Header & { readonly byteOffset: number }

export function readPutTar(body: Readable, { isDirectory, fileCountMax = filesMax }: ReadPutTarOptions): PutTar {
  const paths = putPaths()
  const countMax = isDirectory ? fileCountMax : 1
  return { files: filesIn(body, { paths, countMax }), emptyFolderCount: paths.emptyFolderCount }
}

async function* filesIn(
  body: Readable,
  { paths, countMax }: { readonly paths: PutPaths; readonly countMax: number },
): AsyncGenerator<FileSource> {
  const tar = extract()
  const seen = watchEnd(body)
  body.on('error', (error) => tar.destroy(error))
  body.on('close', () => {
    if (!body.readableEnded) tar.destroy(new Error('the sender left'))
  })
  body.pipe(tar)
  let fileCount = 0
  let entriesEnd = 0
  try {
    for await (const entry of said(tar)) {
      const header = entry.header as EntryHeader
      const { size } = header
      entriesEnd = header.byteOffset + Math.ceil(size / blockBytes) * blockBytes
      const path = header.name.replace(/^(\.\/+)+/, '')
      if (header.type === 'directory') takeFolder(header, { path, paths })
      else {
        takeFile(header, { path, paths })
        fileCount += 1
        if (fileCount > countMax) throw refused(header.name, `no more than ${countMax} files are taken at once`)
        yield { path, content: contentOf(entry, size) }
      }
      entry.resume()
    }
    if (seen.countBytes() === 0) throw new RequestWrong({ why: 'there is nothing to store: the body is empty' })
    if (seen.countBytes() - entriesEnd < endBytes || !seen.endsInZeros())
      throw new RequestWrong({ why: 'the body is no whole tar (its end is missing)' })
    if (fileCount === 0) throw new RequestWrong({ why: 'there is nothing to store: the tar has no file' })
  } finally {
    // The rest of a refused body is passed over, so that its sender reads why.
    body.unpipe(tar)
    tar.destroy()
    body.resume()
  }
}

function takeFolder({ name }: EntryHeader, { path, paths }: { readonly path: string; readonly paths: PutPaths }): void {
  const folder = path.replace(/\/+$/, '')
  // The folder itself that was packed.
  if (folder === '' || folder === '.') return
  const fault = paths.addFolder(folder)
  if (fault !== undefined) throw refused(name, fault)
}

function takeFile(
  { name, type, pax }: EntryHeader,
  { path, paths }: { readonly path: string; readonly paths: PutPaths },
): void {
  if (type !== 'file') throw refused(name, `it is ${kinds[type] ?? 'neither a file nor a folder'}`)
  // Its content would be the map of its holes, and after it what is between them.
  if (Object.keys(pax ?? {}).some((key) => key.startsWith('GNU.sparse')))
    throw refused(name, 'it is packed as a sparse file')
  const fault = paths.addFile(path)
  if (fault !== undefined) throw refused(name, fault)
}

const kinds: Readonly<Record<string, string>> = {
  link: 'a hard link (pack it with --hard-dereference)',
  symlink: 'a symbolic link (pack it with --dereference)',
  'character-device': 'a device',
  'block-device': 'a device',
  fifo: 'a pipe',
}

function refused(name: string, why: string): RequestWrong {
  return new RequestWrong({ why: `the entry ${JSON.stringify(name.slice(0, nameShownMax))} cannot be stored: ${why}` })
}

/** The entries, with whatever ends them early said as ours: the bytes are the caller's, and so is what is wrong with them. */
async function* said<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  try {
    yield* items
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/[.?]$/, '') : String(cause)
    // A stream that was ended from elsewhere says so in words of its own.
    const early = /destroyed|premature/i.test(why) ? 'it ends early' : why
    throw new RequestWrong({ why: `the body is no whole tar (${early})` }, { cause })
  }
}

async function* contentOf(entry: AsyncIterable<unknown>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let countBytes = 0
  for await (const chunk of said(entry as AsyncIterable<Uint8Array>)) {
    countBytes += chunk.length
    yield chunk
  }
  // A stream that is broken off may end as if it were whole.
  if (countBytes !== sizeBytes) throw new RequestWrong({ why: 'the body is no whole tar (a file ends early)' })
}

/** Looks on while a body passes: how much it was, and whether its last two blocks are zeros. */
function watchEnd(body: Readable): { countBytes(): number; endsInZeros(): boolean } {
  let countBytes = 0
  let zeroBytes = 0
  body.on('data', (chunk: Uint8Array) => {
    countBytes += chunk.length
    let run = 0
    while (run < Math.min(chunk.length, endBytes) && chunk[chunk.length - 1 - run] === 0) run += 1
    zeroBytes = run === chunk.length ? zeroBytes + run : run
  })
  return { countBytes: () => countBytes, endsInZeros: () => zeroBytes >= endBytes }
}
