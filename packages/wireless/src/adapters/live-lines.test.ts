/**
 * Goal: lines of simulated gateways carry both ways, a new binding is another port, what breaks is counted, and nothing stays open.
 */

import assert from 'node:assert/strict'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { WebSocketServer, type WebSocket } from 'ws'
import { eventQueue } from '../simulate/event-queue.ts'
import { openLiveLines, passRealTime } from './live-lines.ts'

test('a forwarder’s datagrams go to its server and come back; after a new binding they come from another port', async () => {
  const servers = [createSocket('udp4'), createSocket('udp4')]
  for (const server of servers) {
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
  }
  const udpServers = servers.map((server) => ({ host: '127.0.0.1', port: server.address().port }))
  let caughtUp = 0
  await using lines = openLiveLines({ udpServers, stationUris: [], catchUp: () => void (caughtUp += 1) })
  const got: Uint8Array[] = []
  const { promise: came, resolve } = Promise.withResolvers<void>()
  const line = lines.openUdp(1, (bytes) => {
    got.push(Uint8Array.from(bytes))
    resolve()
  })
  const ask = async (): Promise<RemoteInfo> => {
    const heard = once(servers[1]!, 'message') as Promise<[Buffer, RemoteInfo]>
    line.send(Uint8Array.of(2, 0, 7))
    const [bytes, from] = await heard
    assert.deepEqual([...bytes], [2, 0, 7])
    return from
  }
  const before = await ask()
  servers[1]!.send(Uint8Array.of(1), before.port, before.address)
  await came
  assert.deepEqual([got.map((bytes) => [...bytes]), caughtUp], [[[1]], 1])
  line.rebind()
  const after = await ask()
  assert.notEqual(after.port, before.port)
  assert.equal(lines.failures(), 0)
  for (const server of servers) server.close()
})

test('what a station says before its line is open is said then; a line that its server ends is told once', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const uri = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  await using lines = openLiveLines({ udpServers: [], stationUris: [uri], catchUp: () => undefined })
  assert.equal(lines.stationUri(5), uri)
  const texts: string[] = []
  const { promise: isClosed, resolve: closed } = Promise.withResolvers<void>()
  const connected = once(server, 'connection') as Promise<[WebSocket]>
  const line = lines.openStation(`${uri}/router-info`, { text: (text) => texts.push(text), closed })
  line.send('first')
  line.send('second')
  const [socket] = await connected
  const said: string[] = []
  await new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      if (said.push(data.toString()) === 2) resolve()
    })
  })
  assert.deepEqual(said, ['first', 'second'])
  socket.send('answer')
  socket.close()
  await isClosed
  assert.deepEqual(texts, ['answer'])
  server.close()
})

test('a station without a server is told that its line is closed, and it is counted', async () => {
  await using lines = openLiveLines({ udpServers: [], stationUris: [], catchUp: () => undefined })
  const { promise: isClosed, resolve: closed } = Promise.withResolvers<void>()
  lines.openStation('ws://127.0.0.1:1/router-info', { text: () => undefined, closed })
  await isClosed
  assert.equal(lines.failures(), 1)
})

test('time is brought up to now when it is asked for, in order, and not from within', () => {
  const queue = eventQueue()
  const ran: string[] = []
  const time = passRealTime(queue, { speed: 8 })
  queue.at(0, () => {
    ran.push('first')
    time.catchUp()
    ran.push('end of first')
  })
  queue.at(0, () => ran.push('second'))
  time.catchUp()
  time.stop()
  assert.deepEqual(ran, ['first', 'end of first', 'second'])
  assert.ok(queue.nowUs > 0 && time.lateMsMax() >= 0)
})
