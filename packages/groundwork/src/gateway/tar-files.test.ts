/**
 * Goal: a folder survives the round trip, and a single changed, missing or extra byte is noticed by file name.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
