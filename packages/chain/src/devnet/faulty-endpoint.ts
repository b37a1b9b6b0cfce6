/**
 * An endpoint that stands before a chain and answers wrongly when it is told to: for tests of what must not end a program.
 *
 * What it is not told to spoil it passes on unchanged.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What is done instead of answering; `undefined` lets the question through, 'late' too, but cuts the line before the answer. */
export type Fault =
  | { readonly error: { readonly code: number; readonly message: string } }
  | { readonly result: unknown }
  | 'garbage'
  | 'empty'
  | 'cut'
  | 'half'
  | 'busy'
  | 'late'

/** One JSON-RPC question. */
export type Question = { readonly id: unknown; readonly method: string; readonly params: readonly unknown[] }

export type FaultyEndpoint = AsyncDisposable & {
  readonly rpcUrl: string
  /** from now on this decides; a question that it has no fault for goes through */
  readonly spoil: (choose: (question: Question) => Fault | undefined) => void
  /** questions that were spoiled so far */
  readonly spoiled: () => number
}

/** @param rpcUrl of the chain behind it */
export async function faultyEndpoint(rpcUrl: string): Promise<FaultyEndpoint> {
  let choose: (question: Question) => Fault | undefined = () => undefined
  let spoiledCount = 0
  const server = createServer((request, response) => {
    void bodyOf(request)
      .then(async (text) => {
        const question = { params: [], ...(JSON.parse(text) as Omit<Question, 'params'>) }
        const fault = choose(question)
        if (fault === undefined) return passOn(rpcUrl, text, response)
        spoiledCount += 1
        if (fault === 'late') await ask(rpcUrl, text)
        return commit(fault, question, response)
      })
      .catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    spoil: (next) => {
      choose = next
    },
    spoiled: () => spoiledCount,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

async function passOn(rpcUrl: string, body: string, response: ServerResponse): Promise<void> {
  const { status, text } = await ask(rpcUrl, body)
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(text)
}

async function ask(rpcUrl: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(rpcUrl, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  return { status: answer.status, text: await answer.text() }
}

function commit(fault: Fault, { id }: Question, response: ServerResponse): void {
  if (fault === 'cut' || fault === 'late') response.destroy()
  else if (fault === 'half') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
    response.write('{"jsonrpc":')
    response.socket?.end()
  } else if (fault === 'garbage') response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>502</h1>')
  else if (fault === 'empty') response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  else if (fault === 'busy') response.writeHead(429, { 'retry-after': '0' }).end('slow down')
  else
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id, ...fault }))
}
