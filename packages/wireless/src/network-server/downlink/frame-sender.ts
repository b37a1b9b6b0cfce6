/**
 * Bringing one frame on the air: the best gateway that can is asked, after a refusal the next one, until it was sent or nobody is left.
 *
 * The frame is the same whoever sends it, so its counter is never used for anything else.
 *
 * @module
 */

import type { RadioDownlink, TransmitOutcome } from '../../model/radio.ts'
import type { Clock, Radio } from '../../ports.ts'
import { awaitedMax, downlinkLedger, type EndedDownlink, type Step } from './downlink-ledger.ts'
import { gatewayBook, type HeardBy } from './gateway-book.ts'
import { openWindow, type ListeningWindow, type OpenWindow, type SizedFrame } from './plan-windows.ts'

/** Gateways that are looked at for one frame, inclusive: the best ones. */
export const gatewaysPerFrameMax = 8

/** A gateway that may be asked. */
export interface Candidate extends HeardBy {
  /** where the device listens, seen from now */
  readonly windows: () => readonly ListeningWindow[]
}

/** What is to be sent, as far as the choice of a gateway goes. */
export interface FramePlan extends SizedFrame {
  readonly deviceClass: 'A' | 'B' | 'C'
  readonly candidates: readonly Candidate[]
}

export interface OutgoingFrame extends FramePlan {
  readonly phyPayload: Uint8Array
  /** Told once, when it was sent or nobody can send it. */
  readonly ended: (end: EndedFrame) => void
}

export interface EndedFrame {
  readonly isSent: boolean
  readonly atMs: number
  /** who sent it, or who was asked last */
  readonly gatewayEui?: string
  readonly timeline: readonly Step[]
  /** from now until a gateway that only rests could send it, in milliseconds */
  readonly freeInMs?: number
  /** milliseconds until it has left the air */
  readonly doneInMs?: number
}

/** Why nobody can send a frame now. */
export interface Unsendable {
  readonly steps: readonly Step[]
  /** every window of every gateway was over before the frame came here */
  readonly isTooLate: boolean
  /** from now until a gateway that only rests could */
  readonly freeInMs?: number
}

export interface FrameSender {
  /** @returns why the frame could not be sent, were it built now; undefined when it could */
  unsendable(plan: FramePlan): Unsendable | undefined
  send(frame: OutgoingFrame): void
  outcome(outcome: TransmitOutcome): void
  /** Ends what was never heard of again; to be called now and then. */
  tidy(): void
  /** The gateway said that it sent, and the device was not reached. */
  doubted(gatewayEui: string): void
  readonly awaitedCount: number
}

interface Chosen {
  readonly gatewayEui: string
  readonly windows: readonly OpenWindow[]
}

/** What is left to do for a frame. */
interface Errand {
  readonly frame: OutgoingFrame
  readonly asked: ReadonlySet<string>
  readonly windows: readonly OpenWindow[]
}

export interface FrameSenderOptions {
  readonly radio: Radio
  readonly clock: Clock
  /** downlinks that wait for their outcome, inclusive; `awaitedMax` when left out */
  readonly limit?: number
}

