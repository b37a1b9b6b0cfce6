/**
 * Pieces on disk: append-only segment files, and an index of pieces and blocks in SQLite. Never a file per block.
 *
 * A piece streams into a file of its own under incoming/, is hashed and checked on the way, and is flushed. Then a large
 * one becomes a segment by renaming, a small one is appended to the open segment and flushed there; the index commits last.
 * So an index row always has its bytes on disk. What a crash leaves beyond the index is cut or removed when the store opens.
 *
 * @module
 */

import { randomUUID } from 'node:crypto'
import {
  closeSync,
  createReadStream,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { open, rename, rm, truncate, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import type { ContentGate } from '@groundwork/core/policy/content-gate.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { pieceSizes, type Piece } from '../model.ts'
import { pieceHasher, type PieceDigest } from '../piece/piece-hasher.ts'
import type { BlockPlace, ByteRange, PieceName, PieceStore, Waiting } from '../ports.ts'
import type { Hasher } from '../ports/hasher.ts'
import { BodyTooLarge, CarMalformed, NoRoom, NotFound, PieceMismatch, StoreDamaged } from '../storage-errors.ts'
import { decodeCap, encodeCap } from '../wire/cap-block.ts'
import { carReader, type Sha256 } from '../wire/car.ts'
import { formatPieceName } from '../wire/piece-cid.ts'
import { pieceOf } from '../work.ts'
import { lockDirectory } from './directory-lock.ts'
import { inTransaction } from './provider-database.ts'

export interface SegmentStoreOptions {
  readonly folder: string
  readonly database: DatabaseSync
  readonly hasher: Hasher
  readonly sha256: Sha256
  /** bytes that segments take on the disk at most */
  readonly capacityBytes: number
  /** a smaller piece shares a segment, a larger one is a segment */
  readonly ownSegmentBytesMin?: number
  /** the open segment is closed when it is this long */
  readonly segmentBytesMax?: number
  readonly nowMs?: () => number
  /** asked for every block on its way in: throws when it may not be kept */
  readonly allow?: ContentGate
}

/** Pieces on one disk, and how many of them nobody has paid for yet. */
export interface SegmentStore extends PieceStore {
  /** pieces that the index named and the disk did not have when the store opened; they are gone from the index */
  readonly lost: readonly PieceName[]
  /** bytes of pieces that stand in no set */
  readonly looseBytes: number
  /** The blocks of a piece by their hashes, as raw CIDs, so many at once; those after `after`, or the first. */
  blocksOf(name: PieceName, page: { readonly after?: CID | undefined; readonly countMax: number }): readonly CID[]
  /** These pieces stand in a set from now on. */
  bindToSet(names: readonly PieceName[]): void
  /** Drops pieces that stand in no set and came before `beforeMs`. @returns how many */
  dropLoose(before: { readonly beforeMs: number }, waiting: Waiting): Promise<number>
  [Symbol.asyncDispose](): Promise<void>
}

/** Blocks of one piece; more are refused. */
export const blocksPerPieceMax: number = 2 ** 20

const ownSegmentBytesDefault: number = 2 ** 26
const segmentBytesDefault: number = 2 ** 30
const rawCode = 0x55
const readChunkBytes: number = 2 ** 18

interface Row {
  readonly id: number
  readonly segment: number
  readonly start: number
  readonly piece: Piece
}

interface Taken {
  readonly piece: Piece
  readonly digest: PieceDigest
  readonly blocks: readonly BlockRow[]
}

interface BlockRow {
  readonly multihash: Uint8Array
  readonly startBytes: number
  readonly sizeBytes: number
}

/** Opens the store, mends what a crash left, and holds the directory until it is disposed of. @throws DirectoryLocked */
export function openSegmentStore(options: SegmentStoreOptions): SegmentStore {
  const { folder, database, capacityBytes } = options
  const {
    ownSegmentBytesMin = ownSegmentBytesDefault,
    segmentBytesMax = segmentBytesDefault,
    nowMs = Date.now,
  } = options
  const incoming = path.join(folder, 'incoming')
  const segments = path.join(folder, 'segments')
  mkdirSync(segments, { recursive: true })
  for (const parent of [folder, path.dirname(path.resolve(folder))]) syncFolderNow(parent)
  const lock = lockDirectory(folder)
  rmSync(incoming, { recursive: true, force: true })
  mkdirSync(incoming)
  const lost = mend({ database, segments })
  const shared = { segment: 0, endBytes: 0 }
  let reservedBytes = 0
  let last: Promise<unknown> = Promise.resolve()

  const segmentPath = (segment: number): string => path.join(segments, `${String(segment).padStart(8, '0')}.segment`)
  const one = (sql: string, ...values: (string | number | Uint8Array)[]): Record<string, unknown> | undefined =>
    database.prepare(sql).get(...values)
  const sum = (where: string): number =>
    Number(one(`SELECT total(raw_size) AS bytes FROM storage_kept_pieces ${where}`)?.['bytes'] ?? 0)
  /** With the bytes of dropped pieces that still stand before others in their segment: the disk has room for what it has room for. */
  const onDiskBytes = (): number => {
    const closed = one(
      'SELECT total(size) AS bytes FROM (SELECT max(start + raw_size) AS size FROM storage_kept_pieces WHERE segment <> ? GROUP BY segment)',
      shared.segment,
    )
    return Number(closed?.['bytes'] ?? 0) + shared.endBytes
  }
  const rowOf = ({ root, height, rawSizeBytes }: PieceName): Row | undefined => {
    const row = one(
      'SELECT * FROM storage_kept_pieces WHERE root = ? AND height = ? AND raw_size = ?',
      root,
      height,
      rawSizeBytes,
    )
    return row === undefined ? undefined : readRow(row)
  }
  const rowOrThrow = (name: PieceName): Row => {
    const row = rowOf(name)
    if (row === undefined) throw new NotFound({ what: formatPieceName(name) })
    return row
  }
  /** Appends wait for each other; uploads do not. */
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = last.then(work, work)
    last = next.catch(() => undefined)
    return next
  }
  // Counted here and not in the index: a number whose file stands without a row, for the disk was full, is not given out again.
  let lastSegment = Number(one('SELECT max(segment) AS last FROM storage_kept_pieces')?.['last'] ?? 0)
  const nextSegment = (): number => (lastSegment += 1)

  async function place(part: string, sizeBytes: number): Promise<{ readonly segment: number; readonly start: number }> {
    if (sizeBytes >= ownSegmentBytesMin) {
      const segment = nextSegment()
      await rename(part, segmentPath(segment))
      await syncFolder(segments)
      return { segment, start: 0 }
    }
    if (shared.segment === 0 || shared.endBytes + sizeBytes > segmentBytesMax) {
      shared.segment = nextSegment()
      shared.endBytes = 0
      await using fresh = await open(segmentPath(shared.segment), 'wx', 0o600)
      await fresh.sync()
      await syncFolder(segments)
    }
    const { segment, endBytes: start } = shared
    try {
      await append({ part, target: segmentPath(segment), start })
    } catch (error) {
      await truncate(segmentPath(segment), start)
      throw error
    }
    shared.endBytes = start + sizeBytes
    return { segment, start }
  }

  function index(
    { piece, digest, blocks }: Taken,
    { segment, start }: { readonly segment: number; readonly start: number },
  ): void {
    inTransaction(database, () => {
      const { root, height, rawSizeBytes, capDigest } = piece
      const added = database
        .prepare(
          'INSERT INTO storage_kept_pieces (root, height, raw_size, cap_digest, segment, start, kept_at_ms, in_set) VALUES (?, ?, ?, ?, ?, ?, ?, 0)',
        )
        .run(root, height, rawSizeBytes, capDigest ?? null, segment, start, nowMs())
      const insert = database.prepare('INSERT OR IGNORE INTO storage_kept_blocks VALUES (?, ?, ?, ?)')
      for (const { multihash, startBytes, sizeBytes } of blocks)
        insert.run(multihash, added.lastInsertRowid, startBytes, sizeBytes)
      if (capDigest === undefined) return
      const cap = encodeCap(digest.cap)
      database
        .prepare('INSERT OR IGNORE INTO storage_kept_evidence_blocks VALUES (?, ?)')
        .run(cap.cid.toString(), cap.bytes)
    })
  }

  async function removeRow({ id, segment }: Row, { onlyLoose = false } = {}): Promise<boolean> {
    // Asked in the same statement: a set may have been signed since the row was read.
    const condition = onlyLoose ? 'id = ? AND in_set = 0' : 'id = ?'
    if (database.prepare(`DELETE FROM storage_kept_pieces WHERE ${condition}`).run(id).changes === 0) return false
    const isUsed = one('SELECT 1 AS used FROM storage_kept_pieces WHERE segment = ? LIMIT 1', segment) !== undefined
    if (isUsed) return true
    if (segment === shared.segment) Object.assign(shared, { segment: 0, endBytes: 0 })
    await rm(segmentPath(segment), { force: true })
    return true
  }

  return {
    async put({ name, bytes }, { signal }) {
      const known = rowOf(name)
      if (known !== undefined) return known.piece
      const usedBytes = onDiskBytes() + reservedBytes
      if (usedBytes + name.rawSizeBytes > capacityBytes)
        throw new NoRoom({ capacityBytes, usedBytes, wantedBytes: name.rawSizeBytes })
      reservedBytes += name.rawSizeBytes
      const part = path.join(incoming, `${randomUUID()}.part`)
      try {
        const taken = await take({ part, name, bytes, options, signal })
        return await inTurn(async () => {
          const meanwhile = rowOf(name)
          if (meanwhile !== undefined) return meanwhile.piece
          index(taken, await place(part, name.rawSizeBytes))
          return taken.piece
        })
      } finally {
        reservedBytes -= name.rawSizeBytes
        await rm(part, { force: true })
      }
    },

    find: (name) => rowOf(name)?.piece,

    async readRanges({ piece, ranges }, { signal }) {
      signal.throwIfAborted()
      const { segment, start } = rowOrThrow(piece)
      await using file = await open(segmentPath(segment))
      const read: Uint8Array[] = []
      for (const range of ranges)
        read.push(await readExactly({ file, range, start, piece, where: segmentPath(segment) }))
      return read
    },

    async cap(piece, { signal }) {
      signal.throwIfAborted()
      const { capDigest } = rowOrThrow(piece).piece
      const cid = capDigest === undefined ? '' : cidOfDigest(capDigest).toString()
      const block = one('SELECT bytes FROM storage_kept_evidence_blocks WHERE cid = ?', cid)?.['bytes']
      const nodes = block instanceof Uint8Array ? decodeCap(block) : undefined
      if (nodes === undefined) throw new NotFound({ what: `the cap of ${formatPieceName(piece)}` })
      return nodes
    },

    async *read({ piece, range }, { signal }) {
      const { segment, start } = rowOrThrow(piece)
      requireInside(piece, range, segmentPath(segment))
      if (range.sizeBytes === 0) return
      const first = start + range.startBytes
      const stream = createReadStream(segmentPath(segment), {
        start: first,
        end: first + range.sizeBytes - 1,
        highWaterMark: readChunkBytes,
        signal,
      })
      try {
        for await (const chunk of stream) yield chunk as Uint8Array
      } catch (error) {
        signal.throwIfAborted()
        throw error
      }
    },

    findBlock(cid: CID): BlockPlace | undefined {
      const sql = `SELECT p.*, b.start AS block_start, b.size AS block_size FROM storage_kept_blocks b
        JOIN storage_kept_pieces p ON p.id = b.piece WHERE b.multihash = ? LIMIT 1`
      const row = one(sql, cid.multihash.bytes)
      if (row === undefined) return undefined
      const range = { startBytes: Number(row['block_start']), sizeBytes: Number(row['block_size']) }
      return { piece: readRow(row).piece, range }
    },

    async remove(name, { signal }) {
      signal.throwIfAborted()
      const row = rowOf(name)
      if (row !== undefined) await inTurn(() => removeRow(row))
    },

    blocksOf(name, { after, countMax }) {
      const id = rowOf(name)?.id ?? -1
      const from = after?.multihash.bytes ?? new Uint8Array(0)
      return database
        .prepare(
          'SELECT multihash FROM storage_kept_blocks WHERE piece = ? AND multihash > ? ORDER BY multihash LIMIT ?',
        )
        .all(id, from, countMax)
        .map(({ multihash }) => CID.createV1(rawCode, decodeDigest(multihash as Uint8Array)))
    },

    bindToSet(names) {
      inTransaction(database, () => {
        const update = database.prepare(
          'UPDATE storage_kept_pieces SET in_set = 1 WHERE root = ? AND height = ? AND raw_size = ?',
        )
        for (const { root, height, rawSizeBytes } of names) update.run(root, height, rawSizeBytes)
      })
    },

    async dropLoose({ beforeMs }, { signal }) {
      const rows = database
        .prepare('SELECT * FROM storage_kept_pieces WHERE in_set = 0 AND kept_at_ms < ?')
        .all(beforeMs)
        .map(readRow)
      let droppedCount = 0
      for (const row of rows) {
        signal.throwIfAborted()
        if (await inTurn(() => removeRow(row, { onlyLoose: true }))) droppedCount += 1
      }
      return droppedCount
    },

    get usedBytes() {
      return sum('')
    },
    get looseBytes() {
      return sum('WHERE in_set = 0')
    },
    get pieceCount() {
      return Number(one('SELECT count(*) AS count FROM storage_kept_pieces')?.['count'] ?? 0)
    },
    lost,
    async [Symbol.asyncDispose]() {
      await last
      lock[Symbol.dispose]()
    },
  }
}

/** Streams a piece into a file, checking as it goes; resolves after the flush. */
async function take({
  part,
  name,
  bytes,
  options: { hasher, sha256, allow },
  signal,
}: {
  readonly part: string
  readonly name: PieceName
  readonly bytes: AsyncIterable<Uint8Array>
  readonly options: SegmentStoreOptions
} & Waiting): Promise<Taken> {
  const blocks: BlockRow[] = []
  const hashing = pieceHasher({ hasher, rawSizeBytesMax: name.rawSizeBytes })
  const car = carReader({
    sha256,
    // A copy of the hash: the CID looks into the block, and would hold all of the piece in memory.
    onBlock: ({ cid, bytes: block, startBytes }) => {
      allow?.(cid)
      blocks.push({ multihash: cid.multihash.bytes.slice(), startBytes, sizeBytes: block.length })
    },
  })
  await using file = await open(part, 'wx', 0o600)
  let sizeBytes = 0
  for await (const chunk of bytes) {
    signal.throwIfAborted()
    sizeBytes += chunk.length
    if (sizeBytes > name.rawSizeBytes) throw new BodyTooLarge({ sizeBytesMax: name.rawSizeBytes })
    const fault = car.push(chunk)
    if (fault !== undefined) throw new CarMalformed({ fault })
    if (blocks.length > blocksPerPieceMax) throw new CarMalformed({ fault: `more than ${blocksPerPieceMax} blocks` })
    hashing.update(chunk)
    await file.writeFile(chunk)
  }
  signal.throwIfAborted()
  const fault = car.end()
  if (fault !== undefined) throw new CarMalformed({ fault })
  const digest = hashing.digest()
  const piece = pieceOf(digest)
  if (piece.root !== name.root || piece.height !== name.height || sizeBytes !== name.rawSizeBytes) {
    throw new PieceMismatch({ expected: formatPieceName(name), actual: formatPieceName(piece) })
  }
  await file.datasync()
  return { piece, digest, blocks }
}

/** Copies a part to the end of a segment and flushes it. */
async function append({
  part,
  target,
  start,
}: {
  readonly part: string
  readonly target: string
  readonly start: number
}): Promise<void> {
  await using file = await open(target, 'r+')
  let at = start
  for await (const chunk of createReadStream(part, { highWaterMark: readChunkBytes })) {
    const bytes = chunk as Uint8Array
    let writtenBytes = 0
    while (writtenBytes < bytes.length) {
      writtenBytes += (await file.write(bytes, writtenBytes, bytes.length - writtenBytes, at + writtenBytes))
        .bytesWritten
    }
    at += bytes.length
  }
  await file.datasync()
}

/** As `syncFolder`, while the store opens. */
function syncFolderNow(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** A new name in a folder is only kept by flushing the folder. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder)
  await handle.sync()
}

