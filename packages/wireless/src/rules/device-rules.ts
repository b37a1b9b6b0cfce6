/**
 * The rule engine: an uplink comes in, and what its rules make of it comes out, as messages to other devices or as named refusals.
 *
 * Two guards stand against circles, which no rule alone shows. Hops: a device that was just sent something by a rule, and then
 * sends, is taken to answer; what its rules send counts one hop more, and there are only so many. Rate: between two devices
 * there are only so many messages in a minute, however they come about. All that is remembered is bounded; what is forgotten
 * first is what was used least lately.
 *
 * Pure but for what it remembers: time comes with the uplink.
 *
 * @module
 */

import type { Address } from '@groundwork/core/identity/address.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { JsonObject } from '../codec/payload-codec.ts'
import type { Eui } from '../model/radio.ts'
import { fillTemplate, meets, type DeviceRule } from './device-rule.ts'
import { consentDigest, consentSigner } from './rule-consent.ts'

/** Rules of one engine. */
export const rulesMax = 20_000

/** Messages that one uplink may cause. */
export const downlinksPerUplinkMax = 32

/** How many times a message may be passed on by rules. */
export const hopsMax = 4

/** A device that was sent something this long ago at most is taken to answer: what comes later is its own habit. */
export const hopWindowMs = 60_000

/** Messages from one device to another in `pairWindowMs`. */
export const pairMessagesMax = 20
export const pairWindowMs = 60_000

/** Pairs, devices and consents that are remembered. */
export const rememberedMax = 50_000

/** Payloads that may wait for one device when a rule adds one. */
export const ruleQueueMax = 32

export type RuleRefusal =
  | 'source-not-owned'
  | 'target-unknown'
  | 'no-consent'
  | 'consent-expired'
  | 'consent-revoked'
  | 'consent-used-up'
  | 'too-many-hops'
  | 'pair-too-often'
  | 'queue-full'
  | 'template-has-gap'
  | 'too-many-downlinks'

/** What the engine asks about devices, synchronously. */
export interface RuleWorld {
  readonly ownerOf: (devEui: Eui) => Address | undefined
  readonly queueCount: (devEui: Eui) => number
  readonly isRevoked: (consent: Hex) => boolean
}

export interface RuleUplink {
  readonly devEui: Eui
  readonly applicationId: string
  readonly fPort?: number
  readonly payload: Uint8Array
  readonly object?: JsonObject
  readonly atMs: number
}

export interface RuleDownlink {
  readonly ruleId: string
  readonly devEui: Eui
  readonly fPort: number
  readonly isConfirmed: boolean
  /** an object is written by the target's own codec */
  readonly payload: { readonly bytes: Uint8Array } | { readonly object: JsonObject }
}

export interface RuleOutcome {
  readonly downlinks: readonly RuleDownlink[]
  readonly refused: readonly { readonly ruleId: string; readonly refusal: RuleRefusal }[]
}

export interface RuleEngine {
  evaluate(uplink: RuleUplink): RuleOutcome
  /** A downlink went out to a device, perhaps long after it was asked for: it may answer from now. */
  sent(downlink: { readonly devEui: Eui; readonly atMs: number }): void
}

interface KnownRule {
  readonly rule: DeviceRule
  /** of its consent, where it has one */
  readonly digest?: Hex
  /** who signed the consent, checked once */
  readonly signer?: Address
}

interface Window {
  startMs: number
  count: number
}

