/**
 * Goal: each frame goes once, with the copies that came in time; a late, altered or repeated copy makes no second frame.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RadioUplink } from '../model/radio.ts'
import {
  copiesMax,
  copyWindow,
  openFramesMax,
  quietMsMin,
  rememberedMax,
  rememberedMs,
  windowMsMax,
  type CopyWindow,
  type Gathered,
} from './copy-window.ts'

const secret = new Uint8Array(16).fill(1)

function world({ isGenuine = () => true }: { isGenuine?: (bytes: Uint8Array) => boolean } = {}): {
  window: CopyWindow
  gone: { atMs: number; gateways: string[] }[]
  pass(ms: number): void
  nowMs(): number
} {
  let nowMs = 0
  const waiting: { atMs: number; run: () => void }[] = []
  const gone: { atMs: number; gateways: string[] }[] = []
  const release = ({ copies }: Gathered): boolean => {
    gone.push({ atMs: nowMs, gateways: copies.map(({ gatewayEui }) => gatewayEui) })
    return isGenuine(copies[0]!.phyPayload)
  }
  const window = copyWindow({
    release,
    secret,
    elapsedMs: () => nowMs,
    after: (delayMs, run) => {
      waiting.push({ atMs: nowMs + delayMs, run })
      return () => undefined
    },
  })
  return {
    window,
    gone,
    nowMs: () => nowMs,
    pass(ms) {
      const endMs = nowMs + ms
      for (;;) {
        const due = waiting.filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0]
        if (due === undefined) break
        waiting.splice(waiting.indexOf(due), 1)
        nowMs = due.atMs
        due.run()
      }
      nowMs = endMs
    },
  }
}

const frame = (number: number): Uint8Array => Uint8Array.of(0x40, number & 255, number >> 8, 1, 2, 3, 4, 5, 6, 7, 8, 9)
const bigFrame = (number: number): Uint8Array =>
  Uint8Array.of(0x40, number & 255, (number >> 8) & 255, number >> 16, 2, 3, 4, 5, 6, 7, 8, 9)
const heard = (gatewayEui: string, phyPayload: Uint8Array): RadioUplink => ({
  gatewayEui,
  phyPayload,
  frequencyHz: 868_100_000,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
  rssiDbm: -80,
  snrDb: 5,
  channel: 0,
  heardAtMs: 0,
  context: new Uint8Array(0),
})

test('a device that one gateway hears is not waited for, once that is known', () => {
  const { window, gone, pass } = world()
  window.add(heard('a', frame(1)), 7)
  assert.equal(gone.length, 0)
  pass(windowMsMax)
  assert.equal(gone.length, 1)
  window.add(heard('a', frame(2)), 7)
  assert.equal(gone.length, 2, 'the second goes at once')
})

test('a frame goes with its last usual copy, and a new gateway is waited for from then on', () => {
  const { window, gone, pass } = world()
  for (const number of [1, 2, 3]) {
    window.add(heard('a', frame(number)), 7)
    pass(10)
    window.add(heard('b', frame(number)), 7)
    pass(300)
  }
  assert.deepEqual(
    gone.map(({ gateways }) => gateways.length),
    [2, 2, 2],
  )
  assert.equal(window.add(heard('c', frame(3)), 7), 'late')
  window.add(heard('a', frame(4)), 7)
  window.add(heard('b', frame(4)), 7)
  assert.equal(gone.length, 3, 'the third is waited for')
  window.add(heard('c', frame(4)), 7)
  assert.equal(gone.length, 4)
})

test('a late copy makes no second frame while the first is remembered', () => {
  const { window, gone, pass } = world()
  window.add(heard('a', frame(1)), 7)
  pass(windowMsMax)
  pass(rememberedMs - windowMsMax - 50)
  assert.equal(window.add(heard('b', frame(1)), 7), 'late')
  assert.equal(gone.length, 1)
})

test('late copies of one gateway count once: what it repeats makes nobody wait', () => {
  const { window, gone, pass } = world()
  window.add(heard('a', frame(1)), 7)
  pass(windowMsMax)
  assert.equal(window.add(heard('b', frame(1)), 7), 'late')
  assert.equal(window.add(heard('b', frame(1)), 7), 'same-gateway')
  window.add(heard('a', frame(2)), 7)
  window.add(heard('b', frame(2)), 7)
  assert.equal(gone.length, 2, 'two gateways hear it, so two are all')
})

test('forged frames with the address of a device teach nothing about it', () => {
  const { window, gone, pass } = world({ isGenuine: (bytes) => bytes[1]! < 100 })
  window.add(heard('a', frame(1)), 7)
  window.add(heard('b', frame(1)), 7)
  pass(windowMsMax)
  for (let number = 100; number < 150; number += 1) {
    window.add(heard('liar', frame(number)), 7)
    pass(windowMsMax)
  }
  for (let index = 0; index < 40; index += 1) window.add(heard(`liar ${index}`, frame(150)), 7)
  pass(windowMsMax)
  const before = gone.length
  window.add(heard('a', frame(2)), 7)
  assert.equal(gone.length, before, 'the second copy is still waited for')
  window.add(heard('b', frame(2)), 7)
  assert.equal(gone.length, before + 1, 'and no third')
})

test('frames that are remembered are bounded, and the oldest is forgotten first', () => {
  const { window, pass } = world()
  for (let number = 0; number <= rememberedMax + 1; number += 1) {
    window.add(heard('a', bigFrame(number)), 7)
    if (number === 0) pass(windowMsMax)
  }
  assert.equal(window.add(heard('b', bigFrame(0)), 8), 'first', 'it was forgotten before its time')
  assert.equal(window.add(heard('b', bigFrame(rememberedMax)), 8), 'late')
})

test('an altered copy that comes first displaces nothing', () => {
  const { window, gone, pass } = world()
  const altered = frame(1)
  altered[9] = 99
  window.add(heard('x', altered), 7)
  assert.equal(window.add(heard('a', frame(1)), 7), 'first')
  pass(windowMsMax)
  assert.deepEqual(
    gone.map(({ gateways }) => gateways),
    [['x'], ['a']],
  )
})

test('a gateway counts once, and so many copies are kept and no more', () => {
  const { window, gone, pass } = world()
  window.add(heard('a', frame(1)), 7)
  assert.equal(window.add(heard('a', frame(1)), 7), 'same-gateway')
  for (let index = 1; index < copiesMax; index += 1) window.add(heard(`g${index}`, frame(1)), 7)
  assert.equal(window.add(heard('one more', frame(1)), 7), 'too-many-copies')
  pass(windowMsMax)
  assert.equal(gone[0]?.gateways.length, copiesMax)
})

test('how long a stranger is waited for follows how far apart copies come, between two bounds', () => {
  const waited = (apartMs: number): number => {
    const { window, gone, pass, nowMs } = world()
    for (let number = 0; number < 200; number += 1) {
      window.add(heard('a', frame(number)), number)
      pass(apartMs)
      window.add(heard('b', frame(number)), number)
      pass(windowMsMax)
    }
    const [startMs, before] = [nowMs(), gone.length]
    window.add(heard('a', frame(999)), 999)
    pass(windowMsMax + 10)
    assert.equal(gone.length, before + 1)
    return (gone.at(-1)?.atMs ?? 0) - startMs
  }
  assert.ok(waited(0) >= quietMsMin && waited(0) <= quietMsMin + 5)
  const some = waited(40)
  assert.ok(some > 40 && some < 80, `${some} ms`)
  assert.ok(waited(180) >= 180 && waited(180) <= windowMsMax)
})

test('when too many are open the oldest goes first', () => {
  const { window, gone } = world()
  for (let number = 0; number < openFramesMax; number += 1) window.add(heard('a', frame(number)), number)
  assert.equal(gone.length, 0)
  window.add(heard('a', Uint8Array.of(1, 2, 3)), -1)
  assert.equal(gone.length, 1)
  assert.equal(window.openCount, openFramesMax)
})

test('in whatever order copies come, each frame goes once, within the window, with copies of distinct gateways', () => {
  const copy = fc.record({ frame: fc.nat(6), gateway: fc.nat(5), afterMs: fc.nat(80) })
  fc.assert(
    fc.property(fc.array(copy, { maxLength: 60 }), (copies) => {
      const { window, gone, pass, nowMs } = world()
      const firstMs = new Map<number, number>()
      for (const one of copies) {
        pass(one.afterMs)
        if (nowMs() > rememberedMs) break
        if (window.add(heard(`g${one.gateway}`, frame(one.frame)), one.frame) === 'first')
          firstMs.set(one.frame, nowMs())
      }
      pass(1000)
      assert.equal(gone.length, firstMs.size)
      for (const { gateways } of gone) assert.equal(new Set(gateways).size, gateways.length)
    }),
  )
})
