/**
 * Cayenne Low Power Payload: typed values by channel, in the JSON shape that ChirpStack v4 gives them.
 *
 * A payload is a list of [channel, type, value], big-endian. The shape is `{ temperatureSensor: { "3": 27.2 }, … }`: one entry
 * per type, in it one per channel. Types are those of the IPSO Smart Objects that Cayenne, ChirpStack and The Things Stack
 * agree on; an unknown type has no known size, so that nothing behind it could be read: the payload is refused.
 *
 * @module
 */

/** Longest application payload of LoRaWAN. */
export const lppBytesMax = 242

type Triple = readonly [string, string, string]

/** How one type is written: `sizeBytes` per number, a value being `integer / divisor`; three numbers have names. */
interface LppType {
  readonly code: number
  readonly name: string
  readonly sizeBytes: 1 | 2 | 3 | 4
  readonly isSigned: boolean
  readonly divisors: readonly number[]
  readonly parts?: Triple
}

const xyz: Triple = ['x', 'y', 'z']

const lppTypes: readonly LppType[] = [
  scalar(0, 'digitalInput', 1, 1),
  scalar(1, 'digitalOutput', 1, 1),
  scalar(2, 'analogInput', 2, 100, 'signed'),
  scalar(3, 'analogOutput', 2, 100, 'signed'),
  scalar(100, 'genericSensor', 4, 1),
  scalar(101, 'illuminanceSensor', 2, 1),
  scalar(102, 'presenceSensor', 1, 1),
  scalar(103, 'temperatureSensor', 2, 10, 'signed'),
  scalar(104, 'humiditySensor', 1, 2),
  { code: 113, name: 'accelerometer', sizeBytes: 2, isSigned: true, divisors: [1000, 1000, 1000], parts: xyz },
  scalar(115, 'barometer', 2, 10),
  scalar(116, 'voltage', 2, 100),
  scalar(117, 'current', 2, 1000),
  scalar(118, 'frequency', 4, 1),
  scalar(120, 'percentage', 1, 1),
  scalar(121, 'altitude', 2, 1, 'signed'),
  scalar(125, 'concentration', 2, 1),
  scalar(128, 'power', 2, 1),
  scalar(130, 'distance', 4, 1000),
  scalar(131, 'energy', 4, 1000),
  scalar(132, 'direction', 2, 1),
  scalar(133, 'unix_time', 4, 1),
  { code: 134, name: 'gyrometer', sizeBytes: 2, isSigned: true, divisors: [100, 100, 100], parts: xyz },
  { code: 135, name: 'color', sizeBytes: 1, isSigned: false, divisors: [1, 1, 1], parts: ['r', 'g', 'b'] },
  {
    code: 136,
    name: 'gpsLocation',
    sizeBytes: 3,
    isSigned: true,
    divisors: [10_000, 10_000, 100],
    parts: ['latitude', 'longitude', 'altitude'],
  },
  scalar(142, 'switch', 1, 1),
]

/** Names that others write for the same type. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['unixTime', 'unix_time'],
  ['colour', 'color'],
])

const byCode = new Map(lppTypes.map((type) => [type.code, type]))
const byName = new Map(lppTypes.map((type) => [type.name, type]))

/** A number, or three numbers by name. */
export type LppValue = number | Readonly<Record<string, number>>

/** Type name to channel to value. */
export type LppObject = Readonly<Record<string, Readonly<Record<string, LppValue>>>>

export type LppRefusal = 'unknown-type' | 'cut-short' | 'not-an-object' | 'bad-channel' | 'bad-value' | 'too-long'

export type LppDecoded = { readonly data: LppObject } | { readonly refused: LppRefusal; readonly offset: number }

export type LppEncoded = { readonly bytes: Uint8Array } | { readonly refused: LppRefusal; readonly at: string }

