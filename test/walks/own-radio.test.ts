/**
 * Goal: a customer's own packet forwarder serves its network without any stranger: devices join, are heard and answered, and nothing is
 * owed for it.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { regionOf, simulatedDevice } from '@groundwork/wireless'
import { openSimulatedForwarder } from '@groundwork/wireless/adapters'
import { connectAsync } from 'mqtt'
import { pino } from 'pino'
import { gatewayClient } from '../../packages/groundwork/src/gateway/gateway-client.ts'
import { networkSteps } from '../../packages/groundwork/src/up/local-network.ts'
import { scratchFolder, until } from './program.ts'

const secondsMax = 60
const devEui = '70b3d57ed0000021'
const joinEui = '70b3d57ed0ffffff'
const appKey = devEui + devEui

test('own radios are answered at the gateway itself, and what they hear is free', async () => {
  using folder = scratchFolder()
  const stopping = new AbortController()
  const { signal } = stopping
  await using steps = await networkSteps({
    dataDir: folder.path,
    log: pino({ level: 'silent' }),
    signal,
    plans: [],
  })
  await steps.startChain()
  await steps.startGateway()
  const { gateway, gatewayUrl } = steps.network()
  const client = await gatewayClient({ url: gatewayUrl, dataDir: `${folder.path}/gateway` })
  const post = async <Answer>(url: string, body: object): Promise<Answer> =>
    client.post<Answer>(`/v1/wireless/${url}`, { body: JSON.stringify(body), contentType: 'application/json', signal })
  await post('applications', { id: 'own' })
  await post('profiles', { id: 'eu', region: 'EU868' })
  await post('devices', { devEui, joinEui, applicationId: 'own', profileId: 'eu', appKey })
  const { token } = await post<{ token: string }>('applications/own/tokens', {})
  const url = `mqtt://127.0.0.1:${String(gateway.ready['mqttPort'])}`
  const mqtt = await connectAsync(url, { username: 'own', password: token, reconnectPeriod: 0 })
  const ups: { readonly data: string }[] = []
  mqtt.on('message', (_topic, body) => ups.push(JSON.parse(body.toString()) as { data: string }))
  await mqtt.subscribeAsync(`application/own/device/${devEui}/event/up`)

  const device = simulatedDevice({
    devEui,
    joinEui,
    appKey: Uint8Array.from(Buffer.from(appKey, 'hex')),
    macVersion: '1.0.4',
    region: regionOf('EU868'),
  })
  const taken: string[] = []
  await using forwarder = await openSimulatedForwarder({
    gatewayEui: '00800000a0000009',
    host: '127.0.0.1',
    port: Number(gateway.ready['udpPort']),
    transmit({ phyPayload }) {
      const received = device.receive(phyPayload)
      if (received.kind === 'data' && received.payload.length > 0)
        taken.push(Buffer.from(received.payload).toString('hex'))
      return undefined
    },
  })
  await forwarder.ready
  const hear = (frame: ReturnType<typeof device.send>): void => forwarder.hear({ ...frame, rssiDbm: -90, snrDb: 8 })

  let turn = 0
  await until('the device joins', secondsMax, () => {
    if (device.isJoined) return true
    if (turn++ % 20 === 0) hear(device.join())
    return undefined
  })
  await post(`devices/${devEui}/queue`, { fPort: 3, data: 'qrs=' })
  hear(device.send({ fPort: 1, payload: Uint8Array.of(1, 2, 3) }))
  const up = await until('the uplink comes by MQTT', secondsMax, () => ups[0])
  assert.equal(up.data, 'AQID')
  await until('the payload reaches the device', secondsMax, () => taken.includes('aabb'))
  const status = await client.get<{ hotspots: number; owed: unknown[] }>('/v1/wireless/status', { signal })
  assert.equal(status.hotspots, 0)
  assert.deepEqual(status.owed, [])
  await mqtt.endAsync(true)
  stopping.abort(new Error('the walk is over'))
})
