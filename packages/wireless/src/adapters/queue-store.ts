/**
 * Payloads that wait for their devices, in memory and on disk: what was taken survives the power.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import type { QueueItem } from '../model/message.ts'
import { memoryQueue } from '../network-server/memory-queue.ts'
import type { DownlinkQueue } from '../ports.ts'

export function openQueueStore({ database }: { readonly database: DatabaseSync }): DownlinkQueue {
  const memory = memoryQueue()
  const insert = database.prepare('INSERT INTO wireless_queue (dev_eui, id, json, payload) VALUES (?, ?, ?, ?)')
  const removeOne = database.prepare('DELETE FROM wireless_queue WHERE dev_eui = ? AND id = ?')
  const removeAll = database.prepare('DELETE FROM wireless_queue WHERE dev_eui = ?')
  for (const row of database.prepare('SELECT json, payload FROM wireless_queue ORDER BY place').all()) {
    const item = JSON.parse(String(row['json'])) as Omit<QueueItem, 'payload'>
    void memory.add({ ...item, payload: Uint8Array.from(row['payload'] as Uint8Array) })
  }
  return {
    next: memory.next,
    count: memory.count,
    items: memory.items,
    names: memory.names,
    async add(item) {
      if (memory.items(item.devEui).some(({ id }) => id === item.id)) return true
      if (!(await memory.add(item))) return false
      const { payload, ...rest } = item
      insert.run(item.devEui, item.id, JSON.stringify(rest), payload)
      return true
    },
    async remove(devEui, id) {
      await memory.remove(devEui, id)
      removeOne.run(devEui, id)
    },
    async clear(devEui) {
      await memory.clear(devEui)
      removeAll.run(devEui)
    },
  }
}
