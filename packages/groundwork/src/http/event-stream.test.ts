/**
 * Goal: whoever comes again with the id of the last event has every event once, and is told what a rollback took meanwhile.
 */

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, test } from 'node:test'
import type { Deployment } from '@groundwork/chain/deployment.ts'
import type { ChainEvent } from '@groundwork/chain/indexer/decode-log.ts'
import { openIndex, rewindsMax, type ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { sendEvents } from './event-stream.ts'

const signal = AbortSignal.timeout(60_000)
const stop = new AbortController()
const deployment = {
  chainId: 31_337,
  startBlock: 3n,
  addresses: { guard: `0x${'11'.repeat(20)}` },
} as unknown as Deployment
let index: ChainIndex
let server: Server
let url = ''

before(async () => {
  server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const lastEventId = String(request.headers['last-event-id'] ?? '')
    sendEvents(response, { index, startBlock: 3n, lastEventId, signal: stop.signal, everyAliveMs: 500 }).then(
      () => response.end(),
      () => response.end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

after(() => {
  stop.abort()
  server.closeAllConnections()
  server.close()
})

beforeEach(() => {
  index = openIndex({ path: ':memory:', deployment })
})

/** A block with so many events, on a branch. */
function addBlock(number: bigint, { events = 1, branch = 'a' }: { events?: number; branch?: string } = {}): void {
  const block = {
    number,
    hash: `0x${branch}${number}`,
    parentHash: `0x${branch}${number - 1n}`,
    atSeconds: Number(number),
  }
  const made = Array.from({ length: events }, (_, logIndex): ChainEvent => ({
    contract: 'guard',
    event: 'JudgeChanged',
    args: { branch },
    block: number,
    logIndex,
    tx: `0x${branch}`,
  }))
  index.append({ blocks: [block], events: made })
}

interface Heard {
  readonly id: string
  readonly event: string
  readonly data: string
}

/** Reads until so many events came, then leaves. */
async function hear(count: number, lastEventId?: string, from: string = url): Promise<readonly Heard[]> {
  const leave = new AbortController()
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const response = await fetch(from, { headers, signal: AbortSignal.any([signal, leave.signal]) })
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk)
    if (text.split('\n\n').filter((part) => part.startsWith('id: ')).length >= count && text.endsWith('\n\n')) break
  }
  leave.abort()
  return text
    .split('\n\n')
    .filter((part) => part.startsWith('id: '))
    .map((part) => {
      const [id = '', event = '', data = ''] = part.split('\n').map((line) => line.replace(/^\w+: /, ''))
      return { id, event, data }
    })
}

const places = (heard: readonly Heard[]): string[] => heard.map(({ id }) => id.split('-').slice(2).join('-'))

test('a reader gets everything from the beginning, and goes on after the last one that it had', async () => {
  addBlock(4n, { events: 2 })
  addBlock(7n)
  const first = await hear(3)
  assert.deepEqual(places(first), ['4-0', '4-1', '7-0'])
  const again = await hear(2, first[0]?.id)
  assert.deepEqual(places(again), ['4-1', '7-0'])
})

test('what comes while a reader listens is sent as it comes', async () => {
  addBlock(4n)
  const hearing = hear(2)
  addBlock(5n)
  assert.deepEqual(places(await hearing), ['4-0', '5-0'])
})

test('after a rollback a reader that comes again is told what is void, and gets what stands there now', async () => {
  addBlock(4n)
  addBlock(6n)
  const [, last] = await hear(2)
  index.rewind(4n)
  addBlock(6n, { branch: 'b', events: 2 })
  const [told, ...rest] = await hear(3, last?.id)
  assert.deepEqual([told?.event, told?.data], ['rewound', '{"toBlock":"4"}'])
  assert.deepEqual(places(rest), ['6-0', '6-1'])
  assert.ok(rest.every(({ data }) => data.includes('"branch":"b"')))
  assert.deepEqual(places(await hear(2, told?.id)), ['6-0', '6-1'], 'the word of the rollback can be gone on from too')
})

test('a rollback of what a reader never had is none to it', async () => {
  addBlock(4n)
  const [last] = await hear(1)
  addBlock(6n)
  index.rewind(5n)
  addBlock(6n, { branch: 'b' })
  const [next] = await hear(1, last?.id)
  assert.equal(next?.event, 'guard.JudgeChanged')
})

test('an id of an index that was made anew, or of a time that nobody remembers, starts again from the beginning', async () => {
  addBlock(4n)
  const [last] = await hear(1)
  for (let times = 0; times <= rewindsMax; times += 1) index.rewind(9n)
  assert.deepEqual(
    (await hear(2, last?.id)).map(({ event }) => event),
    ['rewound', 'guard.JudgeChanged'],
  )
  index = openIndex({ path: ':memory:', deployment })
  addBlock(4n, { branch: 'c' })
  const [told, next] = await hear(2, last?.id)
  assert.equal(told?.event, 'rewound')
  assert.match(next?.data ?? '', /"branch":"c"/)
})

test('a quiet stream says that it is still there', async () => {
  const leave = new AbortController()
  const response = await fetch(url, { signal: AbortSignal.any([signal, leave.signal]) })
  for await (const chunk of response.body ?? []) {
    assert.equal(new TextDecoder().decode(chunk), ': still here\n\n')
    break
  }
  leave.abort()
})
