/**
 * Goal: a data directory has one living writer, and a dead one never locks it for good.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openDataDir } from './data-dir.ts'

const folder = path.join(mkdtempSync(path.join(tmpdir(), 'groundwork-dir-')), 'data')
after(() => rmSync(path.dirname(folder), { recursive: true }))

test('a second writer is refused while the first lives, and welcome afterwards', () => {
  const first = openDataDir(folder)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  assert.throws(() => openDataDir(folder), { code: 'GW_DATA_DIR_HELD' })
  first[Symbol.dispose]()
  openDataDir(folder)[Symbol.dispose]()
})

test('the lock of a process that died is taken over, also when its number was given away again', () => {
  writeFileSync(path.join(folder, 'writer.lock'), JSON.stringify({ pid: 2 ** 22 + 1, startedTicks: '1' }))
  openDataDir(folder)[Symbol.dispose]()
  writeFileSync(path.join(folder, 'writer.lock'), JSON.stringify({ pid: process.pid, startedTicks: '1' }))
  openDataDir(folder)[Symbol.dispose]()
  writeFileSync(path.join(folder, 'writer.lock'), 'torn')
  openDataDir(folder)[Symbol.dispose]()
})
