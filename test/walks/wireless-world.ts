/**
 * A customer's LoRaWAN network over two strangers' hotspots, each a process, with devices, forwarders and an application of the test.
 *
 * Devices keep to the specification and are heard by both forwarders; whatever a gateway sends, every device hears. Here is only
 * the doing; what holds is for the walk to say.
 *
 * @module
 */

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { devnetParameters } from '@groundwork/chain/devnet/parameters.ts'
import { regionOf, simulatedDevice, type SentFrame, type SimulatedDevice } from '@groundwork/wireless'
import { openSimulatedForwarder, type SimulatedForwarder } from '@groundwork/wireless/adapters'
import { connectAsync, type MqttClient } from 'mqtt'
import { pino } from 'pino'
import { gatewayClient, type GatewayClient } from '../../packages/groundwork/src/gateway/gateway-client.ts'
import { networkSteps, type NetworkSteps } from '../../packages/groundwork/src/up/local-network.ts'
import { scratchFolder, until } from './program.ts'

/** Something has to happen within this, kills and a loaded machine included. */
export const secondsMax = 120
const values = { ...devnetParameters, epochBlocks: 12, evidenceBlocks: 6, windowBlocks: 4 }
const joinEui = '70b3d57ed0ffffff'
export const applicationId = 'walk'

/** A thermometer's two bytes, hundredths of a degree; a switch's one. */
const codec = `function decodeUplink(input) {
  return { data: { temperature: ((input.bytes[0] << 8) | input.bytes[1]) / 100 } }
}
function encodeDownlink(input) { return { bytes: [input.data.on ? 1 : 0], fPort: 7 } }`

export interface HeardDownlink {
  readonly devEui: string
  readonly payload: string
}

export interface UpEvent {
  readonly devEui: string
  readonly fCnt: number
  readonly object?: { readonly temperature: number }
}

export interface WirelessWorld extends AsyncDisposable {
  readonly steps: NetworkSteps
  readonly signal: AbortSignal
  readonly forwarders: readonly SimulatedForwarder[]
  /** payloads that devices took, in order */
  readonly downlinks: readonly HeardDownlink[]
  /** downlinks that a device refused because their counter had been before */
  readonly replays: readonly string[]
  /** every uplink that the application heard by MQTT, in order */
  readonly ups: readonly UpEvent[]
  /** bodies that came to the application's webhook, by event */
  readonly posts: readonly { readonly event: string; readonly body: string }[]
  webhook(how: 'up' | 'down'): void
  client(): Promise<GatewayClient>
  post<Answer>(url: string, body: object): Promise<Answer>
  /** Provisions it and lets it join over the air. */
  device(devEui: string, options?: { readonly isClassC?: boolean }): Promise<SimulatedDevice>
  /** Both hotspots hear it. */
  send(frame: SentFrame): void
  /** SIGKILL, then a start with the same folder and ports. */
  kill(name: string): Promise<void>
}

