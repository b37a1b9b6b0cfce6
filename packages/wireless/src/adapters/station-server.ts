/**
 * A network server (LNS) for Basics Stations over WebSocket: tells each where to connect, what to listen to and what time it is, hands
 * on what it heard, and has it send.
 *
 * A station says when it has sent and is silent when it has not: silence past the last window is told as `no-answer`. Nothing that
 * comes in throws; what is dropped is counted by reason. TLS ends in front of this server, where it is wanted.
 *
 * @see wire/basics-station.ts, wire/station-config.ts
 * @module
 */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { dropCounter } from '../drop-counter.ts'
import { gpsMsOf } from '../gps-time.ts'
import type { Eui, RadioDownlink, TransmitRefusal, TransmitWindow } from '../model/radio.ts'
import type { Clock, Radio, RadioListener, Timers } from '../ports.ts'
import { downlinkDataRateOf } from '../region/data-rate.ts'
import {
  areOneMessage,
  decodeStationContext,
  dnmsgOf,
  readDiscovery,
  readStationMessage,
  stationMessageBytesMax,
  stationUplink,
  writeDiscovery,
  writeTimesync,
  type StationFault,
  type StationFrame,
  type StationMessage,
} from '../wire/basics-station.ts'
import { writeExactJson } from '../wire/exact-json.ts'
import { isEui, readWord } from '../wire/little-endian.ts'
import { frequencyRange, routerConfigOf, type StationSettings } from '../wire/station-config.ts'

/** Stations at once, inclusive; more are turned away. */
export const stationsMax = 1024
/** Stations that ask where to connect, at once, inclusive. */
export const discoveriesMax = 256
/** Connections that have asked for nothing yet, at once, inclusive; the oldest goes. */
export const silentConnectionsMax = 256
/** Messages of one station in a second, inclusive. */
export const stationMessagesPerSecondMax = 500
/** Downlinks that one station has not confirmed, inclusive; it has room for 128. */
export const pendingPerStationMax = 64
/** Bytes that may wait in a socket; a station that does not read is let go. */
export const stationSocketBytesMax: number = 1024 * 1024

const discoveryMsMax = 10_000
/** A station that has answered nothing for so long is gone. */
const pingMs = 30_000
/** After its last window a station confirms within. */
const confirmMsMax = 2000
/** For class C a station tries ten times, a tenth of a second apart. */
const immediateMsMax = 1500
/** Less than this before a window nothing reaches the concentrator in time. */
const windowLeadMsMin = 20
/** A station takes nothing that is farther ahead. */
const aheadMsMax = 600_000
/** Frames of one station that are remembered, to notice those it repeats. */
const repeatsRemembered = 64
/** An address with port and path that a station takes has 127 characters. */
const hostLengthMax = 90
const gatewayPath = '/gateway/'

export type StationDrop =
  | StationFault
  | 'bad-data-rate'
  | 'repeated-by-gateway'
  | 'unexpected-confirmation'
  | 'ignored-message'
  | 'binary-message'
  | 'too-many-messages'
  | 'broken-message'
  | 'not-reading'
  | 'not-sent'
  | 'unknown-path'
  | 'not-admitted'
  | 'no-discovery'
  | 'too-many-stations'
  | 'silent-connection'

export interface StationServerOptions {
  readonly host: string
  /** 0: the system chooses */
  readonly port: number
  readonly listener: RadioListener
  readonly clock: Clock
  readonly timers: Timers
  /** What a station is told; undefined: it is turned away. @param authorization the header of its request, as it stands */
  readonly settingsOf: (gatewayEui: Eui, authorization: string | undefined) => StationSettings | undefined
  /** where stations reach this server, as in wss://lns.example.org:443; the address that they asked at when left out */
  readonly publicUri?: string
}

export interface StationServer extends Radio, AsyncDisposable {
  readonly port: number
  drops(): ReadonlyMap<StationDrop, number>
  /** EUIs of the stations that can be sent to now */
  reachable(): readonly Eui[]
}

interface Pending {
  readonly downlink: RadioDownlink
  readonly windowIndex: number
  /** whether the next window went with it */
  readonly hasNext: boolean
  cancel(): void
}

/** One connection of one station. */
interface Station {
  readonly eui: Eui
  readonly socket: WebSocket
  readonly settings: StationSettings
  readonly session: number
  /** since it said who it is and was told what to do */
  isConfigured: boolean
  isAlive: boolean
  /** whether its last frame had a GPS time; undefined before the first */
  hasGps: boolean | undefined
  /** the last frame's place, and when it came */
  last: { readonly xtime: bigint; readonly atMs: number } | undefined
  readonly pending: Map<number, Pending>
  readonly repeats: Set<number>
  second: number
  messages: number
}

