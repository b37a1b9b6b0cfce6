/**
 * The token of an application: 32 random bytes that its programs show, and of which only a hash is kept.
 *
 * A plain hash suffices, for a token cannot be guessed; it is no password.
 *
 * @module
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { bytesOfText } from '@groundwork/core/units/bytes.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { Random } from '../ports.ts'
import { encodeBase64 } from '../wire/base64.ts'

/** Longest token that is looked at. */
const tokenCharactersMax = 128

/** @returns the token, to be shown once, and what is kept of it */
export function newApplicationToken(random: Random): { readonly token: string; readonly hash: Hex } {
  const token = encodeBase64(random.bytes(32)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  return { token, hash: tokenHash(token) }
}

export function tokenHash(token: string): Hex {
  return toHex(sha256(bytesOfText(`groundwork application token\n${token}`)))
}

/** Whether one of the hashes is this token's; all of them are compared, in the same time. */
export function isTokenOf(token: string, hashes: readonly Hex[]): boolean {
  if (token.length > tokenCharactersMax) return false
  const given = tokenHash(token)
  let isKnown = false
  for (const hash of hashes) {
    let difference = hash.length ^ given.length
    for (let index = 0; index < given.length; index += 1) difference |= hash.charCodeAt(index) ^ given.charCodeAt(index)
    isKnown = difference === 0 || isKnown
  }
  return isKnown
}
