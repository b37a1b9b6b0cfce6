/**
 * Goal: whatever text a camera, a spreadsheet or somebody's repository gives, it is read or refused with a reason, in time that goes
 * with its length; what we write reads back the same.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Device } from '../model/device.ts'
import { regionOf } from '../region/region-of.ts'
import { csvErrorsMax, readDeviceCsv, writeDeviceCsv, type CsvReferences } from './device-csv.ts'
import { buildDeviceQr, parseDeviceQr, qrCharactersMax } from './device-qr.ts'
import {
  readRepositoryDevice,
  repositoryFileCharactersMax,
  repositoryNotesMax,
  type RepositoryRead,
} from './device-repository.ts'

const manyRuns = { numRuns: 2000 }
const plain = { noNullPrototype: true } as const

/** Text with a few characters of it replaced, left out or put in. */
function strange(valid: fc.Arbitrary<string>, odd: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({ at: fc.nat(), cut: fc.nat({ max: 6 }), put: odd })
  return fc.oneof(
    fc.string({ unit: 'binary' }),
    valid,
    fc.tuple(valid, fc.array(change, { minLength: 1, maxLength: 3 })).map(([text, changes]) =>
      changes.reduce((one, { at, cut, put }) => {
        const place = at % (one.length + 1)
        return one.slice(0, place) + put + one.slice(place + cut)
      }, text),
    ),
  )
}

function assertQuick(run: () => void, msMax = 1200): void {
  const start = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(start)
  assert.ok((user + system) / 1000 < msMax, `${(user + system) / 1000} ms`)
}

// ---- QR ----

const eui = fc.stringMatching(/^[0-9a-f]{16}$/)
const word = fc.stringMatching(/^[0-9A-Z $%*+./-]{0,40}$/)
const qr = fc.record(
  {
    joinEui: eui,
    devEui: eui,
    vendorId: fc.integer({ min: 0, max: 0xffff }),
    vendorProfileId: fc.integer({ min: 0, max: 0xffff }),
    ownerToken: word,
    serialNumber: word,
    proprietary: word,
  },
  { ...plain, requiredKeys: ['joinEui', 'devEui', 'vendorId', 'vendorProfileId'] },
)

test('what stands in a QR code reads back, or is not written', () => {
  fc.assert(
    fc.property(qr, fc.boolean(), (device, withChecksum) => {
      const text = buildDeviceQr(device, { withChecksum })
      const fields = [device.ownerToken, device.serialNumber, device.proprietary].filter((one) => one !== undefined)
      // A space at the very end is lost to whoever reads it.
      if (text === undefined) assert.ok(!withChecksum && fields.at(-1)?.endsWith(' '))
      else assert.deepEqual(parseDeviceQr(text), { device })
    }),
    manyRuns,
  )
})

test('whatever a camera sees is a device or refused; a device that was read is written and read the same', () => {
  const written = qr.chain((device) =>
    fc.boolean().map((withChecksum) => buildDeviceQr(device, { withChecksum }) ?? 'LW:D0'),
  )
  const odd = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom(':', ':O', ':C0000', 'ß', 'ſ', '\u0000', '\ud800', 'LW'),
  )
  fc.assert(
    fc.property(strange(written, odd), (text) => {
      const read = parseDeviceQr(text)
      if ('refused' in read) return
      const again = buildDeviceQr(read.device, { withChecksum: true })
      assert.ok(again !== undefined)
      const { ownerToken, serialNumber, proprietary } = read.device
      const upper = Object.entries({ ownerToken, serialNumber, proprietary }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value.toUpperCase()] as const],
      )
      assert.deepEqual(parseDeviceQr(again), { device: { ...read.device, ...Object.fromEntries(upper) } })
    }),
    manyRuns,
  )
  assert.deepEqual(parseDeviceQr(':'.repeat(qrCharactersMax + 1)), { refused: 'too-long' })
})

// ---- tables ----

const references: CsvReferences = {
  hasApplication: (id) => id === 'weather',
  macVersionOf: (id) => (id === 'old' ? '1.0.3' : undefined),
}
const device: Device = {
  devEui: '0000000000000001',
  joinEui: '0000000000000000',
  name: 'a',
  description: '',
  applicationId: 'weather',
  profileId: 'old',
  isDisabled: false,
  skipsFrameCounter: false,
  tags: {},
  variables: {},
}
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '\r',
    '\r\n',
    '\n',
    '"',
    '""',
    ' ',
    '\t',
    '\u0000',
    '\u2028',
    '\ufeff',
    "'",
    '=',
    '__proto__',
    ',',
    ';',
  ),
)

