/**
 * Base64 of RFC 4648, section 4, as it stands in the JSON of applications: without Buffer, for browsers too.
 *
 * @module
 */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Value of a character code, 255 for what is none; the URL alphabet's '-' and '_' are read too. */
const valueOf = new Uint8Array(128).fill(255)
for (let index = 0; index < 64; index += 1) valueOf[alphabet.charCodeAt(index)] = index
valueOf['-'.charCodeAt(0)] = 62
valueOf['_'.charCodeAt(0)] = 63

/** @returns padded base64 */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  let index = 0
  for (; index + 2 < bytes.length; index += 3) {
    const word = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8) | (bytes[index + 2] ?? 0)
    text += sextet(word, 18) + sextet(word, 12) + sextet(word, 6) + sextet(word, 0)
  }
  if (index + 1 === bytes.length) {
    const word = (bytes[index] ?? 0) << 16
    return `${text}${sextet(word, 18)}${sextet(word, 12)}==`
  }
  if (index + 2 === bytes.length) {
    const word = ((bytes[index] ?? 0) << 16) | ((bytes[index + 1] ?? 0) << 8)
    return `${text}${sextet(word, 18)}${sextet(word, 12)}${sextet(word, 6)}=`
  }
  return text
}

/** @returns the bytes, or undefined for text that is no base64; padding may be missing, but must be right where it stands */
export function parseBase64(text: string): Uint8Array | undefined {
  let end = text.length
  while (end > 0 && end > text.length - 2 && text.charCodeAt(end - 1) === 61) end -= 1
  if (end % 4 === 1 || (end !== text.length && text.length % 4 !== 0)) return undefined
  const bytes = new Uint8Array(Math.floor((end * 3) / 4))
  let [word, bits, offset] = [0, 0, 0]
  for (let index = 0; index < end; index += 1) {
    const value = valueOf[text.charCodeAt(index)] ?? 255
    if (value === 255) return undefined
    word = ((word << 6) | value) & 0xffffff
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[offset] = (word >> bits) & 0xff
    offset += 1
  }
  return bytes
}

function sextet(word: number, shift: number): string {
  return alphabet.charAt((word >> shift) & 63)
}
