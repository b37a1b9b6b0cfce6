/**
 * Events of devices as server-sent events, from where a reader was, as far as they are still in memory.
 *
 * @module
 */

import type { ServerResponse } from 'node:http'
import type { EventRing } from '@groundwork/wireless'
import { drainMsMax } from '../event-stream.ts'

const batchMax = 200
/** Something is sent at least this often, so that a line that broke without a word is noticed. */
const aliveMs = 15_000

export interface DeviceEventsOptions {
  readonly ring: EventRing
  readonly filter: { readonly applicationId: string; readonly devEui?: string }
  readonly lastEventId: string | undefined
  readonly signal: AbortSignal
}

/** Sends until the reader leaves or the signal is aborted; resolves then. The head has been written. */
export async function sendDeviceEvents(
  response: ServerResponse,
  { ring, filter, lastEventId, signal }: DeviceEventsOptions,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort(new Error('the reader left')))
  const until = AbortSignal.any([signal, gone.signal])
  let place = lastEventId
  let wake = (): void => undefined
  const end = ring.subscribe(filter, () => wake())
  try {
    while (!until.aborted) {
      const { events, lastId, isGap } = ring.since(place, filter, batchMax)
      place = lastId
      let text = isGap ? 'event: gap\ndata: {}\n\n' : ''
      for (const { id, name, devEui, json } of events)
        text += `id: ${id}\nevent: ${name}\ndata: {"devEui":"${devEui}","event":${json}}\n\n`
      // Nothing is waited for between the look and the sleep: what comes then wakes.
      if (text !== '') await writeAll(response, text, until)
      else await sleepUntil((run) => (wake = run), until, response)
    }
  } catch (error) {
    if (!until.aborted) throw error
  } finally {
    end?.()
  }
}

/** Resolves when something new came; says that the line lives meanwhile. */
async function sleepUntil(
  onWake: (run: () => void) => void,
  signal: AbortSignal,
  response: ServerResponse,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const over = (): void => {
      clearInterval(alive)
      signal.removeEventListener('abort', over)
      resolve()
    }
    const alive = setInterval(() => response.write(': still here\n\n'), aliveMs)
    alive.unref()
    signal.addEventListener('abort', over, { once: true })
    onWake(over)
  })
}

async function writeAll(response: ServerResponse, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (response.write(text)) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => response.destroy(), drainMsMax)
    const over = (): void => {
      clearTimeout(timer)
      response.off('drain', over)
      signal.removeEventListener('abort', over)
      resolve()
    }
    response.once('drain', over)
    signal.addEventListener('abort', over, { once: true })
  })
}
