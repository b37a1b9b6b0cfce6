/**
 * How a program ends when nothing was there to catch the error, and when it does not end in time after it was told to: never
 * without a reason on stderr and an exit code.
 *
 * Written with a synchronous call: a line in a buffer dies with the process.
 *
 * @module
 */

import { writeSync } from 'node:fs'
import { outcomeOf } from '@groundwork/core/errors/http-status.ts'
import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'

/** After being told to stop, a program has so long to close its files; then it ends as it is: all it promised is on disk. */
export const stopMsMax = 15_000

const stderr = 2

/** Says why, past every buffer, and ends the process. */
export function endNow(why: string, exitCode: number): never {
  try {
    writeSync(stderr, `${why}\n`)
  } catch {
    // Nobody reads any more; the exit code still says that it went wrong.
  }
  process.exit(exitCode)
}

/** The line and the exit code for an error that nobody caught. */
export function lastWords(error: unknown, origin: string): { readonly why: string; readonly exitCode: number } {
  const { exitCode } = outcomeOf(error)
  if (error instanceof GroundworkError)
    return { why: `${error.message} [${error.code}] (${origin})\n${error.stack ?? ''}`, exitCode }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { why: `Nobody caught this: ${text} [GW_UNEXPECTED] (${origin})`, exitCode }
}

/** Why a program was told to end, in words. */
export function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason)
}

/** Ends the process with a reason on any error that nobody caught, and when stopping takes too long. */
export function watchOverEnd(stopping: AbortSignal, { stopMs = stopMsMax }: { readonly stopMs?: number } = {}): void {
  process.on('uncaughtException', (error, origin) => {
    const { why, exitCode } = lastWords(error, origin)
    endNow(why, exitCode)
  })
  // Nothing to do but to have a listener: without one, a reader of stderr that went away would end us.
  process.stderr.on('error', () => undefined)
  stopping.addEventListener(
    'abort',
    () => {
      const late = (): void => endNow(`It did not stop within ${stopMs} ms, and was ended. [GW_STOP_SLOW]`, 70)
      setTimeout(late, stopMs).unref()
    },
    { once: true },
  )
}
