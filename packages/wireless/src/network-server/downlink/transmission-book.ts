/**
 * What one gateway is to send and has sent: whether one more transmission fits between, by duty cycle and because it has one sender.
 *
 * Times are milliseconds of a clock that never goes back. Exact for what is booked here; what others make the gateway send it says
 * itself, by refusing.
 *
 * @module
 */

import { subBandAt } from '../../region/duty-cycle.ts'
import type { Region } from '../../region/region.ts'

/** Transmissions of one gateway that are remembered or planned at once, inclusive. */
export const bookingsMax = 256

export interface Transmission {
  readonly hz: number
  readonly startMs: number
  readonly airtimeMs: number
}

/** Why a gateway cannot send then. */
export type BookingConflict =
  /** nothing may be sent on that frequency in this band */
  | { readonly reason: 'band' }
  /** `freeMs`: when it could, as far as is known */
  | { readonly reason: 'duty-cycle' | 'collision'; readonly freeMs: number }

interface Booking extends Transmission {
  readonly id: number
  /** lower edge of the sub-band, in Hz, where its time is limited */
  readonly bandHz: number | undefined
  /** when the sub-band may be used again */
  readonly restedMs: number
}

export interface TransmissionBook {
  conflict(region: Region, transmission: Transmission): BookingConflict | undefined
  /** One of an id; a second one takes the first one's place. */
  book(id: number, region: Region, transmission: Transmission): void
  release(id: number): void
  /** Forgets what no longer matters. */
  prune(nowMs: number): void
  readonly size: number
}

export function transmissionBook(): TransmissionBook {
  let bookings: Booking[] = []

  const made = (id: number, region: Region, transmission: Transmission): Booking => {
    const band = subBandAt(region, transmission.hz)
    const isLimited = band !== undefined && band.dutyCycle < 1
    const { startMs, airtimeMs } = transmission
    return {
      ...transmission,
      id,
      bandHz: isLimited ? band.minHz : undefined,
      restedMs: startMs + (isLimited ? airtimeMs / band.dutyCycle : airtimeMs),
    }
  }

  return {
    conflict(region, transmission) {
      if (subBandAt(region, transmission.hz) === undefined) return { reason: 'band' }
      const wanted = made(0, region, transmission)
      for (const booked of bookings) {
        const isSameBand = wanted.bandHz !== undefined && wanted.bandHz === booked.bandHz
        if (isSameBand && wanted.startMs < booked.restedMs && booked.startMs < wanted.restedMs)
          return { reason: 'duty-cycle', freeMs: booked.restedMs }
        const [wantedEndMs, bookedEndMs] = [endOf(wanted), endOf(booked)]
        if (wanted.startMs < bookedEndMs && booked.startMs < wantedEndMs)
          return { reason: 'collision', freeMs: bookedEndMs }
      }
      if (bookings.length < bookingsMax) return undefined
      return { reason: 'collision', freeMs: Math.min(...bookings.map(({ restedMs }) => restedMs)) }
    },
    book(id, region, transmission) {
      bookings = [...bookings.filter((one) => one.id !== id), made(id, region, transmission)].slice(-bookingsMax)
    },
    release(id) {
      bookings = bookings.filter((one) => one.id !== id)
    },
    prune(nowMs) {
      if (bookings.some(({ restedMs }) => restedMs <= nowMs))
        bookings = bookings.filter(({ restedMs }) => restedMs > nowMs)
    },
    get size() {
      return bookings.length
    },
  }
}

const endOf = ({ startMs, airtimeMs }: Transmission): number => startMs + airtimeMs
