/**
 * Goal: the folders of the last runs stay, the oldest go, and never one that a living process holds.
 */

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { openDataDir } from '../state/data-dir.ts'
import { makeRunFolder, runsKeptMax } from './run-folder.ts'

const dataDir = mkdtempSync(path.join(tmpdir(), 'groundwork-runs-'))
after(() => rmSync(dataDir, { recursive: true }))

test('the oldest run that nobody holds makes room for a new one', () => {
  const made = Array.from({ length: runsKeptMax }, (_, index) => {
    const folder = makeRunFolder(dataDir)
    utimesSync(folder, index + 1, index + 1)
    return folder
  })
  const [oldest = '', second = ''] = made
  using _held = openDataDir(oldest)
  utimesSync(oldest, 1, 1)
  const newest = makeRunFolder(dataDir)
  assert.ok(existsSync(newest) && existsSync(oldest), 'a held one stays')
  utimesSync(newest, 100, 100)
  makeRunFolder(dataDir)
  assert.equal(existsSync(second), false, 'the oldest of the others is gone')
  assert.ok(made.slice(2).every((folder) => existsSync(folder)))
})
