/**
 * Doing one level-triggered piece of work for ever: what failed is tried again, for it looks at what is missing each time.
 *
 * @module
 */

import { sleep } from '@groundwork/chain/sleep.ts'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'

export interface AgainOptions {
  readonly work: () => Promise<unknown>
  readonly everyMs: number
  /** told of a run that failed; the next one follows all the same */
  readonly onError: (error: unknown) => void
  readonly signal: AbortSignal
}

/** @throws InvariantBroken: a mistake of our own stops the work, better late than wrong */
export async function again({ work, everyMs, onError, signal }: AgainOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      await work()
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof InvariantBroken) throw error
      onError(error)
    }
    await sleep(everyMs, { signal }).catch(() => undefined)
  }
}
