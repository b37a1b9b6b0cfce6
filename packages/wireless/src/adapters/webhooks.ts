/**
 * Events of devices as HTTP posts: the JSON that MQTT has too, to `url?event=up`, until the endpoint says yes or is given up.
 *
 * Each delivery waits on disk first (webhook-outbox.ts). It is tried again with growing pauses; what is refused for good, or
 * fails too often, goes to a list of dead letters that can be read, replayed and purged. At least once: an endpoint that
 * answered too late gets it again, with the same `x-groundwork-delivery`. Deliveries of one endpoint run side by side, so
 * that their order is not promised; `fCnt` and `time` tell it.
 *
 * The signature is `x-groundwork-signature: t=<Unix ms>,v1=<hex>`: HMAC-SHA256 of `<Unix ms>.<body>` under the endpoint's secret.
 *
 * @module
 */

import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { DeviceEvent, EventSink } from '../applications/device-event.ts'
import { attemptsMax, delayMsMax, retryDelayMs } from '../applications/retry-delay.ts'
import { postUrl, verdictOf, type WebhookEndpoint } from '../applications/webhook-endpoint.ts'
import type { Clock, Random, Timers } from '../ports.ts'
import { eventPoster, type PostOutcome } from './post-event.ts'
import { openWebhookOutbox, type DeadLetter, type Delivery, type NewDelivery } from './webhook-outbox.ts'

/** Deliveries that may wait for one endpoint. */
export const webhookWaitingMax = 20_000

/** Dead letters that are kept of one endpoint; the oldest go first. */
export const webhookDeadMax = 5_000

/** Posts to one endpoint at once. */
export const postsAtOnceMax = 4

/** Longest post, from the look-up of the address to the end of the answer. */
export const postMsMax = 10_000

export interface WebhooksOptions {
  /** the outbox: a file, or ':memory:' */
  readonly path: string
  readonly endpointsOf: (applicationId: string) => readonly WebhookEndpoint[]
  readonly endpoint: (id: string) => WebhookEndpoint | undefined
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  /** for endpoints on the same machine or network; off unless whoever runs this wants it */
  readonly allowsPrivateAddresses?: boolean
  readonly waitingMax?: number
  readonly deadMax?: number
}

export interface Webhooks extends EventSink, AsyncDisposable {
  /** Resolves once everything that was taken so far is on disk. */
  settled(): Promise<void>
  deadLetters(endpointId: string, options: { readonly after: number; readonly limit: number }): readonly DeadLetter[]
  /** @returns how many wait again: no more than there is room for */
  replay(endpointId: string, options: { readonly ids?: readonly number[] }): number
  /** @returns how many are gone */
  purge(endpointId: string, options: { readonly ids?: readonly number[] }): number
  readonly counts: Readonly<
    Record<'kept' | 'delivered' | 'retried' | 'dead' | 'deadForgotten' | 'queueFull' | 'notKept', number>
  >
}

