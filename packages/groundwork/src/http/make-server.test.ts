/**
 * Goal: every face answers errors with their code and status, changes nothing without the token, and hides what is not ours.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
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

test('the API describes itself as OpenAPI 3.1', async () => {
  const description = (await app.inject('/v1/openapi.json')).json<{ openapi: string; paths: Record<string, unknown> }>()
  assert.equal(description.openapi, '3.1.0')
  assert.ok('/v1/amount' in description.paths)
})
