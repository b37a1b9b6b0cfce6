/**
 * Goal: our PUBLISH packets are what an MQTT library reads, and no client's packet is longer than it may be.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import mqtt from 'mqtt-packet'
import { mqttLengthGate } from './mqtt-length-gate.ts'
import { writeMqttPublish } from './mqtt-publish.ts'

function readPackets(bytes: Uint8Array): mqtt.Packet[] {
  const packets: mqtt.Packet[] = []
  const parser = mqtt.parser()
  parser.on('packet', (packet) => packets.push(packet))
  parser.parse(Buffer.from(bytes))
  return packets
}

test('a library reads the packet that we write, whatever its text and length', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.nat(40_000).map((size) => 'ö'.repeat(size)),
  )
  fc.assert(
    fc.property(text, fc.constantFrom(0, 1), fc.integer({ min: 1, max: 65535 }), (payload, qos, id) => {
      const { bytes, idOffset } = writeMqttPublish('application/é/device/0102030405060708/event/up', payload, qos)
      if (qos === 1) bytes.set([id >> 8, id & 0xff], idOffset)
      const [packet, ...rest] = readPackets(bytes)
      assert.equal(rest.length, 0)
      assert.ok(packet?.cmd === 'publish')
      assert.equal(packet.topic, 'application/é/device/0102030405060708/event/up')
      assert.equal(packet.qos, qos)
      assert.equal(packet.retain, false)
      assert.equal(packet.payload.toString(), Buffer.from(payload).toString())
      if (qos === 1) assert.equal(packet.messageId, id)
    }),
  )
})

test('the gate follows packets in whatever pieces they come, and stops the first that is too long', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 50 }), (payloadSizes, pieceBytes) => {
      const packets = payloadSizes.map((size) => Buffer.from(writeMqttPublish('t', 'x'.repeat(size), 0).bytes))
      const stream = Buffer.concat([...packets, Buffer.from([0xc0, 0])])
      const isWithin = mqttLengthGate(203)
      let isOpen = true
      for (let start = 0; start < stream.length && isOpen; start += pieceBytes)
        isOpen = isWithin(stream.subarray(start, start + pieceBytes))
      // Topic length and topic take 3 bytes.
      assert.equal(
        isOpen,
        payloadSizes.every((size) => size <= 200),
      )
    }),
  )
})

test('a length that never ends is refused', () => {
  assert.equal(mqttLengthGate(1000)(Uint8Array.of(0x10, 0x80, 0x80, 0x80, 0x80)), false)
  assert.equal(mqttLengthGate(1000)(Uint8Array.of(0x10, 0xff, 0xff, 0xff, 0x7f)), false)
})
