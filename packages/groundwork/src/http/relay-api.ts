/**
 * Mounts a relay on a server: the WebSocket that providers dial, and the paths under which others reach them. Other WebSockets of the
 * same server are asked first.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { relayPath, type RelayServer } from '../relay/relay-server.ts'
import type { Api } from './make-server.ts'

/** Another taker of WebSockets. @returns whether the path is its own */
export interface Upgrades {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
}

export function relayApi(app: Api, relay: RelayServer, other?: Upgrades): void {
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (other?.upgrade(request, socket, head) === true) return
    if (!relay.upgrade(request, socket, head)) socket.destroy()
  })
  void app.register(async (scope) => {
    // Bodies pass through untouched; the provider authenticates its own callers.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.all(
      `${relayPath}/*`,
      { schema: { hide: true }, config: { isOpen: true, isUpload: true } },
      async (request, reply) => {
        reply.hijack()
        if (!relay.handle(request.raw, reply.raw)) reply.raw.writeHead(404).end()
      },
    )
  })
}
