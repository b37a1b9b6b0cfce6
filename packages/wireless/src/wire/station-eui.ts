/**
 * The ways in which Basics Station and its servers write an EUI: pairs with dashes or colons, four groups as in IPv6 ("ID6"),
 * sixteen digits, or a number.
 *
 * @module
 */

import type { Eui } from '../model/radio.ts'
import { wholeNumberOf } from './exact-json.ts'
import { isEui } from './little-endian.ts'

const pairs = /^[0-9a-f]{2}(?:[-:][0-9a-f]{2}){7}$/
const group = /^[0-9a-f]{1,4}$/
/** Longest text that is looked at: a word, a dash, and eight pairs. */
const textLengthMax = 48

/** @param value as `readExactJson` gives it @returns undefined when it is none of the ways */
export function readStationEui(value: unknown): Eui | undefined {
  const whole = wholeNumberOf(value)
  if (whole !== undefined) return whole >= 0n && whole < 2n ** 64n ? whole.toString(16).padStart(16, '0') : undefined
  if (typeof value !== 'string' || value.length > textLengthMax) return undefined
  const text = value.toLowerCase()
  if (isEui(text)) return text
  if (pairs.test(text)) return text.replaceAll(/[-:]/g, '')
  // A word may stand before an ID6, as in router-::1.
  return readId6(text.replace(/^[a-z]+-/, ''))
}

function readId6(text: string): Eui | undefined {
  const [left = '', right, more] = text.split('::')
  if (more !== undefined) return undefined
  const groupsOf = (half: string): string[] => (half === '' ? [] : half.split(':'))
  const [before, after] = [groupsOf(left), groupsOf(right ?? '')]
  const missing = 4 - before.length - after.length
  if (right === undefined ? missing !== 0 : missing < 1) return undefined
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after]
  return groups.every((one) => group.test(one)) ? groups.map((one) => one.padStart(4, '0')).join('') : undefined
}

/** The station's own way: zeros at one end, or both groups between, are left out. */
export function writeId6(eui: Eui): string {
  const groups = [0, 4, 8, 12].map((at) => Number.parseInt(eui.slice(at, at + 4), 16))
  const text = groups.map((one) => one.toString(16))
  const isZero = (from: number, to: number): boolean => groups.slice(from, to).every((one) => one === 0)
  if (isZero(0, 3)) return `::${text[3]}`
  if (isZero(0, 2)) return `::${text[2]}:${text[3]}`
  if (isZero(1, 4)) return `${text[0]}::`
  if (isZero(2, 4)) return `${text[0]}:${text[1]}::`
  if (isZero(1, 3)) return `${text[0]}::${text[3]}`
  return text.join(':')
}
