/**
 * The last events in memory, numbered, so that a reader that was cut off goes on where it was.
 *
 * A ring keeps the last `eventsMax` events and `bytesMax` bytes of all applications. An id is `<birth>-<number>`: the birth tells
 * this ring from the one before a restart, whose numbers mean nothing here. A reader that asks for what has gone already is told
 * that events are missing. This is no queue: nothing waits for a reader.
 *
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import type { DeviceEvent, EventSink } from './device-event.ts'

export const ringEventsMax = 10_000
export const ringBytesMax: number = 32 * 1024 * 1024
export const ringReadersMax = 256

export interface RingEvent extends DeviceEvent {
  readonly id: string
}

/** Which events a reader wants: of one application, or of one device of it. */
export interface RingFilter {
  readonly applicationId: string
  readonly devEui?: string
}

export interface RingRead {
  readonly events: readonly RingEvent[]
  /** where to go on: the last that was looked at, whether it was wanted or not */
  readonly lastId: string
  /** events between the id that was asked for and the first of these are gone */
  readonly isGap: boolean
}

export interface EventRing extends EventSink {
  /**
   * The wanted events after an id, oldest first. Without an id: none, and where to go on from now.
   *
   * @param limit at most so many; ask again with `lastId` for the rest
   */
  since(id: string | undefined, filter: RingFilter, limit: number): RingRead
  /**
   * Calls `wake` after each wanted event; the reader then asks `since`. Called synchronously: it must not throw.
   *
   * @returns ends it, or undefined when there are `ringReadersMax` already
   */
  subscribe(filter: RingFilter, wake: () => void): (() => void) | undefined
}

interface Reader extends RingFilter {
  readonly wake: () => void
}

/** @param birth eight hex digits that no ring before had */
export function eventRing(options: {
  readonly birth: string
  readonly eventsMax?: number
  readonly bytesMax?: number
  readonly readersMax?: number
}): EventRing {
  const { birth, eventsMax = ringEventsMax, bytesMax = ringBytesMax, readersMax = ringReadersMax } = options
  invariant(/^[0-9a-f]{8}$/.test(birth), 'the birth of a ring is eight hex digits')
  /** by number modulo `eventsMax` */
  const slots: (DeviceEvent | undefined)[] = Array.from({ length: eventsMax })
  const readers = new Set<Reader>()
  let nextNumber = 1
  let firstNumber = 1
  let bytes = 0

  const idOf = (number: number): string => `${birth}-${number}`

  const dropFirst = (): void => {
    const index = firstNumber % eventsMax
    bytes -= sizeOf(slots[index])
    slots[index] = undefined
    firstNumber += 1
  }

  const isOver = (): boolean => bytes > bytesMax && firstNumber < nextNumber

  return {
    take(event) {
      if (nextNumber - firstNumber === eventsMax) dropFirst()
      slots[nextNumber % eventsMax] = event
      nextNumber += 1
      bytes += sizeOf(event)
      while (isOver()) dropFirst()
      for (const reader of readers) if (isWanted(event, reader)) reader.wake()
    },

    since(id, filter, limit) {
      const after = id === undefined ? nextNumber - 1 : numberOf(id, birth)
      const isKnown = after !== undefined && after < nextNumber
      const isGap = !isKnown || after < firstNumber - 1
      const events: RingEvent[] = []
      let number = isGap ? firstNumber : after + 1
      for (; number < nextNumber && events.length < limit; number += 1) {
        const event = slots[number % eventsMax]
        if (event !== undefined && isWanted(event, filter)) events.push({ ...event, id: idOf(number) })
      }
      return { events, lastId: idOf(number - 1), isGap }
    },

    subscribe(filter, wake) {
      if (readers.size >= readersMax) return undefined
      const reader = { ...filter, wake }
      readers.add(reader)
      return () => void readers.delete(reader)
    },
  }
}

function isWanted(event: DeviceEvent, { applicationId, devEui }: RingFilter): boolean {
  return event.applicationId === applicationId && (devEui === undefined || event.devEui === devEui)
}

/** @returns undefined for the id of another ring, or for no id at all */
function numberOf(id: string, birth: string): number | undefined {
  const match = /^([0-9a-f]{8})-(\d{1,15})$/.exec(id)
  return match?.[1] === birth ? Number(match[2]) : undefined
}

/** Two bytes for each UTF-16 unit of its JSON, and what stands around it. */
function sizeOf(event: DeviceEvent | undefined): number {
  return event === undefined ? 0 : event.json.length * 2 + 128
}
