/**
 * One MQTT client as the broker writes to it: what may lie in its socket, what it has not acknowledged, what waits behind.
 *
 * Nothing here waits for a client. At QoS 0, what its socket cannot take is lost and counted; at QoS 1, a bounded window is
 * unacknowledged and a bounded queue waits behind it, whose oldest message is lost when it is full. A client that has taken or
 * acknowledged nothing for a while and still loses messages is cut off.
 *
 * @module
 */

import { concatBytes } from '@groundwork/core/units/bytes.ts'
import type { MqttPublish } from '../wire/mqtt-publish.ts'

/** Bytes that may lie in one client's socket before messages to it are lost. */
export const linkBytesMax: number = 4 * 1024 * 1024

/** Messages of QoS 1 that one client has not acknowledged. */
export const inFlightMax = 512

/** Messages of QoS 1 that wait behind those. */
export const linkWaitingMax = 8192

/** A client that loses messages and moves nothing for so long is cut off. */
export const stallMsMax = 30_000

/** A socket, as much of it as is used. */
export interface LinkSocket {
  readonly writableLength: number
  write(bytes: Uint8Array): unknown
  destroy(): unknown
}

export interface LinkCounts {
  sent: number
  lost: number
  cutOff: number
}

export interface MqttLink {
  /** QoS 0: `count` whole packets, now */
  write(bytes: Uint8Array, count: number): void
  /** QoS 1: goes out with the next `flush`, or waits. */
  offer(packet: MqttPublish): void
  flush(): void
  acknowledge(packetId: number): void
  /** The socket took what it had. */
  drained(): void
  readonly inFlightCount: number
  readonly waitingCount: number
}

export function mqttLink(options: {
  readonly socket: LinkSocket
  readonly counts: LinkCounts
  readonly elapsedMs: () => number
}): MqttLink {
  const { socket, counts, elapsedMs } = options
  const inFlight = new Set<number>()
  let waiting: MqttPublish[] = []
  let firstWaiting = 0
  let ready: Uint8Array[] = []
  let lastId = 0
  let movedAtMs = elapsedMs()

  const nextId = (): number => {
    do lastId = (lastId % 0xffff) + 1
    while (inFlight.has(lastId))
    return lastId
  }

  const send = ({ bytes, idOffset }: MqttPublish): void => {
    const id = nextId()
    inFlight.add(id)
    const own = bytes.slice()
    own[idOffset] = id >> 8
    own[idOffset + 1] = id & 0xff
    ready.push(own)
  }

  const lose = (count: number): void => {
    counts.lost += count
    if (elapsedMs() - movedAtMs <= stallMsMax) return
    counts.cutOff += 1
    socket.destroy()
  }

  return {
    write(bytes, count) {
      if (socket.writableLength + bytes.length > linkBytesMax) return lose(count)
      if (socket.writableLength === 0) movedAtMs = elapsedMs()
      counts.sent += count
      socket.write(bytes)
    },

    offer(packet) {
      if (inFlight.size < inFlightMax) {
        if (inFlight.size === 0) movedAtMs = elapsedMs()
        return send(packet)
      }
      waiting.push(packet)
      if (waiting.length - firstWaiting <= linkWaitingMax) return
      firstWaiting += 1
      lose(1)
      if (firstWaiting >= linkWaitingMax) {
        waiting = waiting.slice(firstWaiting)
        firstWaiting = 0
      }
    },

    flush() {
      if (ready.length === 0) return
      const bytes = ready.length === 1 && ready[0] !== undefined ? ready[0] : concatBytes(...ready)
      counts.sent += ready.length
      ready = []
      socket.write(bytes)
    },

    acknowledge(packetId) {
      if (!inFlight.delete(packetId)) return
      movedAtMs = elapsedMs()
      const next = waiting[firstWaiting]
      if (next === undefined) return
      firstWaiting += 1
      if (firstWaiting === waiting.length) {
        waiting = []
        firstWaiting = 0
      }
      send(next)
    },

    drained() {
      movedAtMs = elapsedMs()
    },

    get inFlightCount() {
      return inFlight.size
    },
    get waitingCount() {
      return waiting.length - firstWaiting
    },
  }
}
