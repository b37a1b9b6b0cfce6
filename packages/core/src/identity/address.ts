/**
 * An account on the chain: 20 bytes as '0x' hex, always in lower case inside the project.
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesOfText } from '../units/bytes.ts'
import { parseHex, toHex, type Hex } from '../units/hex.ts'

/** '0x' and 40 lower-case hex digits. The type does not promise it; `parseAddress` does. */
export type Address = Hex

/** @returns the address in lower case, or undefined when the text is no 20 bytes of hex (checksums are not judged) */
export function parseAddress(text: string): Address | undefined {
  const bytes = parseHex(text, 20)
  return bytes === undefined ? undefined : toHex(bytes)
}

/** Whether two addresses, in any case, are the same. */
export function isSameAddress(left: Address, right: Address): boolean {
  return left.toLowerCase() === right.toLowerCase()
}

/** As people see it: the mixed-case checksum of EIP-55. */
export function checksumAddress(address: Address): Address {
  const digits = address.slice(2).toLowerCase()
  const hash = toHex(keccak_256(bytesOfText(digits))).slice(2)
  const shown = digits.replace(/[a-f]/g, (digit, index: number) =>
    Number.parseInt(hash.charAt(index), 16) >= 8 ? digit.toUpperCase() : digit,
  )
  return `0x${shown}`
}