export function openWebhooks(options: WebhooksOptions): Webhooks {
  const { clock, timers, random, waitingMax = webhookWaitingMax, deadMax = webhookDeadMax } = options
  const outbox = openWebhookOutbox(options)
  const poster = eventPoster({ allowsPrivateAddresses: options.allowsPrivateAddresses ?? false })
  const counts = { kept: 0, delivered: 0, retried: 0, dead: 0, deadForgotten: 0, queueFull: 0, notKept: 0 }
  const stopped = new AbortController()
  /** by endpoint: the deliveries under way */
  const underWay = new Map<string, Set<number>>()
  const posts = new Set<Promise<void>>()
  const waiting = new Map<string, number>(outbox.waitingEndpoints().map((id) => [id, outbox.waitingCount(id)]))
  let taken: NewDelivery[] = []
  let isKept = Promise.resolve()
  let cancelTimer = (): void => {}
  let wakesAtMs: number | undefined

  const less = (endpointId: string): void => void waiting.set(endpointId, (waiting.get(endpointId) ?? 1) - 1)

  const keep = (): void => {
    const deliveries = taken
    taken = []
    try {
      outbox.add(deliveries)
    } catch {
      // The disk is full or gone. Whoever publishes cannot wait for it: what was lost shows in the counts.
      for (const { endpointId } of deliveries) less(endpointId)
      counts.notKept += deliveries.length
      return
    }
    counts.kept += deliveries.length
    for (const id of new Set(deliveries.map(({ endpointId }) => endpointId))) sendDue(id)
  }

  const giveUp = ({ id, endpointId }: Delivery, reason: string): void => {
    counts.dead += 1
    counts.deadForgotten += outbox.giveUp(id, { reason, deadMax })
    less(endpointId)
  }

  const settle = (delivery: Delivery, outcome: PostOutcome): void => {
    if (stopped.signal.aborted) return
    const verdict =
      'status' in outcome ? verdictOf(outcome.status) : outcome.failed === 'address-not-public' ? 'never' : 'again'
    if (verdict === 'done') {
      outbox.done(delivery.id)
      counts.delivered += 1
      return less(delivery.endpointId)
    }
    const reason = 'status' in outcome ? `status ${outcome.status}` : `${outcome.failed}: ${outcome.description}`
    const attempts = delivery.attempts + 1
    if (verdict === 'never' || attempts >= attemptsMax) return giveUp(delivery, reason)
    const askedMs = 'status' in outcome ? Math.min(outcome.retryAfterMs ?? 0, delayMsMax) : 0
    counts.retried += 1
    outbox.again(delivery.id, { attempts, dueAtMs: clock.nowMs() + Math.max(askedMs, retryDelayMs(attempts, random)) })
    wakeLater()
  }

  const send = async (delivery: Delivery): Promise<void> => {
    const endpoint = options.endpoint(delivery.endpointId)
    if (endpoint === undefined) return giveUp(delivery, 'the endpoint is gone')
    const url = postUrl(endpoint.url, delivery.event)
    if (typeof url === 'string') return giveUp(delivery, url)
    const body = new TextEncoder().encode(delivery.body)
    const headers = await headersOf(endpoint, delivery, clock.nowMs())
    if (headers === undefined)
      return settle(delivery, { failed: 'unreachable', description: 'its secret cannot be read' })
    const late = new AbortController()
    const cancel = timers.after(postMsMax, () => late.abort())
    settle(delivery, await poster.post(url, headers, body, AbortSignal.any([late.signal, stopped.signal])))
    cancel()
  }

  const sendDue = (endpointId: string, nowMs = clock.nowMs()): void => {
    if (stopped.signal.aborted) return
    const sending = underWay.get(endpointId) ?? new Set<number>()
    const room = postsAtOnceMax - sending.size
    if (room > 0) {
      underWay.set(endpointId, sending)
      const due = outbox.due(endpointId, { nowMs, limit: postsAtOnceMax * 2 })
      for (const delivery of due.filter(({ id }) => !sending.has(id)).slice(0, room)) {
        sending.add(delivery.id)
        const post = send(delivery).finally(() => {
          sending.delete(delivery.id)
          posts.delete(post)
          sendDue(endpointId)
        })
        posts.add(post)
      }
      if (sending.size === 0) underWay.delete(endpointId)
    }
  }

  /** One timer stands for whatever is due next. What is due already is under way, or waits for a post to end. */
  const wakeLater = (nowMs = clock.nowMs()): void => {
    // A timer that is replaced in the moment for which it stood has not sent anything yet.
    const isDue = wakesAtMs !== undefined && wakesAtMs <= nowMs
    cancelTimer()
    wakesAtMs = isDue ? nowMs : outbox.nextDueAtMs(nowMs)
    if (wakesAtMs !== undefined) cancelTimer = timers.after(wakesAtMs - nowMs, wake)
  }

  const wake = (): void => {
    // One look at the clock for both: what is not due for the first is still to come for the second.
    const nowMs = clock.nowMs()
    wakesAtMs = undefined
    for (const id of outbox.waitingEndpoints()) sendDue(id, nowMs)
    wakeLater(nowMs)
  }

  wake()

  return {
    counts,

    take(event: DeviceEvent) {
      for (const { id, events } of options.endpointsOf(event.applicationId)) {
        if (events !== undefined && !events.includes(event.name)) continue
        const count = waiting.get(id) ?? 0
        if (count >= waitingMax) {
          counts.queueFull += 1
          continue
        }
        waiting.set(id, count + 1)
        if (taken.length === 0) isKept = new Promise((resolve) => setImmediate(() => resolve(keep())))
        const { name, devEui, atMs, json } = event
        taken.push({ endpointId: id, event: name, devEui, atMs, body: json })
      }
    },

    settled: () => isKept,
    deadLetters: (endpointId, range) => outbox.dead(endpointId, { ...range, limit: Math.min(range.limit, 1000) }),

    replay(endpointId, { ids }) {
      const room = Math.max(0, waitingMax - (waiting.get(endpointId) ?? 0))
      const count = outbox.replay(endpointId, {
        ...(ids === undefined ? {} : { ids }),
        nowMs: clock.nowMs(),
        limit: room,
      })
      waiting.set(endpointId, (waiting.get(endpointId) ?? 0) + count)
      sendDue(endpointId)
      return count
    },

    purge: (endpointId, chosen) => outbox.purge(endpointId, chosen),

    async [Symbol.asyncDispose]() {
      await isKept
      stopped.abort()
      cancelTimer()
      await Promise.all(posts)
      poster[Symbol.dispose]()
      outbox[Symbol.dispose]()
    },
  }
}

/** @returns undefined when the secret cannot be read */
async function headersOf(
  endpoint: WebhookEndpoint,
  { id, body }: Delivery,
  nowMs: number,
): Promise<Record<string, string> | undefined> {
  const headers: Record<string, string> = {
    ...endpoint.headers,
    'content-type': 'application/json',
    'x-groundwork-delivery': `${endpoint.id}-${id}`,
  }
  if (endpoint.secretFile === undefined) return headers
  const secret = await readFile(endpoint.secretFile, 'utf8').then(
    (text) => text.trim(),
    () => '',
  )
  if (secret === '') return undefined
  return { ...headers, 'x-groundwork-signature': `t=${nowMs},v1=${signatureOf(secret, nowMs, body)}` }
}

/** What the receiver computes too. */
export function signatureOf(secret: string, atMs: number, body: string): string {
  return createHmac('sha256', secret).update(`${atMs}.${body}`).digest('hex')
}
