/**
 * Base64 as packet forwarders write it: with or without padding, in either alphabet (RFC 4648 sections 4 and 5).
 *
 * @module
 */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const invalid = 255
const valueOf = new Uint8Array(128).fill(invalid)
for (let value = 0; value < alphabet.length; value += 1) valueOf[alphabet.charCodeAt(value)] = value
valueOf['-'.charCodeAt(0)] = 62
valueOf['_'.charCodeAt(0)] = 63

/** @returns the bytes, or undefined when the text is no base64 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  let end = text.length
  while (end > 0 && end > text.length - 2 && text.charCodeAt(end - 1) === 61) end -= 1
  if (end % 4 === 1 || (end < text.length && text.length % 4 !== 0)) return undefined
  const bytes = new Uint8Array((end * 3) >> 2)
  let held = 0
  let at = 0
  for (let index = 0; index < end; index += 1) {
    const code = text.charCodeAt(index)
    const value = code < 128 ? valueOf[code]! : invalid
    if (value === invalid) return undefined
    held = (held << 6) | value
    const step = index & 3
    if (step !== 0) bytes[at++] = (held >>> (6 - 2 * step)) & 0xff
  }
  return bytes
}

/** With padding. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const word = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    text += alphabet[word >>> 18]! + alphabet[(word >>> 12) & 63]!
    text += left > 1 ? alphabet[(word >>> 6) & 63]! : '='
    text += left > 2 ? alphabet[word & 63]! : '='
  }
  return text
}
