/**
 * Goal: a tar is read whole or refused as the caller's mistake, whatever comes: nothing is left out unsaid, nothing else is thrown.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import fc from 'fast-check'
import { pack, type Header } from 'tar-stream'
import { readPutTar } from './read-put-tar.ts'

interface Packed {
  readonly header: Partial<Header> & Pick<Header, 'name'>
  readonly content?: Buffer
}
type Read = Readonly<Record<string, string>>

const file = (name: string, text = ''): Packed => ({ header: { name }, content: Buffer.from(text) })

async function tarOf(entries: readonly Packed[]): Promise<Buffer> {
  const tar = pack()
  for (const { header, content } of entries) tar.entry({ mtime: new Date(0), ...header }, content ?? '')
  tar.finalize()
  return Buffer.concat((await Readable.from(tar).toArray()) as Buffer[])
}

function inParts(bytes: Buffer, partBytes: number): Readable {
  const parts = Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, index) =>
    bytes.subarray(index * partBytes, (index + 1) * partBytes),
  )
  return Readable.from(parts, { objectMode: false })
}

async function readAll(bytes: Buffer, { partBytes = 700, isDirectory = true, fileCountMax = 100 } = {}): Promise<Read> {
  const read: Record<string, string> = {}
  for await (const { path, content } of readPutTar(inParts(bytes, partBytes), { isDirectory, fileCountMax }).files) {
    const chunks: Uint8Array[] = []
    for await (const chunk of content) chunks.push(chunk)
    read[path] = Buffer.concat(chunks).toString('latin1')
  }
  return read
}

const refusal = (message: RegExp): object => ({ code: 'GW_REQUEST_WRONG', blame: 'caller', message })

test('files come with their content, and ./ before a name says nothing', async () => {
  const bytes = await tarOf([
    { header: { name: './', type: 'directory' } },
    file('./a', 'one'),
    { header: { name: './folder/', type: 'directory' } },
    file('folder/b', 'x'.repeat(2_000)),
    file(`${'long/'.repeat(60)}ä`, ''),
  ])
  const whole = { a: 'one', 'folder/b': 'x'.repeat(2_000), [`${'long/'.repeat(60)}ä`]: '' }
  for (const partBytes of [1, 511, 512, 100_000]) assert.deepEqual(await readAll(bytes, { partBytes }), whole)
})

test('what an object cannot hold is refused by name, not left out', async () => {
  const kinds: [Header['type'], RegExp][] = [
    ['link', /"odd" .* a hard link/],
    ['symlink', /"odd" .* a symbolic link/],
    ['character-device', /"odd" .* a device/],
    ['fifo', /"odd" .* a pipe/],
  ]
  for (const [type, why] of kinds) {
    const bytes = await tarOf([file('a', '1'), { header: { name: 'odd', type, linkname: 'a' } }])
    await assert.rejects(readAll(bytes), refusal(why))
  }
  const sparse = { name: 'odd', pax: { 'GNU.sparse.major': '1' } }
  await assert.rejects(readAll(await tarOf([{ header: sparse }])), refusal(/"odd" .* sparse/))
})

test('a path that leads outside, comes twice or is too deep ends the reading', async () => {
  const wrong: [readonly Packed[], RegExp][] = [
    [[file('a'), file('../evil')], /"\.\.\/evil" .* leads outside/],
    [[file('/etc/passwd')], /leads outside/],
    [[file('a', '1'), file('a', '2')], /"a" .* twice/],
    [[file('a', '1'), file('a/b', '2')], /"a\/b" .* a file and a folder/],
    [[file(`${'x/'.repeat(20_000)}x`)], /4096 bytes/],
    [[file(`${'x/'.repeat(200)}x`)], /128 folders deep/],
  ]
  for (const [entries, why] of wrong) await assert.rejects(readAll(await tarOf(entries)), refusal(why))
})

test('more files than are wanted are refused, not dropped', async () => {
  const bytes = await tarOf([file('a'), file('b'), file('c')])
  assert.equal(Object.keys(await readAll(bytes, { fileCountMax: 3 })).length, 3)
  await assert.rejects(readAll(bytes, { fileCountMax: 2 }), refusal(/no more than 2 files/))
  await assert.rejects(readAll(bytes, { isDirectory: false }), refusal(/no more than 1 file/))
})

test('an empty body, an empty tar and one of empty folders hold nothing to store', async () => {
  await assert.rejects(readAll(Buffer.alloc(0)), refusal(/nothing to store: the body is empty/))
  await assert.rejects(readAll(await tarOf([])), refusal(/nothing to store/))
  const folders = await tarOf([{ header: { name: 'empty/', type: 'directory' } }])
  await assert.rejects(readAll(folders), refusal(/nothing to store/))
})

test('a size that no body has, and a sender that leaves, end as no whole tar', { timeout: 10_000 }, async () => {
  const giant = await tarOf([{ header: { name: 'giant', size: 10 }, content: Buffer.alloc(10) }])
  // The size in base 256, as GNU writes what octal digits do not hold, and the checksum with it.
  giant.fill(0, 124, 136)
  giant[124] = 0x80
  giant[127] = 9
  giant.write('        ', 148)
  const sum = giant.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  giant.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  await assert.rejects(readAll(giant), refusal(/no whole tar/))

  const leaving = new Readable({ read: () => undefined })
  const files = readPutTar(leaving, { isDirectory: true }).files
  leaving.push((await tarOf([file('a', 'x'.repeat(2_000))])).subarray(0, 1_000))
  const { value } = (await files.next()) as { value: { content: AsyncIterable<Uint8Array> } }
  const reading = assert.rejects(
    async () => {
      for await (const _chunk of value.content);
    },
    refusal(/no whole tar/),
  )
  leaving.destroy()
  await reading
})

const entries = fc.uniqueArray(
  fc.record({ name: fc.stringMatching(/^[a-z]{1,3}(\/[A-Z]{1,200}){0,3}$/), text: fc.string({ maxLength: 1_500 }) }),
  { selector: ({ name }) => name.split('/')[0], minLength: 1, maxLength: 6 },
)
const partBytes = fc.integer({ min: 100, max: 3_000 })

/** Reads, or is refused as the caller's mistake; whatever else is thrown fails the test. */
async function readOrRefused(bytes: Buffer, partBytesNow: number): Promise<Read | 'refused'> {
  try {
    return await readAll(bytes, { partBytes: partBytesNow })
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'GW_REQUEST_WRONG', String(error))
    return 'refused'
  }
}

test('a tar cut off anywhere is refused, and padding after its end is not minded', async () => {
  await fc.assert(
    fc.asyncProperty(entries, fc.nat(), partBytes, async (some, cut, part) => {
      const whole = await tarOf(some.map(({ name, text }) => file(name, text)))
      const bytes = whole.subarray(0, cut % whole.length)
      assert.equal(await readOrRefused(bytes, part), 'refused')
      const padded = Buffer.concat([whole, Buffer.alloc(512 * (cut % 20))])
      assert.equal(Object.keys(await readAll(padded, { partBytes: part })).length, some.length)
    }),
    { numRuns: 200 },
  )
})

test('a changed tar is read or refused, and garbage is refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      entries,
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
      partBytes,
      async (some, changes, part) => {
        const bytes = await tarOf(some.map(({ name, text }) => file(name, text)))
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        await readOrRefused(bytes, part)
      },
    ),
    { numRuns: 300 },
  )
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 4_000 }), partBytes, async (garbage, part) => {
      assert.equal(await readOrRefused(Buffer.from(garbage), part), 'refused')
    }),
  )
})
