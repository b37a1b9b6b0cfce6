/**
 * What became of every message that simulated devices sent through a real network: whether its application got it, once, and where it
 * was lost otherwise. The rule that a network is held to: what its gateways took comes out.
 *
 * Pure bookkeeping: times are the caller's, in milliseconds that only rise. A message is judged once and forgotten, so that a run may
 * last for days.
 *
 * @module
 */

import type { CopyFate } from './gateway-wire.ts'

/** Messages that are not judged yet, inclusive; of more, the oldest are judged early. */
export const openMessagesMax = 1_000_000
/** Latencies that are kept for the percentiles, inclusive; later ones are only counted. */
export const latenciesMax = 1_000_000
/** Messages of one device that are remembered after they came out, to notice a second time. */
const publishedRemembered = 32

/** Why a message did not come out. Only the last is the network's fault. */
export const messageLosses = [
  /** no gateway received any of its frames */
  'not-heard',
  /** every copy was lost between its gateway and the network */
  'lost-on-the-way',
  /** it left for the network, and no gateway was told that it was taken */
  'not-acknowledged',
  /** a newer message of its device was taken first: LoRaWAN counts forwards only */
  'overtaken',
  /** its device had begun another session by then */
  'session-ended',
  /** a gateway was told that it was taken, and the application never got it */
  'missing',
] as const
export type MessageLoss = (typeof messageLosses)[number]

export interface MissingMessage {
  readonly device: number
  readonly message: number
  readonly takenAtMs: number
}

/** Missing messages that are named, inclusive; all are counted. */
export const missingNamedMax = 20

export interface LedgerReport {
  readonly messages: number
  readonly delivered: number
  /** not judged yet */
  readonly open: number
  readonly losses: Readonly<Record<MessageLoss, number>>
  /** times that the application got a message again */
  readonly duplicates: number
  /** messages that the application got and no device had sent, or that were judged already */
  readonly unknown: number
  /** copies that gateways handed to the network, and that are known to be taken */
  readonly copiesHanded: number
  readonly copiesTaken: number
  /** from the first copy's leaving its gateway's line to the application, in milliseconds */
  readonly latencyMsP50: number
  readonly latencyMsP99: number
  /** from the end of the frame on the air */
  readonly fromAirMsP50: number
  readonly fromAirMsP99: number
  readonly missing: readonly MissingMessage[]
}

export interface UplinkLedger {
  /** A frame of a message was on the air; told for each repetition. */
  sent(
    message: { readonly device: number; readonly message: number; readonly phyPayload: Uint8Array },
    atMs: number,
  ): void
  copy(phyPayload: Uint8Array, fate: CopyFate, atMs: number): void
  published(message: { readonly device: number; readonly message: number }, atMs: number): void
  /** A device begins another session. */
  rejoined(device: number): void
  /** Judges what was sent at or before a time. */
  settle(untilMs: number): void
  /** devices of which something came out */
  deviceCount(): number
  report(): LedgerReport
}

interface Open {
  readonly device: number
  readonly message: number
  readonly key: string
  readonly sentAtMs: number
  readonly life: number
  isHeard: boolean
  handedAtMs: number | undefined
  takenAtMs: number | undefined
}

interface DeviceBook {
  life: number
  /** the newest message that was taken, and the newest that came out */
  taken: { message: number; atMs: number } | undefined
  readonly published: Set<number>
}

const keyOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

