/**
 * Time, as something that is handed in: tests own it, and pure code never asks for it.
 *
 * @module
 */

export interface Clock {
  /** Unix time in milliseconds; may jump when the machine's clock is set */
  nowMs(): number
  /** monotonic milliseconds since an arbitrary start: for measuring, never for stamping */
  elapsedMs(): number
  /** Resolves after `durationMs` (0 or more); rejects with the signal's reason, leaving nothing behind. */
  sleep(durationMs: number, options: { readonly signal: AbortSignal }): Promise<void>
}