/** Reads a payload. A channel that stands twice with one type has its last value. */
export function decodeCayenneLpp(bytes: Uint8Array): LppDecoded {
  const data: Record<string, Record<string, LppValue>> = {}
  let offset = 0
  while (offset < bytes.length) {
    const type = byCode.get(bytes[offset + 1] ?? -1)
    if (offset + 1 >= bytes.length) return { refused: 'cut-short', offset }
    if (type === undefined) return { refused: 'unknown-type', offset: offset + 1 }
    const endOffset = offset + 2 + type.sizeBytes * type.divisors.length
    if (endOffset > bytes.length) return { refused: 'cut-short', offset }
    const channels = (data[type.name] ??= {})
    channels[String(bytes[offset])] = readValue(type, bytes, offset + 2)
    offset = endOffset
  }
  return { data }
}

/** Writes an object of the shape that `decodeCayenneLpp` gives, from anyone; types and channels in rising order. */
export function encodeCayenneLpp(value: unknown): LppEncoded {
  if (!isRecord(value)) return { refused: 'not-an-object', at: '' }
  const fields: { type: LppType; channel: number; numbers: readonly number[] }[] = []
  for (const [key, channels] of Object.entries(value)) {
    const type = byName.get(otherNames.get(key) ?? key)
    if (type === undefined) return { refused: 'unknown-type', at: key }
    if (!isRecord(channels)) return { refused: 'not-an-object', at: key }
    for (const [channel, content] of Object.entries(channels)) {
      if (!/^(0|[1-9]\d{0,2})$/.test(channel) || Number(channel) > 255)
        return { refused: 'bad-channel', at: `${key}.${channel}` }
      const numbers = integersOf(type, content)
      if (numbers === undefined) return { refused: 'bad-value', at: `${key}.${channel}` }
      fields.push({ type, channel: Number(channel), numbers })
      if (fields.length > lppBytesMax) return { refused: 'too-long', at: key }
    }
  }
  fields.sort((a, b) => a.type.code - b.type.code || a.channel - b.channel)
  const bytes: number[] = []
  for (const { type, channel, numbers } of fields) {
    bytes.push(channel, type.code)
    for (const integer of numbers)
      for (let shift = (type.sizeBytes - 1) * 8; shift >= 0; shift -= 8) bytes.push((integer >> shift) & 0xff)
  }
  return bytes.length > lppBytesMax ? { refused: 'too-long', at: '' } : { bytes: Uint8Array.from(bytes) }
}

function scalar(
  code: number,
  name: string,
  sizeBytes: LppType['sizeBytes'],
  divisor: number,
  sign?: 'signed',
): LppType {
  return { code, name, sizeBytes, isSigned: sign === 'signed', divisors: [divisor] }
}

function readValue(type: LppType, bytes: Uint8Array, start: number): LppValue {
  const read = (index: number): number => {
    let integer = 0
    for (let k = 0; k < type.sizeBytes; k += 1)
      integer = integer * 256 + (bytes[start + index * type.sizeBytes + k] ?? 0)
    const range = 256 ** type.sizeBytes
    return (type.isSigned && integer >= range / 2 ? integer - range : integer) / (type.divisors[index] ?? 1)
  }
  if (type.parts === undefined) return read(0)
  return Object.fromEntries(type.parts.map((name, index) => [name, read(index)]))
}

/** @returns the integers as they are written, rounded to the nearest; undefined when the value does not fit its type */
function integersOf(type: LppType, content: unknown): readonly number[] | undefined {
  const values = type.parts === undefined ? [content] : isRecord(content) ? type.parts.map((name) => content[name]) : []
  if (values.length !== type.divisors.length) return undefined
  const range = 256 ** type.sizeBytes
  const [min, max] = type.isSigned ? [-range / 2, range / 2 - 1] : [0, range - 1]
  const integers: number[] = []
  for (const [index, value] of values.entries()) {
    if (typeof value !== 'number') return undefined
    const integer = Math.round(value * (type.divisors[index] ?? 1))
    if (!(integer >= min && integer <= max)) return undefined
    integers.push(integer)
  }
  return integers
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
