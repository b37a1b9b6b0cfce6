/**
 * The provider's end of a relay line: dials out, proves its node key, and serves what comes down the line by asking its own
 * HTTP server, which listens on nothing but a socket file.
 *
 * It dials again for ever, with growing pauses, until it is disposed.
 *
 * @module
 */

import type { KeyObject } from 'node:crypto'
import { request as httpRequest, type ClientRequest } from 'node:http'
import { WebSocket } from 'ws'
import { BodyReceiver, BodySender } from './relay-exchange.ts'
import { makeHello } from './relay-hello.ts'
import {
  decodeFrame,
  decodeWindow,
  encodeFrame,
  encodeHead,
  exchangesMax,
  framePayloadBytesMax,
  headBytesMax,
  parseRequestHead,
  relayedHeaders,
  type RelayFrame,
} from './relay-frame.ts'

const pauseMsMin = 100
const pauseMsMax = 10_000
/** Longer than two pings of the relay: a line that went silent is given up. */
const silenceMsMax = 45_000

export interface RelayDialerOptions {
  /** ws(s) address of the relay, path included. */
  readonly relayUrl: string
  readonly nodePrivateKey: KeyObject
  /** The socket file on which the provider's own server listens. */
  readonly socketPath: string
  readonly onConnected?: () => void
  readonly onLost?: (why: string) => void
}

interface Exchange {
  readonly request: ClientRequest
  readonly receiver: BodyReceiver
  sender: BodySender
}

export interface RelayDialer {
  [Symbol.asyncDispose](): Promise<void>
}

export function relayDialer(options: RelayDialerOptions): RelayDialer {
  let isOver = false
  let pauseMs = pauseMsMin
  let socket: WebSocket | undefined
  let timer: NodeJS.Timeout | undefined

  const dial = (): void => {
    if (isOver) return
    socket = openLine(options, () => {
      pauseMs = pauseMsMin
      options.onConnected?.()
    })
    socket.on('close', (code, reason) => {
      if (isOver) return
      options.onLost?.(`${code} ${reason.toString()}`.trim())
      timer = setTimeout(dial, pauseMs)
      pauseMs = Math.min(pauseMs * 2, pauseMsMax)
    })
  }
  dial()

  return {
    async [Symbol.asyncDispose]() {
      isOver = true
      clearTimeout(timer)
      const open = socket
      if (open === undefined || open.readyState === WebSocket.CLOSED) return
      await new Promise<void>((resolve) => {
        open.once('close', () => resolve())
        open.terminate()
      })
    },
  }
}

function openLine({ relayUrl, nodePrivateKey, socketPath }: RelayDialerOptions, onWelcome: () => void): WebSocket {
  const socket = new WebSocket(relayUrl, { maxPayload: framePayloadBytesMax + headBytesMax, handshakeTimeout: 5_000 })
  const exchanges = new Map<number, Exchange>()
  let state: 'challenge' | 'welcome' | 'open' = 'challenge'
  let silence = setTimeout(() => socket.terminate(), silenceMsMax)
  const heard = (): void => {
    clearTimeout(silence)
    silence = setTimeout(() => socket.terminate(), silenceMsMax)
  }

  socket.on('error', () => socket.terminate())
  socket.on('ping', heard)
  socket.on('message', (data: Buffer) => {
    heard()
    if (state === 'challenge') {
      state = 'welcome'
      socket.send(makeHello(nodePrivateKey, data.toString('utf8').slice(0, 128)))
    } else if (state === 'welcome') {
      state = 'open'
      onWelcome()
    } else {
      const frame = decodeFrame(data)
      if (frame === undefined) socket.close(4002, 'bad frame')
      else receive({ socket, exchanges, socketPath }, frame)
    }
  })
  socket.on('close', () => {
    clearTimeout(silence)
    for (const exchange of exchanges.values()) breakOff(exchange)
    exchanges.clear()
  })
  return socket
}

interface Line {
  readonly socket: WebSocket
  readonly exchanges: Map<number, Exchange>
  readonly socketPath: string
}

function receive(line: Line, frame: RelayFrame): void {
  if (frame.kind === 'request') return begin(line, frame)
  const exchange = line.exchanges.get(frame.exchange)
  if (exchange === undefined) return
  if (frame.kind === 'window') exchange.sender.grant(decodeWindow(frame.payload))
  else if (frame.kind === 'data' && exchange.receiver.receive(frame.payload)) return
  else if (frame.kind === 'end') exchange.receiver.end()
  else breakOff(exchange)
}

function breakOff(exchange: Exchange): void {
  exchange.sender.stop()
  exchange.request.destroy()
}

function begin({ socket, exchanges, socketPath }: Line, { exchange: number, payload }: RelayFrame): void {
  const send = (frame: Uint8Array): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(frame)
  }
  const reset = (): void => {
    exchanges.delete(number)
    send(encodeFrame({ kind: 'reset', exchange: number, payload: new Uint8Array() }))
  }
  const head = parseRequestHead(payload)
  if (head === undefined || exchanges.has(number) || exchanges.size >= exchangesMax) return reset()

  const request = httpRequest({
    socketPath,
    method: head.method,
    path: head.path,
    headers: Object.fromEntries(head.headers),
  })
  const exchange: Exchange = {
    request,
    receiver: new BodyReceiver(number, send, request),
    sender: new BodySender(number, send),
  }
  exchanges.set(number, exchange)
  request.on('error', () => {
    exchange.sender.stop()
    reset()
  })
  request.on('response', (response) => {
    const answer = encodeHead({ status: response.statusCode ?? 502, headers: relayedHeaders(response.rawHeaders) })
    send(encodeFrame({ kind: 'response', exchange: number, payload: answer }))
    // The exchange lives until its body is sent: the relay's window frames must still find it.
    exchange.sender.sendAll(response).then(() => exchanges.delete(number), reset)
  })
}
