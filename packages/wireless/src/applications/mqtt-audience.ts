/**
 * Who hears which topic, and how one message reaches all of them at the cost of one.
 *
 * Clients of an application that have the same filters form a group: a message is matched once per group, its packet is written
 * once, and what one turn of the event loop brings is joined once and handed to each socket of the group in one piece. A
 * client stands in exactly one group, so that overlapping filters bring it one copy. Messages of one application never reach
 * a client of another: there is no list that holds both.
 *
 * @module
 */

import { concatBytes } from '@groundwork/core/units/bytes.ts'
import { writeMqttPublish, type MqttPublish } from '../wire/mqtt-publish.ts'
import type { MqttLink } from './mqtt-link.ts'
import { isTopicMatch } from './topic.ts'

/** Filters of one client. */
export const filtersMax = 64

/** What one turn may gather for a group before it is written at once. */
const batchBytesMax = 256 * 1024

export interface ClientFilter {
  readonly levels: readonly string[]
  readonly qos: 0 | 1
}

interface Group {
  readonly key: string
  readonly filters: readonly ClientFilter[]
  readonly links: Set<MqttLink>
  batch: Uint8Array[]
  batchBytes: number
}

export interface MqttAudience {
  /** Says what a client listens to from now on, all of it; nothing takes it out. */
  listen(applicationId: string, link: MqttLink, filters: ReadonlyMap<string, ClientFilter>): void
  /** @returns how many clients it is for */
  publish(message: { readonly applicationId: string; readonly topic: string; readonly payload: string }): number
  /** Something waits in a link, an acknowledged window for one. */
  wake(link: MqttLink): void
}

/** @param defer runs a function at the end of this turn of the event loop */
export function mqttAudience(defer: (run: () => void) => void): MqttAudience {
  const applications = new Map<string, Map<string, Group>>()
  const groupOf = new Map<MqttLink, { readonly applicationId: string; readonly group: Group }>()
  const changedGroups = new Set<Group>()
  const changedLinks = new Set<MqttLink>()
  let isDeferred = false

  const flushGroup = (group: Group): void => {
    if (group.batch.length === 0) return
    const { batch } = group
    const [first] = batch
    const bytes = batch.length === 1 && first !== undefined ? first : concatBytes(...batch)
    group.batch = []
    group.batchBytes = 0
    for (const link of group.links) link.write(bytes, batch.length)
  }

  const flush = (): void => {
    isDeferred = false
    for (const group of changedGroups) flushGroup(group)
    changedGroups.clear()
    for (const link of changedLinks) link.flush()
    changedLinks.clear()
  }

  const later = (): void => {
    if (isDeferred) return
    isDeferred = true
    defer(flush)
  }

  const leave = (link: MqttLink): void => {
    const place = groupOf.get(link)
    if (place === undefined) return
    const { applicationId, group } = place
    flushGroup(group)
    group.links.delete(link)
    groupOf.delete(link)
    if (group.links.size > 0) return
    const groups = applications.get(applicationId)
    groups?.delete(group.key)
    if (groups?.size === 0) applications.delete(applicationId)
  }

  const deliver = (group: Group, qos: 0 | 1, packet: MqttPublish): void => {
    if (qos === 1) {
      for (const link of group.links) {
        link.offer(packet)
        changedLinks.add(link)
      }
      return
    }
    group.batch.push(packet.bytes)
    group.batchBytes += packet.bytes.length
    if (group.batchBytes >= batchBytesMax) flushGroup(group)
    else changedGroups.add(group)
  }

  return {
    listen(applicationId, link, filters) {
      leave(link)
      changedLinks.delete(link)
      if (filters.size === 0) return
      const key = [...filters]
        .map(([filter, { qos }]) => `${qos}${filter}`)
        .toSorted()
        .join('\n')
      const groups = applications.get(applicationId) ?? new Map<string, Group>()
      applications.set(applicationId, groups)
      const known = groups.get(key)
      const group = known ?? { key, filters: [...filters.values()], links: new Set(), batch: [], batchBytes: 0 }
      // What was gathered before is not for who comes now.
      flushGroup(group)
      groups.set(key, group)
      group.links.add(link)
      groupOf.set(link, { applicationId, group })
    },

    publish({ applicationId, topic, payload }) {
      const groups = applications.get(applicationId)
      if (groups === undefined) return 0
      const levels = topic.split('/')
      const packets: (MqttPublish | undefined)[] = [undefined, undefined]
      let count = 0
      for (const group of groups.values()) {
        const qos = qosFor(group.filters, levels)
        if (qos === undefined) continue
        deliver(group, qos, (packets[qos] ??= writeMqttPublish(topic, payload, qos)))
        count += group.links.size
      }
      if (count > 0) later()
      return count
    },

    wake(link) {
      changedLinks.add(link)
      later()
    },
  }
}

/** The highest that a matching filter was granted. */
function qosFor(filters: readonly ClientFilter[], topic: readonly string[]): 0 | 1 | undefined {
  let qos: 0 | 1 | undefined
  for (const filter of filters) {
    if (qos === 1) break
    if (isTopicMatch(filter.levels, topic)) qos = qos === undefined ? filter.qos : (Math.max(qos, filter.qos) as 0 | 1)
  }
  return qos
}
