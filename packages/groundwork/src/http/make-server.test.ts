/**
 * Goal: every face answers errors with their code and status, changes nothing without the token, and hides what is not ours.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { makeLog } from '../log.ts'
import { apiTokenPath } from './api-token.ts'
import { makeServer, type Api } from './make-server.ts'

const dataDir = mkdtempSync(path.join(tmpdir(), 'groundwork-http-'))
let app: Api
let token = ''

before(async () => {
  app = await makeServer({ dataDir, log: makeLog({ name: 'test', level: 'silent' }), title: 'test', version: '0' })
  app.get('/v1/amount', { schema: { querystring: z.object({ n: z.coerce.number().int() }) } }, async () => ({
    amount: 10n ** 20n,
  }))
  app.post('/v1/change', async () => ({ done: true }))
  app.get('/v1/named/:name', async () => ({ done: true }))
  app.get('/v1/broken', async () => {
    throw new Error('secret detail')
  })
  await app.ready()
  token = readFileSync(apiTokenPath(dataDir), 'utf8').trim()
})

after(async () => {
  await app.close()
  rmSync(dataDir, { recursive: true })
})

test('amounts travel as exact strings', async () => {
  assert.equal((await app.inject('/v1/amount?n=1')).body, '{"amount":"100000000000000000000"}')
})

test('a change needs the token, and the token is in a private file', async () => {
  assert.equal(statSync(apiTokenPath(dataDir)).mode & 0o777, 0o600)
  const refused = await app.inject({ method: 'POST', url: '/v1/change' })
  assert.equal(refused.statusCode, 403)
  assert.equal(refused.json<{ code: string }>().code, 'GW_NOT_ALLOWED')
  assert.ok(!refused.body.includes(token))
  assert.ok(!refused.body.includes(dataDir), 'where the token lies is nobody’s business')
  assert.equal(
    (await app.inject({ method: 'POST', url: '/v1/change', headers: { authorization: `Bearer ${token}x` } }))
      .statusCode,
    403,
  )
  assert.equal(
    (await app.inject({ method: 'POST', url: '/v1/change', headers: { authorization: `Bearer ${token}` } })).statusCode,
    200,
  )
})

test('bad input is the caller’s, unknown paths are 404, and our own faults tell nothing', async () => {
  const wrong = await app.inject('/v1/amount?n=one')
  assert.equal(wrong.statusCode, 400)
  assert.equal(wrong.json<{ code: string }>().code, 'GW_REQUEST_WRONG')
  assert.equal((await app.inject('/v1/nothing')).statusCode, 404)
  const broken = await app.inject('/v1/broken')
  assert.equal(broken.statusCode, 500)
  assert.ok(!broken.body.includes('secret detail'))
})

test('a method that a path does not have is not found, whoever asks', async () => {
  for (const method of ['TRACE', 'PUT', 'DELETE'] as const) {
    const answer = await app.inject({ method, url: '/v1/amount?n=1' })
    assert.deepEqual([answer.statusCode, answer.json<{ code: string }>().code], [404, 'GW_NOT_FOUND'], method)
  }
})

test('a body or an address over its bound has its own status, as an error of ours', async () => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const body = JSON.stringify('x'.repeat(2 * 2 ** 20))
  const large = await app.inject({ method: 'POST', url: '/v1/change', headers, body })
  assert.deepEqual([large.statusCode, large.json<{ code: string }>().code], [413, 'GW_BODY_TOO_LARGE'])
  const long = await app.inject(`/v1/named/${'x'.repeat(201)}`)
  assert.deepEqual([long.statusCode, long.json<{ code: string }>().code], [414, 'GW_URL_TOO_LONG'])
  assert.equal((await app.inject(`/v1/named/${'x'.repeat(200)}`)).statusCode, 200)
  const bad = await app.inject('/v1/named/%E0%A4%A')
  assert.deepEqual([bad.statusCode, bad.json<{ code: string }>().code], [400, 'GW_REQUEST_WRONG'])
})

/** What a server on loopback answers to a request with that host header, or with a body that never ends. */
function ask(port: number, head: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n`))
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk.toString('utf8')
      if (said.includes('\r\n\r\n')) socket.end()
    })
    socket.on('close', () => resolve(said))
    socket.on('error', reject)
  })
}

test('over loopback only our own names are answered to, so that no page of a stranger reads through a visitor’s browser', async () => {
  const own = await makeServer({
    dataDir,
    log: makeLog({ name: 'test', level: 'silent' }),
    title: 'test',
    version: '0',
    endpoint: 'https://gateway.example.org',
  })
  const { port } = new URL(await own.listen({ host: '127.0.0.1', port: 0 }))
  const status = async (host: string): Promise<string | undefined> =>
    (await ask(Number(port), ['GET /v1/openapi.json HTTP/1.1', `host: ${host}`])).split(' ')[1]
  for (const host of ['127.0.0.1', 'localhost:80', '[::1]:7', '192.0.2.7', 'gateway.example.org'])
    assert.equal(await status(host), '200', host)
  for (const host of ['attacker.example', 'localhost.attacker.example', '127.0.0.1.attacker.example', ''])
    assert.equal(await status(host), '400', host)
  await own.close()
})

test('what is no request at all is answered as every error is, and the server goes on', async () => {
  const own = await makeServer({
    dataDir,
    log: makeLog({ name: 'test', level: 'silent' }),
    title: 'test',
    version: '0',
  })
  const port = Number(new URL(await own.listen({ host: '127.0.0.1', port: 0 })).port)
  const broken: [readonly string[], number, string][] = [
    [['GET / HTTP/9.9', 'host: localhost'], 400, 'GW_REQUEST_WRONG'],
    [['NONSENSE'], 400, 'GW_REQUEST_WRONG'],
    [['POST / HTTP/1.1', 'host: localhost', 'content-length: -1'], 400, 'GW_REQUEST_WRONG'],
    [['POST / HTTP/1.1', 'host: localhost', 'transfer-encoding: chunked', '', 'zz'], 400, 'GW_REQUEST_WRONG'],
    [['GET / HTTP/1.1', 'host: localhost', `x: ${'y'.repeat(100_000)}`], 431, 'GW_HEAD_TOO_LARGE'],
  ]
  for (const [head, status, code] of broken) {
    const said = await ask(port, head)
    assert.equal(said.split(' ')[1], String(status), said)
    const body = JSON.parse(said.slice(said.indexOf('\r\n\r\n'))) as { code: string; blame: string }
    assert.deepEqual([body.code, body.blame], [code, 'caller'])
  }
  assert.equal((await ask(port, ['GET /v1/openapi.json HTTP/1.1', 'host: localhost'])).split(' ')[1], '200')
  await own.close()
})

test('a body that does not come in time is not waited for', async () => {
  const own = await makeServer({
    dataDir,
    log: makeLog({ name: 'test', level: 'silent' }),
    title: 'test',
    version: '0',
    bodyMsMax: 50,
  })
  own.post('/v1/open', { config: { isOpen: true } }, async () => ({ done: true }))
  const { port } = new URL(await own.listen({ host: '127.0.0.1', port: 0 }))
  const head = ['POST /v1/open HTTP/1.1', 'host: localhost', 'content-type: application/json', 'content-length: 100']
  assert.doesNotMatch(await ask(Number(port), head), / 200 /)
  await own.close()
})

test('the API describes itself as OpenAPI 3.1', async () => {
  const description = (await app.inject('/v1/openapi.json')).json<{ openapi: string; paths: Record<string, unknown> }>()
  assert.equal(description.openapi, '3.1.0')
  assert.ok('/v1/amount' in description.paths)
})

test('the description says which routes need the token', async () => {
  type Described = Record<string, Record<string, { security?: readonly object[] }>>
  const { paths, components } = (await app.inject('/v1/openapi.json')).json<{
    paths: Described
    components: { securitySchemes: Record<string, { type: string; scheme: string }> }
  }>()
  assert.equal(components.securitySchemes['token']?.scheme, 'bearer')
  assert.deepEqual(paths['/v1/change']?.['post']?.security, [{ token: [] }])
  assert.equal(paths['/v1/amount']?.['get']?.security, undefined)
})
