/**
 * Goal: one option names a running network in full or by its gateway alone, and what names none is refused in words.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { realAddresses } from './real-addresses.ts'

const ports = { wirelessUdpPort: 1700, wirelessStationPort: 3001 }

test('a gateway alone has its radios at the usual ports of its host', () => {
  assert.deepEqual(realAddresses('http://10.0.0.7:4180/', ports), {
    gateway: 'http://10.0.0.7:4180',
    udpServers: [{ host: '10.0.0.7', port: 1700 }],
    stationUris: ['ws://10.0.0.7:3001'],
  })
})

test('where radios are said, they are those and no others', () => {
  assert.deepEqual(realAddresses('udp://a:1,https://gate.example, udp://b ,wss://c', ports), {
    gateway: 'https://gate.example',
    udpServers: [
      { host: 'a', port: 1 },
      { host: 'b', port: 1700 },
    ],
    stationUris: ['wss://c:3001'],
  })
  assert.deepEqual(realAddresses('http://gate,ws://c:99', ports), {
    gateway: 'http://gate',
    udpServers: [],
    stationUris: ['ws://c:99'],
  })
})

test('what names no gateway, two of them, or nothing known is refused', () => {
  for (const wrong of ['udp://a:1', 'http://a,http://b', 'ftp://a', '127.0.0.1:4180', ''])
    assert.throws(() => realAddresses(wrong, ports), { code: 'GW_USAGE_WRONG' })
})
