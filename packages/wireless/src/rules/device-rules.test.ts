/**
 * Goal: one device's message becomes another's, with consent where it needs it, and no circle of rules goes on for ever.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import type { DeviceRule, RuleCondition } from './device-rule.ts'
import { fillTemplate, meets } from './device-rule.ts'
import {
  downlinksPerUplinkMax,
  hopsMax,
  hopWindowMs,
  pairMessagesMax,
  pairWindowMs,
  ruleEngine,
  ruleQueueMax,
  type RuleUplink,
  type RuleWorld,
} from './device-rules.ts'
import { consentDigest, type RuleConsent, type SignedConsent } from './rule-consent.ts'
import { readStoredRule, writeStoredRule } from './stored-rule.ts'

const [annKey, benKey] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const [ann, ben] = [addressOf(annKey), addressOf(benKey)]
const domain: Domain = { chainId: 31337, verifyingContract: '0x00000000000000000000000000000000000000c1' }
const [a, b, c, strange] = ['aa', 'bb', 'cc', 'dd'].map((byte) => byte.repeat(8)) as [string, string, string, string]
const owners: Record<string, typeof ann> = { [a]: ann, [b]: ann, [c]: ben }

const rule = (given: Partial<DeviceRule> = {}): DeviceRule => ({
  id: 'r',
  owner: ann,
  from: { devEui: a },
  to: { devEui: b, fPort: 2, isConfirmed: false },
  payload: { kind: 'copy' },
  ...given,
})
const uplink = (given: Partial<RuleUplink> = {}): RuleUplink => ({
  devEui: a,
  applicationId: 'weather',
  fPort: 1,
  payload: Uint8Array.of(7),
  object: { t: 21 },
  atMs: 0,
  ...given,
})
const world = (given: Partial<RuleWorld> = {}): RuleWorld => ({
  ownerOf: (devEui) => owners[devEui],
  queueCount: () => 0,
  isRevoked: () => false,
  ...given,
})
const engine = (rules: readonly DeviceRule[], given?: Partial<RuleWorld>) => ruleEngine(rules, world(given), domain)
const signed = (given: Partial<RuleConsent> = {}, key = benKey): SignedConsent => {
  const consent = { sender: ann, devEui: c, fPort: 2, perDayMax: 3, expiresAtSeconds: 1000, ...given }
  return { ...consent, signature: sign(consentDigest(consent, domain), key) }
}

test('an uplink becomes a downlink of the same bytes, of a constant, or of a filled template', () => {
  const to = { devEui: b, fPort: 2, isConfirmed: false }
  const sent = (payload: DeviceRule['payload']) => engine([rule({ payload })]).evaluate(uplink())
  assert.deepEqual(sent({ kind: 'copy' }), {
    downlinks: [{ ruleId: 'r', ...to, payload: { bytes: Uint8Array.of(7) } }],
    refused: [],
  })
  assert.deepEqual(sent({ kind: 'constant', bytes: Uint8Array.of(1, 2) }).downlinks[0]?.payload, {
    bytes: Uint8Array.of(1, 2),
  })
  assert.deepEqual(sent({ kind: 'template', template: { set: '{{t}}', why: 'rule' } }).downlinks[0]?.payload, {
    object: { set: 21, why: 'rule' },
  })
  assert.deepEqual(sent({ kind: 'template', template: { set: '{{missing.t}}' } }), {
    downlinks: [],
    refused: [{ ruleId: 'r', refusal: 'template-has-gap' }],
  })
})

test('a rule hears its device or application, its port, and what meets its condition', () => {
  const counts = (given: Partial<DeviceRule>, heard: Partial<RuleUplink> = {}): number =>
    engine([rule(given)]).evaluate(uplink(heard)).downlinks.length
  assert.equal(counts({}), 1)
  assert.equal(counts({}, { devEui: b }), 0)
  assert.equal(counts({ from: { applicationId: 'weather' } }), 1)
  assert.equal(counts({ from: { applicationId: 'water' } }), 0)
  assert.equal(counts({ from: { devEui: a, fPort: 1 } }), 1)
  assert.equal(counts({ from: { devEui: a, fPort: 2 } }), 0)
  assert.equal(counts({ when: { path: ['t'], op: 'gt', value: 20 } }), 1)
  assert.equal(counts({ when: { path: ['t'], op: 'gt', value: 21 } }), 0)
})

test('conditions compare what is there and of their own type', () => {
  const object = { t: 21, name: 'roof', on: true, list: [1, 2], deep: { n: null } }
  const cases: readonly [RuleCondition, boolean][] = [
    [{ path: ['t'], op: 'ge', value: 21 }, true],
    [{ path: ['t'], op: 'lt', value: 21 }, false],
    [{ path: ['t'], op: 'le', value: 21 }, true],
    [{ path: ['t'], op: 'eq', value: '21' }, false],
    [{ path: ['t'], op: 'gt', value: '1' }, false],
    [{ path: ['name'], op: 'gt', value: 'rok' }, true],
    [{ path: ['on'], op: 'eq', value: true }, true],
    [{ path: ['on'], op: 'gt', value: false }, false],
    [{ path: ['list', '1'], op: 'eq', value: 2 }, true],
    [{ path: ['deep', 'n'], op: 'exists' }, true],
    [{ path: ['deep', 'm'], op: 'exists' }, false],
    [{ path: ['deep', 'm'], op: 'exists', value: false }, true],
    [{ path: ['constructor'], op: 'exists' }, false],
    [{ path: ['no', 'way'], op: 'ne', value: 1 }, true],
    [{ all: [{ path: ['t'], op: 'exists' }, { not: { path: ['x'], op: 'exists' } }] }, true],
    [
      {
        any: [
          { path: ['x'], op: 'exists' },
          { path: ['y'], op: 'exists' },
        ],
      },
      false,
    ],
  ]
  for (const [condition, expected] of cases) assert.equal(meets(condition, object), expected, JSON.stringify(condition))
  assert.equal(meets({ path: ['t'], op: 'exists' }, undefined), false)
  assert.deepEqual(fillTemplate({ a: [{ b: '{{list.0}}' }], s: 'x{{t}}' }, object), { a: [{ b: 1 }], s: 'x{{t}}' })
})

test('another owner’s device is sent to with that owner’s consent alone', () => {
  const to = { devEui: c, fPort: 2, isConfirmed: false }
  const outcome = (consent: SignedConsent | undefined, given: Partial<RuleWorld> = {}, atMs = 0): string => {
    const made = engine([rule({ to, ...(consent === undefined ? {} : { consent }) })], given)
    const { downlinks, refused } = made.evaluate(uplink({ atMs }))
    return downlinks.length === 1 ? 'sent' : (refused[0]?.refusal ?? 'silent')
  }
  assert.equal(outcome(undefined), 'no-consent')
  assert.equal(outcome(signed()), 'sent')
  assert.equal(outcome(signed({}, annKey)), 'no-consent', 'signed by the rule’s own owner')
  assert.equal(outcome({ ...signed(), perDayMax: 1000 }), 'no-consent', 'changed after it was signed')
  assert.equal(outcome(signed({ fPort: 3 })), 'no-consent')
  assert.equal(outcome(signed({ devEui: b })), 'no-consent')
  assert.equal(outcome(signed({ sender: ben })), 'no-consent')
  assert.equal(outcome(signed(), {}, 999_999), 'sent')
  assert.equal(outcome(signed(), {}, 1_000_000), 'consent-expired')
  assert.equal(
    outcome(signed(), { isRevoked: (digest) => digest === consentDigest(signed(), domain) }),
    'consent-revoked',
  )
  assert.equal(
    outcome(signed(), { ownerOf: (devEui) => (devEui === c ? '0x99' : owners[devEui]) }),
    'no-consent',
    'it was sold',
  )
})

test('a consent holds for so many messages a day', () => {
  const made = engine([
    rule({ to: { devEui: c, fPort: 2, isConfirmed: false }, consent: signed({ expiresAtSeconds: 1e9 }) }),
  ])
  const sentAt = (atMs: number): number => made.evaluate(uplink({ atMs })).downlinks.length
  assert.deepEqual([0, 100_000, 200_000, 300_000].map(sentAt), [1, 1, 1, 0])
  assert.deepEqual([86_400_000, 86_500_000].map(sentAt), [1, 1])
})

test('a rule never hears devices of another owner, and sends to none that nobody knows', () => {
  const refusal = (given: Partial<DeviceRule>, heard: Partial<RuleUplink> = {}): string | undefined =>
    engine([rule(given)]).evaluate(uplink(heard)).refused[0]?.refusal
  assert.equal(refusal({ owner: ben }), 'source-not-owned')
  assert.equal(refusal({ from: { applicationId: 'weather' } }, { devEui: c }), 'source-not-owned')
  assert.equal(refusal({ to: { devEui: strange, fPort: 1, isConfirmed: false } }), 'target-unknown')
})

test('a full queue, and more rules than one uplink may fire, are refused by name', () => {
  const full = engine([rule()], { queueCount: () => ruleQueueMax }).evaluate(uplink())
  assert.deepEqual(full.refused, [{ ruleId: 'r', refusal: 'queue-full' }])
  const many = engine(
    Array.from({ length: 100 }, (_, index) =>
      rule({ id: String(index), to: { devEui: `${index}`.padStart(16, '0'), fPort: 1, isConfirmed: false } }),
    ),
    {
      ownerOf: () => ann,
    },
  ).evaluate(uplink())
  assert.equal(many.downlinks.length, downlinksPerUplinkMax)
  assert.deepEqual(many.refused, [{ ruleId: String(downlinksPerUplinkMax), refusal: 'too-many-downlinks' }])
})

/** Devices that answer everything they are sent, after a while. @returns how many messages rules sent in all */
function playCircle(
  rules: readonly DeviceRule[],
  { answerMs, untilMs }: { answerMs: number; untilMs: number },
): number {
  const made = engine(rules)
  const waiting: RuleUplink[] = [uplink()]
  let sent = 0
  for (let next = waiting.shift(); next !== undefined && next.atMs <= untilMs; next = waiting.shift()) {
    for (const { devEui } of made.evaluate(next).downlinks) {
      sent += 1
      waiting.push(uplink({ devEui, atMs: next.atMs + answerMs }))
    }
    assert.ok(sent < 100_000, 'it goes on for ever')
  }
  return sent
}

