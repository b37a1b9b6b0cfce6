/**
 * Goal: a beacon follows from its entropies alone, byte for byte, and a region that allows none gives none.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { beaconDataBytes, heliumBeaconData, makeHeliumBeacon } from './helium-beacon.ts'
import { someRegion } from './toy-world.ts'

const entropy = fc.record({ data: fc.uint8Array({ maxLength: 64 }), atS: fc.integer({ min: 0, max: 2 ** 40 }) })

test('content is 51 bytes, the same each time, and another for another entropy', () => {
  fc.assert(
    fc.property(entropy, entropy, (remote, local) => {
      const data = heliumBeaconData({ remote, local })
      assert.equal(data.length, beaconDataBytes)
      assert.deepEqual(heliumBeaconData({ remote, local }), data)
      assert.notDeepEqual(heliumBeaconData({ remote: { ...remote, atS: remote.atS + 1 }, local }), data)
    }),
  )
})

test('the first two bytes choose the channel, and power is the strongest channel less the antenna', () => {
  fc.assert(
    fc.property(entropy, entropy, fc.integer({ min: 0, max: 161 }), (remote, local, gainDdb) => {
      const beacon = makeHeliumBeacon({ remote, local, version: 0, channels: someRegion, gainDdb })
      const { data } = beacon ?? { data: new Uint8Array(2) }
      const chosen = new DataView(data.buffer).getUint16(0, true) % someRegion.length
      assert.equal(beacon?.frequencyHz, someRegion[chosen]?.frequencyHz)
      assert.equal(beacon?.powerDbm, Math.floor((161 - gainDdb) / 10))
    }),
  )
})

test('no channels, no spreading that carries 51 bytes, too strong an antenna or a later version: no beacon', () => {
  const from = {
    remote: { data: Uint8Array.of(1), atS: 1 },
    local: { data: Uint8Array.of(2), atS: 0 },
    version: 1,
    channels: someRegion,
    gainDdb: 0,
  }
  const small = someRegion.map((one) => ({ ...one, spreadings: [{ spreadingFactor: 12, payloadBytesMax: 50 }] }))
  assert.ok(makeHeliumBeacon(from) !== undefined)
  for (const change of [{ channels: [] }, { channels: small }, { gainDdb: 180 }, { version: 2 }, { version: -1 }]) {
    assert.equal(makeHeliumBeacon({ ...from, ...change }), undefined)
  }
})
