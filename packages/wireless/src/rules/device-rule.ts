/**
 * A rule: what one device sends becomes a message to another.
 *
 * A rule belongs to an account. It may hear devices of that account alone. Where it sends to another account's device, that account
 * has consented under its signature (rule-consent.ts). Its condition and its payload are small JSON, not a program: both are
 * bounded, and evaluating them can neither fail nor take long.
 *
 * @module
 */

import type { Address } from '@groundwork/core/identity/address.ts'
import type { JsonObject } from '../codec/payload-codec.ts'
import type { Eui } from '../model/radio.ts'
import type { SignedConsent } from './rule-consent.ts'
import { valueAt } from './json-path.ts'

/** Comparisons in one condition, `all`, `any` and `not` included. */
export const conditionNodesMax = 16

/** Values in one template. */
export const templateNodesMax = 64

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'exists'

/** Of the decoded object. A path is kept in its segments. */
export type RuleCondition =
  | { readonly path: readonly string[]; readonly op: Comparison; readonly value?: string | number | boolean }
  | { readonly all: readonly RuleCondition[] }
  | { readonly any: readonly RuleCondition[] }
  | { readonly not: RuleCondition }

/** A template's texts of the form '{{path}}' stand for what the decoded object has there. */
export type RulePayload =
  | { readonly kind: 'copy' }
  | { readonly kind: 'constant'; readonly bytes: Uint8Array }
  | { readonly kind: 'template'; readonly template: JsonObject }

export interface DeviceRule {
  readonly id: string
  readonly owner: Address
  /** one device, or all of an application */
  readonly from: ({ readonly devEui: Eui } | { readonly applicationId: string }) & { readonly fPort?: number }
  /** absent: always */
  readonly when?: RuleCondition
  readonly to: { readonly devEui: Eui; readonly fPort: number; readonly isConfirmed: boolean }
  readonly payload: RulePayload
  /** needed where the target is another account's */
  readonly consent?: SignedConsent
}

/** Whether a decoded object meets a condition. What is not there, or of another type, meets no comparison but `ne`. */
export function meets(condition: RuleCondition, object: JsonObject | undefined): boolean {
  if ('all' in condition) return condition.all.every((part) => meets(part, object))
  if ('any' in condition) return condition.any.some((part) => meets(part, object))
  if ('not' in condition) return !meets(condition.not, object)
  const { path, op, value } = condition
  const actual = valueAt(object, path)
  if (op === 'exists') return (actual !== undefined) === (value ?? true)
  if (op === 'eq') return actual === value
  if (op === 'ne') return actual !== value
  if (typeof actual !== typeof value || (typeof actual !== 'number' && typeof actual !== 'string')) return false
  const [left, right] = [actual, value as number | string]
  return op === 'lt' ? left < right : op === 'le' ? left <= right : op === 'gt' ? left > right : left >= right
}

/** Fills a template. @returns undefined when the object has nothing where the template looks */
export function fillTemplate(template: JsonObject, object: JsonObject | undefined): JsonObject | undefined {
  let isWhole = true
  const fill = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const path = placeholderPath(value)
      if (path === undefined) return value
      const found = valueAt(object, path)
      isWhole &&= found !== undefined
      return found
    }
    if (Array.isArray(value)) return value.map(fill)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, content]) => [key, fill(content)]))
  }
  const filled = fill(template) as JsonObject
  return isWhole ? filled : undefined
}

/** @returns the path of '{{a.b}}', or undefined for any other text */
export function placeholderPath(text: string): readonly string[] | undefined {
  return /^\{\{([^{}]{1,128})\}\}$/.exec(text)?.[1]?.trim().split('.')
}
