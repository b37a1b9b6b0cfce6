/**
 * Goal: whatever a device sends, an application asks for or a stranger's script answers, codecs say what it is or why it is nothing:
 * no throw, nothing larger or deeper than its bound, and what is written reads back the same.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCayenneLpp, encodeCayenneLpp, lppBytesMax } from './cayenne-lpp.ts'
import {
  codecAnswerCharactersMax,
  codecAnswerDepthMax,
  codecNotesMax,
  decodeUplink,
  readDecoded,
  readEncoded,
  type CodecRefused,
  type DecodeAnswer,
  type EncodeAnswer,
} from './payload-codec.ts'

const manyRuns = { numRuns: 2000 }

const lppCodes = [
  0, 1, 2, 3, 100, 101, 102, 103, 104, 113, 115, 116, 117, 118, 120, 121, 125, 128, 130, 131, 132, 133, 134, 135, 136,
  142,
]
/** Channel, type and more than any value needs, so that what follows is now and then a field again. */
const field = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...lppCodes), fc.uint8Array({ maxLength: 9 }))
  .map(([channel, code, value]) => [channel, code, ...value])
const payload = fc.oneof(
  fc.uint8Array({ maxLength: lppBytesMax }),
  fc.array(field, { maxLength: 8 }).map((fields) => Uint8Array.from(fields.flat())),
)

test('any payload is Cayenne LPP or refused where it stops being so; what was read is written and read the same', () => {
  let readCount = 0
  fc.assert(
    fc.property(payload, (bytes) => {
      const decoded = decodeCayenneLpp(bytes)
      if ('refused' in decoded) return assert.ok(decoded.offset < bytes.length)
      readCount += 1
      const encoded = encodeCayenneLpp(decoded.data)
      assert.ok('bytes' in encoded && encoded.bytes.length <= bytes.length)
      assert.deepEqual(decodeCayenneLpp(encoded.bytes), decoded)
    }),
    manyRuns,
  )
  assert.ok(readCount > 50, `${readCount} payloads are read`)
})

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    '',
    -1,
    -0,
    0.5,
    1e308,
    Number.NaN,
    Infinity,
    2 ** 31,
    2 ** 32,
    [],
    {},
    [1],
    { toString: 1 },
    5n,
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.double(),
)
const typeName = fc.oneof(
  fc.constantFrom(
    'temperatureSensor',
    'gpsLocation',
    'digitalInput',
    'genericSensor',
    'accelerometer',
    'unixTime',
    'colour',
  ),
  fc.constantFrom('__proto__', 'constructor', ''),
)
const parts = fc.record(
  { x: oddValue, y: oddValue, z: oddValue, latitude: fc.double(), longitude: fc.double(), altitude: fc.double() },
  { requiredKeys: [] },
)

test('any object is written within the bound or refused, and reads back as near as its types can hold it', () => {
  const channels = fc.dictionary(
    fc.oneof(fc.integer({ min: -1, max: 300 }).map(String), fc.string()),
    fc.oneof(oddValue, parts, fc.integer()),
  )
  const object = fc.oneof(
    fc.array(fc.tuple(typeName, fc.oneof(channels, oddValue)), { maxLength: 4 }).map((all) => Object.fromEntries(all)),
    oddValue,
  )
  fc.assert(
    fc.property(object, (value) => {
      const encoded = encodeCayenneLpp(value)
      if ('refused' in encoded) return
      assert.ok(encoded.bytes.length <= lppBytesMax)
      const decoded = decodeCayenneLpp(encoded.bytes)
      assert.ok('data' in decoded)
      assert.deepEqual(encodeCayenneLpp(decoded.data), encoded)
    }),
    manyRuns,
  )
})

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

function assertAnswer(answer: DecodeAnswer | EncodeAnswer): void {
  if ('refused' in answer) return assert.ok(answer.description.length < 10_000)
  assert.ok(answer.warnings.length <= codecNotesMax)
  // Whoever publishes it writes it as JSON.
  assert.ok(JSON.stringify(answer).length <= 10 * codecAnswerCharactersMax)
}

test('any answer of a script is read or refused', () => {
  const body = fc.record(
    {
      data: oddValue,
      bytes: fc.oneof(fc.array(fc.oneof(fc.integer({ min: -1, max: 256 }), oddValue), { maxLength: 8 }), oddValue),
      fPort: fc.oneof(fc.integer({ min: 0, max: 230 }), oddValue),
      warnings: oddValue,
      errors: oddValue,
    },
    { requiredKeys: [] },
  )
  const json = body.map(
    (value) => JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one)) ?? '',
  )
  const text = fc.oneof(
    { weight: 4, arbitrary: json },
    fc
      .tuple(json, fc.nat(), fc.string({ maxLength: 4 }))
      .map(([one, at, odd]) => one.slice(0, at % (one.length + 1)) + odd),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(text, (one) => {
      assertAnswer(readDecoded(one))
      const encoded = readEncoded(one)
      assertAnswer(encoded)
      if ('refused' in encoded) return
      assert.ok(encoded.bytes.length <= lppBytesMax)
      assert.ok(encoded.fPort === undefined || (encoded.fPort >= 1 && encoded.fPort <= 223))
      const again = JSON.stringify({ ...encoded, bytes: [...encoded.bytes] })
      assert.deepEqual(readEncoded(again), encoded)
    }),
    manyRuns,
  )
})

test('an answer may nest as deep as its bound and no deeper, in its data, its warnings and its errors', () => {
  const refusalOf = (answer: DecodeAnswer | CodecRefused): string => ('refused' in answer ? answer.refused : 'read')
  // The answer itself and its data are the first two.
  assert.equal(refusalOf(readDecoded(`{"data":{"a":${nested(codecAnswerDepthMax - 2)}}}`)), 'read')
  assert.equal(refusalOf(readDecoded(`{"data":{"a":${nested(codecAnswerDepthMax - 1)}}}`)), 'answer-malformed')
  for (const name of ['data', 'warnings', 'errors', 'else'])
    for (const open of ['[', '{"a":']) {
      const depth = Math.floor((codecAnswerCharactersMax - 40) / (open.length + 1))
      const deepest = open.repeat(depth) + '1' + (open === '[' ? ']' : '}').repeat(depth)
      assert.equal(refusalOf(readDecoded(`{"data":{},"${name}":${deepest}}`)), 'answer-malformed')
    }
  assert.equal(refusalOf(readDecoded(' '.repeat(codecAnswerCharactersMax + 1))), 'answer-too-large')
})

test('a payload of Cayenne LPP needs no runner, whatever is in it', () => {
  const runner = { run: () => Promise.reject(new Error('nothing is run')) }
  fc.assert(
    fc.property(payload, (bytes) => {
      const answer = decodeUplink(
        { kind: 'cayenne-lpp' },
        { call: 'decodeUplink', bytes, fPort: 1, receivedAtMs: 0, variables: {} },
        runner,
      )
      assert.ok(answer !== undefined && !(answer instanceof Promise))
      assertAnswer(answer)
    }),
  )
})
