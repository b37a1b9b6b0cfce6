/**
 * The contract of the Bus port, for every adapter: in order, at most once, bounded, and quiet when nobody listens.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { busMessageBytesMax, type Bus, type BusMessage, type Subscription } from '@groundwork/core/ports/bus.ts'
import { abortedSignal, bytes, forever, withAdapter, type MakeAdapter } from './adapter.ts'

async function take(subscription: Subscription, count: number): Promise<string[]> {
  const texts: string[] = []
  const decoder = new TextDecoder()
  if (count === 0) return texts
  for await (const { topic, body } of subscription) {
    texts.push(`${topic}=${decoder.decode(body)}`)
    if (texts.length === count) break
  }
  return texts
}

const message = (topic: string, text: string): BusMessage => ({ topic, body: bytes(text) })

export function conformBus(name: string, makeAdapter: MakeAdapter<Bus>): void {
  const check = (title: string, run: (bus: Bus) => Promise<void>): void => {
    void test(title, () => withAdapter(makeAdapter, ({ port }) => run(port)))
  }

  void describe(`Bus: ${name}`, () => {
    check('a subscriber hears its topic, in order, from when it subscribed', async (bus) => {
      await bus.publish(message('epochs.storage', '0'), forever)
      const subscription = await bus.subscribe('epochs.storage', { ...forever, queueMessagesMax: 10 })
      await bus.publish(message('epochs.storage', '1'), forever)
      await bus.publish(message('epochs.render', 'x'), forever)
      await bus.publish(message('epochs.storage.late', 'x'), forever)
      await bus.publish(message('epochs.storage', '2'), forever)
      assert.deepEqual(await take(subscription, 2), ['epochs.storage=1', 'epochs.storage=2'])
      assert.equal(subscription.droppedCount, 0)
    })

    check('a pattern hears everything below its topic, and not the topic itself', async (bus) => {
      const subscription = await bus.subscribe('epochs.>', { ...forever, queueMessagesMax: 10 })
      for (const topic of ['epochs', 'epochs.a', 'epochsx.a', 'epochs.a.b'])
        await bus.publish(message(topic, '1'), forever)
      assert.deepEqual(await take(subscription, 2), ['epochs.a=1', 'epochs.a.b=1'])
    })

    check('every subscriber gets its own copy of each message', async (bus) => {
      const one = await bus.subscribe('a', { ...forever, queueMessagesMax: 10 })
      const other = await bus.subscribe('a', { ...forever, queueMessagesMax: 10 })
      const body = bytes('1')
      await bus.publish({ topic: 'a', body }, forever)
      body.fill(0)
      assert.deepEqual([await take(one, 1), await take(other, 1)], [['a=1'], ['a=1']])
    })

    check('a slow subscriber loses its oldest messages and is told how many', async (bus) => {
      const subscription = await bus.subscribe('a', { ...forever, queueMessagesMax: 2 })
      const witness = await bus.subscribe('a', { ...forever, queueMessagesMax: 10 })
      for (const text of ['1', '2', '3', '4', '5']) await bus.publish(message('a', text), forever)
      await take(witness, 5)
      assert.deepEqual(await take(subscription, 2), ['a=4', 'a=5'])
      assert.equal(subscription.droppedCount, 3)
    })

    check('a waiting subscriber wakes for a message, and ends with the reason of its signal', async (bus) => {
      const controller = new AbortController()
      const subscription = await bus.subscribe('a', { signal: controller.signal, queueMessagesMax: 2 })
      const heard = take(subscription, 1)
      await bus.publish(message('a', '1'), forever)
      assert.deepEqual(await heard, ['a=1'])
      const again = await bus.subscribe('a', { signal: controller.signal, queueMessagesMax: 2 })
      const waiting = take(again, 1)
      const reason = new Error('enough')
      controller.abort(reason)
      await assert.rejects(waiting, reason)
      await bus.publish(message('a', '2'), forever)
    })

    check('what is out of bounds is refused', async (bus) => {
      const refused = { code: 'GW_BUS_REFUSED' }
      for (const topic of ['', 'a b', 'a..b', 'a.>', '>'])
        await assert.rejects(bus.publish(message(topic, ''), forever), refused)
      await assert.rejects(bus.publish({ topic: 'a', body: new Uint8Array(busMessageBytesMax + 1) }, forever), refused)
      await assert.rejects(bus.subscribe('*', { ...forever, queueMessagesMax: 1 }), refused)
    })

    check('an aborted call rejects with the reason of its signal', async (bus) => {
      const { signal, reason } = abortedSignal()
      await assert.rejects(bus.publish(message('a', ''), { signal }), reason)
      await assert.rejects(bus.subscribe('a', { signal, queueMessagesMax: 1 }), reason)
    })
  })
}
