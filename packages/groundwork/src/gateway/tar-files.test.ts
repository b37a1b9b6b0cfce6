/**
 * Goal: a folder survives the round trip, and a single changed, missing or extra byte is noticed by file name.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { compareWithFiles, filesBelow, tarOf, untar } from './tar-files.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-tar-'))
mkdirSync(path.join(folder, 'a', 'b'), { recursive: true })
writeFileSync(path.join(folder, 'a', 'b', 'large'), randomBytes(300_000))
writeFileSync(path.join(folder, 'empty'), '')
writeFileSync(path.join(folder, 'small'), 'x')
after(() => rmSync(folder, { recursive: true }))

test('names are relative, sorted, with slashes', async () => {
  assert.deepEqual(
    (await filesBelow(folder)).map(({ name }) => name),
    ['a/b/large', 'empty', 'small'],
  )
})

test('what was packed compares equal', async () => {
  const files = await filesBelow(folder)
  assert.equal(await compareWithFiles(tarOf(files), files), 300_001)
})

test('a changed, a missing and an extra file are each named', async () => {
  const files = await filesBelow(folder)
  const packed = tarOf(files)
  const bytes = Buffer.concat((await packed.toArray()) as Buffer[])
  bytes[1000] = (bytes[1000] ?? 0) ^ 1
  const one = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  await assert.rejects(compareWithFiles(one(), files), { code: 'GW_BYTES_DIFFER', message: /a\/b\/large/ })
  await assert.rejects(compareWithFiles(tarOf(files.slice(1)), files), {
    code: 'GW_BYTES_DIFFER',
    message: /a\/b\/large did not come back|a\/b\/large/,
  })
  await assert.rejects(compareWithFiles(tarOf(files), files.slice(0, 2)), { code: 'GW_BYTES_DIFFER', message: /small/ })
})

test('whoever cannot take a file ends the reading with that error, at once', async () => {
  const files = await filesBelow(folder)
  const refusing = untar(tarOf(files), async () => {
    throw new Error('the disk is full')
  })
  await assert.rejects(refusing, /the disk is full/)
})

test('more files than one put may have are refused, not left out', async () => {
  await assert.rejects(filesBelow(folder, { countMax: 2 }), { code: 'GW_FILES_TOO_MANY' })
  assert.equal((await filesBelow(folder, { countMax: 3 })).length, 3)
})

/** A folder of its own, with one file of that many bytes. */
function folderOfOne(sizeBytes: number): { readonly path: string; readonly file: string } {
  const own = mkdtempSync(path.join(folder, '..', 'groundwork-tar-one-'))
  after(() => rmSync(own, { recursive: true }))
  const file = path.join(own, 'file')
  writeFileSync(file, Buffer.alloc(sizeBytes, 1))
  return { path: own, file }
}

test('a file that vanished, shrank or became a folder since it was listed ends the tar with its name', async () => {
  const changes: [string, (file: string) => void][] = [
    ['GW_FILE_UNUSABLE', (file) => rmSync(file)],
    ['GW_FILE_CHANGED', (file) => truncateSync(file, 100_000)],
    ['GW_FILE_UNUSABLE', (file) => (rmSync(file), mkdirSync(file))],
  ]
  for (const [code, change] of changes) {
    const { path: own, file } = folderOfOne(200_000)
    const files = await filesBelow(own)
    change(file)
    await assert.rejects(tarOf(files).toArray(), { code, blame: 'caller', message: new RegExp(file) })
  }
})

test('what is written to the end of a file while it is read is not part of it', async () => {
  const { path: own, file } = folderOfOne(1_000)
  const files = await filesBelow(own)
  writeFileSync(file, Buffer.alloc(300_000, 1))
  const sizes: number[] = []
  await untar(tarOf(files), async (_name, content) => {
    for await (const chunk of content) sizes.push(chunk.length)
  })
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    1_000,
  )
})

test('links and pipes are not followed, and are told of; an input that is none of both is refused', async () => {
  const { path: own, file } = folderOfOne(1)
  symlinkSync(file, path.join(own, 'link'))
  execFileSync('mkfifo', [path.join(own, 'pipe')])
  const leftOut: string[] = []
  const files = await filesBelow(own, { onLeftOut: (name) => void leftOut.push(name) })
  assert.deepEqual([files.map(({ name }) => name), leftOut.toSorted()], [['file'], ['link', 'pipe']])
  await assert.rejects(filesBelow(path.join(own, 'pipe')), { code: 'GW_FILE_UNUSABLE', message: /neither a file/ })
  await assert.rejects(filesBelow(path.join(own, 'none')), { code: 'GW_FILE_UNUSABLE', message: /none/ })
})

test('a name that is not UTF-8 is refused by its folder, not looked for under another', async () => {
  const { path: own } = folderOfOne(1)
  writeFileSync(Buffer.concat([Buffer.from(`${own}/bad`), Buffer.from([0xff])]), '')
  await assert.rejects(filesBelow(own), { code: 'GW_FILE_UNUSABLE', message: /not UTF-8/ })
})
