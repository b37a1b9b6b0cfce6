/**
 * The contract of the Outbox port, for every adapter: kept means kept, once, in order, also after a crash.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  outboxBodyBytesMax,
  outboxKeyCharactersMax,
  outboxMessagesMax,
  type Outbox,
  type OutboxMessage,
  type OutboxState,
} from '@groundwork/core/ports/outbox.ts'
import { abortedSignal, bytes, forever, withAdapter, type MakeAdapter } from './adapter.ts'

const message = (key: string, body = key): OutboxMessage => ({ topic: 'chain', key, body: bytes(body) })
const keysOf = async (outbox: Outbox, state: OutboxState, topic = 'chain'): Promise<string[]> =>
  (await outbox.list({ topic, state, limit: outboxMessagesMax }, forever)).map(({ key }) => key)

export function conformOutbox(name: string, makeAdapter: MakeAdapter<Outbox>): void {
  const check = (title: string, run: (outbox: Outbox, reopen?: () => Promise<Outbox>) => Promise<void>): void => {
    void test(title, () => withAdapter(makeAdapter, ({ port, reopen }) => run(port, reopen)))
  }

  void describe(`Outbox: ${name}`, () => {
    check('messages are pending in the order they were put, with rising sequence', async (outbox) => {
      const [first, second] = await outbox.put([message('b'), message('a')], forever)
      const [third] = await outbox.put([message('c')], forever)
      assert.ok(first && second && third)
      assert.ok(first.sequence > 0 && first.sequence < second.sequence && second.sequence < third.sequence)
      assert.deepEqual(await keysOf(outbox, 'pending'), ['b', 'a', 'c'])
      assert.deepEqual(await outbox.get('a', forever), second)
      assert.equal(await outbox.get('z', forever), undefined)
    })

    check('a key that is known keeps its first message and state', async (outbox) => {
      const [kept] = await outbox.put([message('a')], forever)
      await outbox.mark({ key: 'a', state: 'sent', note: bytes('nonce 1') }, forever)
      const [again, other] = await outbox.put([message('a'), message('b'), message('b')], forever)
      assert.equal(again?.sequence, kept?.sequence)
      assert.deepEqual([again?.state, again?.note], ['sent', bytes('nonce 1')])
      assert.equal(other?.key, 'b')
      assert.deepEqual(await keysOf(outbox, 'pending'), ['b'])
    })

    check('one key for two messages is refused, and nothing of that call is kept', async (outbox) => {
      await outbox.put([message('a')], forever)
      const taken = { code: 'GW_OUTBOX_KEY_TAKEN' }
      await assert.rejects(outbox.put([message('new'), message('a', 'other')], forever), taken)
      await assert.rejects(outbox.put([{ ...message('a'), topic: 'else' }], forever), taken)
      await assert.rejects(outbox.put([message('x'), message('x', 'other')], forever), taken)
      assert.deepEqual(await keysOf(outbox, 'pending'), ['a'])
    })

    check('an entry moves between states in any direction, and lists follow', async (outbox) => {
      await outbox.put([message('a'), message('b')], forever)
      for (const state of ['sent', 'done', 'pending', 'refused'] as const) {
        await outbox.mark({ key: 'a', state, note: bytes(state) }, forever)
        assert.deepEqual((await outbox.get('a', forever))?.note, bytes(state))
        assert.equal((await keysOf(outbox, state)).includes('a'), true)
      }
      assert.deepEqual(await keysOf(outbox, 'pending'), ['b'])
      await assert.rejects(outbox.mark({ key: 'z', state: 'done', note: bytes('') }, forever), {
        code: 'GW_OUTBOX_KEY_UNKNOWN',
      })
    })

    check('lists are by topic, bounded, and go on after a sequence', async (outbox) => {
      const kept = await outbox.put(
        [message('a'), message('b'), message('c'), { ...message('d'), topic: 'mail' }],
        forever,
      )
      const page = await outbox.list({ topic: 'chain', state: 'pending', limit: 2 }, forever)
      assert.deepEqual(
        page.map(({ key }) => key),
        ['a', 'b'],
      )
      const rest = await outbox.list(
        { topic: 'chain', state: 'pending', after: page[1]?.sequence ?? 0, limit: 2 },
        forever,
      )
      assert.deepEqual(
        rest.map(({ key }) => key),
        ['c'],
      )
      assert.deepEqual(await keysOf(outbox, 'pending', 'mail'), ['d'])
      assert.equal(kept.length, 4)
      await assert.rejects(outbox.list({ topic: 'chain', state: 'pending', limit: 0 }, forever), {
        code: 'GW_OUTBOX_REFUSED',
      })
    })

    check('prune forgets only what is over and old', async (outbox) => {
      await outbox.put([message('a'), message('b'), message('c')], forever)
      await outbox.mark({ key: 'a', state: 'done', note: bytes('') }, forever)
      await outbox.mark({ key: 'b', state: 'sent', note: bytes('') }, forever)
      await outbox.mark({ key: 'c', state: 'refused', note: bytes('') }, forever)
      const last = await outbox.get('c', forever)
      assert.equal(await outbox.prune({ topic: 'chain', below: last?.sequence ?? 0 }, forever), 1)
      assert.equal(await outbox.get('a', forever), undefined)
      assert.ok(await outbox.get('b', forever))
      assert.ok(await outbox.get('c', forever))
      const [again] = await outbox.put([message('a', 'new life')], forever)
      assert.ok(again && last && again.sequence > last.sequence)
    })

    check('what is out of bounds is refused', async (outbox) => {
      const refused = { code: 'GW_OUTBOX_REFUSED' }
      await assert.rejects(
        outbox.put([{ ...message('a'), body: new Uint8Array(outboxBodyBytesMax + 1) }], forever),
        refused,
      )
      await assert.rejects(outbox.put([message('k'.repeat(outboxKeyCharactersMax + 1))], forever), refused)
      await assert.rejects(outbox.put([message('')], forever), refused)
      const many = Array.from({ length: outboxMessagesMax + 1 }, (_, i) => message(`${i}`))
      await assert.rejects(outbox.put(many, forever), refused)
      assert.deepEqual(await keysOf(outbox, 'pending'), [])
    })

    check('what the caller does to its bytes afterwards changes nothing', async (outbox) => {
      const body = bytes('mine')
      await outbox.put([{ topic: 'chain', key: 'a', body }], forever)
      body.fill(0)
      assert.deepEqual((await outbox.get('a', forever))?.body, bytes('mine'))
    })

    check('an aborted call rejects with the reason of its signal and keeps nothing', async (outbox) => {
      const { signal, reason } = abortedSignal()
      await assert.rejects(outbox.put([message('a')], { signal }), reason)
      await assert.rejects(outbox.list({ topic: 'chain', state: 'pending', limit: 1 }, { signal }), reason)
      assert.deepEqual(await keysOf(outbox, 'pending'), [])
    })

    check('durable adapters find everything again after a crash', async (outbox, reopen) => {
      await outbox.put([message('a'), message('b')], forever)
      await outbox.mark({ key: 'a', state: 'sent', note: bytes('nonce 7') }, forever)
      const after = reopen === undefined ? outbox : await reopen()
      assert.deepEqual((await after.get('a', forever))?.note, bytes('nonce 7'))
      assert.deepEqual(await keysOf(after, 'pending'), ['b'])
      const [next] = await after.put([message('c')], forever)
      const last = await after.get('b', forever)
      assert.ok(next && last && next.sequence > last.sequence)
    })
  })
}
