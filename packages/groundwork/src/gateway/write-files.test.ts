/**
 * Goal: what a tar holds lies in the folder afterwards, whole, whatever its files are called; of what did not come whole there is nothing.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, test } from 'node:test'
import { pack } from 'tar-stream'
import { writeFiles } from './write-files.ts'

const { signal } = new AbortController()
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'groundwork-write-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack()
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text)
  tar.finalize()
  return Buffer.concat((await Readable.from(tar).toArray()) as Buffer[])
}

const stream = (bytes: Buffer): Readable => Readable.from([bytes], { objectMode: false })

test('a file named as a draft could be is not written over by its neighbour', async () => {
  const bytes = await tarOf({ 'a.part': 'part', a: 'whole', 'b/c': '' })
  assert.deepEqual(await writeFiles(stream(bytes), { folder, signal }), { fileCount: 3, sizeBytes: 9 })
  assert.deepEqual(readdirSync(folder).toSorted(), ['a', 'a.part', 'b'])
  assert.equal(readFileSync(path.join(folder, 'a.part'), 'utf8'), 'part')
})

test('a file that breaks off leaves nothing, and those before it stay', async () => {
  const bytes = await tarOf({ a: 'whole', b: 'x'.repeat(5_000) })
  await assert.rejects(writeFiles(stream(bytes.subarray(0, 3_000)), { folder, signal }))
  assert.deepEqual(readdirSync(folder), ['a'])
})

test('a name that leads outside, and one where a folder stands, are refused by name', async () => {
  await assert.rejects(writeFiles(stream(await tarOf({ '../evil': 'x' })), { folder, signal }), {
    code: 'GW_USAGE_WRONG',
    message: /evil/,
  })
  mkdirSync(path.join(folder, 'taken'))
  await assert.rejects(writeFiles(stream(await tarOf({ taken: 'x' })), { folder, signal }), {
    code: 'GW_FILE_UNUSABLE',
    message: /taken/,
  })
  assert.deepEqual(readdirSync(folder), ['taken'])
})
