/**
 * A relay: providers without an inbound port dial in and stay; requests for them come over plain HTTP and go down the line.
 *
 * A provider proves its node key by signing the relay's fresh challenge. The relay sees ciphertext-free HTTP, as any
 * proxy does, but holds no power: whatever passes is verified by content id or signature at the ends.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { BodyReceiver, BodySender } from './relay-exchange.ts'
import { checkHello, helloBytesMax } from './relay-hello.ts'
import {
  decodeFrame,
  decodeWindow,
  encodeFrame,
  encodeHead,
  exchangesMax,
  framePayloadBytesMax,
  headBytesMax,
  parseResponseHead,
  relayedHeaders,
  type RelayFrame,
} from './relay-frame.ts'

export const relayPath = '/relay'
/** Providers connected at once, inclusive. */
export const connectionsMax = 1024
/** Connections that have not proven a node key yet, at once, inclusive: anybody can open one. */
export const strangersMax = 256
/** A connection that says nothing for this long is closed. */
const pingIntervalMs = 15_000
const helloTimeoutMs = 5_000

interface Exchange {
  readonly response: ServerResponse
  readonly sender: BodySender
  readonly receiver: BodyReceiver
  answered: boolean
}

interface Line {
  readonly socket: WebSocket
  readonly exchanges: Map<number, Exchange>
  next: number
}

export interface RelayServer {
  /** Handles an HTTP upgrade; returns false when the path is not the relay's, or too many strangers wait. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Handles `/relay/<node key hex>/...`; returns false when the path is not the relay's. */
  handle(request: IncomingMessage, response: ServerResponse): boolean
  connectedNodeKeys(): string[]
  [Symbol.asyncDispose](): Promise<void>
}

const relayed = /^\/relay\/([0-9a-f]{64})(\/.*)$/

export function relayServer(): RelayServer {
  const lines = new Map<string, Line>()
  const sockets = new WebSocketServer({ noServer: true, maxPayload: framePayloadBytesMax + headBytesMax })
  const pings = setInterval(() => pingAll(sockets), pingIntervalMs)
  pings.unref()

  sockets.on('connection', (socket: WebSocket & { isAlive?: boolean }) => {
    const challenge = randomBytes(32).toString('hex')
    const timer = setTimeout(() => socket.close(4001, 'no hello'), helloTimeoutMs)
    socket.isAlive = true
    socket.on('pong', () => {
      socket.isAlive = true
    })
    socket.on('error', () => socket.terminate())
    socket.once('message', (data: Buffer) => {
      clearTimeout(timer)
      const nodeKey = data.length > helloBytesMax ? undefined : checkHello(data, challenge)
      if (nodeKey === undefined) return socket.close(4003, 'bad hello')
      if (lines.size >= connectionsMax && !lines.has(nodeKey)) return socket.close(4008, 'relay is full')
      join(lines, nodeKey, socket)
      return socket.send('welcome')
    })
    socket.send(challenge)
  })

  return {
    upgrade(request, socket, head) {
      if (request.url !== relayPath) return false
      if (sockets.clients.size >= lines.size + strangersMax) return false
      sockets.handleUpgrade(request, socket, head, (upgraded) => sockets.emit('connection', upgraded, request))
      return true
    },
    handle(request, response) {
      const match = relayed.exec(request.url ?? '')
      if (match === null) return false
      const line = lines.get(match[1] ?? '')
      if (line === undefined)
        refuse(response, 502, 'GW_RELAY_NOT_CONNECTED', 'That provider is not connected to this relay.')
      else if (line.exchanges.size >= exchangesMax)
        refuse(response, 503, 'GW_RELAY_BUSY', 'Too many exchanges with that provider.')
      else forward({ line, request, response, path: match[2] ?? '/' })
      return true
    },
    connectedNodeKeys: () => [...lines.keys()],
    async [Symbol.asyncDispose]() {
      clearInterval(pings)
      for (const socket of sockets.clients) socket.terminate()
      await new Promise<void>((resolve) => sockets.close(() => resolve()))
    },
  }
}