export function frameSender({ radio, clock, limit = awaitedMax }: FrameSenderOptions): FrameSender {
  const ledger = downlinkLedger<Errand>({ firstId: Math.floor(clock.nowMs()), limit })
  const gateways = gatewayBook()

  /** The best gateway that can send now and was not asked yet; else the reasons of all. */
  const choose = (plan: FramePlan, asked: ReadonlySet<string>): Chosen | Unsendable => {
    const [nowMs, elapsedMs] = [clock.nowMs(), clock.elapsedMs()]
    const steps: Step[] = []
    let [freeMs, isTooLate] = [Number.POSITIVE_INFINITY, plan.candidates.length > 0]
    for (const { gatewayEui, windows } of gateways.order(plan.candidates, elapsedMs).slice(0, gatewaysPerFrameMax)) {
      if (asked.has(gatewayEui)) continue
      if (!radio.isReachable(gatewayEui)) {
        isTooLate = false
        steps.push({ atMs: nowMs, step: `gateway ${gatewayEui}`, reason: 'gateway-away' })
        continue
      }
      const open: OpenWindow[] = []
      for (const listening of windows()) {
        const window = openWindow(
          listening,
          plan,
          (transmission) => gateways.conflict(gatewayEui, plan.region, transmission, elapsedMs),
          elapsedMs,
        )
        if ('window' in window) {
          open.push(window)
          continue
        }
        if (window.refusal !== 'too-late') isTooLate = false
        freeMs = Math.min(freeMs, window.freeMs ?? freeMs)
        steps.push({ atMs: nowMs, step: `${listening.name} of gateway ${gatewayEui}`, reason: window.refusal })
      }
      if (open.length > 0) return { gatewayEui, windows: open }
    }
    const isWaitable = Number.isFinite(freeMs)
    return { steps, isTooLate, ...(isWaitable ? { freeInMs: Math.max(freeMs - elapsedMs, 0) } : {}) }
  }

  const ask = (frame: OutgoingFrame, before: ReadonlySet<string>, timeline: readonly Step[]): void => {
    const nowMs = clock.nowMs()
    const chosen = choose(frame, before)
    if (!('windows' in chosen)) {
      const { steps, freeInMs } = chosen
      const gatewayEui = [...before].at(-1)
      return frame.ended({
        isSent: false,
        atMs: nowMs,
        timeline: [...timeline, ...steps],
        ...(gatewayEui === undefined ? {} : { gatewayEui }),
        ...(freeInMs === undefined ? {} : { freeInMs }),
      })
    }
    const { gatewayEui, windows } = chosen
    const downlink: RadioDownlink = {
      id: ledger.nextId(),
      gatewayEui,
      deviceClass: frame.deviceClass,
      phyPayload: frame.phyPayload,
      windows: windows.map(({ window }) => window),
    }
    const [first] = windows
    if (first !== undefined) gateways.book(gatewayEui, downlink.id, frame.region, first.transmission, clock.elapsedMs())
    const lost = ledger.add(
      {
        downlink,
        context: { frame, asked: new Set([...before, gatewayEui]), windows },
        timeline: [...timeline, { atMs: nowMs, step: `handed to gateway ${gatewayEui}` }],
        lastWindowMs: windows.at(-1)?.transmission.startMs ?? clock.elapsedMs(),
      },
      nowMs,
    )
    if (lost !== undefined) ended(lost)
    radio.send(downlink)
    return undefined
  }

  const ended = ({ downlink, context, timeline, refusal, windowIndex, atMs }: EndedDownlink<Errand>): void => {
    const { frame, asked, windows } = context
    const { gatewayEui, id } = downlink
    if (refusal === undefined) {
      const transmission = windows[windowIndex]?.transmission
      // The first window was booked; when it was another one, that one counts.
      if (windowIndex > 0 && transmission !== undefined)
        gateways.book(gatewayEui, id, frame.region, transmission, clock.elapsedMs())
      const doneMs = transmission === undefined ? 0 : transmission.startMs + transmission.airtimeMs - clock.elapsedMs()
      return frame.ended({ isSent: true, atMs, gatewayEui, timeline, doneInMs: Math.max(doneMs, 0) })
    }
    gateways.failed(gatewayEui, clock.elapsedMs())
    // Without an answer it may have been sent: then its time stays booked, and no second gateway sends over it.
    if (refusal === 'no-answer') return frame.ended({ isSent: false, atMs, gatewayEui, timeline })
    gateways.release(gatewayEui, id)
    return ask(frame, asked, timeline)
  }

  return {
    unsendable(plan) {
      const chosen = choose(plan, nobody)
      return 'windows' in chosen ? undefined : chosen
    },
    send(frame) {
      ask(frame, nobody, [{ atMs: clock.nowMs(), step: 'planned' }])
    },
    outcome(outcome) {
      const one = ledger.note(outcome)
      if (one !== undefined) ended(one)
    },
    tidy() {
      for (const one of ledger.expire({ elapsedMs: clock.elapsedMs(), nowMs: clock.nowMs() })) ended(one)
    },
    doubted: (gatewayEui) => gateways.failed(gatewayEui, clock.elapsedMs()),
    get awaitedCount() {
      return ledger.size
    },
  }
}

const nobody: ReadonlySet<string> = new Set()
