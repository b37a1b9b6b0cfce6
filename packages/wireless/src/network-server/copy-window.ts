/**
 * Gathering the copies of one frame that several gateways heard, and letting it go as soon as no more are to be expected.
 *
 * A frame goes when as many gateways have sent it as usually hear its device, when no copy came for as long as copies usually lie
 * apart, or after `windowMsMax`. A copy that comes later belongs to nothing and is counted. Two frames are one only if all their
 * bytes are: an altered copy that comes first displaces nothing. How many usually hear a device is learnt from its own frames alone,
 * so that nobody who forges frames with its address can hasten or delay it; so is how far apart copies come.
 *
 * @module
 */

import { keySchedule } from '../crypto/aes-128.ts'
import { finishCmac } from '../crypto/cmac.ts'
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
  /** @returns whether the frame is of a known device, so that others learn from it how many hear that device */
  readonly release: (gathered: Gathered) => boolean
  /** 16 unpredictable bytes: nobody can make frames that fall on one place of the table */
  readonly secret: Uint8Array
  readonly elapsedMs: () => number
  readonly after: (delayMs: number, run: () => void) => () => void
  /** `rememberedMs` when left out */
  readonly rememberMs?: number
}

interface Frame {
  readonly key: number
  readonly bytes: Uint8Array
  /** none once it went */
  copies: RadioUplink[]
  /** late ones too */
  readonly gateways: Eui[]
  readonly sender: number | Eui
  readonly firstMs: number
  lastMs: number
  releasedMs: number | undefined
  isGenuine: boolean
  /** milliseconds from one copy to the next; none before there are two */
  gapsMs: number[] | undefined
  /** another frame under the same key */
  next: Frame | undefined
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false
  return true
}

export function copyWindow({
  release,
  secret,
  elapsedMs,
  after,
  rememberMs = rememberedMs,
}: CopyWindowOptions): CopyWindow {
  const frames = new Map<number, Frame>()
  const open = new Set<Frame>()
  const released: Frame[] = []
  let releasedFrom = 0
  const habits = new Map<number | Eui, number>()
  // How far apart copies come, and how much that varies, in milliseconds.
  let [gapMs, gapSpreadMs] = [40, 20]
  let isSweeping = false

  const roundKeys = keySchedule(secret)
  const code = new Int32Array(4)
  /** 52 bits; equal keys are compared whole. */
  const keyOf = (bytes: Uint8Array): number => {
    code.fill(0)
    finishCmac(roundKeys, code, bytes, 0, bytes.length)
    return (code[0]! >>> 0) * 0x100000 + (code[1]! & 0xfffff)
  }

  const letGo = (frame: Frame): void => {
    const { copies } = frame
    open.delete(frame)
    frame.copies = []
    frame.releasedMs = elapsedMs()
    released.push(frame)
    frame.isGenuine = release({ copies })
    noteHabit(frame)
    if (frame.isGenuine) frame.gapsMs?.forEach(noteGap)
  }

  const noteHabit = ({ sender, gateways, isGenuine }: Frame): void => {
    if (!isGenuine) return
    const heardCount = gateways.length
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

  const hasAll = ({ sender, gateways }: Frame): boolean => {
    const usual = habits.get(sender)
    return usual !== undefined && gateways.length >= usual - 0.5
  }

  const sweep = (): void => {
    isSweeping = false
    const nowMs = elapsedMs()
    for (const frame of open) if (isDone(frame, nowMs)) letGo(frame)
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
      const frame = released[releasedFrom]!
      const isRemembered = nowMs - (frame.releasedMs ?? 0) < rememberMs
      if (isRemembered && released.length - releasedFrom <= rememberedMax) break
      unlink(frame)
      releasedFrom += 1
    }
    if (releasedFrom > 4096 && releasedFrom * 2 > released.length) {
      released.splice(0, releasedFrom)
      releasedFrom = 0
    }
  }

  const unlink = (frame: Frame): void => {
    const first = frames.get(frame.key)
    if (first === frame) {
      if (frame.next === undefined) frames.delete(frame.key)
      else frames.set(frame.key, frame.next)
      return
    }
    for (let one = first; one !== undefined; one = one.next) if (one.next === frame) one.next = frame.next
  }

  const find = (key: number, bytes: Uint8Array): Frame | undefined => {
    for (let frame = frames.get(key); frame !== undefined; frame = frame.next)
      if (isSame(frame.bytes, bytes)) return frame
    return undefined
  }

  const begin = (uplink: RadioUplink, sender: number | Eui, key: number, nowMs: number): void => {
    if (open.size >= openFramesMax) letGo(open.values().next().value!)
    const frame: Frame = {
      key,
      bytes: uplink.phyPayload,
      copies: [uplink],
      gateways: [uplink.gatewayEui],
      sender,
      firstMs: nowMs,
      lastMs: nowMs,
      releasedMs: undefined,
      isGenuine: false,
      gapsMs: undefined,
      next: frames.get(key),
    }
    frames.set(key, frame)
    open.add(frame)
    if (hasAll(frame)) letGo(frame)
    else schedule()
  }

  return {
    add(uplink, sender) {
      const key = keyOf(uplink.phyPayload)
      const nowMs = elapsedMs()
      forget(nowMs)
      const known = find(key, uplink.phyPayload)
      if (known === undefined) {
        begin(uplink, sender, key, nowMs)
        return 'first'
      }
      if (known.gateways.includes(uplink.gatewayEui)) return 'same-gateway'
      if (known.gateways.length >= copiesMax) return 'too-many-copies'
      known.gateways.push(uplink.gatewayEui)
      const sinceMs = nowMs - known.lastMs
      known.lastMs = nowMs
      if (known.releasedMs !== undefined) {
        noteHabit(known)
        // Else only what was waited for would be learnt, and the wait could never grow.
        if (known.isGenuine && nowMs - known.firstMs <= windowMsMax) noteGap(sinceMs)
        return 'late'
      }
      known.gapsMs = [...(known.gapsMs ?? []), sinceMs]
      known.copies.push(uplink)
      if (hasAll(known)) letGo(known)
      return 'copy'
    },
    get openCount() {
      return open.size
    },
    flush() {
      for (const frame of open) letGo(frame)
    },
  }
}
