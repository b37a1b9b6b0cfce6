/**
 * Goal: whatever comes as a tar, the server answers it, stores all of it or nothing, and goes on serving.
 *
 * The customer here cuts files as the real one does, and sends them nowhere.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { work } from '@groundwork/storage'
import { fastestHasher, type Customer, type CustomerRecords, type ObjectRecord } from '@groundwork/storage/adapters'
import { pack } from 'tar-stream'
import { makeLog } from '../log.ts'
import { apiTokenPath } from './api-token.ts'
import { makeServer, type Api } from './make-server.ts'
import { storageApi } from './storage-api.ts'

const dataDir = mkdtempSync(path.join(tmpdir(), 'groundwork-storage-api-'))
const stored: ObjectRecord[] = []
let app: Api
let url = ''
let authorization = ''

const putOf =
  (hasher: Awaited<ReturnType<typeof fastestHasher>>): Customer['put'] =>
  async (files, { isDirectory, copies, signal }) => {
    let cid = ''
    let fileCount = 0
    let sizeBytes = 0n
    for await (const cut of work(files, { hasher, isDirectory, signal })) {
      // As slow as a disk, so that the tar fails while blocks wait.
      await new Promise(setImmediate)
      if (cut.kind === 'file') {
        fileCount += 1
        sizeBytes += cut.sizeBytes
      } else if (cut.kind === 'root') cid = cut.cid.toString()
    }
    const object = { cid, sizeBytes, fileCount, isDirectory, copies, storedAtMs: 0 }
    stored.push(object)
    return { object, pieces: [] }
  }

before(async () => {
  app = await makeServer({ dataDir, log: makeLog({ name: 'test', level: 'silent' }), title: 'test', version: '0' })
  const customer: Partial<Customer> = { put: putOf(await fastestHasher()), holdersOf: () => [] }
  const records: Partial<CustomerRecords> = {
    objects: () => stored,
    object: (cid) => stored.find((object) => object.cid === cid),
    piecesOf: () => [],
  }
  storageApi(app, {
    customer: customer as Customer,
    records: records as CustomerRecords,
    openReader: async () => Promise.reject(new Error('nothing is read here')),
    repaired: () => [],
    repair: async () => [],
    signal: new AbortController().signal,
  })
  url = await app.listen({ host: '127.0.0.1', port: 0 })
  authorization = `Bearer ${readFileSync(apiTokenPath(dataDir), 'utf8').trim()}`
})

after(async () => {
  await app.close()
  rmSync(dataDir, { recursive: true })
})

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function put(tar: Uint8Array, query = ''): Promise<Answer> {
  const response = await fetch(`${url}/v1/storage/objects${query}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-tar' },
    body: Buffer.from(tar),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

async function tarOf(...files: readonly (readonly [string, number])[]): Promise<Buffer> {
  const tar = pack()
  for (const [name, sizeBytes] of files) tar.entry({ name, mtime: new Date(0) }, Buffer.alloc(sizeBytes, 7))
  tar.entry({ name: 'hollow/', type: 'directory' })
  tar.finalize()
  return Buffer.concat((await Readable.from(tar).toArray()) as Buffer[])
}

const large = 3 * 2 ** 20

test('a tar is stored, and what an object has no place for is counted', async () => {
  const { status, body } = await put(await tarOf(['a', 5], ['b/c', 7]))
  assert.equal(status, 200)
  assert.deepEqual([body['fileCount'], body['sizeBytes'], body['emptyFolderCount']], [2, '12', 1])
})

test('one bad tar does not end the gateway: it is refused, nothing of it is stored, and the next one is', async () => {
  const countBefore = stored.length
  const bad: Readonly<Record<string, Buffer>> = {
    'leads outside': await tarOf(['good', large], ['../evil', 1]),
    '4096 bytes': await tarOf(['good', large], [`${'x/'.repeat(20_000)}x`, 1]),
    'comes twice': await tarOf(['good', large], ['good', 1]),
    'a file and a folder': await tarOf(['good', large], ['good/below', 1]),
    'no whole tar': (await tarOf(['good', large], ['cut', large])).subarray(0, large + 10_000),
  }
  for (const [why, tar] of Object.entries(bad)) {
    const { status, body } = await put(tar)
    assert.deepEqual([status, body['code'], body['blame']], [400, 'GW_REQUEST_WRONG', 'caller'], why)
    assert.ok(String(body['message']).includes(why), String(body['message']))
  }
  const two = await put(await tarOf(['a', 1], ['b', 1]), '?directory=false')
  assert.deepEqual([two.status, two.body['code']], [400, 'GW_REQUEST_WRONG'])
  assert.equal(stored.length, countBefore)
  assert.equal((await put(await tarOf(['a', 5]))).status, 200)
  assert.equal(stored.length, countBefore + 1)
})

test('what is no CID is said to be none; what is one and not here is not found', async () => {
  const status = async (cid: string): Promise<string> => {
    const response = await fetch(`${url}/v1/storage/objects/${cid}`)
    return `${response.status} ${((await response.json()) as { code: string }).code}`
  }
  for (const cid of ['zzzzzzzzzz', 'x', 'bafy', '0x12'.padEnd(150, '3')])
    assert.equal(await status(cid), '400 GW_CID_MALFORMED', cid)
  assert.equal(await status('bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'), '404 GW_NOT_FOUND')
})
