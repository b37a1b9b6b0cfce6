/**
 * Topics of MQTT as ChirpStack v4 has them: `application/{id}/device/{devEui}/event/{name}` out, `…/command/down` in.
 *
 * @module
 */

import type { Eui } from '../model/radio.ts'
import type { DeviceEventName } from './device-event.ts'

/** Longest topic filter that is read; ours are at most 130 characters. */
export const topicCharactersMax = 256

/** What an application's id must be to stand in a topic: it may hold no separator and no wildcard. */
export function isTopicId(id: string): boolean {
  return /^[\w-]{1,64}$/.test(id)
}

export function eventTopic(event: {
  readonly applicationId: string
  readonly devEui: Eui
  readonly name: DeviceEventName
}): string {
  return `application/${event.applicationId}/device/${event.devEui}/event/${event.name}`
}

/** @returns whose command it is, or undefined when the topic is no command */
export function parseCommandTopic(
  topic: string,
): { readonly applicationId: string; readonly devEui: Eui; readonly command: string } | undefined {
  if (topic.length > topicCharactersMax) return undefined
  const match = /^application\/([\w-]{1,64})\/device\/([0-9a-f]{16})\/command\/(\w{1,32})$/.exec(topic)
  const [, applicationId, devEui, command] = match ?? []
  if (applicationId === undefined || devEui === undefined || command === undefined) return undefined
  return { applicationId, devEui, command }
}

/**
 * A filter of MQTT 3.1.1, section 4.7, ready to be matched.
 *
 * @returns undefined for text that is no filter
 */
export function parseTopicFilter(filter: string): readonly string[] | undefined {
  if (filter === '' || filter.length > topicCharactersMax || filter.includes('\0')) return undefined
  const levels = filter.split('/')
  const isSound = levels.every((level, index) =>
    level === '#' ? index === levels.length - 1 : level === '+' || !/[+#]/.test(level),
  )
  return isSound ? levels : undefined
}

/** Whether a filter takes a topic, both in levels. Topics that begin with '$' are no concern of ours. */
export function isTopicMatch(filter: readonly string[], topic: readonly string[]): boolean {
  for (const [index, level] of filter.entries()) {
    if (level === '#') return true
    if (index >= topic.length || (level !== '+' && level !== topic[index])) return false
  }
  return filter.length === topic.length
}

/**
 * Whether a client of one application may have this filter. Wildcards may stand for the application, for whoever was written for
 * a broker of their own: only topics of the client's application are ever matched. Another application by name is refused.
 */
export function isFilterAllowed(filter: readonly string[], applicationId: string): boolean {
  const [first, second] = filter
  if (first === '#') return true
  if (first !== 'application' && first !== '+') return false
  return second === '#' || second === '+' || second === applicationId
}
