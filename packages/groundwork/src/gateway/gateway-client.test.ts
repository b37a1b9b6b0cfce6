/**
 * Goal: whose mistake it was is told as the gateway tells it, and a file that cannot be read is not laid at the gateway's door.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { outcomeOf } from '@groundwork/core/errors/http-status.ts'
import { gatewayClient } from './gateway-client.ts'
import { GatewayFailed } from './gateway-errors.ts'
import { tarOf } from './tar-files.ts'

const { signal } = new AbortController()
let server: Server
let url = ''
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined

before(async () => {
  server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

after(async () => {
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
})

async function failureOf(said: object, status: number): Promise<GatewayFailed> {
  answer = (_request, response) => void response.writeHead(status).end(JSON.stringify(said))
  const client = await gatewayClient({ url })
  const error: unknown = await client.get('/v1/x', { signal }).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof GatewayFailed)
  return error
}

test('what the gateway blames on its caller is the caller’s here, and all else is the gateway’s', async () => {
  const missing = await failureOf({ code: 'GW_NOT_FOUND', blame: 'caller', message: 'There is no object x here.' }, 404)
  assert.equal(outcomeOf(missing).exitCode, 2)
  assert.match(missing.message, /There is no object x here \(GW_NOT_FOUND\)\.$/)
  for (const blame of ['peer', 'host', 'us', 'nobody', undefined, 7])
    assert.equal(outcomeOf(await failureOf({ code: 'GW_X', blame, message: 'x' }, 500)).exitCode, 4, String(blame))
})

test('a gateway that is not there, and one that wants a token, come with what to do', async () => {
  const none = await gatewayClient({ url: 'http://127.0.0.1:1' })
  await assert.rejects(none.get('/v1/x', { signal }), { code: 'GW_GATEWAY_FAILED', message: /npm start.*--gateway/ })
  assert.match((await failureOf({ code: 'GW_NOT_ALLOWED', blame: 'caller', message: 'x' }, 403)).message, /--data-dir/)
})

test('a file that cannot be read ends the request with that, not with a gateway that does not answer', async () => {
  answer = (request, response) => {
    request.on('error', () => response.destroy())
    request.resume()
  }
  const client = await gatewayClient({ url })
  const tar = tarOf([{ name: 'gone', path: '/nowhere/gone', sizeBytes: 10 }])
  await assert.rejects(client.post('/v1/x', { body: Readable.toWeb(tar) as BodyInit, signal }), {
    code: 'GW_FILE_UNUSABLE',
    message: /\/nowhere\/gone/,
  })
})