/** @param openMax messages that are not judged yet, inclusive */
export function uplinkLedger(openMax: number = openMessagesMax): UplinkLedger {
  /** by frame, and by device and message; oldest first */
  const byFrame = new Map<string, Open>()
  const byMessage = new Map<string, Open>()
  const books = new Map<number, DeviceBook>()
  const losses = Object.fromEntries(messageLosses.map((reason) => [reason, 0])) as Record<MessageLoss, number>
  const [latencies, fromAir]: [number[], number[]] = [[], []]
  const missing: MissingMessage[] = []
  let [messages, delivered, duplicates, unknown, copiesHanded, copiesTaken] = [0, 0, 0, 0, 0, 0]

  const nameOf = (device: number, message: number): string => `${device}/${message}`
  const bookOf = (device: number): DeviceBook => {
    const known = books.get(device)
    if (known !== undefined) return known
    const made: DeviceBook = { life: 0, taken: undefined, published: new Set() }
    books.set(device, made)
    return made
  }
  const close = (open: Open): void => {
    byFrame.delete(open.key)
    byMessage.delete(nameOf(open.device, open.message))
  }
  const lossOf = (open: Open): MessageLoss => {
    if (!open.isHeard) return 'not-heard'
    if (open.handedAtMs === undefined) return 'lost-on-the-way'
    if (open.takenAtMs === undefined) return 'not-acknowledged'
    const { taken, life } = bookOf(open.device)
    if (taken !== undefined && taken.message > open.message && taken.atMs <= open.takenAtMs) return 'overtaken'
    return life === open.life ? 'missing' : 'session-ended'
  }
  const judge = (open: Open): void => {
    close(open)
    const loss = lossOf(open)
    losses[loss] += 1
    if (loss !== 'missing' || missing.length >= missingNamedMax) return
    missing.push({ device: open.device, message: open.message, takenAtMs: open.takenAtMs ?? 0 })
  }

  return {
    sent({ device, message, phyPayload }, atMs) {
      const name = nameOf(device, message)
      if (byMessage.has(name) || bookOf(device).published.has(message)) return
      messages += 1
      const key = keyOf(phyPayload)
      const { life } = bookOf(device)
      const open: Open = {
        device,
        message,
        key,
        sentAtMs: atMs,
        life,
        isHeard: false,
        handedAtMs: undefined,
        takenAtMs: undefined,
      }
      byFrame.set(key, open)
      byMessage.set(name, open)
      if (byMessage.size > openMax) judge(byMessage.values().next().value!)
    },

    copy(phyPayload, fate, atMs) {
      if (fate === 'sent') copiesHanded += 1
      if (fate === 'taken') copiesTaken += 1
      const open = byFrame.get(keyOf(phyPayload))
      if (open === undefined) return
      open.isHeard = true
      if (fate === 'sent') open.handedAtMs ??= atMs
      if (fate !== 'taken' || open.takenAtMs !== undefined) return
      open.takenAtMs = atMs
      const book = bookOf(open.device)
      if (book.taken === undefined || book.taken.message < open.message) book.taken = { message: open.message, atMs }
    },

    published({ device, message }, atMs) {
      const book = bookOf(device)
      if (book.published.has(message)) {
        duplicates += 1
        return
      }
      const open = byMessage.get(nameOf(device, message))
      if (open === undefined) {
        unknown += 1
        return
      }
      close(open)
      delivered += 1
      book.published.add(message)
      if (book.published.size > publishedRemembered) book.published.delete(book.published.values().next().value!)
      if (latencies.length >= latenciesMax) return
      latencies.push(atMs - (open.handedAtMs ?? open.sentAtMs))
      fromAir.push(atMs - open.sentAtMs)
    },

    rejoined: (device) => void (bookOf(device).life += 1),

    settle(untilMs) {
      for (const open of byMessage.values()) {
        if (open.sentAtMs > untilMs) return
        judge(open)
      }
    },

    deviceCount: () => books.values().reduce((count, { published }) => count + (published.size > 0 ? 1 : 0), 0),

    report: () => ({
      messages,
      delivered,
      open: byMessage.size,
      losses: { ...losses },
      duplicates,
      unknown,
      copiesHanded,
      copiesTaken,
      latencyMsP50: quantile(latencies, 0.5),
      latencyMsP99: quantile(latencies, 0.99),
      fromAirMsP50: quantile(fromAir, 0.5),
      fromAirMsP99: quantile(fromAir, 0.99),
      missing: [...missing],
    }),
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
