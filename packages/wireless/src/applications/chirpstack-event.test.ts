/**
 * Goal: a consumer that was written for ChirpStack v4 finds every field where ChirpStack has it.
 *
 * Field names and JSON forms are those of api/proto/integration/integration.proto and the examples of ChirpStack's documentation.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chirpstackEvent } from './chirpstack-event.ts'
import { fixtureProfile, fixtureSubject as subject, fixtureUplink as uplink } from './event-fixtures.ts'
import { eventTopic } from './topic.ts'
import { quote, timeText } from './uplink-json.ts'

const deviceInfo = {
  tenantId: '0x00000000000000000000000000000000000000a1',
  tenantName: 'Ann',
  applicationId: 'weather',
  applicationName: 'Weather',
  deviceProfileId: 'wind-profile',
  deviceProfileName: 'Wind sensor',
  deviceName: 'roof',
  devEui: '0101010101010101',
  deviceClassEnabled: 'CLASS_A',
  tags: { kind: 'wind', floor: '4' },
}
const time = '2022-07-18T09:34:15.775+00:00'
const read = (json: string): Record<string, unknown> => JSON.parse(json) as Record<string, unknown>

test('an uplink has topic and JSON of ChirpStack, and the decoded object where there is one', () => {
  const event = chirpstackEvent(subject, uplink, { direction: 'N' })
  assert.equal(eventTopic(event), 'application/weather/device/0101010101010101/event/up')
  assert.deepEqual(read(event.json), {
    time,
    deviceInfo,
    deduplicationId: '3ac7e3c4-4401-4b8d-9386-a5c902f9202d',
    devAddr: '00189440',
    adr: true,
    dr: 1,
    fCnt: 7,
    fPort: 1,
    confirmed: false,
    data: 'qg==',
    object: { direction: 'N' },
    rxInfo: [
      {
        gatewayId: '0016c001f153a14c',
        gwTime: '2022-07-18T09:34:15.700+00:00',
        timeSinceGpsEpoch: '1342172073.700s',
        nsTime: '2022-07-18T09:34:15.700+00:00',
        rssi: -36,
        snr: 10.5,
        channel: 3,
        location: {
          latitude: 46.2,
          longitude: 6.1,
        },
        context: 'E3OWOQ==',
        metadata: { bought: 'true' },
        crcStatus: 'CRC_OK',
      },
    ],
    txInfo: {
      frequency: 8671e5,
      modulation: {
        lora: {
          bandwidth: 125e3,
          spreadingFactor: 11,
          codeRate: 'CR_4_5',
        },
      },
    },
  })
  assert.equal('object' in read(chirpstackEvent(subject, uplink).json), false)
})

test('the other modulations, and a copy without GPS or place, are written too', () => {
  const txInfo = (modulation: typeof uplink.modulation): unknown =>
    read(chirpstackEvent(subject, { ...uplink, modulation, copies: [] }).json)['txInfo']
  assert.deepEqual(txInfo({ kind: 'fsk', bitRate: 50_000 }), {
    frequency: 867100000,
    modulation: { fsk: { datarate: 50000 } },
  })
  assert.deepEqual(txInfo({ kind: 'lr-fhss', codingRate: '2/3', widthHz: 137_000 }), {
    frequency: 867100000,
    modulation: { lrFhss: { operatingChannelWidth: 137000, codeRate: 'CR_4_6' } },
  })
  const bare = { gatewayEui: '0016c001f153a14c', rssiDbm: -36.6, channel: 0, heardAtMs: uplink.atMs, isBought: false }
  const event = chirpstackEvent(subject, { ...uplink, copies: [{ ...bare, context: new Uint8Array() }] })
  assert.deepEqual(read(event.json)['rxInfo'], [
    {
      gatewayId: '0016c001f153a14c',
      nsTime: time,
      rssi: -37,
      channel: 0,
      context: '',
      metadata: { bought: 'false' },
      crcStatus: 'CRC_OK',
    },
  ])
})

test('join, ack, status and location are written', () => {
  const head = { atMs: uplink.atMs, devEui: uplink.devEui }
  const joined = {
    ...head,
    kind: 'join',
    deduplicationId: 'd',
    joinEui: '00',
    devAddr: 0xffffffff,
    copies: [],
  } as const
  assert.deepEqual(read(chirpstackEvent(subject, joined).json), {
    time,
    deviceInfo,
    deduplicationId: 'd',
    devAddr: 'ffffffff',
    rxInfo: [],
  })
  const acked = { ...head, kind: 'ack', queueItemId: 'q', fCntDown: 9, isAcknowledged: true } as const
  assert.deepEqual(read(chirpstackEvent(subject, acked).json), {
    time,
    deviceInfo,
    deduplicationId: 'q',
    queueItemId: 'q',
    acknowledged: true,
    fCntDown: 9,
  })
  const status = (given: object): Record<string, unknown> =>
    read(chirpstackEvent(subject, { ...head, kind: 'status', isExternalPower: false, marginDb: 10, ...given }).json)
  const power = ({ externalPowerSource, batteryLevelUnavailable, batteryLevel, margin }: Record<string, unknown>) => [
    externalPowerSource,
    batteryLevelUnavailable,
    batteryLevel,
    margin,
  ]
  assert.deepEqual(power(status({ batteryLevel: 254 })), [false, false, 100, 10])
  assert.deepEqual(power(status({ batteryLevel: 127 })), [false, false, 50, 10])
  assert.deepEqual(power(status({})), [false, true, 0, 10])
  assert.deepEqual(power(status({ isExternalPower: true })), [true, false, 0, 10])
  const place = { latitude: 1, longitude: 2, altitudeM: 3, source: 'GPS', deduplicationId: 'd' } as const
  const located = chirpstackEvent(subject, { ...head, kind: 'location', ...place })
  assert.equal(located.name, 'location')
  assert.deepEqual(read(located.json)['location'], {
    latitude: 1,
    longitude: 2,
    altitude: 3,
    source: 'GPS',
    accuracy: 0,
  })
})

test('a downlink that was sent is a txack; one that was not is an error log with its way', () => {
  const timeline = [
    { atMs: uplink.atMs, step: 'queued' },
    { atMs: uplink.atMs + 1, step: 'rx1', reason: 'too-late' },
  ]
  const tried = { kind: 'txack', atMs: uplink.atMs, devEui: uplink.devEui, queueItemId: 'q', timeline } as const
  const sent = chirpstackEvent(subject, { ...tried, isSent: true, gatewayEui: '0016c001f153a14c', fCntDown: 3 })
  assert.equal(sent.name, 'txack')
  const { queueItemId, fCntDown, gatewayId, timeline: shown } = read(sent.json)
  assert.deepEqual([queueItemId, fCntDown, gatewayId], ['q', 3, '0016c001f153a14c'])
  assert.deepEqual((shown as { time: string }[])[1]?.time, '2022-07-18T09:34:15.776+00:00')

  const failed = chirpstackEvent(subject, { ...tried, isSent: false })
  assert.equal(eventTopic(failed), 'application/weather/device/0101010101010101/event/log')
  const { level, code, description, context } = read(failed.json)
  assert.deepEqual([level, code, description], ['ERROR', 'DOWNLINK_GATEWAY', 'The downlink was not sent: too-late.'])
  assert.deepEqual(context, { code: 'downlink-refused', queueItemId: 'q', gatewayId: '', reason: 'too-late' })
})

test('a log keeps our code in its context, also where ChirpStack has none for it', () => {
  const log = { kind: 'log', atMs: uplink.atMs, devEui: uplink.devEui, level: 'warning', description: 'd' } as const
  const codeOf = (code: string): unknown[] => {
    const event = read(chirpstackEvent(subject, { ...log, code, facts: { port: '1' } }).json)
    return [event['level'], event['code'], event['context']]
  }
  assert.deepEqual(codeOf('uplink-codec'), ['WARNING', 'UPLINK_CODEC', { code: 'uplink-codec', port: '1' }])
  assert.deepEqual(codeOf('constructor'), ['WARNING', 'UNKNOWN', { code: 'constructor', port: '1' }])
})

test('the class of a device is that of its profile', () => {
  const event = chirpstackEvent({ ...subject, profile: { ...fixtureProfile, supportsClassC: true } }, uplink)
  assert.equal((read(event.json)['deviceInfo'] as { deviceClassEnabled: string }).deviceClassEnabled, 'CLASS_C')
})

test('text and times are written as JSON and RFC 3339 have them, in any order', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(JSON.parse(quote(text)), text)))
  assert.equal(quote('x\n'), '"x\\n"')
  const times = fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }), { minLength: 2, maxLength: 5 })
  fc.assert(
    fc.property(times, (all) => {
      for (const atMs of all) assert.equal(timeText(atMs), `${new Date(atMs).toISOString().slice(0, -1)}+00:00`)
    }),
  )
})
