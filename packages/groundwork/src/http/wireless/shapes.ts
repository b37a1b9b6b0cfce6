/**
 * Shapes that several routes of the wireless network share, and what they read from them.
 *
 * @module
 */

import { z } from 'zod'
import type { RootKeys } from '@groundwork/wireless'

/** Of applications, profiles, rules and the like. */
export const id: z.ZodString = z.string().regex(/^[\w-]{1,64}$/, '1 to 64 of A-Z, a-z, 0-9, _ and -')
export const eui: z.ZodString = z.string().regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits in lower case')
export const key: z.ZodString = z.string().regex(/^[0-9a-f]{32}$/, '32 hexadecimal digits in lower case')
export const texts: z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodString>> = z
  .record(z.string().max(64), z.string().max(256))
  .default({})
export const hz: z.ZodNumber = z.number().int().min(0).max(1_000_000_000)

export const idParams: z.ZodObject<{ id: z.ZodString }> = z.object({ id })
export const euiParams: z.ZodObject<{ devEui: z.ZodString }> = z.object({ devEui: eui })

/** What the customer alone reads, with the token. */
export const asCustomer = { isPrivate: true } as const

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** Root keys as they came in, when they did. */
export function keysOf(appKey: string | undefined, nwkKey: string | undefined): RootKeys | undefined {
  if (appKey === undefined) return undefined
  return nwkKey === undefined ? { appKey: bytesOf(appKey) } : { appKey: bytesOf(appKey), nwkKey: bytesOf(nwkKey) }
}
