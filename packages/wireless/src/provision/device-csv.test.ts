/**
 * Goal: a table of devices comes in whole or not at all, with every error by its line; what goes out comes back the same.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import {
  csvErrorsMax,
  csvRowsMax,
  readDeviceCsv,
  writeDeviceCsv,
  type CsvReferences,
  type DeviceRow,
} from './device-csv.ts'

const references: CsvReferences = {
  hasApplication: (id) => id === 'weather' || id === 'water',
  macVersionOf: (id) => (id === 'old' ? '1.0.3' : id === 'new' ? '1.1.0' : undefined),
}
const read = (text: string) => readDeviceCsv(text, references)

const key = fc.uint8Array({ minLength: 16, maxLength: 16 })
const eui = fc.stringMatching(/^[0-9a-f]{16}$/)
const counter = fc.integer({ min: 0, max: 0xffff_ffff })
const word = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom('=1+1', "'=x", "''-a", '@x', 'a\nb', 'a,b;c\t"d"', '+49'),
)
const map = fc.dictionary(fc.string({ maxLength: 10 }), word, { maxKeys: 4, noNullPrototype: true })
const plain = { noNullPrototype: true } as const
const rows = fc.uniqueArray(
  fc.record(
    {
      device: fc.record(
        {
          devEui: eui,
          joinEui: eui,
          name: word.filter((name) => name !== ''),
          description: word,
          applicationId: fc.constantFrom('weather', 'water'),
          profileId: fc.constantFrom('old', 'new'),
          isDisabled: fc.boolean(),
          skipsFrameCounter: fc.boolean(),
          tags: map,
          variables: map,
          unitsPerDayMax: counter,
        },
        {
          ...plain,
          requiredKeys: [
            ...(['devEui', 'joinEui', 'name', 'description', 'applicationId', 'profileId', 'isDisabled'] as const),
            ...(['skipsFrameCounter', 'tags', 'variables'] as const),
          ],
        },
      ),
      rootKeys: fc.record({ appKey: key, nwkKey: key }, plain),
      session: fc.record(
        {
          keys: fc.record(
            {
              fNwkSIntKey: key,
              sNwkSIntKey: key,
              nwkSEncKey: key,
              appSKey: key,
            },
            plain,
          ),
          devAddr: counter,
          fCntUp: counter,
          nFCntDown: counter,
          aFCntDown: counter,
        },
        plain,
      ),
    },
    { ...plain, requiredKeys: ['device'] },
  ),
  { maxLength: 8, selector: ({ device }) => device.devEui },
) as fc.Arbitrary<DeviceRow[]>

test('what is written is read back the same; without keys, all but keys and sessions', () => {
  fc.assert(
    fc.property(rows, (given) => {
      assert.deepEqual(read(writeDeviceCsv(given, { withKeys: true })), { rows: given })
      const bare = writeDeviceCsv(given, { withKeys: false })
      assert.deepEqual(read(bare), { rows: given.map(({ device }) => ({ device })) })
      assert.ok(!/_key|dev_addr/.test(bare.split('\n')[0] ?? ''))
    }),
  )
})

test('no cell that leaves begins a formula', () => {
  fc.assert(
    fc.property(rows, (given) => {
      const text = writeDeviceCsv(given, { withKeys: true })
      for (const cells of parse(text)) for (const cell of cells) assert.doesNotMatch(cell, /^[=+\-@\t\r]/)
    }),
  )
})

test('a file from a spreadsheet is read: a mark before it, other separators, columns in any order, EUIs as they are printed', () => {
  const text =
    '\uFEFFName;DEV_EUI;profile_id;application_id;app_key\r\n' +
    'roof;70-B3-D5-7E-D0-00-00-10;old;weather;00112233445566778899AABBCCDDEEFF\r\n\r\n' +
    'cellar;70b3d57ed0000011;old;weather;\r\n'
  const answer = read(text)
  assert.ok('rows' in answer, JSON.stringify(answer))
  assert.deepEqual(
    answer.rows.map(({ device, rootKeys }) => [device.devEui, device.joinEui, device.name, rootKeys?.appKey.length]),
    [
      ['70b3d57ed0000010', '0000000000000000', 'roof', 16],
      ['70b3d57ed0000011', '0000000000000000', 'cellar', undefined],
    ],
  )
})

test('one network key stands for three in a session of 1.0', () => {
  const [one, two] = ['01'.repeat(16), '02'.repeat(16)]
  const answer = read(
    `dev_eui,name,application_id,profile_id,dev_addr,f_nwk_s_int_key,app_s_key,f_cnt_up\n0000000000000001,a,weather,old,01abCDef,${one},${two},7`,
  )
  assert.ok('rows' in answer, JSON.stringify(answer))
  const session = answer.rows[0]?.session
  assert.deepEqual([session?.devAddr, session?.fCntUp, session?.nFCntDown], [0x01abcdef, 7, 0])
  assert.deepEqual(session?.keys.nwkSEncKey, session?.keys.fNwkSIntKey)
})

test('every error of every row is listed by line, and nothing comes in', () => {
  const header =
    'dev_eui,join_eui,name,application_id,profile_id,is_disabled,units_per_day_max,tags,app_key,nwk_key,dev_addr,f_nwk_s_int_key,app_s_key,f_cnt_up'
  const sound = '0000000000000001,,a,weather,old,,,,,,,,,'
  const k = '00'.repeat(16)
  const errorsOf = (...lines: string[]): string[] => {
    const answer = read([header, ...lines].join('\n'))
    assert.ok('errors' in answer, JSON.stringify(answer))
    return answer.errors.map(({ line, column, code }) => `${line} ${column} ${code}`)
  }
  assert.ok('rows' in read(`${header}\n${sound}`))
  assert.deepEqual(errorsOf(sound, '12,34,,fire,none,maybe,-1,{,xyz,,,,,'), [
    '3 name cell-empty',
    '3 application_id application-unknown',
    '3 profile_id profile-unknown',
    '3 units_per_day_max number-malformed',
    '3 dev_eui eui-malformed',
    '3 join_eui eui-malformed',
    '3 is_disabled flag-malformed',
    '3 tags map-malformed',
    '3 app_key key-malformed',
  ])
  assert.deepEqual(errorsOf(sound, sound), ['3 dev_eui device-twice'])
  assert.deepEqual(errorsOf('0000000000000001,,"a\nb",weather,old'), ['3  cell-count-wrong'])
  assert.deepEqual(errorsOf(`0000000000000001,,a,weather,new,,,,${k},,,,,`), ['2 nwk_key key-missing'])
  assert.deepEqual(errorsOf(`0000000000000001,,a,weather,new,,,,,${k},,,,`), ['2 app_key key-missing'])
  assert.deepEqual(errorsOf('0000000000000001,,a,weather,old,,,,,,1,,,'), [
    '2 dev_addr address-malformed',
    '2 f_nwk_s_int_key session-incomplete',
  ])
  assert.deepEqual(errorsOf(`0000000000000001,,a,weather,old,,,,,,00000001,${k},${k},4294967296`), [
    '2 f_cnt_up number-malformed',
  ])
  assert.deepEqual(errorsOf('0000000000000001,,a,weather,old,,,"{""a"":1}",,,,,,'), ['2 tags map-malformed'])
  assert.deepEqual(errorsOf(`0000000000000001,,${'x'.repeat(257)},weather,old,,,,,,,,,`), ['2 name text-too-long'])
  assert.deepEqual(errorsOf('0000000000000001,,"a'), ['2  file-malformed'])
})

test('a header that does not fit is refused as a whole', () => {
  const errorsOf = (text: string): string[] => {
    const answer = read(text)
    return 'errors' in answer ? answer.errors.map(({ line, column, code }) => `${line} ${column} ${code}`) : []
  }
  assert.deepEqual(errorsOf('dev_eui,name,name,application_id,colour\n'), [
    '1 colour column-unknown',
    '1 name column-twice',
    '1 profile_id column-missing',
  ])
  assert.equal(errorsOf('').length, 4)
})

test('rows and listed errors have their bounds', () => {
  const header = 'dev_eui,name,application_id,profile_id\n'
  const many = read(header + 'x,y,z,w\n'.repeat(csvErrorsMax))
  assert.equal('errors' in many && many.errors.length, csvErrorsMax)
  const tooMany = read(header + 'x,y,z,w\n'.repeat(csvRowsMax + 1))
  assert.deepEqual(tooMany, { errors: [{ line: csvRowsMax + 2, column: '', code: 'too-many-rows' }] })
})

test('no text makes it throw', () => {
  const piece = fc.constantFrom(
    '"',
    ',',
    ';',
    '\n',
    '\r',
    "'",
    'dev_eui',
    'name',
    'application_id',
    'profile_id',
    'a',
    '\uFEFF',
    '{}',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      assert.ok(read(pieces.join('')) !== undefined)
    }),
    { numRuns: 2000 },
  )
})