test('a row with any text reads back, alone and before others, up to the longest that a device may hold', () => {
  const text = fc.array(oddText, { maxLength: 3 }).map((all) => all.join(''))
  const map = fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true })
  fc.assert(
    fc.property(text, text, map, map, (name, description, tags, variables) => {
      const rows = [
        { device: { ...device, name: name === '' ? 'a' : name, description, tags, variables } },
        { device: { ...device, devEui: '0000000000000002' } },
      ]
      assert.deepEqual(readDeviceCsv(writeDeviceCsv(rows, { withKeys: false }), references), { rows })
    }),
    manyRuns,
  )
  const entries = Array.from({ length: 64 }, (_, index) => [
    `${String(index).padStart(2, '0')}${'"'.repeat(254)}`,
    '\u0001"'.repeat(1024),
  ])
  const largest = {
    ...device,
    name: '"'.repeat(256),
    description: '"\n'.repeat(1024),
    tags: Object.fromEntries(entries),
    variables: Object.fromEntries(entries),
  }
  assert.deepEqual(readDeviceCsv(writeDeviceCsv([{ device: largest }], { withKeys: false }), references), {
    rows: [{ device: largest }],
  })
})

test('any text is a table or has errors, no more of them than are listed', () => {
  const odd = fc.oneof(
    oddText,
    fc.constantFrom('dev_eui', 'name', '{"a":1}', '{"__proto__":"x"}', 'true', '\n\n', '0'.repeat(40)),
  )
  const valid = writeDeviceCsv([{ device }, { device: { ...device, devEui: '0000000000000002', tags: { a: 'b' } } }], {
    withKeys: true,
  })
  fc.assert(
    fc.property(strange(fc.constant(valid), odd), (text) => {
      const read = readDeviceCsv(text, references)
      if ('errors' in read) return assert.ok(read.errors.length > 0 && read.errors.length <= csvErrorsMax)
      assert.deepEqual(readDeviceCsv(writeDeviceCsv(read.rows, { withKeys: true }), references), { rows: read.rows })
    }),
    manyRuns,
  )
})

test('tables with very many columns, cells, quotes or lines take time with their length, and keep no row that is none', () => {
  const length = 2 ** 18
  const header = 'dev_eui,name,application_id,profile_id\n'
  for (const piece of [',', '"', '""', '",', '\n', '\r', 'name,'])
    for (const start of ['', header])
      assertQuick(
        () => void readDeviceCsv((start + piece.repeat(length / piece.length)).slice(0, length), references),
        10_000,
      )
})

// ---- repository ----

const firmware = { version: '1.0', profiles: { 'EU863-870': { id: 'the-profile', codec: 'the-codec' } } }
const files: Readonly<Record<string, unknown>> = {
  'vendor/acme/meter.yaml': { name: 'Meter', firmwareVersions: [firmware] },
  'vendor/acme/the-profile.yaml': {
    macVersion: '1.0.3',
    regionalParametersVersion: 'RP001-1.0.3-RevA',
    supportsJoin: true,
    maxEIRP: 16,
    supportsClassB: false,
    supportsClassC: false,
  },
  'vendor/acme/the-codec.yaml': {
    uplinkDecoder: {
      fileName: 'meter.js',
      examples: [{ description: 'x', input: { bytes: [1] }, output: { data: {} } }],
    },
  },
  'vendor/acme/meter.js': 'function decodeUplink() { return { data: {} } }',
}
const names = ['vendor/acme/meter.yaml', 'vendor/acme/the-profile.yaml', 'vendor/acme/the-codec.yaml'] as const

/** One file is another; the rest are in order. JSON is YAML. */
function readWith(name: string, content: string): RepositoryRead {
  return readRepositoryDevice(
    { vendorId: 'acme', deviceId: 'meter', region: 'EU863-870' },
    {
      file: (path) =>
        path === name
          ? content
          : typeof files[path] === 'string'
            ? files[path]
            : files[path] === undefined
              ? undefined
              : JSON.stringify(files[path]),
      region: regionOf,
    },
  )
}

