/**
 * A server for packet forwarders of Semtech's UDP protocol: any number of them on one socket.
 *
 * It acknowledges at once, hands on what was heard, and sends what it is asked to. A push is answered where it came from; a
 * downlink goes where the last pull came from, for that is the address that the forwarder's router lets through. Nothing that
 * comes in throws; what is dropped is counted by reason.
 *
 * The protocol proves nothing: whoever knows an EUI can speak in its name. So what one address can take up is bounded, and those
 * that only push, as a flood of invented names does, never displace those that also pull.
 *
 * @see wire/semtech-udp.ts
 * @module
 */

import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { dropCounter } from '../drop-counter.ts'
import type { RadioDownlink, TransmitRefusal } from '../model/radio.ts'
import type { Clock, Radio, RadioListener, Timers } from '../ports.ts'
import { readWord } from '../wire/little-endian.ts'
import {
  decodeUdpContext,
  encodeAck,
  encodePullResp,
  parseForwarderDatagram,
  readPush,
  readTxAck,
  uplinkOf,
  type DatagramFault,
  type ForwarderDatagram,
  type PacketFault,
  type ReceivedPacket,
} from '../wire/semtech-udp.ts'

/** Forwarders of one socket that pull, at once, inclusive; the one that was silent longest goes. */
export const forwardersMax = 4096
/** Of these, how many may pull from one address, inclusive: a site behind one router. */
export const forwardersPerSourceMax = 1024
/** Forwarders that have not pulled yet, inclusive; the oldest goes. */
export const strangersMax = 1024
/** Datagrams of one address in a second, inclusive: fewer than a core reads, so that others are still heard. */
export const datagramsPerSourceMax = 50_000
/** Addresses that are counted in one second, inclusive; all others share what one may send. */
export const sourcesMax = 8192
/** Datagrams of one forwarder in a second, inclusive. */
export const datagramsPerSecondMax = 2000
/** After so long without a pull a forwarder is no longer sent to; it pulls every 5 to 30 s. */
export const pathMsMax = 90_000
/** Downlinks that wait for word of one forwarder, inclusive. */
export const pendingPerForwarderMax = 64
/** Packets of one forwarder that are remembered, to notice those it repeats. */
const repeatsRemembered = 64
/** How long a forwarder may take to say what it does with a downlink. */
const txAckMsMax = 2000
/** Less than this before a window nothing reaches the concentrator in time. */
const windowLeadMsMin = 30
/** A counter that is farther than this from where it should be has started again. */
const counterJumpUsMax = 15_000_000
const counterSpan = 2 ** 32
const receiveBufferBytes = 8 * 2 ** 20

export type UdpDrop =
  | DatagramFault
  | PacketFault
  | 'not-json'
  | 'too-many-datagrams'
  | 'too-many-of-source'
  | 'too-many-forwarders'
  | 'repeated-by-gateway'
  | 'unexpected-ack'
  | 'not-sent'

export interface UdpForwarderOptions {
  readonly host: string
  /** 0: the system chooses */
  readonly port: number
  readonly listener: RadioListener
  readonly clock: Clock
  readonly timers: Timers
  /** of the antenna, subtracted from the power that is asked for; 0 when left out */
  readonly antennaGainDbi?: number
  /** in place of `datagramsPerSourceMax` */
  readonly datagramsPerSourceMax?: number
  /** for forwarders without a queue of their own: hand a downlink over only this long before its window */
  readonly sendLeadMs?: number
}

export interface UdpForwarder extends Radio, AsyncDisposable {
  readonly port: number
  drops(): ReadonlyMap<UdpDrop, number>
  /** EUIs of the forwarders that can be sent to now */
  reachable(): readonly string[]
}

interface Pending {
  readonly downlink: RadioDownlink
  readonly windowIndex: number
  cancel(): void
}