export async function openStationServer(options: StationServerOptions): Promise<StationServer> {
  const { listener, clock, timers, settingsOf } = options
  const publicUri = options.publicUri === undefined ? undefined : withPort(options.publicUri)
  const drops = dropCounter<StationDrop>()
  const stations = new Map<Eui, Station>()
  const discoveries = new Set<WebSocket>()
  const silent = new Set<Socket>()
  let nextSession = Math.floor(clock.elapsedMs()) & 0xffff

  const server = createServer((_request, response) => response.writeHead(426).end())
  server.maxConnections = stationsMax + discoveriesMax + silentConnectionsMax + 1
  const upgrader = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: stationMessageBytesMax,
    perMessageDeflate: false,
  })

  // Whoever connects and says nothing must not take the place of a station.
  server.on('connection', (socket: Socket) => {
    const oldest = silent.size >= silentConnectionsMax ? silent.values().next().value : undefined
    if (oldest !== undefined) {
      drops.count('silent-connection')
      silent.delete(oldest)
      oldest.destroy()
    }
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })

  const turnAway = (duplex: Duplex, reason: StationDrop, status: string): void => {
    drops.count(reason)
    duplex.once('finish', () => duplex.destroy())
    duplex.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  }

  server.on('upgrade', (request: IncomingMessage, duplex: Duplex, head: Buffer) => {
    duplex.on('error', () => drops.count('not-sent'))
    silent.delete(request.socket)
    const [path = ''] = (request.url ?? '').split('?')
    const eui = path.slice(gatewayPath.length).toLowerCase()
    if (path === '/router-info') {
      if (discoveries.size >= discoveriesMax) return turnAway(duplex, 'too-many-stations', '503 Service Unavailable')
      return upgrader.handleUpgrade(request, duplex, head, (socket) => discover(socket, request))
    }
    if (!path.startsWith(gatewayPath) || !isEui(eui)) return turnAway(duplex, 'unknown-path', '404 Not Found')
    const settings = settingsOf(eui, request.headers.authorization)
    if (settings === undefined) return turnAway(duplex, 'not-admitted', '403 Forbidden')
    if (stations.size >= stationsMax && !stations.has(eui))
      return turnAway(duplex, 'too-many-stations', '503 Service Unavailable')
    upgrader.handleUpgrade(request, duplex, head, (socket) => connect(socket, eui, settings))
  })

  const say = (socket: WebSocket, text: string): void => {
    if (socket.bufferedAmount > stationSocketBytesMax) {
      drops.count('not-reading')
      return socket.terminate()
    }
    socket.send(text, onSent)
  }
  const onSent = (error?: Error | null): void => {
    if (error !== undefined && error !== null) drops.count('not-sent')
  }

  /** What is no WebSocket message, or too long a one, is the connection's last. */
  const endAtError = (socket: WebSocket): void => {
    socket.on('error', () => {
      drops.count('broken-message')
      socket.terminate()
    })
  }

  /** The first of a station's two connections: one question, one answer. */
  const discover = (socket: WebSocket, request: IncomingMessage): void => {
    discoveries.add(socket)
    const cancel = timers.after(discoveryMsMax, () => socket.terminate())
    endAtError(socket)
    socket.once('close', () => {
      cancel()
      discoveries.delete(socket)
    })
    socket.once('message', (data, isBinary) => {
      const eui = isBinary ? undefined : readDiscovery(textOf(data))
      if (eui === undefined) {
        drops.count('no-discovery')
        return socket.terminate()
      }
      const base = publicUri ?? uriAskedAt(request)
      const isAdmitted = settingsOf(eui, request.headers.authorization) !== undefined
      if (!isAdmitted) drops.count('not-admitted')
      const answer =
        base === undefined
          ? { error: 'no address' }
          : isAdmitted
            ? { uri: `${base}${gatewayPath}${eui}` }
            : { error: 'not admitted' }
      say(socket, writeDiscovery(eui, answer))
      socket.close(1000)
    })
  }

  const connect = (socket: WebSocket, eui: Eui, settings: StationSettings): void => {
    const before = stations.get(eui)
    if (before !== undefined) leave(before)
    nextSession = (nextSession + 1) & 0xffff
    const station: Station = {
      eui,
      socket,
      settings,
      session: nextSession,
      isConfigured: false,
      isAlive: true,
      hasGps: undefined,
      last: undefined,
      pending: new Map(),
      repeats: new Set(),
      second: 0,
      messages: 0,
    }
    stations.set(eui, station)
    endAtError(socket)
    socket.once('close', () => leave(station))
    socket.on('pong', () => (station.isAlive = true))
    socket.on('message', (data, isBinary) => {
      station.isAlive = true
      if (isTooMany(station)) return drops.count('too-many-messages')
      if (isBinary) return drops.count('binary-message')
      const message = readStationMessage(textOf(data))
      if (typeof message === 'string') drops.count(message)
      else take(station, message)
    })
  }

  /** The station's newest connection is the one that counts; what it was asked before is lost with the old one. */
  const leave = (station: Station): void => {
    if (stations.get(station.eui) === station) stations.delete(station.eui)
    for (const { downlink, windowIndex, cancel } of station.pending.values()) {
      cancel()
      tell(downlink, windowIndex, 'gateway-away')
    }
    station.pending.clear()
    station.socket.terminate()
  }

  const isTooMany = (station: Station): boolean => {
    const second = Math.floor(clock.elapsedMs() / 1000)
    if (second !== station.second) [station.second, station.messages] = [second, 0]
    station.messages += 1
    return station.messages > stationMessagesPerSecondMax
  }

  const take = (station: Station, message: StationMessage): void => {
    switch (message.kind) {
      case 'frame':
        return takeFrame(station, message)
      case 'sent':
        return takeConfirmation(station, message)
      case 'version':
        say(station.socket, writeExactJson(routerConfigOf(station.settings, clock.nowMs())))
        station.isConfigured = true
        return listener.status({
          gatewayEui: station.eui,
          atMs: clock.nowMs(),
          protocol: 'basics-station',
          software: message.software,
        })
      case 'timesync': {
        const unixMs = clock.nowMs()
        return say(station.socket, writeTimesync({ gpsTimeMs: gpsMsOf(unixMs), unixMs, txtime: message.txtime }))
      }
      case 'ignored':
        return drops.count('ignored-message')
    }
  }

  const takeFrame = (station: Station, frame: StationFrame): void => {
    const { eui: gatewayEui, settings, session } = station
    station.last = { xtime: frame.place.xtime, atMs: clock.elapsedMs() }
    station.hasGps = frame.gpsTimeMs !== undefined
    if (isRepeated(station, frame)) return drops.count('repeated-by-gateway')
    const { region } = settings
    const uplink = stationUplink(frame, { gatewayEui, region, heardAtMs: clock.nowMs(), session })
    if (uplink === undefined) drops.count('bad-data-rate')
    else listener.heard(uplink)
  }

  const isRepeated = ({ repeats }: Station, { phyPayload, place }: StationFrame): boolean => {
    const mic = phyPayload.length >= 4 ? readWord(phyPayload, phyPayload.length - 4) : phyPayload.length
    const name = (mic >>> 0) * 0x200000 + Number(BigInt.asUintN(21, place.xtime))
    if (repeats.has(name)) return true
    if (repeats.size >= repeatsRemembered) repeats.delete(repeats.values().next().value!)
    repeats.add(name)
    return false
  }

  const takeConfirmation = (station: Station, sent: StationMessage & { readonly kind: 'sent' }): void => {
    const pending = station.pending.get(sent.id)
    if (pending === undefined) return drops.count('unexpected-confirmation')
    pending.cancel()
    station.pending.delete(sent.id)
    tell(pending.downlink, pending.windowIndex + (pending.hasNext && wasNext(pending, sent) ? 1 : 0))
  }

  const tell = ({ id, gatewayEui }: RadioDownlink, windowIndex: number, refusal?: TransmitRefusal): void =>
    listener.outcome({
      id,
      gatewayEui,
      windowIndex,
      atMs: clock.nowMs(),
      ...(refusal === undefined ? {} : { refusal }),
    })

  /** Asks for a window, and for the next one with it where one message can; each that cannot be used is told, and the next tried. */
  const offer = (station: Station, downlink: RadioDownlink, windowIndex: number): void => {
    const window = downlink.windows[windowIndex]
    if (window === undefined) return
    const leftMs = leftMsOf(station, downlink, window)
    if (typeof leftMs === 'string') {
      tell(downlink, windowIndex, leftMs)
      return offer(station, downlink, windowIndex + 1)
    }
    const next = downlink.windows[windowIndex + 1]
    const withNext =
      next !== undefined && areOneMessage(window, next) && hindrance(station, next) === undefined ? next : undefined
    const message = dnmsgOf(downlink, [window, withNext], station.settings.region)
    if (typeof message === 'string') return tell(downlink, windowIndex, 'unknown-error')
    const lastIndex = windowIndex + (withNext === undefined ? 0 : 1)
    const isImmediate = (withNext ?? window).timing.kind === 'immediate'
    const waitMs = leftMs + (withNext === undefined ? 0 : 1000) + (isImmediate ? immediateMsMax : 0) + confirmMsMax
    const cancel = timers.after(waitMs, () => {
      station.pending.delete(downlink.id)
      tell(downlink, lastIndex, 'no-answer')
    })
    station.pending.set(downlink.id, { downlink, windowIndex, hasNext: withNext !== undefined, cancel })
    say(station.socket, writeExactJson(message))
  }

  /** Why the station could not even be asked. */
  const hindrance = ({ settings: { region } }: Station, window: TransmitWindow): TransmitRefusal | undefined => {
    const [lowHz, highHz] = frequencyRange(region)
    // A station throws away the whole message for one frequency that is out of its range.
    if (window.frequencyHz < lowHz || window.frequencyHz > highHz) return 'tx-freq'
    return downlinkDataRateOf(region, window.modulation) === undefined ? 'unknown-error' : undefined
  }

  /** How long until the window, or why it cannot be used. */
  const leftMsOf = (station: Station, downlink: RadioDownlink, window: TransmitWindow): number | TransmitRefusal => {
    const { pending, session, hasGps } = station
    if (!station.isConfigured) return 'gateway-away'
    // The polarity of beacons is the station's own affair: it sends them itself.
    if (downlink.isBeacon === true || downlink.isLikeUplink === true || pending.has(downlink.id)) return 'unknown-error'
    if (pending.size >= pendingPerStationMax) return 'collision-packet'
    const hindered = hindrance(station, window)
    if (hindered !== undefined) return hindered
    const { timing } = window
    if (timing.kind === 'immediate') return 0
    if (timing.kind === 'gps') {
      if (hasGps === false) return 'gps-unlocked'
      return within(timing.gpsTimeMs - gpsMsOf(clock.nowMs()))
    }
    const context = decodeStationContext(timing.context)
    return context === undefined || context.session !== session
      ? 'no-context'
      : within(timing.delayMs - sinceMs(station, context.xtime))
  }

  /** How long ago a frame of this station ended; 0 where another of its radios heard the last one. */
  const sinceMs = ({ last }: Station, xtime: bigint): number =>
    last === undefined || last.xtime >> 48n !== xtime >> 48n
      ? 0
      : Number(last.xtime - xtime) / 1000 + clock.elapsedMs() - last.atMs

  let cancelPing = (): void => undefined
  const ping = (): void => {
    for (const station of stations.values()) {
      if (!station.isAlive) {
        leave(station)
        continue
      }
      station.isAlive = false
      station.socket.ping()
    }
    cancelPing = timers.after(pingMs, ping)
  }

  server.listen({ host: options.host, port: options.port })
  await once(server, 'listening')
  cancelPing = timers.after(pingMs, ping)
  server.on('error', () => drops.count('not-sent'))
  server.on('clientError', (_error, duplex) => {
    drops.count('unknown-path')
    duplex.destroy()
  })

  const isReachable = (eui: Eui): boolean => stations.get(eui)?.isConfigured === true

  return {
    port: (server.address() as AddressInfo).port,
    drops: drops.totals,
    reachable: () => [...stations.keys()].filter(isReachable),
    isReachable,
    send(downlink) {
      const station = stations.get(downlink.gatewayEui)
      if (station === undefined) tell(downlink, 0, 'gateway-away')
      else offer(station, downlink, 0)
    },
    async [Symbol.asyncDispose]() {
      cancelPing()
      for (const station of stations.values()) leave(station)
      for (const socket of discoveries) socket.terminate()
      const closed = new Promise<unknown>((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

const within = (leftMs: number): number | TransmitRefusal =>
  leftMs < windowLeadMsMin ? 'too-late' : leftMs > aheadMsMax ? 'too-early' : leftMs

/** Whether a confirmation is of the second window of the two that were asked for: by its frequency, else by its time. */
function wasNext(
  { downlink, windowIndex }: Pending,
  { frequencyHz, xtime }: StationMessage & { readonly kind: 'sent' },
): boolean {
  const [first, next] = [downlink.windows[windowIndex], downlink.windows[windowIndex + 1]]
  if (first === undefined || next === undefined || first.timing.kind !== 'delay') return false
  if (frequencyHz !== 0 && first.frequencyHz !== next.frequencyHz) return frequencyHz === next.frequencyHz
  const context = decodeStationContext(first.timing.context)
  if (context === undefined || xtime === undefined) return false
  return Number(xtime - context.xtime) / 1000 - first.timing.delayMs > 500
}

/** A station takes no address without a port. */
function withPort(uri: string): string {
  const { protocol, hostname, port } = new URL(uri)
  return `${protocol}//${hostname}:${port === '' ? (protocol === 'wss:' ? 443 : 80) : port}`
}

/** Where a station asked, as it wrote it. @returns undefined when that is no address */
function uriAskedAt({ headers: { host = '' }, socket: { localPort } }: IncomingMessage): string | undefined {
  if (host.length > hostLengthMax || !/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(host)) return undefined
  return /:\d+$/.test(host) ? `ws://${host}` : `ws://${host}:${localPort}`
}

/** The library gives one buffer for a message, unless it was told otherwise. */
function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : ''
}
