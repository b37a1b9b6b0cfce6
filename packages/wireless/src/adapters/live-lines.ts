/**
 * The lines of a simulated town to a real network: a UDP socket for each packet forwarder, a WebSocket for each station, and time that
 * passes as fast as the machine's or a bounded number of times faster.
 *
 * @module
 */

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { EventQueue } from '../simulate/event-queue.ts'
import type { LiveLines } from '../simulate/live-town.ts'

/** Simulated seconds in one of the machine's, inclusive. Windows of answers shrink with it: beyond this no network could meet them. */
export const speedMax = 8

const tickMs = 2
/** Events of one tick, inclusive: what comes in is read between two ticks. */
const eventsPerTickMax = 5_000
const messageBytesMax = 256 * 1024

export interface UdpServer {
  readonly host: string
  readonly port: number
}

export interface LiveLinesOptions {
  /** servers of forwarders and of stations; gateways are spread over them */
  readonly udpServers: readonly UdpServer[]
  readonly stationUris: readonly string[]
  /** called before anything that came in is handled: time is brought up to now */
  readonly catchUp: () => void
}

export interface OpenLines extends LiveLines, AsyncDisposable {
  /** what the system would not send, or a line that broke */
  readonly failures: () => number
}

export function openLiveLines({ udpServers, stationUris, catchUp }: LiveLinesOptions): OpenLines {
  const sockets = new Set<Socket>()
  const lines = new Set<WebSocket>()
  let [failures, isClosed] = [0, false]
  const fail = (): void => void (failures += 1)

  const socketTo = (receive: (bytes: Uint8Array) => void): Socket => {
    const socket = createSocket('udp4')
    sockets.add(socket)
    socket.on('error', fail)
    socket.on('close', () => sockets.delete(socket))
    socket.on('message', (bytes) => {
      catchUp()
      receive(bytes)
    })
    return socket
  }

  return {
    openUdp(gateway, receive) {
      const server = udpServers[gateway % udpServers.length]!
      let socket = socketTo(receive)
      return {
        send(bytes) {
          if (isClosed) return
          socket.send(bytes, server.port, server.host, (error) => {
            if (error !== null) fail()
          })
        },
        rebind() {
          if (isClosed) return
          // What comes to the old port is lost, as behind a router that forgot it.
          socket.close()
          socket = socketTo(receive)
        },
      }
    },
    stationUri: (gateway) => stationUris[gateway % Math.max(1, stationUris.length)] ?? '',
    openStation(uri, { text, closed }) {
      const line = new WebSocket(uri, { perMessageDeflate: false, maxPayload: messageBytesMax })
      lines.add(line)
      const waiting: string[] = []
      line.on('open', () => {
        for (const one of waiting.splice(0)) line.send(one)
      })
      line.on('message', (data: Buffer) => {
        catchUp()
        text(data.toString())
      })
      line.on('error', fail)
      line.on('close', () => {
        lines.delete(line)
        if (isClosed) return
        catchUp()
        closed()
      })
      return {
        send(one) {
          if (line.readyState === WebSocket.OPEN) line.send(one)
          else if (line.readyState === WebSocket.CONNECTING) waiting.push(one)
        },
        close: () => line.close(1000),
      }
    },
    failures: () => failures,
    async [Symbol.asyncDispose]() {
      isClosed = true
      for (const line of lines) line.terminate()
      const open = [...sockets]
      for (const socket of open) socket.close()
      await Promise.all(open.map(async (socket) => (sockets.has(socket) ? once(socket, 'close') : undefined)))
    },
  }
}

export interface RealTime {
  /** Brings simulated time up to now. */
  catchUp(): void
  /** how late simulated time was at worst, in milliseconds of the machine */
  readonly lateMsMax: () => number
  stop(): void
}

/** Lets simulated time pass with the machine's. @param speed 1 to `speedMax` */
export function passRealTime(queue: EventQueue, { speed }: { readonly speed: number }): RealTime {
  const startedMs = performance.now()
  let [lateMsMax, isRunning] = [0, false]
  const targetUs = (): number => (performance.now() - startedMs) * 1000 * speed
  const catchUp = (): void => {
    // What an event sends may come back at once; it is handled in its turn.
    if (isRunning) return
    isRunning = true
    const untilUs = targetUs()
    let events = 0
    while (events < eventsPerTickMax && queue.runNext(untilUs)) events += 1
    lateMsMax = Math.max(lateMsMax, (targetUs() - queue.nowUs) / 1000 / speed)
    isRunning = false
  }
  const timer = setInterval(catchUp, tickMs)
  return { catchUp, lateMsMax: () => lateMsMax, stop: () => clearInterval(timer) }
}
