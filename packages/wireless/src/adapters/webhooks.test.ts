/**
 * Goal: an event that was taken reaches its endpoint, whatever ends in between, or stands where it can be read; and nobody can
 * make us ask a machine of our own network.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { attemptsMax, delayMsMax, retryDelayMs } from '../applications/retry-delay.ts'
import { postUrl, verdictOf, type WebhookEndpoint } from '../applications/webhook-endpoint.ts'
import { isPublicAddress } from './public-address.ts'
import { openWebhookOutbox } from './webhook-outbox.ts'
import { openWebhooks, postMsMax, signatureOf, type Webhooks, type WebhooksOptions } from './webhooks.ts'

interface Post {
  readonly url: string
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

let folder: string
let server: Server
let posts: Post[]
/** what the endpoint answers, by post; the last is for all that follow; 'hang' answers nothing */
let answers: (number | 'hang' | { status: number; headers?: Record<string, string>; body?: string })[]
let wakePost = (): void => {}

const posted = async (count: number): Promise<Post[]> => {
  while (posts.length < count) await new Promise<void>((resolve) => (wakePost = resolve))
  return posts
}

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'webhooks-'))
  posts = []
  answers = [200]
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      posts.push({ url: request.url ?? '', headers: request.headers, body })
      const answer = answers.length > 1 ? answers.shift() : answers[0]
      if (typeof answer === 'object') response.writeHead(answer.status, answer.headers).end(answer.body ?? '')
      else if (typeof answer === 'number') response.writeHead(answer).end()
      wakePost()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const endpointUrl = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?key=1`
const event = (json: string, name: 'up' | 'join' = 'up') =>
  ({ applicationId: 'weather', devEui: '0101010101010101', name, atMs: 1000, json }) as const

/** Webhooks whose time stands still until a test moves it. */
function stage(given: Partial<WebhooksOptions> = {}, endpoint: Partial<WebhookEndpoint> = {}) {
  /** how far the next looks at the clock are off, in milliseconds */
  const time = { nowMs: 1000, looks: [] as number[] }
  let timers: { atMs: number; run: () => void }[] = []
  const one: WebhookEndpoint = { id: 'one', applicationId: 'weather', url: endpointUrl(), ...endpoint }
  const webhooks = openWebhooks({
    path: path.join(folder, 'outbox.sqlite'),
    endpointsOf: (id) => (id === 'weather' ? [one] : []),
    endpoint: (id) => (id === 'one' ? one : undefined),
    clock: { nowMs: () => time.nowMs + (time.looks.shift() ?? 0), elapsedMs: () => time.nowMs },
    timers: {
      after(delayMs, run) {
        const timer = { atMs: time.nowMs + delayMs, run }
        timers.push(timer)
        return () => (timers = timers.filter((other) => other !== timer))
      },
    },
    random: { bytes: (size) => new Uint8Array(size).fill(255) },
    allowsPrivateAddresses: true,
    ...given,
  })
  const advance = (byMs: number): void => {
    time.nowMs += byMs
    for (const timer of timers.filter(({ atMs }) => atMs <= time.nowMs)) {
      timers = timers.filter((other) => other !== timer)
      timer.run()
    }
  }
  return { webhooks, advance, time, one }
}

/** Turns the event loop until a count is reached. */
async function counted(webhooks: Webhooks, name: keyof Webhooks['counts'], count: number): Promise<void> {
  while (webhooks.counts[name] < count) await new Promise((resolve) => setImmediate(resolve))
}

test('an event is posted with its name in the query, its JSON, and a signature over both time and body', async () => {
  const secretFile = path.join(folder, 'secret')
  writeFileSync(secretFile, 'a secret\n')
  const { webhooks } = stage({}, { secretFile, headers: { authorization: 'Bearer x' }, events: ['up'] })
  await using _webhooks = webhooks
  webhooks.take(event('{"no":1}', 'join'))
  webhooks.take(event('{"n":1}'))
  webhooks.take({ ...event('{}'), applicationId: 'other' })
  const [post] = await posted(1)
  assert.equal(post?.url, '/hook?key=1&event=up')
  assert.equal(post?.body, '{"n":1}')
  assert.equal(post?.headers['content-type'], 'application/json')
  assert.equal(post?.headers['authorization'], 'Bearer x')
  assert.equal(post?.headers['x-groundwork-delivery'], 'one-1')
  assert.equal(post?.headers['x-groundwork-signature'], `t=1000,v1=${signatureOf('a secret', 1000, '{"n":1}')}`)
  await counted(webhooks, 'delivered', 1)
  assert.equal(webhooks.counts.kept, 1)
})

test('an endpoint that is down is tried again, later and later, until it is up', async () => {
  const { webhooks, advance } = stage()
  await using _webhooks = webhooks
  answers = [500, 503, 200]
  webhooks.take(event('{"n":1}'))
  await counted(webhooks, 'retried', 1)
  advance(999)
  assert.equal(posts.length, 1, 'not before its time')
  advance(1)
  await counted(webhooks, 'retried', 2)
  advance(1000)
  assert.equal(posts.length, 2)
  advance(1000)
  await counted(webhooks, 'delivered', 1)
  assert.deepEqual(
    posts.map(({ headers }) => headers['x-groundwork-delivery']),
    ['one-1', 'one-1', 'one-1'],
  )
})

test('a timer that fires a moment early, as the machine’s do, loses nothing', async () => {
  const { webhooks, advance, time } = stage()
  await using _webhooks = webhooks
  answers = [503, 200]
  webhooks.take(event('{"n":1}'))
  await counted(webhooks, 'retried', 1)
  // The first look at the clock is before the moment, the next one at it.
  time.looks = [-1]
  advance(1000)
  advance(1)
  await counted(webhooks, 'delivered', 1)
  assert.equal(posts.length, 2)
})

test('what is due in the moment in which another delivery fails is not forgotten for it', async () => {
  const both = ['one', 'two'].map((id): WebhookEndpoint => ({ id, applicationId: 'weather', url: endpointUrl() }))
  const { webhooks, advance, time } = stage({
    endpointsOf: () => both,
    endpoint: (id) => both.find((one) => one.id === id),
  })
  await using _webhooks = webhooks
  answers = [503, 'hang', 200]
  webhooks.take(event('{"n":1}'))
  await counted(webhooks, 'retried', 1)
  // The clock reaches the first one's moment before its timer has run, and then the second fails.
  time.nowMs += 1000
  server.closeAllConnections()
  await counted(webhooks, 'retried', 2)
  advance(1)
  await counted(webhooks, 'delivered', 1)
})

test('an endpoint may say how long to wait, within a bound', async () => {
  const { webhooks, advance } = stage()
  await using _webhooks = webhooks
  answers = [
    { status: 429, headers: { 'retry-after': '60' } },
    { status: 429, headers: { 'retry-after': '999999' } },
    200,
  ]
  webhooks.take(event('{}'))
  await counted(webhooks, 'retried', 1)
  advance(59_999)
  assert.equal(posts.length, 1)
  advance(1)
  await counted(webhooks, 'retried', 2)
  advance(delayMsMax)
  await counted(webhooks, 'delivered', 1)
})

test('what never succeeds is a dead letter with its reason: readable, replayed, purged', async () => {
  const { webhooks } = stage()
  await using _webhooks = webhooks
  answers = [410, { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, 200]
  webhooks.take(event('{"n":1}'))
  await counted(webhooks, 'dead', 1)
  webhooks.take(event('{"n":2}'))
  await counted(webhooks, 'dead', 2)
  assert.equal(posts.length, 2, 'a redirect is not followed')
  const dead = webhooks.deadLetters('one', { after: 0, limit: 10 })
  assert.deepEqual(
    dead.map(({ body, reason }) => [body, reason]),
    [
      ['{"n":1}', 'status 410'],
      ['{"n":2}', 'status 302'],
    ],
  )
  assert.equal(webhooks.deadLetters('one', { after: dead[0]?.id ?? 0, limit: 10 }).length, 1)
  assert.equal(webhooks.replay('one', { ids: [dead[1]?.id ?? 0] }), 1)
  await counted(webhooks, 'delivered', 1)
  assert.equal(posts[2]?.body, '{"n":2}')
  assert.equal(webhooks.purge('other', {}), 0)
  assert.equal(webhooks.purge('one', {}), 1)
  assert.deepEqual(webhooks.deadLetters('one', { after: 0, limit: 10 }), [])
})

test('after the last try it is given up, and only then', async () => {
  const { webhooks, advance } = stage()
  await using _webhooks = webhooks
  answers = [500]
  webhooks.take(event('{}'))
  for (let attempt = 1; attempt < attemptsMax; attempt += 1) {
    await counted(webhooks, 'retried', attempt)
    advance(delayMsMax)
  }
  await counted(webhooks, 'dead', 1)
  assert.equal(posts.length, attemptsMax)
})

test('an endpoint that answers nothing is let go after its time, and one that answers for ever too', async () => {
  const { webhooks, advance } = stage()
  await using _webhooks = webhooks
  answers = ['hang', { status: 200, body: 'x'.repeat(10_000_000) }]
  webhooks.take(event('{}'))
  await posted(1)
  advance(postMsMax - 1)
  assert.equal(webhooks.counts.retried, 0)
  advance(1)
  await counted(webhooks, 'retried', 1)
  advance(delayMsMax)
  await counted(webhooks, 'delivered', 1)
})

test('the queue of an endpoint and its dead letters are bounded, and losses are counted', async () => {
  const { webhooks } = stage({ waitingMax: 3, deadMax: 2 })
  await using _webhooks = webhooks
  answers = [404]
  for (let index = 0; index < 5; index += 1) webhooks.take(event(String(index)))
  assert.equal(webhooks.counts.queueFull, 2)
  await counted(webhooks, 'dead', 3)
  assert.equal(webhooks.counts.deadForgotten, 1)
  assert.equal(webhooks.deadLetters('one', { after: 0, limit: 10 }).length, 2)
  webhooks.take(event('after'))
  await counted(webhooks, 'dead', 4)
  assert.equal(webhooks.replay('one', {}), 2)
})

test('a slow endpoint takes a few posts at once, and costs no other endpoint its turn', async () => {
  const [slow, quick]: WebhookEndpoint[] = [
    { id: 'slow', applicationId: 'weather', url: endpointUrl() },
    { id: 'quick', applicationId: 'weather', url: endpointUrl().replace('hook', 'quick') },
  ]
  assert.ok(slow !== undefined && quick !== undefined)
  const { webhooks } = stage({ endpointsOf: () => [slow, quick], endpoint: (id) => (id === 'slow' ? slow : quick) })
  answers = ['hang']
  server.prependListener('request', (request, response) => {
    if (request.url?.startsWith('/quick') === true) response.writeHead(200).end()
  })
  for (let index = 0; index < 20; index += 1) webhooks.take(event(String(index)))
  await counted(webhooks, 'delivered', 20)
  assert.equal(posts.filter(({ url }) => url.startsWith('/hook')).length, 4)
  await webhooks[Symbol.asyncDispose]()
})

test('no address that is not public is asked, by number or by name', async () => {
  for (const url of [
    endpointUrl(),
    endpointUrl().replace('127.0.0.1', 'localhost'),
    'http://[::1]:1/',
    'http://0x7f.1:1/',
    'http://[::ffff:127.0.0.1]:1/',
  ]) {
    const { webhooks } = stage({ allowsPrivateAddresses: false, path: ':memory:' }, { url })
    webhooks.take(event('{}'))
    await counted(webhooks, 'dead', 1)
    assert.match(webhooks.deadLetters('one', { after: 0, limit: 1 })[0]?.reason ?? '', /^address-not-public/, url)
    await webhooks[Symbol.asyncDispose]()
  }
  assert.equal(posts.length, 0)
})

test('addresses are public or not as the registries say', () => {
  for (const address of ['8.8.8.8', '172.15.0.1', '172.32.0.1', '2606:4700::1', '193.0.0.1', '100.128.0.1'])
    assert.ok(isPublicAddress(address), address)
  for (const address of [
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.9.9.9',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fd00::1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'ff02::1',
    'localhost',
    '',
    '8.8.8',
  ])
    assert.ok(!isPublicAddress(address), address)
})

test('a URL that is no endpoint becomes a dead letter', async () => {
  for (const [url, reason] of [
    ['nonsense', 'url-malformed'],
    ['file:///etc/passwd', 'not-http'],
    ['http://user:pass@example.org/', 'url-has-user'],
  ] as const) {
    assert.equal(postUrl(url, 'up'), reason)
    const { webhooks } = stage({ path: ':memory:' }, { url })
    webhooks.take(event('{}'))
    await counted(webhooks, 'dead', 1)
    assert.equal(webhooks.deadLetters('one', { after: 0, limit: 1 })[0]?.reason, reason)
    await webhooks[Symbol.asyncDispose]()
  }
  assert.deepEqual([200, 204, 301, 400, 408, 410, 425, 429, 500, 599].map(verdictOf), [
    'done',
    'done',
    'never',
    'never',
    'again',
    'never',
    'again',
    'again',
    'again',
    'again',
  ])
})

test('without its secret nothing is sent unsigned', async () => {
  const { webhooks } = stage({}, { secretFile: path.join(folder, 'missing') })
  await using _webhooks = webhooks
  webhooks.take(event('{}'))
  await counted(webhooks, 'retried', 1)
  assert.equal(posts.length, 0)
})

test('pauses double up to a bound, and half of each is drawn', () => {
  const drawn = (byte: number) => ({ bytes: (size: number) => new Uint8Array(size).fill(byte) })
  assert.deepEqual(
    [1, 2, 3, 10].map((attempts) => retryDelayMs(attempts, drawn(255))),
    [1000, 2000, 4000, 512_000],
  )
  assert.deepEqual(
    [1, 2, 3].map((attempts) => retryDelayMs(attempts, drawn(0))),
    [500, 1000, 2000],
  )
  assert.equal(retryDelayMs(1000, drawn(255)), delayMsMax)
})

test('an event that is settled survives kill -9, and is delivered by who comes next', async () => {
  const outboxPath = path.join(folder, 'outbox.sqlite')
  const program = `
    const { openWebhooks } = await import(${JSON.stringify(new URL('./webhooks.ts', import.meta.url).href)})
    const one = { id: 'one', applicationId: 'weather', url: 'http://127.0.0.1:1/' }
    const webhooks = openWebhooks({ path: ${JSON.stringify(outboxPath)}, endpointsOf: () => [one], endpoint: () => one,
      clock: { nowMs: () => 1000, elapsedMs: () => 0 }, timers: { after: () => () => {} },
      random: { bytes: (size) => new Uint8Array(size) }, allowsPrivateAddresses: true })
    for (let n = 0; n < 500; n += 1) {
      webhooks.take({ applicationId: 'weather', devEui: '01', name: 'up', atMs: 1000, json: String(n) })
      if (n % 50 === 49) { await webhooks.settled(); process.stdout.write(n + '\\n') }
    }
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    if (said.includes('299\n')) child.kill('SIGKILL')
  })
  await once(child, 'exit')
  const settledCount = Number(said.trim().split('\n').at(-1)) + 1
  assert.ok(settledCount >= 300)

  const { webhooks, advance } = stage()
  await using _webhooks = webhooks
  // Those that had failed before the end wait for their time.
  advance(delayMsMax)
  while (webhooks.counts.delivered < settledCount) await new Promise((resolve) => setImmediate(resolve))
  const numbers = new Set(posts.map(({ body }) => Number(body)))
  for (let n = 0; n < settledCount; n += 1) assert.ok(numbers.has(n), `event ${n} is lost`)
})

test('an outbox answers for each endpoint alone', () => {
  using outbox = openWebhookOutbox({ path: ':memory:' })
  const delivery = { event: 'up', devEui: '01', atMs: 5, body: '{}' } as const
  outbox.add([
    { ...delivery, endpointId: 'a' },
    { ...delivery, endpointId: 'b' },
  ])
  assert.deepEqual([outbox.waitingCount('a'), outbox.waitingCount('c')], [1, 0])
  assert.equal(outbox.due('a', { nowMs: 4, limit: 10 }).length, 0)
  assert.equal(outbox.nextDueAtMs(4), 5)
  assert.equal(outbox.nextDueAtMs(5), undefined)
  assert.equal(outbox.giveUp(1, { reason: 'r', deadMax: 10 }), 0)
  assert.deepEqual([outbox.purge('b', {}), outbox.replay('b', { nowMs: 0, limit: 10 })], [0, 0])
  assert.deepEqual(outbox.waitingEndpoints(), ['b'])
})