function pingAll(sockets: WebSocketServer): void {
  for (const socket of sockets.clients as Set<WebSocket & { isAlive?: boolean }>) {
    if (socket.isAlive === false) socket.terminate()
    socket.isAlive = false
    socket.ping()
  }
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ code, message }))
}

function join(lines: Map<string, Line>, nodeKey: string, socket: WebSocket): void {
  lines.get(nodeKey)?.socket.close(4009, 'replaced by a newer connection')
  const line: Line = { socket, exchanges: new Map(), next: 1 }
  lines.set(nodeKey, line)
  socket.on('message', (data: Buffer) => {
    const frame = decodeFrame(data)
    if (frame === undefined) return socket.close(4002, 'bad frame')
    try {
      receive(line, frame)
    } catch {
      // The provider's answer cannot be written as HTTP, as more bytes than it announced: that exchange is over, no other.
      const exchange = line.exchanges.get(frame.exchange)
      if (exchange !== undefined) breakOff(exchange)
    }
    return undefined
  })
  socket.on('close', () => {
    if (lines.get(nodeKey) === line) lines.delete(nodeKey)
    for (const exchange of line.exchanges.values()) breakOff(exchange)
    line.exchanges.clear()
  })
}

function breakOff(exchange: Exchange): void {
  exchange.sender.stop()
  if (exchange.response.headersSent) exchange.response.destroy()
  else refuse(exchange.response, 502, 'GW_RELAY_LINE_LOST', 'The line to that provider broke.')
}

function forward({
  line,
  request,
  response,
  path,
}: {
  line: Line
  request: IncomingMessage
  response: ServerResponse
  path: string
}): void {
  const number = line.next
  line.next = (line.next % 0xffff_ffff) + 1
  const send = (frame: Uint8Array): void => line.socket.send(frame)
  const head = encodeHead({ method: request.method ?? 'GET', path, headers: relayedHeaders(request.rawHeaders) })
  if (head.length > headBytesMax)
    return refuse(response, 431, 'GW_RELAY_HEAD_TOO_LARGE', 'The request head is too large.')

  const exchange: Exchange = {
    response,
    sender: new BodySender(number, send),
    receiver: new BodyReceiver(number, send, response),
    answered: false,
  }
  line.exchanges.set(number, exchange)
  // A body of another length than announced would run into the next answer on the reader's connection.
  response.strictContentLength = true
  response.on('error', () => response.destroy())
  response.on('close', () => {
    if (!line.exchanges.delete(number)) return
    exchange.sender.stop()
    if (!response.writableFinished) send(encodeFrame({ kind: 'reset', exchange: number, payload: new Uint8Array() }))
  })
  send(encodeFrame({ kind: 'request', exchange: number, payload: head }))
  exchange.sender.sendAll(request).catch(() => response.destroy())
}

function receive(line: Line, { kind, exchange: number, payload }: RelayFrame): void {
  const exchange = line.exchanges.get(number)
  if (exchange === undefined) return
  if (kind === 'window') exchange.sender.grant(decodeWindow(payload))
  else if (exchange.response.writableEnded || (kind !== 'response' && !exchange.answered)) breakOff(exchange)
  else if (kind === 'response') answer(exchange, payload)
  else if (kind === 'data' && exchange.receiver.receive(payload)) return
  else if (kind === 'end') exchange.receiver.end()
  else breakOff(exchange)
}

function answer(exchange: Exchange, payload: Uint8Array): void {
  const head = parseResponseHead(payload)
  if (head === undefined || exchange.answered) return breakOff(exchange)
  exchange.answered = true
  exchange.response.writeHead(
    head.status,
    head.headers.flatMap(([name, value]) => [name, value]),
  )
}
