/**
 * The transport to a chain's endpoint: HTTP, or a WebSocket that is opened anew after it broke.
 *
 * viem shares one socket among all clients of one URL and gives up reconnecting after the first refusal, so here a
 * closed socket leaves viem's cache at once and the next request opens another; the last user closes it.
 *
 * @module
 */

import { http, type Transport, webSocket, type WebSocketTransport } from 'viem'

const usersOf = new Map<string, number>()
const watched = new WeakSet<object>()

export type Opened = { readonly transport: Transport; readonly close: () => Promise<void> }

const retry = { retryCount: 3, retryDelay: 150, timeout: 20_000 } as const

/** Opens a transport; `close` lets go of the socket when nobody else in this process uses it. */
export function openTransport(rpcUrl: string): Opened {
  if (!/^wss?:/.test(rpcUrl)) return { transport: http(rpcUrl, retry), close: async () => {} }
  const open = webSocket(rpcUrl, { ...retry, keepAlive: false, reconnect: false })
  usersOf.set(rpcUrl, (usersOf.get(rpcUrl) ?? 0) + 1)
  let last: ReturnType<WebSocketTransport> | undefined
  return {
    transport: (options) => {
      const inner = open(options)
      last = inner
      const request: typeof inner.request = async (...args) => {
        await forgetWhenClosed(inner)
        return inner.request(...args)
      }
      return { ...inner, request }
    },
    close: async () => {
      const left = (usersOf.get(rpcUrl) ?? 1) - 1
      usersOf.set(rpcUrl, left)
      if (left > 0) return
      usersOf.delete(rpcUrl)
      const client = await last?.value?.getRpcClient().catch(() => undefined)
      client?.close()
    },
  }
}

async function forgetWhenClosed(transport: ReturnType<WebSocketTransport>): Promise<void> {
  const client = await transport.value?.getRpcClient()
  if (client === undefined || watched.has(client)) return
  watched.add(client)
  client.socket.addEventListener('close', () => client.close(), { once: true })
}
