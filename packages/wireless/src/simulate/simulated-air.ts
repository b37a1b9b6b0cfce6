/**
 * A radio world in made time: whoever sends is heard when the frame is over.
 *
 * @module
 */

import type { EventQueue } from './event-queue.ts'
import type { Emission, Reception } from './radio-model.ts'
import type { RadioWorld } from './radio-world.ts'

export interface SimulatedAir {
  readonly world: RadioWorld<Uint8Array>
  readonly queue: EventQueue
  /** A frame leaves an antenna now. @returns false: it does not, the gateway sends already, is off, or the air is full */
  send(emission: Omit<Emission<Uint8Array>, 'startUs'>): boolean
  /** Who wants to hear what a gateway received. */
  onReception(gateway: number, heard: (reception: Reception<Uint8Array>) => void): void
  /** Who listens all the time: told when a downlink is over, with when it began. */
  onDownlink(over: (downlink: Emission<Uint8Array>) => void): void
}

/** Waves take this long at most: 300 km. */
const propagationUsMax = 1_000

export function simulatedAir(world: RadioWorld<Uint8Array>, queue: EventQueue): SimulatedAir {
  const listeners = new Map<number, (reception: Reception<Uint8Array>) => void>()
  const always: ((downlink: Emission<Uint8Array>) => void)[] = []
  return {
    world,
    queue,
    send(emission) {
      const startUs = queue.nowUs
      if (typeof world.emit({ ...emission, startUs }) !== 'number') return false
      queue.at(startUs + emission.airtimeUs + propagationUsMax, () => {
        for (const reception of world.advance(queue.nowUs)) listeners.get(reception.gateway)?.(reception)
        if (emission.sender.kind === 'gateway') for (const over of always) over({ ...emission, startUs })
      })
      return true
    },
    onReception: (gateway, heard) => void listeners.set(gateway, heard),
    onDownlink: (over) => void always.push(over),
  }
}