/** @param rules those beyond `rulesMax` are not taken; with ids of their own, as the store gives them */
export function ruleEngine(rules: Iterable<DeviceRule>, world: RuleWorld, domain: Domain): RuleEngine {
  const byDevice = new Map<Eui, KnownRule[]>()
  const byApplication = new Map<string, KnownRule[]>()
  let ruleCount = 0
  for (const rule of rules) {
    if (ruleCount === rulesMax) break
    ruleCount += 1
    const known = withSigner(rule, domain)
    if ('devEui' in rule.from) append(byDevice, rule.from.devEui, known)
    else append(byApplication, rule.from.applicationId, known)
  }
  const pairs = new Map<string, Window>()
  const consents = new Map<string, Window>()
  /** by device: how often what it was last sent had been passed on, and when */
  const hops = new Map<Eui, { readonly count: number; readonly atMs: number }>()

  const hopsOf = ({ devEui, atMs }: RuleUplink): number => {
    const last = hops.get(devEui)
    return last !== undefined && atMs - last.atMs <= hopWindowMs ? last.count : 0
  }

  const judge = ({ rule, digest, signer }: KnownRule, uplink: RuleUplink): RuleRefusal | undefined => {
    const { devEui } = rule.to
    if (world.ownerOf(uplink.devEui) !== rule.owner) return 'source-not-owned'
    const targetOwner = world.ownerOf(devEui)
    if (targetOwner === undefined) return 'target-unknown'
    const isOthers = targetOwner !== rule.owner
    if (isOthers) {
      const refusal = judgeConsent({ rule, digest, signer, targetOwner }, uplink.atMs)
      if (refusal !== undefined) return refusal
    }
    if (hopsOf(uplink) >= hopsMax) return 'too-many-hops'
    if (world.queueCount(devEui) >= ruleQueueMax) return 'queue-full'
    const pair = windowAt(pairs, `${uplink.devEui}>${devEui}`, { atMs: uplink.atMs, lengthMs: pairWindowMs })
    if (pair.count >= pairMessagesMax) return 'pair-too-often'
    if (isOthers && digest !== undefined) {
      const day = windowAt(consents, digest, { atMs: uplink.atMs, lengthMs: dayMs })
      if (day.count >= (rule.consent?.perDayMax ?? 0)) return 'consent-used-up'
      day.count += 1
    }
    pair.count += 1
    return undefined
  }

  const judgeConsent = (
    given: {
      readonly rule: DeviceRule
      readonly digest: Hex | undefined
      readonly signer: Address | undefined
      readonly targetOwner: Address
    },
    atMs: number,
  ): RuleRefusal | undefined => {
    const { rule, digest, signer, targetOwner } = given
    const { consent, owner, to } = rule
    if (consent === undefined || digest === undefined || signer !== targetOwner) return 'no-consent'
    if (consent.sender !== owner || consent.devEui !== to.devEui || consent.fPort !== to.fPort) return 'no-consent'
    if (atMs >= consent.expiresAtSeconds * 1000) return 'consent-expired'
    return world.isRevoked(digest) ? 'consent-revoked' : undefined
  }

  return {
    evaluate(uplink) {
      const downlinks: RuleDownlink[] = []
      const refused: { ruleId: string; refusal: RuleRefusal }[] = []
      const known = [...(byDevice.get(uplink.devEui) ?? []), ...(byApplication.get(uplink.applicationId) ?? [])]
      const nextHop = hopsOf(uplink) + 1
      for (const one of known) {
        const { rule } = one
        if (rule.from.fPort !== undefined && rule.from.fPort !== uplink.fPort) continue
        if (rule.when !== undefined && !meets(rule.when, uplink.object)) continue
        const payload = payloadOf(rule, uplink)
        const refusal =
          payload === undefined
            ? 'template-has-gap'
            : downlinks.length + refused.length >= downlinksPerUplinkMax
              ? 'too-many-downlinks'
              : judge(one, uplink)
        if (payload === undefined || refusal !== undefined) {
          refused.push({ ruleId: rule.id, refusal: refusal ?? 'template-has-gap' })
          if (refusal === 'too-many-downlinks') break
          continue
        }
        const { devEui, fPort, isConfirmed } = rule.to
        const before = hops.get(devEui)
        const isRecent = before !== undefined && uplink.atMs - before.atMs <= hopWindowMs
        remember(hops, devEui, { count: Math.max(nextHop, isRecent ? before.count : 0), atMs: uplink.atMs })
        downlinks.push({ ruleId: rule.id, devEui, fPort, isConfirmed, payload })
      }
      return { downlinks, refused }
    },

    sent({ devEui, atMs }) {
      const last = hops.get(devEui)
      if (last !== undefined) remember(hops, devEui, { count: last.count, atMs })
    },
  }
}

const dayMs = 86_400_000

function withSigner(rule: DeviceRule, domain: Domain): KnownRule {
  if (rule.consent === undefined) return { rule }
  const signer = consentSigner(rule.consent, domain)
  return { rule, digest: consentDigest(rule.consent, domain), ...(signer === undefined ? {} : { signer }) }
}

function payloadOf({ payload }: DeviceRule, uplink: RuleUplink): RuleDownlink['payload'] | undefined {
  if (payload.kind === 'copy') return { bytes: uplink.payload }
  if (payload.kind === 'constant') return { bytes: payload.bytes }
  const object = fillTemplate(payload.template, uplink.object)
  return object === undefined ? undefined : { object }
}

/** The window that a time falls in, begun anew when the last is over. */
function windowAt(
  windows: Map<string, Window>,
  key: string,
  { atMs, lengthMs }: { readonly atMs: number; readonly lengthMs: number },
): Window {
  const startMs = Math.floor(atMs / lengthMs) * lengthMs
  const last = windows.get(key)
  // Time that goes back, as clocks do, opens no new window.
  const window = last !== undefined && startMs <= last.startMs ? last : { startMs, count: 0 }
  remember(windows, key, window)
  return window
}

/** Sets, as the latest used, and forgets the one that was used least lately when there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= rememberedMax) return
  const oldest = map.keys().next()
  if (oldest.done !== true) map.delete(oldest.value)
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
