/**
 * Goal: a frame is brought on the air by the best gateway that can, and its sender is told once what came of it.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RadioDownlink } from '../../model/radio.ts'
import { regionOf } from '../../region/region-of.ts'
import { outcomeMsMax } from './downlink-ledger.ts'
import {
  frameSender,
  gatewaysPerFrameMax,
  type Candidate,
  type EndedFrame,
  type OutgoingFrame,
} from './frame-sender.ts'
import type { ListeningWindow } from './plan-windows.ts'

const region = regionOf('EU868')
const context = new Uint8Array(4)
const rx1: ListeningWindow = {
  name: 'rx1',
  hz: 868_100_000,
  dataRate: 5,
  timing: { kind: 'delay', context, delayMs: 1_000 },
  inMs: 1_000,
}
const rx2: ListeningWindow = {
  name: 'rx2',
  hz: 869_525_000,
  dataRate: 0,
  timing: { kind: 'delay', context, delayMs: 2_000 },
  inMs: 2_000,
}

function world(away: ReadonlySet<string> = new Set(), limit = 100) {
  let nowMs = 0
  const asked: RadioDownlink[] = []
  const ends: EndedFrame[] = []
  const sender = frameSender({
    radio: { isReachable: (eui) => !away.has(eui), send: (downlink) => void asked.push(downlink) },
    clock: { nowMs: () => 1_800_000_000_000 + nowMs, elapsedMs: () => nowMs },
    limit,
  })
  const frame = (gateways: readonly string[], windows: readonly ListeningWindow[] = [rx1, rx2]): OutgoingFrame => ({
    deviceClass: 'A',
    region,
    downlinkDwell: false,
    phyPayloadBytes: 20,
    phyPayload: new Uint8Array(20),
    candidates: gateways.map((gatewayEui, index): Candidate => ({
      gatewayEui,
      snrDb: 5 - index,
      modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
      windows: () => windows.map((one) => ({ ...one, inMs: one.inMs - nowMs })),
    })),
    ended: (end) => void ends.push(end),
  })
  const say = (refusal?: 'too-late' | 'no-answer' | 'gateway-away', windowIndex = 0): void => {
    const { id, gatewayEui } = asked.at(-1)!
    sender.outcome({ id, gatewayEui, windowIndex, atMs: nowMs, ...(refusal === undefined ? {} : { refusal }) })
  }
  return { sender, asked, ends, frame, say, pass: (ms: number): void => void (nowMs += ms) }
}

test('both windows are handed over, RX1 first, and the end says when it is over', () => {
  const { sender, asked, ends, frame, say } = world()
  sender.send(frame(['a']))
  assert.deepEqual(
    asked[0]?.windows.map(({ frequencyHz }) => frequencyHz),
    [868_100_000, 869_525_000],
  )
  assert.equal(sender.awaitedCount, 1)
  say()
  assert.equal(ends[0]?.isSent, true)
  // 20 bytes at SF7 take 56.6 ms, without a CRC 51.5: a second from now.
  assert.ok(ends[0].doneInMs! > 1_050 && ends[0].doneInMs! < 1_060, String(ends[0].doneInMs))
})

test('a refused frame goes through the next gateway while there is time, and no longer', () => {
  const { sender, asked, ends, frame, say, pass } = world()
  sender.send(frame(['a', 'b', 'c']))
  say('too-late', 1)
  assert.equal(asked.at(-1)?.gatewayEui, 'b')
  pass(1_500)
  say('too-late', 1)
  assert.equal(asked.at(-1)?.gatewayEui, 'c')
  assert.equal(asked.at(-1)?.windows.length, 1, 'RX1 is over')
  pass(1_500)
  say('too-late', 0)
  assert.equal(asked.length, 3)
  assert.equal(ends.length, 1)
  assert.equal(ends[0]?.isSent, false)
  assert.equal(ends[0].gatewayEui, 'c')
})

test('after no answer nobody else is asked: it may have been sent', () => {
  const { sender, asked, ends, frame, say } = world()
  sender.send(frame(['a', 'b']))
  say('no-answer')
  assert.equal(asked.length, 1)
  assert.equal(ends[0]?.isSent, false)
})

test('a gateway that says nothing ends the frame some time after its last window', () => {
  const { sender, ends, frame, pass } = world()
  sender.send(frame(['a']))
  pass(2_000 + outcomeMsMax - 1)
  sender.tidy()
  assert.equal(ends.length, 0)
  pass(1)
  sender.tidy()
  assert.equal(ends[0]?.timeline.at(-1)?.reason, 'no-answer')
})

test('two frames of one gateway do not overlap: the second takes the other window, or another gateway', () => {
  const { sender, asked, frame } = world()
  sender.send(frame(['a']))
  sender.send(frame(['a']))
  assert.deepEqual(
    asked[1]?.windows.map(({ frequencyHz }) => frequencyHz),
    [869_525_000],
  )
  sender.send(frame(['a', 'b']))
  assert.equal(asked[2]?.gatewayEui, 'b')
})

test('a frame that was refused leaves its time to others; one sent in RX2 takes that one’s', () => {
  const { sender, asked, frame, say, pass } = world()
  sender.send(frame(['a']))
  say('too-late', 1)
  sender.send(frame(['a']))
  assert.equal(asked[1]?.windows.length, 2)
  say('too-late', 0)
  say(undefined, 1)
  pass(3_400)
  const later = frame(['a'])
  assert.equal(
    sender.unsendable({ ...later, candidates: [{ ...later.candidates[0]!, windows: () => [{ ...rx2, inMs: 100 }] }] })
      ?.steps[0]?.reason,
    'duty-cycle',
  )
  assert.equal(
    sender.unsendable({ ...later, candidates: [{ ...later.candidates[0]!, windows: () => [{ ...rx1, inMs: 100 }] }] }),
    undefined,
  )
})

test('why nobody can send is told gateway by gateway, and when a gateway that only rests could', () => {
  const { sender, frame, say } = world(new Set(['a']))
  const classC: ListeningWindow = { ...rx2, name: 'class-c', timing: { kind: 'immediate' }, inMs: 0 }
  sender.send(frame(['b'], [classC]))
  say()
  const cannot = sender.unsendable(frame(['a', 'b'], [classC]))
  assert.deepEqual(
    cannot?.steps.map(({ reason }) => reason),
    ['gateway-away', 'duty-cycle'],
  )
  // 20 bytes at SF12 take 1,318.9 ms of a tenth of the time.
  assert.ok(cannot.freeInMs! > 13_000 && cannot.freeInMs! < 14_000, String(cannot.freeInMs))
  assert.equal(cannot.isTooLate, false)
})

test('of many gateways the best are looked at, and no more', () => {
  const many = Array.from({ length: gatewaysPerFrameMax + 5 }, (_, index) => `g${index}`)
  const { sender, frame } = world(new Set(many))
  assert.equal(sender.unsendable(frame(many))?.steps.length, gatewaysPerFrameMax)
})

test('a frame that nobody heard is nobody’s to send', () => {
  const { sender, ends, frame } = world()
  sender.send(frame([]))
  assert.equal(ends[0]?.isSent, false)
  assert.equal(sender.unsendable(frame([]))?.isTooLate, false)
})

test('who refused, or said that it sent what never came, is asked later', () => {
  const { sender, asked, frame, say } = world()
  sender.send(frame(['a', 'b']))
  say('too-late', 1)
  say()
  sender.send({
    ...frame(['a', 'c']),
    candidates: [...frame(['a']).candidates, { ...frame(['c']).candidates[0]!, snrDb: 2 }],
  })
  assert.equal(asked.at(-1)?.gatewayEui, 'c')

  const other = world()
  other.sender.doubted('a')
  other.sender.send(other.frame(['a', 'b']))
  assert.equal(other.asked[0]?.gatewayEui, 'b')
})

test('when more frames are awaited than may be, the oldest ends as unanswered', () => {
  const { sender, ends, frame } = world(new Set(), 2)
  for (const gateway of ['a', 'b', 'c']) sender.send(frame([gateway]))
  assert.equal(sender.awaitedCount, 2)
  assert.equal(ends.length, 1)
  assert.equal(ends[0]?.gatewayEui, 'a')
  assert.equal(ends[0].timeline.at(-1)?.reason, 'no-answer')
})
