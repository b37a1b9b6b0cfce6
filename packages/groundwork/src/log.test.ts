/**
 * Goal: a log that cannot be written ends no program, and one that can is there when the program dies right after.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, openSync, closeSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'

const home = JSON.stringify(path.join(import.meta.dirname, 'log.ts'))

function ran(end: string, stderr: number | 'pipe'): { code: number | null; said: string; out: string } {
  const program = `
    import { makeLog } from ${home}
    const log = makeLog({ name: 'test', level: 'info' })
    for (let line = 0; line < 100; line += 1) log.info({ line }, 'a line')
    process.stdout.write('still here')
    ${end}
  `
  const words = ['--input-type=module-typescript', '-e', program]
  const {
    status,
    stderr: said,
    stdout,
  } = spawnSync(process.execPath, words, {
    stdio: ['ignore', 'pipe', stderr],
    encoding: 'utf8',
    timeout: 30_000,
  })
  return { code: status, said: said ?? '', out: stdout }
}

test('every line is there, however the program ends after it', () => {
  const { said } = ran("process.kill(process.pid, 'SIGKILL')", 'pipe')
  assert.equal(said.trim().split('\n').length, 100)
})

test('a disk that is full costs the lines, not the program', (t) => {
  if (!existsSync('/dev/full')) return t.skip('this system has no disk that is always full')
  const full = openSync('/dev/full', 'w')
  const { code, out } = ran('', full)
  closeSync(full)
  assert.deepEqual([code, out], [0, 'still here'])
  return undefined
})
