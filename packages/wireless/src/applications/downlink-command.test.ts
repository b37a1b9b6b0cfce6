/**
 * Goal: what ChirpStack reads as a downlink is one here; anything else is refused by name and never throws.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { commandBytesMax, readDownlinkCommand, type CommandRead } from './downlink-command.ts'

const topic = 'application/weather/device/0101010101010101/command/down'
const read = (body: unknown, at = topic): CommandRead =>
  readDownlinkCommand(at, new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)))
const sound = { devEui: '0101010101010101', confirmed: true, fPort: 10, data: 'AQID' }
const command = { applicationId: 'weather', devEui: '0101010101010101' }

test('commands as ChirpStack documents them are read', () => {
  assert.deepEqual(read(sound), {
    command: { ...command, isConfirmed: true, fPort: 10, payload: { kind: 'bytes', bytes: Uint8Array.of(1, 2, 3) } },
  })
  assert.deepEqual(read({ devEui: '0101010101010101', fPort: 10, object: { led: 'green' }, data: '' }), {
    command: { ...command, isConfirmed: false, fPort: 10, payload: { kind: 'object', object: { led: 'green' } } },
  })
})

test('snake case, upper case, unknown fields and an id with an expiry are read as ChirpStack would', () => {
  const body = { dev_eui: '0101010101010101'.toUpperCase(), f_port: 1, data: 'AQ==', flushQueue: true, object: null }
  assert.deepEqual(read({ ...body, id: 'my:1', expires_at: '2026-12-01T10:00:00Z' }), {
    command: {
      ...command,
      isConfirmed: false,
      payload: { kind: 'bytes', bytes: Uint8Array.of(1) },
      id: 'my:1',
      fPort: 1,
      expiresAtMs: Date.UTC(2026, 11, 1, 10),
    },
  })
})

test('an object may leave the port to the codec; bytes may not', () => {
  assert.deepEqual(read({ devEui: '0101010101010101', object: {} }), {
    command: { ...command, isConfirmed: false, payload: { kind: 'object', object: {} } },
  })
  assert.deepEqual(read({ ...sound, fPort: 0 }), { refused: 'port-out-of-range' })
})

test('whatever is wrong has a name', () => {
  const cases: readonly [unknown, string][] = [
    ['', 'body-not-json'],
    ['{', 'body-not-json'],
    ['[]', 'body-not-json'],
    ['null', 'body-not-json'],
    [' '.repeat(commandBytesMax + 1), 'body-too-long'],
    [{ ...sound, devEui: undefined }, 'dev-eui-not-of-topic'],
    [{ ...sound, devEui: '0202020202020202' }, 'dev-eui-not-of-topic'],
    [{ ...sound, confirmed: 'yes' }, 'confirmed-not-boolean'],
    [{ ...sound, fPort: 224 }, 'port-out-of-range'],
    [{ ...sound, fPort: 1.5 }, 'port-out-of-range'],
    [{ ...sound, fPort: '1' }, 'port-out-of-range'],
    [{ ...sound, data: undefined }, 'payload-missing'],
    [{ ...sound, object: {} }, 'payload-twice'],
    [{ ...sound, data: 'A' }, 'data-not-base64'],
    [{ ...sound, data: [1, 2] }, 'data-not-base64'],
    [{ ...sound, data: Buffer.alloc(243).toString('base64') }, 'data-too-long'],
    [{ ...sound, data: undefined, object: [1] }, 'object-not-object'],
    [`{"devEui":"0101010101010101","object":${'{"a":'.repeat(2500)}1${'}'.repeat(2500)}}`, 'object-too-deep'],
    [{ ...sound, id: 'x'.repeat(65) }, 'id-malformed'],
    [{ ...sound, id: 7 }, 'id-malformed'],
    [{ ...sound, expiresAt: 'tomorrow' }, 'expiry-malformed'],
    [{ ...sound, expiresAt: '2026-99-01T10:00:00Z' }, 'expiry-malformed'],
  ]
  for (const [body, refused] of cases) assert.deepEqual(read(body), { refused }, JSON.stringify(body).slice(0, 80))
  assert.deepEqual(read(sound, topic.replace('command/down', 'event/up')), { refused: 'topic-unknown' })
  assert.deepEqual(read(sound, topic.replace('down', 'reboot')), { refused: 'command-unknown' })
})

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => new TextEncoder().encode(text)),
      ),
      (body) => {
        const answer = readDownlinkCommand(topic, body)
        assert.ok('refused' in answer)
      },
    ),
  )
})
