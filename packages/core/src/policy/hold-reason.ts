/**
 * What an account can be accused of in a hold: a code that fits 32 bytes on chain, and what it says.
 *
 * The contract takes any code: a deciding operator that does not know one upholds nothing. docs/protocol/holds.md#reasons
 *
 * @module
 */

import { bytesOfText } from '../units/bytes.ts'
import { toHex, type Hex } from '../units/hex.ts'

/** Codes and what they say. */
export const holdReasons = {
  location: 'its radios are not where they are said to be',
  'self-dealing': 'it pays itself for traffic or storage that nobody else wanted',
  collusion: 'it vouches for work of others that was not done',
  'many-names': 'one owner poses as several, to be drawn or paid more often',
  'false-evidence': 'what it signed as evidence is made up, or contradicts itself',
  'broken-service': 'it is paid for a service that it does not give',
} as const

export type HoldReason = keyof typeof holdReasons

/** Longest code, in ASCII characters. */
export const holdReasonCharactersMax = 32

/** As it stands on chain: ASCII, left-aligned. */
export function encodeHoldReason(reason: HoldReason): Hex {
  const bytes = new Uint8Array(holdReasonCharactersMax)
  bytes.set(bytesOfText(reason))
  return toHex(bytes)
}

/** @returns the code as text whoever wrote it, known or not; undefined when it is no printable ASCII */
export function readHoldReason(hex: Hex): string | undefined {
  const text = hex.slice(2).replace(/(00)+$/, '')
  if (text.length === 0 || text.length % 2 !== 0 || !/^([2-7][0-9a-f])+$/i.test(text)) return undefined
  const code = text.replaceAll(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)))
  return code.includes('\u007f') ? undefined : code
}
