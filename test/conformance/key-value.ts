/**
 * The contract of the KeyValue port, for every adapter: atomic, durable, in one order of keys.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { keyCharactersMax, pairsMax, valueBytesMax, type KeyValue } from '@groundwork/core/ports/key-value.ts'
import { abortedSignal, bytes, forever, withAdapter, type MakeAdapter } from './adapter.ts'

const keysOf = async (store: KeyValue, prefix = ''): Promise<string[]> =>
  (await store.scan({ prefix, limit: pairsMax }, forever)).map(({ key }) => key)

export function conformKeyValue(name: string, makeAdapter: MakeAdapter<KeyValue>): void {
  const check = (title: string, run: (store: KeyValue, reopen?: () => Promise<KeyValue>) => Promise<void>): void => {
    void test(title, () => withAdapter(makeAdapter, ({ port, reopen }) => run(port, reopen)))
  }

  void describe(`KeyValue: ${name}`, () => {
    check('a written value is read, an unwritten one is absent, an empty one is empty', async (store) => {
      await store.write(
        [
          { key: 'a', value: bytes('1') },
          { key: 'e', value: new Uint8Array(0) },
        ],
        forever,
      )
      assert.deepEqual(await store.get('a', forever), bytes('1'))
      assert.deepEqual(await store.get('e', forever), new Uint8Array(0))
      assert.equal(await store.get('b', forever), undefined)
    })

    check('a write is in order, and all of it or nothing', async (store) => {
      await store.write(
        [
          { key: 'a', value: bytes('1') },
          { key: 'a', value: bytes('2') },
          { key: 'b', value: bytes('3') },
          { key: 'b', value: undefined },
        ],
        forever,
      )
      assert.deepEqual(await store.get('a', forever), bytes('2'))
      assert.equal(await store.get('b', forever), undefined)
      const tooLarge = { key: 'd', value: new Uint8Array(valueBytesMax + 1) }
      await assert.rejects(store.write([{ key: 'c', value: bytes('4') }, tooLarge], forever), {
        code: 'GW_KEY_VALUE_REFUSED',
      })
      assert.deepEqual(await keysOf(store), ['a'])
    })

    check('keys out of bounds are refused', async (store) => {
      for (const key of ['', 'has space', 'ä', 'k'.repeat(keyCharactersMax + 1)]) {
        await assert.rejects(store.write([{ key, value: bytes('') }], forever), { code: 'GW_KEY_VALUE_REFUSED' })
      }
      await store.write([{ key: 'k'.repeat(keyCharactersMax), value: bytes('1') }], forever)
      await assert.rejects(store.scan({ prefix: '', limit: 0 }, forever), { code: 'GW_KEY_VALUE_REFUSED' })
    })

    check('compareAndSet writes only over what was expected', async (store) => {
      assert.equal(await store.compareAndSet({ key: 'a', value: bytes('1'), expected: bytes('0') }, forever), false)
      assert.equal(await store.compareAndSet({ key: 'a', value: bytes('1'), expected: undefined }, forever), true)
      assert.equal(await store.compareAndSet({ key: 'a', value: bytes('2'), expected: undefined }, forever), false)
      assert.equal(await store.compareAndSet({ key: 'a', value: bytes('2'), expected: bytes('1') }, forever), true)
      assert.deepEqual(await store.get('a', forever), bytes('2'))
      assert.equal(await store.compareAndSet({ key: 'a', value: undefined, expected: bytes('2') }, forever), true)
      assert.equal(await store.get('a', forever), undefined)
    })

    check('a scan gives a prefix in key order, in pages', async (store) => {
      const keys = ['a/2', 'a/1', 'a', 'b/1', 'a/10', 'A/1', 'a0', 'a%', 'a_']
      await store.write(
        keys.map((key) => ({ key, value: bytes(key) })),
        forever,
      )
      assert.deepEqual(
        await keysOf(store),
        keys.toSorted((a, b) => (a < b ? -1 : 1)),
      )
      assert.deepEqual(await keysOf(store, 'a/'), ['a/1', 'a/10', 'a/2'])
      assert.deepEqual(await keysOf(store, 'a%'), ['a%'])
      assert.deepEqual(await keysOf(store, 'a_'), ['a_'])
      const page = await store.scan({ prefix: 'a/', after: 'a/1', limit: 1 }, forever)
      assert.deepEqual(page, [{ key: 'a/10', value: bytes('a/10') }])
    })

    check('it behaves as a map under any writes', async (store) => {
      const model = new Map<string, string>()
      const change = fc.record({
        key: fc.constantFrom('a', 'b', 'c/1', 'c/2'),
        value: fc.option(fc.string(), { nil: undefined }),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(change, { maxLength: 5 }), async (changes) => {
          await store.write(
            changes.map(({ key, value }) => ({ key, value: value === undefined ? undefined : bytes(value) })),
            forever,
          )
          for (const { key, value } of changes) void (value === undefined ? model.delete(key) : model.set(key, value))
          const pairs = await store.scan({ prefix: '', limit: pairsMax }, forever)
          const expected = [...model]
            .map(([key, value]) => ({ key, value: bytes(value) }))
            .toSorted((a, b) => (a.key < b.key ? -1 : 1))
          assert.deepEqual(pairs, expected)
        }),
        { numRuns: 30 },
      )
    })

    check('what the caller does to its bytes afterwards changes nothing', async (store) => {
      const value = bytes('mine')
      await store.write([{ key: 'a', value }], forever)
      value.fill(0)
      assert.deepEqual(await store.get('a', forever), bytes('mine'))
    })

    check('an aborted call rejects with the reason of its signal and writes nothing', async (store) => {
      const { signal, reason } = abortedSignal()
      await assert.rejects(store.write([{ key: 'a', value: bytes('1') }], { signal }), reason)
      await assert.rejects(store.get('a', { signal }), reason)
      assert.deepEqual(await keysOf(store), [])
    })

    check('durable adapters find everything again after a crash', async (store, reopen) => {
      await store.write(
        [
          { key: 'a', value: bytes('1') },
          { key: 'b', value: bytes('2') },
        ],
        forever,
      )
      await store.write([{ key: 'b', value: undefined }], forever)
      const after = reopen === undefined ? store : await reopen()
      assert.deepEqual(await keysOf(after), ['a'])
      assert.deepEqual(await after.get('a', forever), bytes('1'))
    })
  })
}
