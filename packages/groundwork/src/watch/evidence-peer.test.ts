/**
 * Goal: whatever a server answers, a peer gives bytes within the bound, nothing, or PeerSilent; and names only what are names.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { blockBytesMax, encodeBlock } from '@groundwork/core/evidence/block.ts'
import { httpEvidencePeer, PeerSilent } from './evidence-peer.ts'

const { signal } = new AbortController()
const { cid, bytes } = encodeBlock(['evidence'])
let answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => void response.end()
let server: Server
let url = ''

before(async () => {
  server = createServer((request, response) => answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

test('a block comes as it is served, under the path of its name', async () => {
  let path = ''
  answer = (request, response) => {
    path = request.url ?? ''
    response.end(bytes)
  }
  assert.deepEqual(await httpEvidencePeer(url).block(cid, { signal }), bytes)
  assert.equal(path, `/v1/evidence/${cid.toString()}`)
})

test('404 and 410 mean that the peer has it not; other refusals that it is silent', async () => {
  for (const [status, isSilent] of [
    [404, false],
    [410, false],
    [500, true],
    [302, true],
  ] as const) {
    answer = (_, response) => void response.writeHead(status, { location: '/elsewhere' }).end()
    const asked = httpEvidencePeer(url).block(cid, { signal })
    if (isSilent) await assert.rejects(asked, PeerSilent)
    else assert.equal(await asked, undefined)
  }
})

test('a body over the bound is not read to its end', async () => {
  answer = (_, response) => {
    const part = Buffer.alloc(2 ** 18)
    const write = (): void => {
      while (!response.destroyed && response.write(part));
      if (!response.destroyed) response.once('drain', write)
    }
    write()
  }
  await assert.rejects(
    httpEvidencePeer(url).block(cid, { signal }),
    (error: unknown) => error instanceof PeerSilent && error.message.includes(`${blockBytesMax}`),
  )
})

test('a list gives the names in it and passes over everything else', async () => {
  for (const [body, names] of [
    [JSON.stringify({ batches: [cid.toString(), 'nonsense', 7, null, 'bafkqaaa'] }), [cid.toString()]],
    [JSON.stringify([cid.toString()]), [cid.toString()]],
    ['{"batches":"no list"}', []],
    ['null', []],
    ['no json', []],
  ] as const) {
    answer = (_, response) => void response.end(body)
    assert.deepEqual((await httpEvidencePeer(url).batches({ network: 1, epoch: 3n }, { signal })).map(String), names)
  }
})

test('a port where nobody listens is a silent peer', async () => {
  await assert.rejects(httpEvidencePeer('http://127.0.0.1:9').block(cid, { signal }), PeerSilent)
})
