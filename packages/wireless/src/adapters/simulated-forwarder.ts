/**
 * A packet forwarder without a concentrator: speaks Semtech's UDP protocol, hears what it is told to hear, and sends into the air of
 * whoever made it.
 *
 * For first light, simulations and load: to a server it is a forwarder like any other.
 *
 * @module
 */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Modulation } from '../model/modulation.ts'
import { decodeBase64, encodeBase64 } from '../wire/base64.ts'
import { datagramKinds } from '../wire/semtech-udp.ts'

const pullEveryMs = 5_000

interface TransmitPacket {
  readonly data: string
  readonly freq: number
  readonly datr: string | number
  readonly powe: number
  readonly ipol?: boolean
}

/** A frame as this forwarder's concentrator hears it. */
export interface HeardFrame {
  readonly phyPayload: Uint8Array
  readonly frequencyHz: number
  readonly modulation: Modulation
  readonly channel: number
  readonly rssiDbm: number
  readonly snrDb: number
}

/** A frame as this forwarder's concentrator sends it. */
export interface TransmittedFrame {
  readonly phyPayload: Uint8Array
  readonly frequencyHz: number
  /** 0 for anything but LoRa */
  readonly spreadingFactor: number
  readonly powerDbm: number
  /** as devices hear it; other gateways hear what is not */
  readonly isInverted: boolean
}

export interface SimulatedForwarderOptions {
  /** 16 hexadecimal digits */
  readonly gatewayEui: string
  readonly host: string
  readonly port: number
  /** A frame leaves the antenna. @returns why it does not, in the protocol's words */
  readonly transmit: (frame: TransmittedFrame) => string | undefined
  /** microseconds of the concentrator, 32 bits; the machine's clock when left out */
  readonly counterUs?: () => number
}

export interface SimulatedForwarder extends AsyncDisposable {
  hear(frame: HeardFrame): void
  /** Resolves once the server has answered a pull: from then on it can send. */
  readonly ready: Promise<void>
  readonly acknowledged: number
}

export async function openSimulatedForwarder(options: SimulatedForwarderOptions): Promise<SimulatedForwarder> {
  const { gatewayEui, host, port, transmit } = options
  const counterUs = options.counterUs ?? (() => Math.floor(performance.now() * 1000) % 2 ** 32)
  const eui = Buffer.from(gatewayEui, 'hex')
  const socket = createSocket('udp4')
  socket.bind(0)
  await once(socket, 'listening')
  const { promise: ready, resolve: becomeReady } = Promise.withResolvers<void>()
  let [token, acknowledged] = [0, 0]

  const send = (kind: number, ownToken: number, body: string): void =>
    socket.send(
      Buffer.concat([Buffer.from([2, ownToken >> 8, ownToken & 255, kind]), eui, Buffer.from(body)]),
      port,
      host,
    )
  const nextToken = (): number => (token = (token + 1) & 0xffff)
  const pull = (): void => send(datagramKinds.pullData, nextToken(), '')

  socket.on('message', (bytes) => {
    if (bytes.length < 4) return
    const kind = bytes[3]
    if (kind === datagramKinds.pullAck) return becomeReady()
    if (kind === datagramKinds.pushAck) {
      acknowledged += 1
      return
    }
    if (kind !== datagramKinds.pullResp) return
    const { txpk } = JSON.parse(bytes.subarray(4).toString()) as { txpk: TransmitPacket }
    const frame = {
      phyPayload: decodeBase64(txpk.data) ?? new Uint8Array(0),
      frequencyHz: Math.round(txpk.freq * 1e6),
      spreadingFactor: Number(/^SF(\d+)BW/.exec(String(txpk.datr))?.[1] ?? 0),
      powerDbm: txpk.powe,
      isInverted: txpk.ipol === true,
    }
    const error = transmit(frame) ?? 'NONE'
    send(datagramKinds.txAck, bytes.readUInt16BE(1), JSON.stringify({ txpk_ack: { error } }))
  })
  socket.on('error', () => undefined)
  const timer = setInterval(pull, pullEveryMs)
  timer.unref()
  pull()

  return {
    ready,
    hear({ phyPayload, frequencyHz, modulation, channel, rssiDbm, snrDb }) {
      const datr =
        modulation.kind === 'lora'
          ? `SF${modulation.spreadingFactor}BW${modulation.bandwidthHz / 1000}`
          : modulation.kind === 'fsk'
            ? modulation.bitRate
            : `M0CW${modulation.widthHz / 1000}`
      const packet = {
        tmst: counterUs(),
        chan: channel,
        rfch: 0,
        freq: frequencyHz / 1e6,
        stat: 1,
        modu: modulation.kind === 'fsk' ? 'FSK' : 'LORA',
        datr,
        codr: '4/5',
        rssi: rssiDbm,
        lsnr: snrDb,
        size: phyPayload.length,
        data: encodeBase64(phyPayload),
      }
      send(datagramKinds.pushData, nextToken(), JSON.stringify({ rxpk: [packet] }))
    },
    get acknowledged() {
      return acknowledged
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      socket.close()
      await once(socket, 'close')
    },
  }
}
