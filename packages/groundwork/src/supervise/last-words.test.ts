/**
 * Goal: a program that ends by an error nobody caught says why and with which code, and one that cannot stop is ended.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { lastWords } from './last-words.ts'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'

const home = JSON.stringify(path.join(import.meta.dirname, 'last-words.ts'))

function ran(source: string): { code: number | null; said: string } {
  const program = `import { watchOverEnd } from ${home}\n${source}`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
    timeout: 30_000,
    encoding: 'utf8',
  })
  return { code: status, said: stderr }
}

test('an error that nobody caught, thrown or rejected, is said whole, and the code is that of our own mistakes', () => {
  const prelude = 'watchOverEnd(new AbortController().signal)\n'
  const thrown = ran(`${prelude}setImmediate(() => { throw new Error('from a listener') })`)
  assert.equal(thrown.code, 70)
  assert.match(thrown.said, /from a listener[\s\S]*GW_UNEXPECTED/)
  const rejected = ran(`${prelude}void Promise.reject(new Error('from a promise')); setInterval(() => {}, 1000)`)
  assert.equal(rejected.code, 70)
  assert.match(rejected.said, /from a promise[\s\S]*unhandledRejection/)
})

test('an error of ours keeps its code', () => {
  const { why, exitCode } = lastWords(new InvariantBroken('two is three'), 'uncaughtException')
  assert.match(why, /two is three.*GW_INVARIANT_BROKEN/)
  assert.equal(exitCode, 70)
})

test('a program that does not stop in time is ended, with a code', () => {
  const { code, said } = ran(`
    const stop = new AbortController()
    watchOverEnd(stop.signal, { stopMs: 50 })
    setInterval(() => {}, 1000)
    stop.abort()
  `)
  assert.equal(code, 70)
  assert.match(said, /GW_STOP_SLOW/)
})
