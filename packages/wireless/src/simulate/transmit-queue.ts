/**
 * The frames that a gateway has been asked to send and that wait for their time: one at a time, none in the past.
 *
 * @module
 */

import type { TransmitRefusal } from '../model/radio.ts'
import type { Span } from './gateway-receiver.ts'

/** A concentrator needs so long to be set up for a frame. */
export const transmitLeadUs = 30_000
/** What lies further ahead is a mistake: the queue of Semtech's forwarder takes four beacon periods. */
const aheadUsMax = 4 * 128_000_000
/** Frames that wait for their time in a gateway, inclusive. */
export const bookedMax = 32

export interface TransmitQueue {
  /** Takes the time of a frame. @returns why it cannot have it; undefined when it has */
  book(span: Span, nowUs: number): TransmitRefusal | undefined
  /** All that waits is lost, as with the power. */
  clear(): void
}

export function transmitQueue(): TransmitQueue {
  let booked: Span[] = []
  return {
    book(span, nowUs) {
      if (span.fromUs < nowUs + transmitLeadUs) return 'too-late'
      if (span.fromUs > nowUs + aheadUsMax) return 'too-early'
      booked = booked.filter(({ untilUs }) => untilUs > nowUs)
      const meets = booked.some(({ fromUs, untilUs }) => fromUs < span.untilUs && untilUs > span.fromUs)
      if (meets || booked.length >= bookedMax) return 'collision-packet'
      booked.push(span)
      return undefined
    },
    clear: () => void (booked = []),
  }
}