/** Makes disk and index agree: bytes without a row are cut or removed, rows without their bytes are dropped and named. */
function mend({ database, segments }: { readonly database: DatabaseSync; readonly segments: string }): PieceName[] {
  const lost: PieceName[] = []
  const seen = new Set<number>()
  for (const file of readdirSync(segments)) {
    const segment = Number.parseInt(file, 10)
    const where = path.join(segments, file)
    seen.add(segment)
    const sizeBytes = statSync(where).size
    for (const row of database
      .prepare('SELECT * FROM storage_kept_pieces WHERE segment = ?')
      .all(segment)
      .map(readRow)) {
      if (row.start + row.piece.rawSizeBytes > sizeBytes) lost.push(dropRow(database, row))
    }
    const end = database
      .prepare('SELECT max(start + raw_size) AS end FROM storage_kept_pieces WHERE segment = ?')
      .get(segment)?.['end']
    if (end === null || end === undefined) rmSync(where)
    else if (Number(end) < sizeBytes) truncateSync(where, Number(end))
  }
  for (const row of database.prepare('SELECT * FROM storage_kept_pieces').all().map(readRow)) {
    if (!seen.has(row.segment)) lost.push(dropRow(database, row))
  }
  return lost
}

function dropRow(database: DatabaseSync, { id, piece }: Row): PieceName {
  database.prepare('DELETE FROM storage_kept_pieces WHERE id = ?').run(id)
  return piece
}

