/**
 * Goal: each message that devices sent is judged once, by the reason that fits, and what a network took and lost is never called
 * anything else.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingNamedMax, openMessagesMax, uplinkLedger, type MessageLoss, type UplinkLedger } from './uplink-ledger.ts'

const frame = (device: number, message: number): Uint8Array =>
  Uint8Array.of(0x40, device & 255, device >> 8, message & 255, (message >> 8) & 255, message >> 16)

interface Sent {
  readonly device?: number
  readonly message: number
  readonly atMs?: number
  readonly fates?: readonly ('heard' | 'lost' | 'sent' | 'taken')[]
}

function send(ledger: UplinkLedger, { device = 1, message, atMs = 1000, fates = [] }: Sent): void {
  ledger.sent({ device, message, phyPayload: frame(device, message) }, atMs)
  for (const fate of fates) ledger.copy(frame(device, message), fate, atMs + 10)
}
const lossesOf = (ledger: UplinkLedger): Partial<Record<MessageLoss, number>> =>
  Object.fromEntries(Object.entries(ledger.report().losses).filter(([, count]) => count > 0))

test('a message that comes out is delivered, with the time that it took from its gateway and from the air', () => {
  const ledger = uplinkLedger()
  send(ledger, { message: 1, fates: ['heard', 'sent', 'taken'] })
  ledger.published({ device: 1, message: 1 }, 1210)
  ledger.settle(10_000)
  const { messages, delivered, open, latencyMsP50, fromAirMsP50, missing } = ledger.report()
  assert.deepEqual(
    { messages, delivered, open, latencyMsP50, fromAirMsP50, missing },
    {
      messages: 1,
      delivered: 1,
      open: 0,
      latencyMsP50: 200,
      fromAirMsP50: 210,
      missing: [],
    },
  )
  assert.deepEqual(lossesOf(ledger), {})
  assert.equal(ledger.deviceCount(), 1)
})

test('what does not come out has the reason of the last step that it reached', () => {
  const cases: readonly [MessageLoss, readonly ('heard' | 'lost' | 'sent' | 'taken')[]][] = [
    ['not-heard', []],
    ['lost-on-the-way', ['heard', 'lost']],
    ['not-acknowledged', ['heard', 'sent']],
    ['missing', ['heard', 'sent', 'taken']],
  ]
  for (const [reason, fates] of cases) {
    const ledger = uplinkLedger()
    send(ledger, { message: 1, fates })
    ledger.settle(999)
    assert.equal(ledger.report().open, 1, 'it is not judged before its time')
    ledger.settle(1000)
    assert.deepEqual(lossesOf(ledger), { [reason]: 1 })
  }
})

test('one copy that was taken makes a message missing, whatever became of the others', () => {
  const ledger = uplinkLedger()
  send(ledger, { message: 1, fates: ['heard', 'lost', 'heard', 'sent', 'taken', 'heard', 'lost'] })
  ledger.settle(5000)
  assert.deepEqual(lossesOf(ledger), { missing: 1 })
  assert.deepEqual(ledger.report().missing, [{ device: 1, message: 1, takenAtMs: 1010 }])
})

test('a message that a newer one of its device overtook is not the network’s to deliver; an older one does not excuse it', () => {
  const ledger = uplinkLedger()
  ledger.sent({ device: 1, message: 1, phyPayload: frame(1, 1) }, 1000)
  ledger.sent({ device: 1, message: 2, phyPayload: frame(1, 2) }, 2000)
  ledger.copy(frame(1, 2), 'sent', 2010)
  ledger.copy(frame(1, 2), 'taken', 2020)
  ledger.copy(frame(1, 1), 'sent', 2030)
  ledger.copy(frame(1, 1), 'taken', 2040)
  ledger.settle(5000)
  assert.deepEqual(lossesOf(ledger), { overtaken: 1, missing: 1 })
})

test('a session that ended while a message was under way excuses it, and none that began before it was sent', () => {
  const ledger = uplinkLedger()
  ledger.rejoined(1)
  send(ledger, { message: 1, fates: ['heard', 'sent', 'taken'] })
  ledger.rejoined(1)
  send(ledger, { message: 2, atMs: 2000, fates: ['heard', 'sent', 'taken'] })
  ledger.settle(5000)
  assert.deepEqual(lossesOf(ledger), { 'session-ended': 1, missing: 1 })
})

test('a second time is a duplicate, a repetition on the air is not a new message, and what nobody sent is unknown', () => {
  const ledger = uplinkLedger()
  send(ledger, { message: 1, fates: ['heard', 'sent', 'taken'] })
  send(ledger, { message: 1, atMs: 1500 })
  ledger.published({ device: 1, message: 1 }, 1600)
  send(ledger, { message: 1, atMs: 1700 })
  ledger.published({ device: 1, message: 1 }, 1800)
  ledger.published({ device: 2, message: 1 }, 1800)
  ledger.published({ device: 1, message: -1 }, 1800)
  const { messages, delivered, duplicates, unknown } = ledger.report()
  assert.deepEqual(
    { messages, delivered, duplicates, unknown },
    { messages: 1, delivered: 1, duplicates: 1, unknown: 2 },
  )
})

test('missing messages are counted without end and named up to a bound', () => {
  const ledger = uplinkLedger()
  for (let message = 1; message <= missingNamedMax + 5; message += 1)
    send(ledger, { device: message, message, fates: ['heard', 'sent', 'taken'] })
  ledger.settle(5000)
  assert.equal(ledger.report().losses.missing, missingNamedMax + 5)
  assert.equal(ledger.report().missing.length, missingNamedMax)
})

test('of more messages than fit the oldest is judged early', () => {
  const ledger = uplinkLedger(3)
  for (let message = 1; message <= 4; message += 1) send(ledger, { message })
  assert.equal(ledger.report().open, 3)
  assert.deepEqual(lossesOf(ledger), { 'not-heard': 1 })
  assert.ok(openMessagesMax > 3)
})
