/**
 * Waiting for something to happen on the chain, within a bound, and saying what is waited for.
 *
 * @module
 */

import { sleep } from '@groundwork/chain/sleep.ts'
import { NothingHappened } from './first-light-errors.ts'

export interface AwaitOptions<Found> {
  readonly what: string
  readonly secondsMax: number
  readonly signal: AbortSignal
  look(): Promise<Found | undefined> | Found | undefined
}

const pollMs = 200

/** @throws NothingHappened when it did not happen in time */
export async function awaitUntil<Found>({ what, secondsMax, signal, look }: AwaitOptions<Found>): Promise<Found> {
  const endMs = performance.now() + secondsMax * 1000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > endMs) throw new NothingHappened({ what, secondsMax })
    await sleep(pollMs, { signal })
  }
}
