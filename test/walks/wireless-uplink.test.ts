/**
 * Goal: a reading goes from a forwarder's datagram through two strangers' hotspots to MQTT and a webhook, once; what an application
 * sends reaches its device; one device's message reaches another; and none of it is done again by whoever repeats a frame.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SentFrame } from '@groundwork/wireless'
import { until } from './program.ts'
import { openWirelessWorld, secondsMax } from './wireless-world.ts'

const sensorEui = '70b3d57ed0000011'
const switchEui = '70b3d57ed0000012'

test('an uplink arrives once and decoded, downlinks arrive, devices speak to each other, and a repeated frame does nothing', async () => {
  await using world = await openWirelessWorld()
  const sensor = await world.device(sensorEui)
  const relay = await world.device(switchEui, { isClassC: true })
  world.send(relay.send({ fPort: 1, payload: Uint8Array.of(0) }))
  await until('the second device is heard', secondsMax, () => world.ups.find(({ devEui }) => devEui === switchEui))

  const sent: SentFrame[] = []
  const measure = (hundredths: number): void => {
    const frame = sensor.send({ fPort: 2, payload: Uint8Array.of(hundredths >> 8, hundredths & 255) })
    sent.push(frame)
    world.send(frame)
  }
  measure(2345)
  const reading = await until('the reading comes by MQTT', secondsMax, () =>
    world.ups.find(({ devEui }) => devEui === sensorEui),
  )
  assert.deepEqual(reading.object, { temperature: 23.45 })
  const posted = await until('it comes to the webhook', secondsMax, () =>
    world.posts.find(({ body }) => body.includes(sensorEui)),
  )
  assert.equal(posted.event, 'up')
  assert.deepEqual((JSON.parse(posted.body) as { object: unknown }).object, { temperature: 23.45 })

  // A payload waits for the device's next window.
  await world.post(`devices/${sensorEui}/queue`, { fPort: 9, data: 'AQI=' })
  assert.deepEqual(world.downlinks, [])
  measure(2346)
  await until('the payload reaches the device', secondsMax, () =>
    world.downlinks.find(({ devEui, payload }) => devEui === sensorEui && payload === '0102'),
  )

  // One device's reading switches the other on, which listens all the time.
  await world.post('rules', {
    id: 'too-warm',
    owner: world.steps.network().customer.toLowerCase(),
    from: { devEui: sensorEui, fPort: 2 },
    when: { path: 'temperature', op: 'gt', value: 30 },
    to: { devEui: switchEui, fPort: 7, isConfirmed: false },
    payload: { kind: 'template', template: { on: true } },
  })
  measure(2999)
  measure(3001)
  const switched = await until('the second device hears the first', secondsMax, () =>
    world.downlinks.find(({ devEui }) => devEui === switchEui),
  )
  assert.equal(switched.payload, '01')

  // A webhook that was down gets what it missed.
  world.webhook('down')
  measure(1111)
  await until('it comes by MQTT all the same', secondsMax, () =>
    world.ups.find(({ object }) => object?.temperature === 11.11),
  )
  world.webhook('up')
  await until('the webhook gets it later', secondsMax, () => world.posts.find(({ body }) => body.includes('11.11')))

  // Whoever recorded the air plays it again.
  const before = world.ups.length
  for (const frame of sent) world.send(frame)
  measure(2222)
  await until('the next reading comes', secondsMax, () => world.ups.find(({ object }) => object?.temperature === 22.22))
  assert.deepEqual(
    world.ups.slice(before).map(({ object }) => object?.temperature),
    [22.22],
    'nothing that was played again came through',
  )
  const counters = world.ups.filter(({ devEui }) => devEui === sensorEui).map(({ fCnt }) => fCnt)
  assert.deepEqual(
    counters,
    [...new Set(counters)].toSorted((a, b) => a - b),
  )
  assert.deepEqual(world.replays, [])
})
