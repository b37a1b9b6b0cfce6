/**
 * Goal: whatever an HTTP server behind a relay line answers arrives unchanged, both ways, whole and in bounded memory.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash, randomBytes, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { relayDialer, type RelayDialer } from './relay-dialer.ts'
import {
  decodeFrame,
  encodeFrame,
  frameKinds,
  framePayloadBytesMax,
  parseRequestHead,
  parseResponseHead,
  type FrameKind,
} from './relay-frame.ts'
import { checkHello, makeHello, nodeKeyHexOf, nodePrivateKey } from './relay-hello.ts'
import { relayServer, type RelayServer } from './relay-server.ts'

const key = nodePrivateKey(new Uint8Array(32).fill(7))
const otherKey = nodePrivateKey(new Uint8Array(32).fill(8))
const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-relay-'))
const socketPath = path.join(folder, 'p.sock')
let relay: RelayServer
let dialer: RelayDialer
let front: Server
let behind: Server
let base = ''

before(async () => {
  behind = createServer((request, response) => {
    const hash = createHash('sha256')
    if (request.url === '/echo') {
      response.writeHead(201, { 'x-method': request.method ?? '' })
      request.pipe(response)
    } else if (request.url === '/hash') {
      request.on('data', (chunk: Buffer) => hash.update(chunk))
      request.on('end', () => response.end(hash.digest('hex')))
    } else if (request.url === '/slam') {
      response.write('half')
      setImmediate(() => response.destroy())
    } else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => behind.listen(socketPath, resolve))
  relay = relayServer()
  front = createServer((request, response) => {
    if (!relay.handle(request, response)) response.writeHead(404).end()
  })
  front.on('upgrade', (request, socket, head) => {
    if (!relay.upgrade(request, socket, head)) socket.destroy()
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as AddressInfo
  base = `http://127.0.0.1:${port}`
  await new Promise<void>((resolve) => {
    dialer = relayDialer({
      relayUrl: `ws://127.0.0.1:${port}/relay`,
      nodePrivateKey: key,
      socketPath,
      onConnected: resolve,
    })
  })
})

after(async () => {
  await dialer[Symbol.asyncDispose]()
  await relay[Symbol.asyncDispose]()
  front.close()
  behind.close()
  rmSync(folder, { recursive: true })
})

const address = (path: string): string => `${base}/relay/${nodeKeyHexOf(key)}${path}`

test('bodies larger than the window come back byte for byte, several at once', async () => {
  const bodies = [0, 1, 65_536, 700_001, 3_000_000].map((size) => randomBytes(size))
  await Promise.all(
    bodies.map(async (body) => {
      const response = await fetch(address('/echo'), { method: 'POST', body })
      assert.equal(response.status, 201)
      assert.equal(response.headers.get('x-method'), 'POST')
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), body)
    }),
  )
})

test('an upload is hashed behind the relay as it was sent', async () => {
  const body = randomBytes(5_000_000)
  const response = await fetch(address('/hash'), { method: 'PUT', body })
  assert.equal(await response.text(), createHash('sha256').update(body).digest('hex'))
})

test('an answer that breaks off is an error for the reader, never a short success', async () => {
  await assert.rejects(async () => {
    const response = await fetch(address('/slam'))
    await response.text()
  })
})

test('a node key that is not connected is answered 502 with its code', async () => {
  const response = await fetch(`${base}/relay/${nodeKeyHexOf(otherKey)}/echo`)
  assert.equal(response.status, 502)
  assert.equal(((await response.json()) as { code: string }).code, 'GW_RELAY_NOT_CONNECTED')
})

test('nobody takes the line of a node key without holding it', async () => {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/relay`)
  const code = await new Promise<number>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const stolen = JSON.parse(makeHello(otherKey, data.toString())) as { signature: string }
      socket.send(JSON.stringify({ nodeKey: nodeKeyHexOf(key), signature: stolen.signature }))
    })
    socket.on('close', resolve)
  })
  assert.equal(code, 4003)
  assert.deepEqual(relay.connectedNodeKeys(), [nodeKeyHexOf(key)])
})

/** A provider that holds its node key, and says what it likes. */
async function hostileLine(hostileKey: KeyObject): Promise<WebSocket> {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/relay`)
  let heard = 0
  await new Promise<void>((resolve) =>
    socket.on('message', (data: Buffer) => {
      heard += 1
      if (heard === 1) socket.send(makeHello(hostileKey, data.toString()))
      else if (heard === 2) resolve()
    }),
  )
  return socket
}

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const good = { kind: 'response', payload: text({ status: 200, headers: [] }) } as const
const data = { kind: 'data', payload: new Uint8Array(9) } as const
const end = { kind: 'end', payload: new Uint8Array() } as const

const hostileAnswers: Readonly<Record<string, readonly { kind: FrameKind; payload: Uint8Array }[]>> = {
  'bytes after the end': [good, data, end, data, data],
  'two ends': [good, end, end],
  'two heads': [good, good, end],
  'bytes before the head': [data, good, end],
  'a header with a line break in it': [
    { kind: 'response', payload: text({ status: 200, headers: [['x-a', 'b\r\nset-cookie: c']] }) },
  ],
  'a header without a name': [{ kind: 'response', payload: text({ status: 200, headers: [['', 'b']] }) }],
  'a status of a protocol change': [{ kind: 'response', payload: text({ status: 101, headers: [] }) }, end],
  'two lengths': [
    {
      kind: 'response',
      payload: text({
        status: 200,
        headers: [
          ['content-length', '1'],
          ['transfer-encoding', 'chunked'],
        ],
      }),
    },
    data,
    end,
  ],
  'more bytes than it said': [
    { kind: 'response', payload: text({ status: 200, headers: [['content-length', '1']] }) },
    data,
    end,
  ],
}

test('whatever a provider answers down its line, the relay goes on serving the others', async () => {
  for (const [name, frames] of Object.entries(hostileAnswers)) {
    const socket = await hostileLine(otherKey)
    socket.on('message', (message: Buffer) => {
      const frame = decodeFrame(message)
      if (frame?.kind !== 'request') return
      for (const { kind, payload } of frames) socket.send(encodeFrame({ kind, exchange: frame.exchange, payload }))
    })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const answer = await fetch(`${base}/relay/${nodeKeyHexOf(otherKey)}/echo`, { signal: AbortSignal.timeout(5_000) })
      .then(async (response) => response.text())
      .catch((error: unknown) => error)
    assert.notEqual((answer as Error).name, 'TimeoutError', `${name} leaves nobody waiting`)
    socket.close()
    await closed
    assert.equal(
      await (await fetch(address('/echo'), { method: 'POST', body: 'still here' })).text(),
      'still here',
      name,
    )
  }
})

test('a hello proves its own challenge only', () => {
  const hello = Buffer.from(makeHello(key, 'one'))
  assert.equal(checkHello(hello, 'one'), nodeKeyHexOf(key))
  assert.equal(checkHello(hello, 'two'), undefined)
})

test('frames survive a round trip, and strangers cannot make the decoder throw', () => {
  const kinds = fc.constantFrom(...(Object.keys(frameKinds) as FrameKind[]).filter((kind) => kind !== 'window'))
  fc.assert(
    fc.property(
      kinds,
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.uint8Array({ maxLength: 300 }),
      (kind, exchange, payload) => {
        assert.deepEqual(decodeFrame(encodeFrame({ kind, exchange, payload })), { kind, exchange, payload })
      },
    ),
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      decodeFrame(bytes)
      parseRequestHead(bytes)
      parseResponseHead(bytes)
      checkHello(bytes, 'x')
    }),
  )
  assert.equal(decodeFrame(new Uint8Array(5 + framePayloadBytesMax + 1).fill(3)), undefined)
})
