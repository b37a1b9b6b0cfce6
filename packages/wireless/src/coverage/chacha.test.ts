/**
 * Goal: the stream is the published one with 12 rounds, and OpenSSL's with 20.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { chachaWords } from './chacha.ts'

function bytesOf(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  const view = new DataView(bytes.buffer)
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word, true)
  return bytes
}

test('twelve rounds give the stream of draft-strombergson-chacha-test-vectors TC1', () => {
  const words = chachaWords(new Uint8Array(32), { rounds: 12, words: 16 })
  assert.equal(
    Buffer.from(bytesOf(words)).toString('hex'),
    '9bf49a6a0755f953811fce125f2683d50429c3bb49e074147e0089a52eae155f' +
      '0564f879d27ae3c02ce82834acfa8c793a629f2ca0de6919610be82f411326be',
  )
})

test('twenty rounds give the stream of another implementation, whatever the key and the length', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.integer({ min: 0, max: 100 }), (key, words) => {
      const other = createCipheriv('chacha20', key, new Uint8Array(16)).update(new Uint8Array(words * 4))
      assert.deepEqual(bytesOf(chachaWords(key, { rounds: 20, words })), new Uint8Array(other))
    }),
  )
})

test('a longer draw begins with the shorter one', () => {
  const key = new Uint8Array(32).fill(7)
  const long = chachaWords(key, { rounds: 12, words: 51 })
  assert.deepEqual(chachaWords(key, { rounds: 12, words: 20 }), long.slice(0, 20))
})
