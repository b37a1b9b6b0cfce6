/**
 * Gathering the copies of one frame that several gateways heard, and letting it go as soon as no more are to be expected.
 *
 * A frame goes when as many gateways have sent it as usually hear its device, when no copy came for as long as copies usually lie
 * apart, or after `windowMsMax`. A copy that comes later belongs to nothing and is counted. Two frames are one only if all their
 * bytes are: an altered copy that comes first displaces nothing.
 *
 * @module
 */

import type { Eui, RadioUplink } from '../model/radio.ts'

/** Longest time from the first copy, in milliseconds; what others wait always. */
export const windowMsMax = 200
/** Shortest time without a copy after which a frame goes, in milliseconds. */
export const quietMsMin = 20
/** Frames that are open at once, inclusive; the oldest goes first. */
export const openFramesMax = 65_536
/** Copies of one frame that are kept, inclusive. */
export const copiesMax = 64
/**
 * How long a frame is remembered after it went, in milliseconds, so that a late copy does not count as a frame. Less than the shortest
 * time after which a device sends one again: that one wants an answer.
 */
export const rememberedMs = 1_500
/** Frames that are remembered after they went, inclusive. */
export const rememberedMax = 262_144
/** Senders whose usual number of gateways is known, inclusive. */
const habitsMax = 131_072
const sweepMs = 5

export interface Gathered {
  /** in the order they came, one for each gateway */
  readonly copies: readonly RadioUplink[]
}

export interface CopyWindow {
  /** @param sender what frames of one device have in common: its address, or its EUI while it joins */
  add(uplink: RadioUplink, sender: number | Eui): 'first' | 'copy' | 'late' | 'same-gateway' | 'too-many-copies'
  readonly openCount: number
  /** Lets everything go now. */
  flush(): void
}

export interface CopyWindowOptions {
  readonly release: (gathered: Gathered) => void
  readonly elapsedMs: () => number
  readonly after: (delayMs: number, run: () => void) => () => void
  /** `rememberedMs` when left out */
  readonly rememberMs?: number
}

interface Frame {
  readonly copies: RadioUplink[]
  readonly sender: number | Eui
  readonly firstMs: number
  lastMs: number
  isReleased: boolean
  /** late copies, for the habit */
  heardCount: number
  /** another frame under the same key */
  next: Frame | undefined
}

/** Enough of the bytes to tell most frames apart; equal keys are compared whole. */
function keyOf(bytes: Uint8Array): number {
  let [low, high] = [bytes.length, 0]
  for (let index = 0; index < bytes.length; index += 1) {
    low = Math.imul(low ^ bytes[index]!, 0x01000193)
    high = (Math.imul(high, 31) + bytes[index]!) | 0
  }
  return (low >>> 0) * 0x100000 + (high & 0xfffff)
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false
  return true
}

export function copyWindow({ release, elapsedMs, after, rememberMs = rememberedMs }: CopyWindowOptions): CopyWindow {
  const frames = new Map<number, Frame>()
  const open = new Set<Frame>()
  const released: { readonly key: number; readonly frame: Frame; readonly atMs: number }[] = []
  let releasedFrom = 0
  const habits = new Map<number | Eui, number>()
  // How far apart copies come, and how much that varies, in milliseconds.
  let [gapMs, gapSpreadMs] = [40, 20]
  let isSweeping = false

  const letGo = (key: number, frame: Frame): void => {
    frame.isReleased = true
    open.delete(frame)
    released.push({ key, frame, atMs: elapsedMs() })
    noteHabit(frame)
    release({ copies: frame.copies })
  }

  const noteHabit = ({ sender, heardCount }: Frame): void => {
    const usual = habits.get(sender)
    if (usual === undefined && habits.size >= habitsMax) habits.delete(habits.keys().next().value!)
    // Rises at once, falls slowly: waiting for a gateway that is gone costs little, leaving one out costs a copy.
    habits.set(sender, usual === undefined || heardCount >= usual ? heardCount : usual - (usual - heardCount) / 8)
  }

  const noteGap = (ms: number): void => {
    gapSpreadMs += (Math.abs(ms - gapMs) - gapSpreadMs) / 16
    gapMs += (ms - gapMs) / 16
  }

  const isDone = (frame: Frame, nowMs: number): boolean => {
    if (nowMs - frame.firstMs >= windowMsMax) return true
    const quietMs = Math.min(Math.max(gapMs + 4 * gapSpreadMs, quietMsMin), windowMsMax)
    return nowMs - frame.lastMs >= quietMs
  }

  const hasAll = ({ sender, copies }: Frame): boolean => {
    const usual = habits.get(sender)
    return usual !== undefined && copies.length >= usual - 0.5
  }

  const sweep = (): void => {
    isSweeping = false
    const nowMs = elapsedMs()
    for (const frame of open) if (isDone(frame, nowMs)) letGo(keyOf(frame.copies[0]!.phyPayload), frame)
    forget(nowMs)
    if (open.size > 0) schedule()
  }

  const schedule = (): void => {
    if (isSweeping) return
    isSweeping = true
    after(sweepMs, sweep)
  }

  const forget = (nowMs: number): void => {
    while (releasedFrom < released.length) {
      const { key, frame, atMs } = released[releasedFrom]!
      if (nowMs - atMs < rememberMs && released.length - releasedFrom <= rememberedMax) break
      unlink(key, frame)
      releasedFrom += 1
    }
    if (releasedFrom > 4096 && releasedFrom * 2 > released.length) {
      released.splice(0, releasedFrom)
      releasedFrom = 0
    }
  }

  const unlink = (key: number, frame: Frame): void => {
    const first = frames.get(key)
    if (first === frame) {
      if (frame.next === undefined) frames.delete(key)
      else frames.set(key, frame.next)
      return
    }
    for (let one = first; one !== undefined; one = one.next) if (one.next === frame) one.next = frame.next
  }

  const find = (key: number, bytes: Uint8Array): Frame | undefined => {
    for (let frame = frames.get(key); frame !== undefined; frame = frame.next)
      if (isSame(frame.copies[0]!.phyPayload, bytes)) return frame
    return undefined
  }

  return {
    add(uplink, sender) {
      const key = keyOf(uplink.phyPayload)
      const nowMs = elapsedMs()
      forget(nowMs)
      const known = find(key, uplink.phyPayload)
      if (known === undefined) {
        if (open.size >= openFramesMax) {
          const oldest = open.values().next().value!
          letGo(keyOf(oldest.copies[0]!.phyPayload), oldest)
        }
        const frame: Frame = {
          copies: [uplink],
          sender,
          firstMs: nowMs,
          lastMs: nowMs,
          isReleased: false,
          heardCount: 1,
          next: frames.get(key),
        }
        frames.set(key, frame)
        open.add(frame)
        if (hasAll(frame)) letGo(key, frame)
        else schedule()
        return 'first'
      }
      if (known.copies.some(({ gatewayEui }) => gatewayEui === uplink.gatewayEui)) return 'same-gateway'
      known.heardCount += 1
      if (known.isReleased) {
        noteHabit(known)
        return 'late'
      }
      if (known.copies.length >= copiesMax) return 'too-many-copies'
      noteGap(nowMs - known.lastMs)
      known.lastMs = nowMs
      known.copies.push(uplink)
      if (hasAll(known)) letGo(key, known)
      return 'copy'
    },
    get openCount() {
      return open.size
    },
    flush() {
      for (const frame of open) letGo(keyOf(frame.copies[0]!.phyPayload), frame)
    },
  }
}