export async function openWirelessWorld(): Promise<WirelessWorld> {
  const folder = scratchFolder()
  const stopping = new AbortController()
  const { signal } = stopping
  const steps = await networkSteps({
    dataDir: folder.path,
    log: pino({ level: 'silent' }),
    signal,
    values,
    plans: [],
  })
  const devices: SimulatedDevice[] = []
  const forwarders: SimulatedForwarder[] = []
  const [downlinks, replays, ups, posts]: [HeardDownlink[], string[], UpEvent[], { event: string; body: string }[]] = [
    [],
    [],
    [],
    [],
  ]
  const state: { mqtt?: MqttClient; isHookDown: boolean } = { isHookDown: false }
  const hook: Server = createServer((request, response) => {
    const event = new URL(request.url ?? '/', 'http://hook').searchParams.get('event') ?? ''
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      if (!state.isHookDown) posts.push({ event, body })
      response.writeHead(state.isHookDown ? 503 : 204).end()
    })
  })
  const end = async (): Promise<void> => {
    await state.mqtt?.endAsync(true)
    hook.closeAllConnections()
    hook.close()
    for (const forwarder of forwarders) await forwarder[Symbol.asyncDispose]()
    await steps[Symbol.asyncDispose]()
    stopping.abort(new Error('the walk is over'))
    folder[Symbol.dispose]()
  }
  const client = async (): Promise<GatewayClient> =>
    gatewayClient({ url: steps.network().gatewayUrl, dataDir: path.join(folder.path, 'gateway') })
  const post = async <Answer>(url: string, body: object): Promise<Answer> =>
    (await client()).post<Answer>(`/v1/wireless/${url}`, {
      body: JSON.stringify(body),
      contentType: 'application/json',
      signal: AbortSignal.timeout(secondsMax * 1_000),
    })

  const air = (phyPayload: Uint8Array): undefined => {
    for (const device of devices) {
      const received = device.receive(phyPayload)
      if (received.kind === 'ignored' && received.reason === 'replayed') replays.push(device.devEui)
      if (received.kind === 'data' && received.payload.length > 0)
        downlinks.push({ devEui: device.devEui, payload: Buffer.from(received.payload).toString('hex') })
    }
    return undefined
  }
  const send = (frame: SentFrame): void => {
    for (const [place, forwarder] of forwarders.entries())
      forwarder.hear({ ...frame, rssiDbm: -101 - 3 * place, snrDb: 7 - place })
  }

  try {
    await steps.startChain()
    await steps.startGateway()
    await steps.startHotspots()
    for (const [place, { udpPort }] of steps.network().hotspots.entries()) {
      const gatewayEui = `00800000a000000${place + 1}`
      const forwarder = await openSimulatedForwarder({
        gatewayEui,
        host: '127.0.0.1',
        port: udpPort,
        transmit: ({ phyPayload }) => air(phyPayload),
      })
      forwarders.push(forwarder)
      await forwarder.ready
    }
    await post('applications', { id: applicationId })
    const profile = { region: 'EU868', codec: { kind: 'javascript', script: codec } }
    await post('profiles', { ...profile, id: 'class-a' })
    await post('profiles', { ...profile, id: 'class-c', supportsClassC: true })
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/in`
    await post('webhooks', { id: 'hook', applicationId, url, events: ['up'] })
    const { token } = await post<{ token: string }>(`applications/${applicationId}/tokens`, {})
    const mqtt = await connectAsync(`mqtt://127.0.0.1:${String(steps.network().gateway.ready['mqttPort'])}`, {
      username: applicationId,
      password: token,
      reconnectPeriod: 200,
    })
    state.mqtt = mqtt
    mqtt.on('error', () => undefined)
    mqtt.on('message', (_topic, body) => {
      const { deviceInfo, fCnt, object } = JSON.parse(body.toString()) as {
        deviceInfo: { devEui: string }
        fCnt: number
        object?: { temperature: number }
      }
      ups.push({ devEui: deviceInfo.devEui, fCnt, ...(object === undefined ? {} : { object }) })
    })
    await mqtt.subscribeAsync(`application/${applicationId}/device/+/event/up`)
  } catch (error) {
    await end()
    throw error
  }

  return {
    steps,
    signal,
    forwarders,
    downlinks,
    replays,
    ups,
    posts,
    webhook: (how) => {
      state.isHookDown = how === 'down'
    },
    client,
    post,
    async device(devEui, { isClassC = false } = {}) {
      const appKey = Uint8Array.from(Buffer.from(devEui + devEui, 'hex'))
      await post('devices', {
        devEui,
        joinEui,
        applicationId,
        profileId: isClassC ? 'class-c' : 'class-a',
        appKey: devEui + devEui,
      })
      const device = simulatedDevice({ devEui, joinEui, appKey, macVersion: '1.0.4', region: regionOf('EU868') })
      devices.push(device)
      let again = 0
      // A join that no hotspot carries yet is sent again, as a device does.
      await until(`${devEui} joins`, secondsMax, () => {
        if (device.isJoined) return true
        if (again++ % 20 === 0) send(device.join())
        return undefined
      })
      return device
    },
    send,
    async kill(name) {
      const { gateway, hotspots } = steps.network()
      const child = [gateway, ...hotspots.map((hotspot) => hotspot.child)].find((one) => one.name === name)
      if (child === undefined) throw new TypeError(`there is no program ${name}`)
      child.kill('SIGKILL')
      await child.exited
      await steps.restart(name)
    },
    [Symbol.asyncDispose]: end,
  }
}
