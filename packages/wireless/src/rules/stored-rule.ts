/**
 * A rule as JSON: how it is kept, shown and sent in. What comes in is a stranger's; each bound of a rule is checked here.
 *
 * @module
 */

import { z } from 'zod'
import { parseAddress } from '@groundwork/core/identity/address.ts'
import { toHex, fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import { isTopicId } from '../applications/topic.ts'
import { downlinkPayloadBytesMax } from '../applications/downlink-command.ts'
import {
  conditionNodesMax,
  placeholderPath,
  templateNodesMax,
  type DeviceRule,
  type RuleCondition,
  type RulePayload,
} from './device-rule.ts'
import { parsePath } from './json-path.ts'
import { consentPerDayMax } from './rule-consent.ts'

const eui = z.string().regex(/^[0-9a-f]{16}$/)
const port = z.int().min(1).max(223)
const address = z.string().transform((text, context) => {
  const parsed = parseAddress(text)
  if (parsed !== undefined) return parsed
  context.addIssue('is no address')
  return z.NEVER
})
const hexOf = (sizeBytesMax: number, sizeBytesMin = 0) =>
  z
    .string()
    .regex(/^0x([0-9a-f]{2})*$/)
    .min(2 + sizeBytesMin * 2)
    .max(2 + sizeBytesMax * 2)
const path = z.string().transform((text, context) => {
  const parsed = parsePath(text)
  if (parsed !== undefined) return parsed
  context.addIssue('is no path')
  return z.NEVER
})

/** As JSON has it: a path is one text. */
const comparison = z.strictObject({
  path,
  op: z.enum(['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'exists']),
  value: z.union([z.string().max(256), z.number(), z.boolean()]).optional(),
})
const condition: z.ZodType<RuleCondition> = z.lazy(() =>
  z.union([
    comparison as unknown as z.ZodType<RuleCondition>,
    z.strictObject({ all: z.array(condition).min(1).max(conditionNodesMax) }),
    z.strictObject({ any: z.array(condition).min(1).max(conditionNodesMax) }),
    z.strictObject({ not: condition }),
  ]),
)

const stored = z.strictObject({
  id: z.string().regex(/^[\w-]{1,64}$/),
  owner: address,
  from: z.union([
    z.strictObject({ devEui: eui, fPort: port.optional() }),
    z.strictObject({ applicationId: z.string().refine(isTopicId), fPort: port.optional() }),
  ]),
  when: condition.optional(),
  to: z.strictObject({ devEui: eui, fPort: port, isConfirmed: z.boolean() }),
  payload: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('copy') }),
    z.strictObject({ kind: z.literal('constant'), bytes: hexOf(downlinkPayloadBytesMax) }),
    z.strictObject({ kind: z.literal('template'), template: z.record(z.string().max(64), z.unknown()) }),
  ]),
  consent: z
    .strictObject({
      sender: address,
      devEui: eui,
      fPort: port,
      perDayMax: z.int().min(1).max(consentPerDayMax),
      expiresAtSeconds: z
        .int()
        .min(0)
        .max(2 ** 40),
      signature: hexOf(65, 65),
    })
    .optional(),
})

/** Longest rule as JSON. */
export const storedRuleCharactersMax: number = 16 * 1024

/** Deepest nesting of a rule's JSON, so that reading it never runs out of stack. */
const depthMax = 16

export type RuleRead = { readonly rule: DeviceRule } | { readonly refused: string }

/** Reads a rule. @returns it, or what is wrong with it in words */
export function readStoredRule(json: string): RuleRead {
  if (json.length > storedRuleCharactersMax) return { refused: `longer than ${storedRuleCharactersMax} characters` }
  const value = parseJson(json)
  if (depthOf(value, depthMax) > depthMax) return { refused: `nested deeper than ${depthMax}` }
  const parsed = stored.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return { refused: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` }
  }
  const { payload, when, consent, ...rest } = parsed.data
  if (when !== undefined && nodesOf(when) > conditionNodesMax)
    return { refused: `when: more than ${conditionNodesMax} comparisons` }
  const read = readPayload(payload)
  if ('refused' in read) return read
  return {
    rule: {
      ...(rest as Pick<DeviceRule, 'id' | 'owner' | 'from' | 'to'>),
      payload: read.payload,
      ...(when === undefined ? {} : { when }),
      ...(consent === undefined ? {} : { consent: { ...consent, signature: consent.signature as Hex } }),
    },
  }
}

/** Writes a rule as `readStoredRule` reads it. */
export function writeStoredRule(rule: DeviceRule): string {
  const { payload, when } = rule
  return JSON.stringify({
    ...rule,
    ...(when === undefined ? {} : { when: withPathText(when) }),
    payload: payload.kind === 'constant' ? { kind: 'constant', bytes: toHex(payload.bytes) } : payload,
  })
}

function readPayload(
  payload: z.output<typeof stored>['payload'],
): { readonly payload: RulePayload } | { readonly refused: string } {
  if (payload.kind === 'constant') return { payload: { kind: 'constant', bytes: fromHex(payload.bytes) } }
  if (payload.kind === 'copy') return { payload }
  const values = valuesIn(payload.template)
  if (values.length > templateNodesMax) return { refused: `payload.template: more than ${templateNodesMax} values` }
  for (const value of values)
    if (
      typeof value === 'string' &&
      placeholderPath(value)?.length !== undefined &&
      parsePath(value.slice(2, -2).trim()) === undefined
    )
      return { refused: `payload.template: ${value} is no path` }
  return { payload: { kind: 'template', template: payload.template } }
}

function withPathText(when: RuleCondition): unknown {
  if ('all' in when) return { all: when.all.map(withPathText) }
  if ('any' in when) return { any: when.any.map(withPathText) }
  if ('not' in when) return { not: withPathText(when.not) }
  return { ...when, path: when.path.join('.') }
}

function nodesOf(when: RuleCondition): number {
  if ('all' in when) return when.all.reduce((sum, part) => sum + nodesOf(part), 1)
  if ('any' in when) return when.any.reduce((sum, part) => sum + nodesOf(part), 1)
  return 'not' in when ? 1 + nodesOf(when.not) : 1
}

/** Lists and objects count as values themselves. */
function valuesIn(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [value]
  return [value, ...Object.values(value).flatMap(valuesIn)]
}

/** @returns how deep a value is nested, counted no further than just beyond the bound */
function depthOf(value: unknown, boundLeft: number): number {
  if (typeof value !== 'object' || value === null || boundLeft < 0) return 0
  return 1 + Math.max(0, ...Object.values(value).map((inner) => depthOf(inner, boundLeft - 1)))
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown
  } catch {
    return undefined
  }
}