const back = rule({ id: 'back', from: { devEui: b }, to: { devEui: a, fPort: 2, isConfirmed: false } })
const self = rule({ id: 'self', to: { devEui: a, fPort: 2, isConfirmed: false } })

test('A to B to A ends after its hops, and so does a device that answers itself', () => {
  assert.equal(playCircle([rule(), back], { answerMs: 1000, untilMs: hopWindowMs }), hopsMax)
  assert.equal(playCircle([self], { answerMs: 0, untilMs: hopWindowMs }), hopsMax)
})

test('circles that branch, or wait until hops are forgotten, are bounded by the rate of each pair', () => {
  const all = [a, b].flatMap((from) =>
    [a, b].flatMap((to) =>
      [0, 1, 2].map((index) =>
        rule({ id: `${from}${to}${index}`, from: { devEui: from }, to: { devEui: to, fPort: 2, isConfirmed: false } }),
      ),
    ),
  )
  const branching = playCircle(all, { answerMs: 10, untilMs: pairWindowMs - 1 })
  assert.ok(branching <= 4 * pairMessagesMax, `${branching} messages`)
  const patient = playCircle([rule(), back], { answerMs: hopWindowMs + 1, untilMs: hopWindowMs * 100 })
  assert.ok(patient <= 101, `${patient} messages: one each time`)
})

