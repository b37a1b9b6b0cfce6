/**
 * Goal: codes as vendors print them are read, also the recommendation's own example; damaged ones are refused by name.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildDeviceQr, parseDeviceQr, type DeviceQr } from './device-qr.ts'

/** The example of TR005, as The Things Stack's reader cites it. */
const example = 'LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:OAABBCCDDEEFF:SYYWWNNNNNN:PFOOBAR:CAF2C'

const device: DeviceQr = {
  joinEui: '1122334455667788',
  devEui: 'aabbccddeeff0011',
  vendorId: 0xaabb,
  vendorProfileId: 0x1122,
  ownerToken: 'AABBCCDDEEFF',
  serialNumber: 'YYWWNNNNNN',
  proprietary: 'FOOBAR',
}

test('the example of TR005 is read and written, with its checksum', () => {
  assert.deepEqual(parseDeviceQr(example), { device })
  assert.equal(buildDeviceQr(device, { withChecksum: true }), example)
  assert.equal(buildDeviceQr(device, { withChecksum: false }), example.slice(0, -6))
})

test('codes as they are met in the field are read', () => {
  for (const [text, devEui, serialNumber] of [
    ['LW:D0:70B3D57ED0000010:0018B20000000101:000AF8BE', '0018b20000000101', undefined],
    ['LW:D0:0000000000000000:34c5d0fa68ceffa5:FFFF0BEB:S241218QR10005\n', '34c5d0fa68ceffa5', '241218QR10005'],
    ['LW:D0:1111111111111111:2222222222222222:00000000:O123456', '2222222222222222', undefined],
  ] as const) {
    const read = parseDeviceQr(text)
    assert.ok('device' in read, text)
    assert.deepEqual([read.device.devEui, read.device.serialNumber], [devEui, serialNumber])
  }
})

test('one letter that was read wrong is seen by the checksum', () => {
  for (let index = 'LW:D0:'.length; index < example.length - 6; index += 1) {
    const other = example[index] === '7' ? '8' : '7'
    const read = parseDeviceQr(example.slice(0, index) + other + example.slice(index + 1))
    assert.ok('refused' in read, `place ${index}`)
  }
})

test('what is wrong has a name', () => {
  for (const [text, refused] of [
    ['', 'not-lorawan'],
    ['https://example.org/', 'not-lorawan'],
    ['LW:D1:1122334455667788:AABBCCDDEEFF0011:AABB1122', 'schema-unknown'],
    ['LW:D0:112233445566778:AABBCCDDEEFF0011:AABB1122', 'join-eui-malformed'],
    ['LW:D0:1122334455667788:AABBCCDDEEFF001G:AABB1122', 'dev-eui-malformed'],
    ['LW:D0:1122334455667788:AABBCCDDEEFF0011', 'profile-malformed'],
    ['LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:X1', 'field-unknown'],
    ['LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:', 'field-unknown'],
    ['LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:O1:O2', 'field-twice'],
    ['LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:Oé', 'field-malformed'],
    ['LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:C12', 'field-malformed'],
    ['LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:C1234:O1', 'field-malformed'],
    ['LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:C1234', 'checksum-wrong'],
    ['LW:'.repeat(2000), 'too-long'],
  ])
    assert.deepEqual(parseDeviceQr(text ?? ''), { refused }, text)
})

test('what is written is read back, and what cannot be written is not', () => {
  const eui = fc.stringMatching(/^[0-9a-f]{16}$/)
  const word = fc.stringMatching(/^[0-9A-Z-]{0,20}$/)
  const devices = fc.record(
    {
      joinEui: eui,
      devEui: eui,
      vendorId: fc.integer({ min: 0, max: 0xffff }),
      vendorProfileId: fc.integer({ min: 0, max: 0xffff }),
      ownerToken: word,
      serialNumber: word,
      proprietary: word,
    },
    { noNullPrototype: true, requiredKeys: ['joinEui', 'devEui', 'vendorId', 'vendorProfileId'] },
  )
  fc.assert(
    fc.property(devices, fc.boolean(), (given, withChecksum) => {
      const text = buildDeviceQr(given, { withChecksum })
      assert.deepEqual(parseDeviceQr(text ?? ''), { device: given })
    }),
  )
  assert.equal(buildDeviceQr({ ...device, ownerToken: 'A:B' }, { withChecksum: true }), undefined)
  assert.equal(buildDeviceQr({ ...device, vendorId: 0x10000 }, { withChecksum: true }), undefined)
})