function assertRead(read: RepositoryRead): void {
  if ('refused' in read) return assert.ok(read.at.length < 1000)
  assert.ok(read.notes.length <= repositoryNotesMax)
  assert.ok(read.profile.name.length < 1000)
  // Whoever stores a profile or tries its examples writes both as JSON.
  assert.ok(JSON.stringify(read).length < 4 * repositoryFileCharactersMax)
}

test('files as they should be are read', () => {
  assert.ok('profile' in readWith('vendor/acme/meter.js', 'x'))
})

test('any file is read or refused', () => {
  const odd = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom(
      '&a ',
      '*a',
      '!!binary ',
      '!!set ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      '? ',
      '- ',
      '\n',
      '\n---\n',
      '%YAML 1.1\n---\n',
      '<<: ',
      '.nan',
      '1e999',
      '__proto__: ',
      '|',
      '>',
      '"',
      '\t',
      '#',
      'null',
    ),
  )
  const choice = fc
    .constantFrom(...names)
    .chain((name) =>
      strange(fc.constant(JSON.stringify(files[name], null, 1)), odd).map((content) => ({ name, content })),
    )
  fc.assert(
    fc.property(choice, ({ name, content }) => assertRead(readWith(name, content))),
    manyRuns,
  )
})

test('YAML that is wrong, stands for something else, or goes round in a circle is refused', () => {
  const refusalOf = (name: string, content: string): string => {
    const read = readWith(name, content)
    return 'refused' in read ? read.refused : 'read'
  }
  const [deviceName, profileName, codecName] = names
  const profile = JSON.stringify(files[profileName])
  assert.equal(refusalOf(profileName, profile), 'read')
  assert.equal(refusalOf(profileName, `${profile}}`), 'file-malformed')
  assert.equal(refusalOf(profileName, `${profile.slice(0, -1)},"maxEIRP":17}`), 'file-malformed')
  assert.equal(refusalOf(profileName, profile.replace('16', '.inf')), 'file-malformed')
  const codec = (input: string): string =>
    `{uplinkDecoder: {fileName: meter.js, examples: [{input: ${input}, output: {}}]}}`
  assert.equal(refusalOf(codecName, codec('&a {bytes: [1]}')), 'read')
  assert.equal(refusalOf(codecName, codec('[&a [1], *a]')), 'read')
  assert.equal(refusalOf(codecName, codec('&a [*a]')), 'file-malformed')
  assert.equal(refusalOf(codecName, codec(`[&a x, ${'*a, '.repeat(100)}]`)), 'read')
  assert.equal(refusalOf(codecName, codec(`[&a x, ${'*a, '.repeat(101)}]`)), 'file-malformed')
  assert.equal(refusalOf(codecName, codec('{? {b: 1} : 2}')), 'file-malformed')
  assert.equal(refusalOf(codecName, codec('{b: 1, b: 2}')), 'file-malformed')
  assert.equal(
    refusalOf(
      deviceName,
      JSON.stringify({ name: 'Meter', firmwareVersions: [{ ...firmware, version: '1'.repeat(2000) }] }),
    ),
    'file-malformed',
  )
  // What an older YAML would make a date or bytes of stays text or is refused.
  const old = readWith(codecName, `%YAML 1.1\n---\n${codec('{day: 2026-01-01, flag: yes}')}`)
  assert.deepEqual('examples' in old && old.examples[0]?.input, { day: '2026-01-01', flag: 'yes' })
  const bomb = [
    'a0: &a0 [x, x, x, x, x, x, x, x, x]',
    ...Array.from({ length: 12 }, (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index}, `.repeat(9)}x]`),
  ].join('\n')
  assert.equal(refusalOf(profileName, bomb), 'file-malformed')
  assert.equal(refusalOf(profileName, ' '.repeat(repositoryFileCharactersMax + 1)), 'file-too-long')
})

test('long files take time with their length, however they nest', () => {
  const length = 2 ** 16
  const keys = Array.from({ length: length / 8 }, (_, index) => `k${index}: 1`)
  const contents = [
    ...['{', '[', '- ', '? ', '&a ', '"', '{a: ', '%\n', '{? ', '- - '].map((piece) =>
      piece.repeat(length / piece.length),
    ),
    '{? '.repeat(400) + '1' + ' : 1}'.repeat(400),
    keys.join('\n'),
    `{${keys.join(', ')}}`,
    `a: &a x\nb:\n${'- *a\n'.repeat(length / 5)}`,
  ]
  for (const content of contents) assertQuick(() => assertRead(readWith('vendor/acme/the-profile.yaml', content)))
})