test('a device that was sent its message late is taken to answer from then', () => {
  const made = engine([rule(), back])
  const waiting = new Set<string>()
  let sent = 0
  for (let hour = 0; hour < 10; hour += 1) {
    // Each hears what waits for it right after it has sent something, and answers at once.
    const devEui = hour % 2 === 0 ? a : b
    const atMs = hour * 3_600_000
    if (waiting.delete(devEui)) made.sent({ devEui, atMs })
    for (const downlink of made.evaluate(uplink({ devEui, atMs: atMs + 5000 })).downlinks) {
      waiting.add(downlink.devEui)
      sent += 1
    }
    if (waiting.size === 0) break
  }
  assert.equal(sent, hopsMax)
})

test('two devices that tell each other about themselves now and then are no circle', () => {
  const made = engine([rule(), back])
  let sent = 0
  for (let turn = 0; turn < 100; turn += 1)
    sent += made.evaluate(uplink({ devEui: turn % 2 === 0 ? a : b, atMs: turn * (hopWindowMs + 1) })).downlinks.length
  assert.equal(sent, 100)
})

test('a device that is not in a circle goes on: hops are of an answer, not of a sender', () => {
  const made = engine([rule()])
  let sent = 0
  for (let minute = 0; minute < 100; minute += 1)
    sent += made.evaluate(uplink({ atMs: minute * 60_000 })).downlinks.length
  assert.equal(sent, 100)
})

