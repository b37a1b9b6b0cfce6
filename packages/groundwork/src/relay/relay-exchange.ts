/**
 * Sending one body through a multiplexed connection without outrunning the other side.
 *
 * Each exchange has a window of payload bytes; whoever reads grants more as it consumes. So a slow reader of one exchange
 * never fills memory, and never stops the others.
 *
 * @module
 */

import type { Readable, Writable } from 'node:stream'
import { invariant } from '@groundwork/core/invariant.ts'
import { encodeFrame, encodeWindow, framePayloadBytesMax, windowBytes, type FrameKind } from './relay-frame.ts'

export type SendFrame = (frame: Uint8Array) => void

/** The half of an exchange that sends: waits while the window is used up. */
export class BodySender {
  readonly #exchange: number
  readonly #send: SendFrame
  #roomBytes = windowBytes
  #wake: (() => void) | undefined
  #ended = false

  constructor(exchange: number, send: SendFrame) {
    this.#exchange = exchange
    this.#send = send
  }

  grant(sizeBytes: number): void {
    this.#roomBytes += sizeBytes
    this.#wake?.()
  }

  /** The other side is gone: whoever waits goes on and finds out. */
  stop(): void {
    this.#ended = true
    this.#wake?.()
  }

  async sendAll(body: Readable): Promise<void> {
    for await (const chunk of body) {
      const bytes = chunk as Uint8Array
      for (let offset = 0; offset < bytes.length;) {
        while (this.#roomBytes <= 0 && !this.#ended) await this.#room()
        if (this.#ended) {
          body.destroy()
          return
        }
        const sizeBytes = Math.min(bytes.length - offset, framePayloadBytesMax, this.#roomBytes)
        this.#roomBytes -= sizeBytes
        this.#frame('data', bytes.subarray(offset, offset + sizeBytes))
        offset += sizeBytes
      }
    }
    this.#frame('end', new Uint8Array())
  }

  #frame(kind: FrameKind, payload: Uint8Array): void {
    this.#send(encodeFrame({ kind, exchange: this.#exchange, payload }))
  }

  async #room(): Promise<void> {
    invariant(this.#wake === undefined, 'one body is sent at a time per exchange')
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
  }
}

/** The half of an exchange that receives: writes on, and grants what the sink has taken. */
export class BodyReceiver {
  readonly #exchange: number
  readonly #send: SendFrame
  readonly #sink: Writable
  #roomBytes = windowBytes

  constructor(exchange: number, send: SendFrame, sink: Writable) {
    this.#exchange = exchange
    this.#send = send
    this.#sink = sink
  }

  /** @returns false when the sender ignored its window: the exchange must be reset */
  receive(payload: Uint8Array): boolean {
    this.#roomBytes -= payload.length
    if (this.#roomBytes < 0) return false
    this.#sink.write(payload, () => {
      this.#roomBytes += payload.length
      this.#send(encodeFrame({ kind: 'window', exchange: this.#exchange, payload: encodeWindow(payload.length) }))
    })
    return true
  }

  end(): void {
    this.#sink.end()
  }
}
