/**
 * Payloads that wait for their devices, in memory; what keeps them on disk is an adapter around this.
 *
 * @module
 */

import type { QueueItem } from '../model/message.ts'
import type { DownlinkQueue } from '../ports.ts'

/** Payloads of one device, inclusive. */
export const queuePerDeviceMax = 128

const none: readonly QueueItem[] = []

export function memoryQueue(): DownlinkQueue {
  const queues = new Map<string, QueueItem[]>()
  const isOver = ({ expiresAtMs }: QueueItem, nowMs: number): boolean =>
    expiresAtMs !== undefined && expiresAtMs <= nowMs
  return {
    next: (devEui, nowMs) => queues.get(devEui)?.find((item) => !isOver(item, nowMs)),
    count: (devEui) => queues.get(devEui)?.length ?? 0,
    names: () => [...queues.keys()],
    items: (devEui) => queues.get(devEui) ?? none,
    async add(item) {
      const items = queues.get(item.devEui) ?? []
      if (items.length >= queuePerDeviceMax) return false
      queues.set(item.devEui, [...items, item])
      return true
    },
    async remove(devEui, id) {
      const left = (queues.get(devEui) ?? []).filter((item) => item.id !== id)
      if (left.length === 0) queues.delete(devEui)
      else queues.set(devEui, left)
    },
    async clear(devEui) {
      queues.delete(devEui)
    },
  }
}
