/**
 * Goal: a dump that a kill cut short gives way to its copy, and a whole one never does.
 */

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { mock, test } from 'node:test'
import { keepStateCopies, restoreState } from './state-copies.ts'

test('half a dump is replaced by the last whole copy, and by nothing when there is none', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-state-'))
  mock.timers.enable({ apis: ['setInterval'] })
  t.after(() => {
    mock.timers.reset()
    rmSync(folder, { recursive: true, force: true })
  })
  const file = path.join(folder, 'state.json')
  const stop = keepStateCopies(file)
  mock.timers.tick(4_000)

  writeFileSync(file, '{"block":1}')
  mock.timers.tick(4_000)
  writeFileSync(file, '{"block":2}')
  restoreState(file)
  assert.equal(readFileSync(file, 'utf8'), '{"block":2}')

  writeFileSync(file, '{"block":3,"acc')
  mock.timers.tick(4_000)
  stop()
  restoreState(file)
  assert.equal(readFileSync(file, 'utf8'), '{"block":1}')

  writeFileSync(file, '{"blo')
  writeFileSync(`${file}.copy`, '')
  restoreState(file)
  assert.equal(existsSync(file), false)
})