async function readExactly({
  file,
  range,
  start,
  piece,
  where,
}: {
  readonly file: FileHandle
  readonly range: ByteRange
  readonly start: number
  readonly piece: PieceName
  readonly where: string
}): Promise<Uint8Array> {
  requireInside(piece, range, where)
  const bytes = new Uint8Array(range.sizeBytes)
  let readBytes = 0
  while (readBytes < bytes.length) {
    const { bytesRead } = await file.read(
      bytes,
      readBytes,
      bytes.length - readBytes,
      start + range.startBytes + readBytes,
    )
    if (bytesRead === 0) throw new StoreDamaged({ path: where, reason: 'a segment is shorter than its index says' })
    readBytes += bytesRead
  }
  return bytes
}

function requireInside({ rawSizeBytes }: PieceName, { startBytes, sizeBytes }: ByteRange, where: string): void {
  if (startBytes >= 0 && sizeBytes >= 0 && startBytes + sizeBytes <= rawSizeBytes) return
  throw new StoreDamaged({
    path: where,
    reason: `bytes ${startBytes} to ${startBytes + sizeBytes} are outside a piece of ${rawSizeBytes}`,
  })
}

function readRow(row: Readonly<Record<string, unknown>>): Row {
  const height = Number(row['height'])
  const rawSizeBytes = Number(row['raw_size'])
  const capDigest = row['cap_digest']
  const { leafCount } = pieceSizes({ height, rawSizeBytes }) ?? { leafCount: 0 }
  const piece = { root: String(row['root']) as Hex, height, rawSizeBytes, leafCount }
  return {
    id: Number(row['id']),
    segment: Number(row['segment']),
    start: Number(row['start']),
    piece: typeof capDigest === 'string' ? { ...piece, capDigest: capDigest as Hex } : piece,
  }
}
