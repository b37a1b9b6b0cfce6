/**
 * Goal: files written after the repository's schema become a profile of ours, with word of all that did not fit; broken ones are
 * refused where they are broken.
 *
 * The files are written for this test; their fields and forms are those of schema.json and of the repository's own example.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRepositoryDevice, type RepositoryRead, type RepositorySource } from './device-repository.ts'

const files: Record<string, string> = {
  'vendor/acme/windmeter.yaml': `
name: Wind Meter
description: Measures wind
hardwareVersions:
  - version: '1.0'
    numeric: 1
firmwareVersions:
  - version: '1.0'
    numeric: 1
    hardwareVersions: ['1.0']
    features: [remote rejoin]
    profiles:
      EU863-870: { id: windmeter-profile, lorawanCertified: true, codec: windmeter-codec }
      AS923: { id: windmeter-profile, codec: windmeter-codec }
      RU864-870: { id: windmeter-profile }
  - version: 2.0
    profiles:
      EU863-870: { vendorID: modules, id: abp-profile }
sensors: [wind speed]
battery: { replaceable: true, type: AA }
colourOfTheBox: blue
`,
  'vendor/acme/windmeter-profile.yaml': `
vendorProfileID: 7
macVersion: '1.0.3'
regionalParametersVersion: 'RP001-1.0.3-RevA'
supportsJoin: true
maxEIRP: 16
supports32bitFCnt: true
supportsClassB: false
supportsClassC: true
classCTimeout: 60
maxDutyCycle: 0.1
`,
  'vendor/acme/windmeter-codec.yaml': `
uplinkDecoder:
  fileName: windmeter.js
  examples:
    - description: 32 knots
      input: { fPort: 1, bytes: [0, 32] }
      output: { data: { speed: 32 } }
      normalizedOutput: { data: [] }
downlinkEncoder:
  fileName: windmeter.js
  examples:
    - description: green
      input: { data: { led: green } }
      output: { bytes: [1], fPort: 2 }
downlinkDecoder:
  fileName: windmeter-down.js
`,
  'vendor/acme/windmeter.js': 'function decodeUplink() { return { data: {} } }',
  'vendor/acme/windmeter-down.js': 'function decodeDownlink() { return { data: {} } }',
  'vendor/modules/abp-profile.yaml': `
macVersion: 1.1
regionalParametersVersion: RP001-1.1-RevA
supportsJoin: false
rx1Delay: 5
rx1DataRateOffset: 1
rx2DataRateIndex: 3
rx2Frequency: 869.525
factoryPresetFrequencies: [868.1, 868.3, 868.5, 867.1]
maxEIRP: 14
supports32bitFCnt: false
supportsClassB: true
classBTimeout: 60
pingSlotPeriod: 32
pingSlotDataRateIndex: 3
pingSlotFrequency: 869.525
supportsClassC: false
`,
}

const sourceOf = (changed: Record<string, string | undefined> = {}): RepositorySource => ({
  file: (path) => (Object.hasOwn(changed, path) ? changed[path] : files[path]),
  region: () => ({ rx2: { hz: 869_525_000, dataRate: 0 }, pingSlot: { dataRate: 3, hz: [869_525_000] } }),
})
const wind = { vendorId: 'acme', deviceId: 'windmeter', region: 'EU863-870' }
const refusal = (read: RepositoryRead): string => ('refused' in read ? `${read.refused} ${read.at}` : 'read')

test('a device of one firmware and region becomes a profile with its codec and examples', () => {
  const read = readRepositoryDevice({ ...wind, firmwareVersion: '1.0' }, sourceOf())
  assert.ok('profile' in read, refusal(read))
  assert.deepEqual(read.profile, {
    id: 'acme-windmeter-eu868',
    name: 'Wind Meter (1.0, EU868)',
    region: 'EU868',
    macVersion: '1.0.3',
    parameterRevision: 'RP001-1.0.3A',
    supportsJoin: true,
    supportsClassB: false,
    supportsClassC: true,
    abp: {
      rx1DelaySeconds: 1,
      rx1DataRateOffset: 0,
      rx2DataRate: 0,
      rx2FrequencyHz: 869525e3,
      factoryFrequenciesHz: [],
    },
    classB: { timeoutSeconds: 0, pingSlotPeriodicity: 7, pingSlotDataRate: 3, pingSlotFrequencyHz: 869_525_000 },
    classC: { timeoutSeconds: 60 },
    eirpDbmMax: 16,
    adr: 'on',
    uplinkIntervalSeconds: 3600,
    codec: {
      kind: 'javascript',
      script: `${files['vendor/acme/windmeter.js']}\n;\n${files['vendor/acme/windmeter-down.js']}`,
    },
    tags: { vendor: 'acme', model: 'windmeter', firmware: '1.0' },
  })
  assert.deepEqual(
    read.examples.map(({ call, description }) => [call, description]),
    [
      ['decodeUplink', '32 knots'],
      ['encodeDownlink', 'green'],
    ],
  )
  assert.deepEqual(read.examples[0]?.input, { fPort: 1, bytes: [0, 32] })
  assert.deepEqual(read.notes, [
    "The device's field colourOfTheBox is not known and was left out.",
    "The profile's field maxDutyCycle is not used and was left out.",
    'The scripts windmeter.js and windmeter-down.js were joined into one.',
  ])
})

test('the last firmware stands for none, and a profile may be another vendor’s', () => {
  const read = readRepositoryDevice(wind, sourceOf())
  assert.ok('profile' in read, refusal(read))
  const { macVersion, parameterRevision, supportsJoin, abp, classB, codec } = read.profile
  assert.deepEqual(
    [macVersion, parameterRevision, supportsJoin, codec],
    ['1.1.0', 'RP001-1.1B', false, { kind: 'none' }],
  )
  assert.deepEqual(abp, {
    rx1DelaySeconds: 5,
    rx1DataRateOffset: 1,
    rx2DataRate: 3,
    rx2FrequencyHz: 869525e3,
    factoryFrequenciesHz: [8681e5, 8683e5, 8685e5, 8671e5],
  })
  assert.equal(classB.pingSlotPeriodicity, 5)
  assert.ok(read.notes.includes('The regional parameters RP001-1.1-RevA were read as RP001-1.1B.'))
  assert.ok(read.notes.some((note) => note.startsWith('supports32bitFCnt is false')))
})

test('AS923 is read as its first group, and says so', () => {
  const read = readRepositoryDevice({ ...wind, region: 'AS923', firmwareVersion: '1.0' }, sourceOf())
  assert.ok('profile' in read && read.profile.region === 'AS923-1')
  assert.ok(read.notes.some((note) => note.startsWith('AS923 was read as AS923-1')))
})

test('what cannot be read is refused with its place', () => {
  const old = { ...wind, firmwareVersion: '1.0' }
  const profile = 'vendor/acme/windmeter-profile.yaml'
  const device = 'vendor/acme/windmeter.yaml'
  const codec = 'vendor/acme/windmeter-codec.yaml'
  const cases: readonly [object, Record<string, string | undefined>, string][] = [
    [{ vendorId: '../acme' }, {}, 'name-malformed ../acme'],
    [{ deviceId: 'wind/meter' }, {}, 'name-malformed wind/meter'],
    [{ vendorId: 'nobody' }, {}, 'file-missing vendor/nobody/windmeter.yaml'],
    [{ firmwareVersion: '3' }, {}, 'firmware-unknown 3'],
    [{ region: 'RU864-870' }, {}, 'region-unsupported RU864-870'],
    [{ region: 'US902-928' }, {}, 'region-not-in-firmware US902-928'],
    [{ region: 'constructor' }, {}, 'region-unsupported constructor'],
    [{}, { [profile]: undefined }, `file-missing ${profile}`],
    [{}, { [profile]: '{{{' }, `file-malformed ${profile} `],
    [{}, { [profile]: files[profile]?.replace("'1.0.3'", "'2.0'") }, `file-malformed ${profile} macVersion`],
    [{}, { [profile]: files[profile]?.replace('maxEIRP: 16', 'maxEIRP: loud') }, `file-malformed ${profile} maxEIRP`],
    [
      {},
      { [codec]: files[codec]?.replaceAll('windmeter.js', '../../etc/x.js') },
      `file-malformed ${codec} uplinkDecoder.fileName`,
    ],
    [{}, { 'vendor/acme/windmeter.js': undefined }, 'file-missing vendor/acme/windmeter.js'],
    [{}, { 'vendor/acme/windmeter.js': ' '.repeat(300_000) }, `script-too-long ${codec}`],
    [{}, { [device]: ' '.repeat(2 ** 20 + 1) }, `file-too-long ${device}`],
    [
      {},
      {
        [device]: `a: &a [x,x]\n${Array.from({ length: 30 }, (_, k) => `b${k}: &b${k} [${'*a,'.repeat(9)}]`).join('\n')}`,
      },
      `file-malformed ${device}`,
    ],
  ]
  for (const [changed, changedFiles, expected] of cases) {
    const got = refusal(readRepositoryDevice({ ...old, ...changed }, sourceOf(changedFiles)))
    assert.ok(got.startsWith(expected), `${got} is not ${expected}`)
  }
})
