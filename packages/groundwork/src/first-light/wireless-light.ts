/**
 * The main job of the wireless network, done once: two devices join through two strangers' hotspots, a reading arrives by MQTT, one
 * device's message reaches the other, the hotspots are paid by voucher, and the epoch of carriage is audited.
 *
 * Devices and the air are simulated; everything from the packet forwarder's UDP on is what runs anywhere. What it returns is a claim
 * that `verify-light` re-derives from the chain and the published evidence alone.
 *
 * @module
 */

import { epochStepsIn } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { regionOf, simulatedDevice, wirelessNetwork, type SimulatedDevice } from '@groundwork/wireless'
import { openSimulatedForwarder, type SimulatedForwarder } from '@groundwork/wireless/adapters'
import { connectAsync, type MqttClient } from 'mqtt'
import type { GatewayClient } from '../gateway/gateway-client.ts'
import type { Step } from '../progress/run-steps.ts'
import type { LocalNetwork } from '../up/local-network.ts'
import { logsOf } from '../watch/event-logs.ts'
import { routesIn } from '../wireless/routes-in.ts'
import { awaitUntil } from './await-until.ts'
import { EpochWrong, StepFailed } from './first-light-errors.ts'
import { runProgram } from './run-program.ts'

/** What a run claims of wireless; amounts are decimal strings in JSON. */
export interface FirstLightWireless {
  readonly ok: true
  readonly router: Address
  readonly hotspots: readonly { readonly owner: Address; readonly redeemedCredits: bigint }[]
  /** up to which what was redeemed is counted */
  readonly block: bigint
  readonly evidenceCid: string
  readonly epoch: bigint
  readonly units: bigint
  readonly txs: readonly string[]
  /** between the devices and their network: nobody else can derive it */
  readonly private: {
    readonly devEuis: readonly string[]
    /** what the application read, as its codec made it */
    readonly reading: { readonly temperature: number }
    /** the bytes that reached the second device, in hexadecimal */
    readonly delivered: string
  }
}

export interface WirelessLightOptions {
  readonly network: LocalNetwork
  readonly gateway: GatewayClient
  readonly index: ChainIndex
  readonly seed: number
  readonly signal: AbortSignal
}

export interface WirelessLight extends AsyncDisposable {
  /** up to the vouchers */
  readonly carriage: readonly Step[]
  /** once the epoch is over */
  readonly epoch: readonly Step[]
  result(): FirstLightWireless
}

const applicationId = 'first-light'
const sensorEui = '70b3d57ed0000001'
const switchEui = '70b3d57ed0000002'
const joinEui = '70b3d57ed0ffffff'
/** Enough that the draw picks each of two owners, and that more than the credit of 64 is carried. */
const uplinks = 96
const secondsMax = 60
const epochSecondsMax = 150

/** A thermometer's two bytes, hundredths of a degree. */
const codec = `function decodeUplink(input) {
  return { data: { temperature: ((input.bytes[0] << 8) | input.bytes[1]) / 100 } }
}
function encodeDownlink(input) { return { bytes: [input.data.on ? 1 : 0], fPort: 7 } }`

interface AuditSaid {
  readonly agrees: boolean
  readonly lines: readonly { readonly account: string; readonly kind: number; readonly quantity: string }[]
}

