/**
 * Multicast groups in memory and on disk, their keys wrapped. A counter is on disk before a frame with it can leave.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import type { MulticastGroup } from '../model/multicast-group.ts'
import { memoryGroups } from '../network-server/memory-groups.ts'
import type { MulticastGroups } from '../ports.ts'
import type { KeyWrap } from './key-wrap.ts'

type Kept = Omit<MulticastGroup, 'mcNwkSKey' | 'mcAppSKey' | 'fCntDown'>

export function openMulticastStore({
  database,
  wrap,
}: {
  readonly database: DatabaseSync
  readonly wrap: KeyWrap
}): MulticastGroups {
  const memory = memoryGroups()
  const insert = database.prepare('INSERT OR REPLACE INTO wireless_groups VALUES (?, ?, ?, ?)')
  const removeOne = database.prepare('DELETE FROM wireless_groups WHERE id = ?')
  for (const row of database.prepare('SELECT json, keys, f_cnt_down FROM wireless_groups ORDER BY id').all()) {
    const keys = wrap.unwrap(row['keys'] as Uint8Array)
    const kept = JSON.parse(String(row['json'])) as Kept
    void memory.put({
      ...kept,
      mcNwkSKey: keys.slice(0, 16),
      mcAppSKey: keys.slice(16, 32),
      fCntDown: Number(row['f_cnt_down']),
    })
  }
  return {
    group: memory.group,
    groups: memory.groups,
    async put(group) {
      const { mcNwkSKey, mcAppSKey, fCntDown, ...kept } = group
      if (!(await memory.put(group))) return false
      insert.run(group.id, JSON.stringify(kept), wrap.wrap(Buffer.concat([mcNwkSKey, mcAppSKey])), fCntDown)
      return true
    },
    async remove(id) {
      await memory.remove(id)
      removeOne.run(id)
    },
  }
}
