/**
 * Multicast groups in memory; what keeps them on disk is an adapter around this.
 *
 * @module
 */

import { groupMembersMax, type MulticastGroup } from '../model/multicast-group.ts'
import type { MulticastGroups } from '../ports.ts'

/** Groups of one network server, inclusive. */
export const groupsMax = 4_096

export function memoryGroups(): MulticastGroups {
  const groups = new Map<string, MulticastGroup>()
  return {
    group: (id) => groups.get(id),
    groups: () => [...groups.values()],
    async put(group) {
      const before = groups.get(group.id)
      if (group.members.length > groupMembersMax) return false
      if (before === undefined && groups.size >= groupsMax) return false
      // Two frames under one counter and one key would tell whoever hears both what they differ in.
      if (before !== undefined && sharesKey(before, group) && group.fCntDown < before.fCntDown) return false
      groups.set(group.id, group)
      return true
    },
    async remove(id) {
      groups.delete(id)
    },
  }
}

/** Whether either key of two groups is one and the same: then their counters are too. */
function sharesKey(a: MulticastGroup, b: MulticastGroup): boolean {
  const isSame = (one: Uint8Array, other: Uint8Array): boolean => one.every((byte, index) => byte === other[index])
  return isSame(a.mcNwkSKey, b.mcNwkSKey) || isSame(a.mcAppSKey, b.mcAppSKey)
}
