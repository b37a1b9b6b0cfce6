/**
 * How a program that stays says that it serves: in words to a person, as one JSON line `{"ready":{...}}` to whoever started it.
 *
 * @module
 */

import type { Show } from './show.ts'

/** @param lines the same in words */
export function announceReady(show: Show, ready: object, lines: readonly string[]): void {
  if (process.stdout.isTTY && !show.isJson) for (const line of lines) show.say(line)
  else process.stdout.write(`${JSON.stringify({ ready })}\n`)
}
