/**
 * JSON whose whole numbers may have 64 bits, as programs in C write it.
 *
 * A number of JavaScript is exact up to 2^53 alone. So whole numbers of 16 to 20 digits are marked in the text before the engine
 * parses it, and `wholeNumberOf` gives them back unchanged. This does without what only some engines offer (the source text in a
 * reviver, `JSON.rawJSON`), and takes time in proportion to the text, whatever the text is.
 *
 * @module
 */

export type ExactJson =
  | string
  | number
  | boolean
  | bigint
  | null
  | readonly ExactJson[]
  | { readonly [name: string]: ExactJson | undefined }

/** Stands before the digits of a marked number. */
const mark = '\u0000'
/** A text, closed or not, or a number with all that may belong to it: each character is looked at once. */
const tokens = /"(?:[^"\\]|\\[^])*(?:"|\\?$)|-?\d[\d.eE+-]*/g
const longWhole = /^-?\d{16,20}$/
const marked = /^\0-?\d{16,20}$/

/** @returns undefined when the text is no JSON */
export function readExactJson(text: string): unknown {
  // Most texts have no such number.
  const exact = /\d{16}/.test(text)
    ? text.replaceAll(tokens, (token) => (longWhole.test(token) ? `"\\u0000${token}"` : token))
    : text
  try {
    return JSON.parse(exact)
  } catch {
    return undefined
  }
}

/** @returns a whole number that was read, exactly; undefined for anything else, also for one that has lost its last digits */
export function wholeNumberOf(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  return typeof value === 'string' && value.startsWith(mark) && marked.test(value) ? BigInt(value.slice(1)) : undefined
}

/** Fields that are undefined are left out. */
export function writeExactJson(value: ExactJson): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (isList(value)) return `[${value.map(writeExactJson).join(',')}]`
  const fields: string[] = []
  for (const [name, field] of Object.entries(value))
    if (field !== undefined) fields.push(`${JSON.stringify(name)}:${writeExactJson(field)}`)
  return `{${fields.join(',')}}`
}

/** `Array.isArray` does not see through a readonly list. */
const isList = (value: object): value is readonly ExactJson[] => Array.isArray(value)