export function wirelessLight({ network, gateway, index, seed, signal }: WirelessLightOptions): WirelessLight {
  const region = regionOf(network.band)
  const keyOf = (fill: number): Uint8Array => new Uint8Array(16).map((_, at) => (seed * 31 + fill * 7 + at * 13) & 255)
  const device = (devEui: string, fill: number): SimulatedDevice =>
    simulatedDevice({ devEui, joinEui, appKey: keyOf(fill), macVersion: '1.0.4', region })
  const [sensor, relay] = [device(sensorEui, 1), device(switchEui, 2)]
  const forwarders: SimulatedForwarder[] = []
  const delivered: Uint8Array[] = []
  const state: {
    mqtt?: MqttClient
    reading?: { temperature: number }
    epoch?: { epoch: bigint; evidenceCid: string; units: bigint }
  } = {}
  const router = network.customer.toLowerCase() as Address

  /** Whatever a gateway sends, both devices hear; only the one it is for can read it. */
  const air = (phyPayload: Uint8Array): undefined => {
    for (const one of [sensor, relay]) {
      const received = one.receive(phyPayload)
      if (one === relay && received.kind === 'data' && received.payload.length > 0) delivered.push(received.payload)
    }
    return undefined
  }
  const send = (frame: ReturnType<SimulatedDevice['join']>): void => {
    for (const [place, forwarder] of forwarders.entries())
      forwarder.hear({ ...frame, rssiDbm: -101 - 3 * place, snrDb: 7 - place })
  }
  const redeemedBy = (owner: Address, until?: bigint): bigint =>
    logsOf(index, { contract: 'rails', event: 'Redeemed', until })
      .filter(
        ({ args }) => String(args['payer']).toLowerCase() === router && String(args['payee']).toLowerCase() === owner,
      )
      .reduce((sum, { args }) => sum + BigInt(String(args['credits'])), 0n)
  const owners = (): Address[] => network.hotspots.map(({ operator }) => operator.toLowerCase() as Address)

  const carriage: readonly Step[] = [
    {
      title: 'A device owner provisions two devices and publishes a route; two strangers’ hotspots read it',
      run: async () => {
        const post = async (path: string, body: object): Promise<void> => {
          await gateway.post(`/v1/wireless/${path}`, {
            body: JSON.stringify(body),
            contentType: 'application/json',
            signal,
          })
        }
        await post('applications', { id: applicationId, name: 'First light' })
        await post('profiles', {
          id: 'thermometer',
          region: network.band,
          macVersion: '1.0.4',
          codec: { kind: 'javascript', script: codec },
        })
        await post('profiles', {
          id: 'switch',
          region: network.band,
          macVersion: '1.0.4',
          supportsClassC: true,
          codec: { kind: 'javascript', script: codec },
        })
        const hex = (fill: number): string => Buffer.from(keyOf(fill)).toString('hex')
        await post('devices', {
          devEui: sensorEui,
          joinEui,
          applicationId,
          profileId: 'thermometer',
          appKey: hex(1),
        })
        await post('devices', { devEui: switchEui, joinEui, applicationId, profileId: 'switch', appKey: hex(2) })
        await post('rules', {
          id: 'too-warm',
          owner: router,
          from: { devEui: sensorEui, fPort: 2 },
          when: { path: 'temperature', op: 'gt', value: 30 },
          to: { devEui: switchEui, fPort: 7, isConfirmed: false },
          payload: { kind: 'template', template: { on: true } },
        })
        for (const [place, hotspot] of network.hotspots.entries()) {
          const forwarder = await openSimulatedForwarder({
            gatewayEui: `00800000a000000${place + 1}`,
            host: new URL(network.gatewayUrl).hostname,
            port: hotspot.udpPort,
            transmit: ({ phyPayload }) => air(phyPayload),
          })
          forwarders.push(forwarder)
          await forwarder.ready
        }
        await awaitUntil({
          what: 'the route stands on the chain',
          secondsMax,
          signal,
          look: () => (routesIn(index).some((route) => route.router === router && route.isOpen) ? true : undefined),
        })
        return `route of ${router}`
      },
    },
    {
      title: 'Both devices join over the air, each through two hotspots of two owners',
      run: async () => {
        for (const one of [sensor, relay]) {
          // A join that no hotspot carries yet is sent again, as a device does.
          let again = 0
          await awaitUntil({
            what: `device ${one.devEui} joins`,
            secondsMax,
            signal,
            look: () => {
              if (one.isJoined) return true
              if (again++ % 10 === 0) send(one.join())
              return undefined
            },
          })
        }
        send(relay.send({ fPort: 1, payload: Uint8Array.of(0, 0) }))
        return `addresses ${[sensor, relay].map(({ devAddr }) => (devAddr ?? 0).toString(16).padStart(8, '0')).join(', ')}`
      },
    },
    {
      title: 'A reading arrives by MQTT, decoded',
      run: async () => {
        const { token } = await gateway.post<{ token: string }>(`/v1/wireless/applications/${applicationId}/tokens`, {
          body: '{}',
          contentType: 'application/json',
          signal,
        })
        const url = `mqtt://${new URL(network.gatewayUrl).hostname}:${String(network.gateway.ready['mqttPort'])}`
        const client = await connectAsync(url, { username: applicationId, password: token, reconnectPeriod: 0 })
        state.mqtt = client
        client.on('message', (_topic, body) => {
          const { object } = JSON.parse(body.toString()) as { object?: { temperature: number } }
          if (object !== undefined) state.reading ??= object
        })
        await client.subscribeAsync(`application/${applicationId}/device/${sensorEui}/event/up`)
        send(sensor.send({ fPort: 2, payload: Uint8Array.of(0x09, 0x29) }))
        const reading = await awaitUntil({
          what: 'the reading arrives by MQTT',
          secondsMax,
          signal,
          look: () => state.reading,
        })
        return `${reading.temperature} °C`
      },
    },
    {
      title: 'It grows too warm: the message of one device reaches the other',
      run: async () => {
        // As a thermometer does: it says so again. The second device is heard too, so that the network knows where it is.
        let again = 0
        const payload = await awaitUntil({
          what: 'the second device hears the first',
          secondsMax: epochSecondsMax,
          signal,
          look: () => {
            if (delivered[0] === undefined && again++ % 50 === 0) {
              send(relay.send({ fPort: 1, payload: Uint8Array.of(0, 0) }))
              send(sensor.send({ fPort: 2, payload: Uint8Array.of(0x0c, 0x80) }))
            }
            return delivered[0]
          },
        })
        return `${Buffer.from(payload).toString('hex')} at ${switchEui}`
      },
    },
    {
      title: 'Both hotspots are paid by voucher for what they carried',
      run: async (tell) => {
        let sent = 0
        await awaitUntil({
          what: 'both hotspots redeemed vouchers',
          secondsMax: epochSecondsMax,
          signal,
          look: () => {
            // As often as a device may, and no longer than needed.
            for (let burst = 0; burst < 4 && sent < uplinks; burst += 1, sent += 1)
              send(sensor.send({ fPort: 3, payload: Uint8Array.of(sent & 255, 0) }))
            if (sent === uplinks) {
              tell(`${sent} uplinks are sent`)
              sent += 1
            }
            return owners().every((owner) => redeemedBy(owner) > 0n) ? true : undefined
          },
        })
        return owners()
          .map((owner) => `${redeemedBy(owner)} credits to ${owner}`)
          .join(', ')
      },
    },
  ]

  const epoch: readonly Step[] = [
    {
      title: 'The epoch of carriage closes, and a stranger audits its lines',
      run: async (tell) => {
        let told = ''
        const wanted = new Set(owners())
        const finalised = await awaitUntil({
          what: 'an epoch of carriage is finalised',
          secondsMax: epochSecondsMax,
          signal,
          look: () => {
            const steps = epochStepsIn(index, { network: wirelessNetwork })
            const last = steps.at(-1)
            if (last !== undefined && `${last.epoch} ${last.state}` !== told) {
              told = `${last.epoch} ${last.state}`
              tell(`epoch ${last.epoch} of carriage is ${last.state}`)
            }
            const wrong = steps.find(({ state: how }) => how === 'rejected' || how === 'lapsed')
            if (wrong !== undefined)
              throw new EpochWrong('GW_EPOCH_REJECTED', { epoch: wrong.epoch, reason: wrong.state })
            return steps.find(({ state: how }) => how === 'finalised')
          },
        })
        if (finalised.evidence === undefined) throw new StepFailed({ step: 'epoch', why: 'it names no evidence' })
        const words = ['audit', 'wireless', String(finalised.epoch), '--rpc', network.rpcUrl]
        const { lines } = await runProgram<AuditSaid>({ words, cwd: network.dataDir, signal })
        const paid = lines.filter(({ kind, account }) => kind === 1 && wanted.has(account.toLowerCase() as Address))
        if (paid.length === 0) throw new StepFailed({ step: 'epoch', why: 'no hotspot has a line for what it carried' })
        const units = paid.reduce((sum, { quantity }) => sum + BigInt(quantity), 0n)
        state.epoch = {
          epoch: finalised.epoch,
          evidenceCid: cidOfDigest(finalised.evidence).toString(),
          units,
        }
        return `epoch ${finalised.epoch}: ${units} units in ${paid.length} lines`
      },
    },
  ]

  return {
    carriage,
    epoch,
    result: () => {
      const { reading, epoch: closed } = state
      const [payload] = delivered
      if (reading === undefined || closed === undefined || payload === undefined)
        throw new StepFailed({ step: 'wireless', why: 'it has not run' })
      const steps = epochStepsIn(index, { network: wirelessNetwork })
      const block = index.tip()?.number ?? 0n
      return {
        ok: true,
        router,
        hotspots: owners().map((owner) => ({ owner, redeemedCredits: redeemedBy(owner, block) })),
        block,
        evidenceCid: closed.evidenceCid,
        epoch: closed.epoch,
        units: closed.units,
        txs: [
          ...new Set(
            steps.filter((step) => step.epoch === closed.epoch && step.state !== 'sealed').map(({ tx }) => tx),
          ),
        ],
        private: { devEuis: [sensorEui, switchEui], reading, delivered: Buffer.from(payload).toString('hex') },
      }
    },
    async [Symbol.asyncDispose]() {
      await state.mqtt?.endAsync(true)
      for (const forwarder of forwarders) await forwarder[Symbol.asyncDispose]()
    },
  }
}