test('between two devices there are only so many messages in a minute', () => {
  const made = engine([rule()])
  const results = Array.from({ length: pairMessagesMax + 1 }, () => made.evaluate(uplink()))
  assert.equal(results.filter(({ downlinks }) => downlinks.length === 1).length, pairMessagesMax)
  assert.equal(results.at(-1)?.refused[0]?.refusal, 'pair-too-often')
  assert.equal(made.evaluate(uplink({ atMs: pairWindowMs })).downlinks.length, 1)
  assert.equal(
    made.evaluate(uplink({ atMs: 0 })).downlinks.length,
    1,
    'a clock that goes back counts in the same minute',
  )
})

test('a rule is kept as JSON and read back the same', () => {
  const when: RuleCondition = {
    all: [{ path: ['a', 'b'], op: 'gt', value: 1 }, { not: { any: [{ path: ['c'], op: 'exists' }] } }],
  }
  const full = rule({
    when,
    from: { applicationId: 'weather', fPort: 3 },
    payload: { kind: 'constant', bytes: Uint8Array.of(1, 255) },
    consent: signed(),
  })
  for (const one of [rule(), full, rule({ payload: { kind: 'template', template: { led: '{{ t }}', n: [1, null] } } })])
    assert.deepEqual(readStoredRule(writeStoredRule(one)), { rule: one })
})

test('a rule that is out of bounds is refused in words', () => {
  const sound = JSON.parse(writeStoredRule(rule())) as object
  const nested = (depth: number): object => (depth === 0 ? { path: 'a', op: 'exists' } : { not: nested(depth - 1) })
  const cases: readonly [unknown, RegExp][] = [
    ['no json', /./],
    [{ ...sound, more: 1 }, /more/i],
    [{ ...sound, id: 'a b' }, /^id/],
    [{ ...sound, owner: '0x12' }, /^owner/],
    [{ ...sound, to: { devEui: b, fPort: 0, isConfirmed: false } }, /^to\.fPort/],
    [{ ...sound, from: { devEui: a, applicationId: 'x' } }, /^from/],
    [{ ...sound, when: { path: '', op: 'eq', value: 1 } }, /^when/],
    [{ ...sound, when: { path: 'a.b.c.d.e.f.g.h.i', op: 'eq', value: 1 } }, /^when/],
    [{ ...sound, when: nested(15) }, /nested deeper/],
    [{ ...sound, when: { all: Array.from({ length: 16 }, () => nested(0)) } }, /more than 16 comparisons/],
    [{ ...sound, payload: { kind: 'constant', bytes: `0x${'00'.repeat(243)}` } }, /^payload/],
    [
      { ...sound, payload: { kind: 'template', template: { a: Array.from({ length: 70 }, () => 1) } } },
      /more than 64 values/,
    ],
    [{ ...sound, payload: { kind: 'template', template: { a: '{{a..b}}' } } }, /is no path/],
    [{ ...sound, padding: 'x'.repeat(20_000) }, /longer than/],
    [{ ...sound, consent: { ...signed(), signature: '0x12' } }, /^consent\.signature/],
  ]
  for (const [value, expected] of cases) {
    const read = readStoredRule(typeof value === 'string' ? value : JSON.stringify(value))
    assert.ok('refused' in read, JSON.stringify(value).slice(0, 100))
    assert.match(read.refused, expected)
  }
  assert.ok('refused' in readStoredRule('['.repeat(8000) + ']'.repeat(8000)))
})