/** What is known of one forwarder. */
interface Forwarder {
  readonly eui: string
  version: 1 | 2
  pull: { readonly address: string; readonly port: number; readonly atMs: number } | undefined
  /** counter of the last packet, and when it came */
  last: { readonly timestampUs: number; readonly atMs: number } | undefined
  era: number
  readonly pending: Map<number, Pending>
  readonly repeats: Set<number>
  second: number
  datagrams: number
}

export async function openUdpForwarder(options: UdpForwarderOptions): Promise<UdpForwarder> {
  const { listener, clock, timers, antennaGainDbi = 0, sendLeadMs } = options
  const perSourceMax = options.datagramsPerSourceMax ?? datagramsPerSourceMax
  const socket = createSocket({ type: options.host.includes(':') ? 'udp6' : 'udp4' })
  socket.bind(options.port, options.host)
  await once(socket, 'listening')
  // Larger than the system's default: a burst of a second waits rather than being lost.
  try {
    socket.setRecvBufferSize(receiveBufferBytes)
  } catch {
    // The system gives what it gives.
  }
  const drops = dropCounter<UdpDrop>()
  /** those that pull, the longest silent first */
  const forwarders = new Map<string, Forwarder>()
  /** those that have only pushed so far, the oldest first */
  const strangers = new Map<string, Forwarder>()
  /** address to how many of `forwarders` pull from it */
  const pullers = new Map<string, number>()
  /** address to datagrams in this second */
  const heardFrom = new Map<string, number>()
  let [heardSecond, nextToken] = [0, Math.floor(clock.elapsedMs()) & 0xffff]
  let isClosed = false

  const forwarderOf = (eui: string, version: 1 | 2): Forwarder => {
    const known = forwarders.get(eui) ?? strangers.get(eui)
    if (known !== undefined) {
      known.version = version
      return known
    }
    if (strangers.size >= strangersMax) strangers.delete(strangers.keys().next().value!)
    const made: Forwarder = {
      eui,
      version,
      pull: undefined,
      last: undefined,
      era: 0,
      pending: new Map(),
      repeats: new Set(),
      second: 0,
      datagrams: 0,
    }
    strangers.set(eui, made)
    return made
  }

  const countPuller = (address: string | undefined, by: 1 | -1): void => {
    if (address === undefined) return
    const count = (pullers.get(address) ?? 0) + by
    if (count === 0) pullers.delete(address)
    else pullers.set(address, count)
  }

  /** @returns false when too many pull from that address */
  const notePull = (forwarder: Forwarder, { address, port }: RemoteInfo): boolean => {
    const before = forwarder.pull?.address
    if (before !== address) {
      if ((pullers.get(address) ?? 0) >= forwardersPerSourceMax) return false
      countPuller(before, -1)
      countPuller(address, 1)
    }
    forwarder.pull = { address, port, atMs: clock.elapsedMs() }
    strangers.delete(forwarder.eui)
    // Order of the map is order of silence.
    forwarders.delete(forwarder.eui)
    if (forwarders.size >= forwardersMax) forget(forwarders.values().next().value!)
    forwarders.set(forwarder.eui, forwarder)
    return true
  }

  const forget = (forwarder: Forwarder): void => {
    for (const { downlink, windowIndex, cancel } of forwarder.pending.values()) {
      cancel()
      tell(downlink, windowIndex, 'gateway-away')
    }
    countPuller(forwarder.pull?.address, -1)
    forwarders.delete(forwarder.eui)
  }

  const tell = ({ id, gatewayEui }: RadioDownlink, windowIndex: number, refusal?: TransmitRefusal): void =>
    listener.outcome({
      id,
      gatewayEui,
      windowIndex,
      atMs: clock.nowMs(),
      ...(refusal === undefined ? {} : { refusal }),
    })

  const answer = (bytes: Uint8Array, { address, port }: Pick<RemoteInfo, 'address' | 'port'>): void => {
    if (!isClosed) socket.send(bytes, port, address, onSent)
  }
  const onSent = (error: Error | null): void => {
    if (error !== null) drops.count('not-sent')
  }

  const isTooManyFrom = (address: string): boolean => {
    const second = Math.floor(clock.elapsedMs() / 1000)
    if (second !== heardSecond) {
      heardSecond = second
      heardFrom.clear()
    }
    const name = heardFrom.has(address) || heardFrom.size < sourcesMax ? address : ''
    const count = (heardFrom.get(name) ?? 0) + 1
    heardFrom.set(name, count)
    return count > perSourceMax
  }

  const isTooMany = (forwarder: Forwarder): boolean => {
    const second = Math.floor(clock.elapsedMs() / 1000)
    if (second !== forwarder.second) [forwarder.second, forwarder.datagrams] = [second, 0]
    forwarder.datagrams += 1
    return forwarder.datagrams > datagramsPerSecondMax
  }

  const receive = (bytes: Uint8Array, from: RemoteInfo): void => {
    if (isTooManyFrom(from.address)) return drops.count('too-many-of-source')
    const datagram = parseForwarderDatagram(bytes)
    if (typeof datagram === 'string') return drops.count(datagram)
    const forwarder = forwarderOf(datagram.gatewayEui, datagram.version)
    if (isTooMany(forwarder)) return drops.count('too-many-datagrams')
    switch (datagram.kind) {
      case 'push-data':
        answer(encodeAck(datagram), from)
        return takePush(forwarder, datagram.json)
      case 'pull-data':
        return notePull(forwarder, from) ? answer(encodeAck(datagram), from) : drops.count('too-many-forwarders')
      case 'tx-ack':
        return takeAck(forwarder, datagram)
    }
  }

  const takePush = (forwarder: Forwarder, json: Uint8Array): void => {
    const push = readPush(json)
    if (push === undefined) return drops.count('not-json')
    for (const fault of push.faults) drops.count(fault)
    const heardAtMs = clock.nowMs()
    for (const packet of push.packets) {
      noteCounter(forwarder, packet)
      if (isRepeated(forwarder, packet)) drops.count('repeated-by-gateway')
      else listener.heard(uplinkOf(packet, { gatewayEui: forwarder.eui, heardAtMs, era: forwarder.era }))
    }
    if (push.status !== undefined) {
      const protocol = forwarder.version === 1 ? 'semtech-udp-1' : 'semtech-udp-2'
      listener.status({ ...push.status, gatewayEui: forwarder.eui, atMs: heardAtMs, protocol })
    }
  }

  /** A counter that is not where it should be belongs to a forwarder that has started again. */
  const noteCounter = (forwarder: Forwarder, { timestampUs }: ReceivedPacket): void => {
    if (timestampUs === undefined) return
    const atMs = clock.elapsedMs()
    const { last } = forwarder
    if (last !== undefined) {
      const expectedUs = (last.timestampUs + (atMs - last.atMs) * 1000) % counterSpan
      const awayUs = Math.abs(timestampUs - expectedUs)
      if (Math.min(awayUs, counterSpan - awayUs) > counterJumpUsMax) forwarder.era = (forwarder.era + 1) & 0xffff
    }
    forwarder.last = { timestampUs, atMs }
  }

  const isRepeated = ({ repeats }: Forwarder, { phyPayload, timestampUs }: ReceivedPacket): boolean => {
    if (timestampUs === undefined) return false
    const mic = phyPayload.length >= 4 ? readWord(phyPayload, phyPayload.length - 4) : phyPayload.length
    const name = (mic >>> 0) * 0x200000 + (timestampUs % 0x200000)
    if (repeats.has(name)) return true
    if (repeats.size >= repeatsRemembered) repeats.delete(repeats.values().next().value!)
    repeats.add(name)
    return false
  }

  const takeAck = (forwarder: Forwarder, { token, json }: ForwarderDatagram & { readonly kind: 'tx-ack' }): void => {
    const pending = forwarder.pending.get(token)
    if (pending === undefined) return drops.count('unexpected-ack')
    pending.cancel()
    forwarder.pending.delete(token)
    const { refusal } = readTxAck(json)
    const { downlink, windowIndex } = pending
    tell(downlink, windowIndex, refusal)
    if (refusal !== undefined) offer(forwarder, downlink, windowIndex + 1)
  }

  /** Tries one window; each that cannot be used is told, and the next one tried. */
  const offer = (forwarder: Forwarder, downlink: RadioDownlink, windowIndex: number): void => {
    const window = downlink.windows[windowIndex]
    if (window === undefined) return
    const { pull } = forwarder
    if (pull === undefined || clock.elapsedMs() - pull.atMs > pathMsMax)
      return tell(downlink, windowIndex, 'gateway-away')
    if (forwarder.pending.size >= pendingPerForwarderMax) {
      tell(downlink, windowIndex, 'collision-packet')
      return offer(forwarder, downlink, windowIndex + 1)
    }
    const place = placeOf(forwarder, window.timing)
    if (typeof place === 'string') {
      tell(downlink, windowIndex, place)
      return offer(forwarder, downlink, windowIndex + 1)
    }
    const token = freeToken(forwarder)
    const { timestampUs, antenna, board, leftMs } = place
    const packet = { downlink, window, timestampUs, antenna, board, antennaGainDbi }
    // The path may have changed by then.
    const send = (): void =>
      answer(encodePullResp({ version: forwarder.version, token }, packet), forwarder.pull ?? pull)
    const waitMs = sendLeadMs === undefined || leftMs === undefined ? 0 : Math.max(0, leftMs - sendLeadMs)
    if (waitMs === 0) send()
    const cancels = [
      ...(waitMs === 0 ? [] : [timers.after(waitMs, send)]),
      timers.after(waitMs + txAckMsMax, () => {
        forwarder.pending.delete(token)
        // Version 1 has no answer to wait for: what it was handed counts as sent.
        tell(downlink, windowIndex, forwarder.version === 1 ? undefined : 'no-answer')
      }),
    ]
    forwarder.pending.set(token, { downlink, windowIndex, cancel: () => cancels.forEach((cancel) => cancel()) })
  }

  const placeOf = (
    { era, last }: Forwarder,
    timing: RadioDownlink['windows'][number]['timing'],
  ): TransmitRefusal | { timestampUs?: number; antenna?: number; board?: number; leftMs?: number } => {
    if (timing.kind !== 'delay') return {}
    const context = decodeUdpContext(timing.context)
    if (context === undefined || context.era !== era || last === undefined) return 'no-context'
    const timestampUs = (context.timestampUs + timing.delayMs * 1000) % counterSpan
    const nowUs = (last.timestampUs + (clock.elapsedMs() - last.atMs) * 1000) % counterSpan
    const aheadUs = (timestampUs - nowUs + counterSpan) % counterSpan
    const leftMs = (aheadUs > counterSpan / 2 ? aheadUs - counterSpan : aheadUs) / 1000
    if (leftMs < windowLeadMsMin) return 'too-late'
    return { timestampUs, antenna: context.antenna, board: context.board, leftMs }
  }

  const freeToken = ({ pending }: Forwarder): number => {
    do nextToken = (nextToken + 1) & 0xffff
    while (pending.has(nextToken))
    return nextToken
  }

  socket.on('message', receive)
  // A port that was closed on the other side shows as an error of the socket; it is no reason to end.
  socket.on('error', () => drops.count('not-sent'))

  return {
    port: socket.address().port,
    drops: drops.totals,
    reachable: () => [...forwarders.keys()].filter((eui) => isReachable(eui)),
    isReachable,
    send(downlink) {
      const forwarder = forwarders.get(downlink.gatewayEui)
      if (forwarder === undefined) tell(downlink, 0, 'gateway-away')
      else offer(forwarder, downlink, 0)
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      for (const { pending } of forwarders.values()) for (const { cancel } of pending.values()) cancel()
      socket.close()
      await once(socket, 'close')
    },
  }

  function isReachable(eui: string): boolean {
    const pull = forwarders.get(eui)?.pull
    return pull !== undefined && clock.elapsedMs() - pull.atMs <= pathMsMax
  }
}
