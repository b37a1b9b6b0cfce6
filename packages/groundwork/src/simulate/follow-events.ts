/**
 * An application's events from a gateway, in order, for as long as the reader wants; a line that broke is taken up where it ended.
 *
 * @module
 */

import { sleep } from '@groundwork/chain/sleep.ts'
import type { DeviceEventName } from '@groundwork/wireless'
import type { GatewayClient } from '../gateway/gateway-client.ts'

/** Longest line that is kept, in UTF-16 units: an event's JSON is far shorter. */
const lineCharactersMax = 1024 * 1024
const againMs = 500

/** What stands in an event that is looked at here. */
export interface FollowedEvent {
  readonly name: DeviceEventName
  readonly devEui: string
  readonly event: {
    readonly data?: string
    readonly fPort?: number
    readonly level?: string
    readonly context?: { readonly code?: string; readonly reason?: string }
  }
}

export interface FollowOptions {
  readonly client: GatewayClient
  readonly applicationId: string
  readonly onEvent: (event: FollowedEvent) => void
  /** events were lost between two that came: what is counted by them is no longer the whole */
  readonly onGap: () => void
  readonly signal: AbortSignal
}

export interface Followed {
  /** resolves when the first line stands: nothing after that is missed */
  readonly ready: Promise<void>
  /** resolves once the signal is aborted; rejects when the first line could not be had */
  readonly over: Promise<void>
}

export function followEvents(options: FollowOptions): Followed {
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>()
  const over = follow(options, resolve).catch((error: unknown) => {
    reject(error)
    if (!options.signal.aborted) throw error
  })
  // Whoever waits for either is told.
  ready.catch(() => undefined)
  over.catch(() => undefined)
  return { ready, over }
}

async function follow(options: FollowOptions, isReady: () => void): Promise<void> {
  const { client, applicationId, onEvent, onGap, signal } = options
  const path = `/v1/wireless/events?applicationId=${applicationId}`
  let lastId: string | undefined
  let lines = 0
  while (!signal.aborted) {
    try {
      const { body } = await client.open(path, { signal, ...(lastId === undefined ? {} : { lastEventId: lastId }) })
      // Without an id to go on from, what came between two lines is lost.
      if (lines > 0 && lastId === undefined) onGap()
      lines += 1
      isReady()
      let name = ''
      for await (const line of linesOf(body as AsyncIterable<Uint8Array>)) {
        if (line.startsWith('id: ')) lastId = line.slice('id: '.length)
        else if (line.startsWith('event: ')) name = line.slice('event: '.length)
        else if (line.startsWith('data: ') && name === 'gap') onGap()
        else if (line.startsWith('data: '))
          onEvent({ name, ...(JSON.parse(line.slice('data: '.length)) as object) } as FollowedEvent)
      }
    } catch (error) {
      if (signal.aborted) return
      if (lines === 0) throw error
    }
    await sleep(againMs, { signal }).catch(() => undefined)
  }
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = (lines.pop() ?? '').slice(0, lineCharactersMax)
    yield* lines
  }
}
