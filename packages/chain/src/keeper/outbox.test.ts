import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { OutboxKeyTaken, OutboxKeyUnknown, OutboxRefused } from '@groundwork/core/errors/port-errors.ts'
import { memoryOutbox } from '@groundwork/core/ports/memory/memory-outbox.ts'
import {
  type Outbox,
  outboxBodyBytesMax,
  outboxKeyCharactersMax,
  outboxMessagesMax,
  type OutboxState,
} from '@groundwork/core/ports/outbox.ts'
import { OutboxForeign } from '../errors.ts'
import { outboxVersion, sqliteOutbox } from './outbox.ts'

const { signal } = new AbortController()
const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-outbox-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const adapters: Readonly<Record<string, () => Outbox>> = {
  memory: memoryOutbox,
  sqlite: () => sqliteOutbox({ path: ':memory:' }),
}

for (const [name, open] of Object.entries(adapters)) {
  test(`${name}: a known key with the same message is the one already kept, with another it is refused`, async () => {
    const outbox = open()
    const [first] = await outbox.put([{ topic: 'a', key: 'k', body: bytes('one') }], { signal })
    await outbox.mark({ key: 'k', state: 'sent', note: bytes('n') }, { signal })
    const [again] = await outbox.put([{ topic: 'a', key: 'k', body: bytes('one') }], { signal })
    assert.equal(again?.sequence, first?.sequence)
    assert.equal(again?.state, 'sent')
    await assert.rejects(outbox.put([{ topic: 'a', key: 'k', body: bytes('two') }], { signal }), OutboxKeyTaken)
    await assert.rejects(outbox.put([{ topic: 'b', key: 'k', body: bytes('one') }], { signal }), OutboxKeyTaken)
  })

  test(`${name}: of one put all messages are kept or none`, async () => {
    const outbox = open()
    await outbox.put([{ topic: 'a', key: 'taken', body: bytes('x') }], { signal })
    const put = outbox.put(
      [
        { topic: 'a', key: 'new', body: bytes('1') },
        { topic: 'a', key: 'taken', body: bytes('y') },
      ],
      { signal },
    )
    await assert.rejects(put, OutboxKeyTaken)
    assert.equal(await outbox.get('new', { signal }), undefined)
  })

  test(`${name}: bounds are refused before anything is kept`, async () => {
    const outbox = open()
    const good = { topic: 'a', key: 'k', body: bytes('') }
    for (const bad of [
      { ...good, key: '' },
      { ...good, key: 'k'.repeat(outboxKeyCharactersMax + 1) },
      { ...good, topic: '' },
      { ...good, body: new Uint8Array(outboxBodyBytesMax + 1) },
    ]) {
      await assert.rejects(outbox.put([{ ...good, key: 'other' }, bad], { signal }), OutboxRefused)
    }
    const many = Array.from({ length: outboxMessagesMax + 1 }, (_, at) => ({ ...good, key: `k${at}` }))
    await assert.rejects(outbox.put(many, { signal }), OutboxRefused)
    assert.equal(await outbox.get('other', { signal }), undefined)
    await assert.rejects(outbox.list({ topic: 'a', state: 'pending', limit: 0 }, { signal }), OutboxRefused)
    await assert.rejects(outbox.mark({ key: 'nobody', state: 'done', note: bytes('') }, { signal }), OutboxKeyUnknown)
    await outbox.put([{ ...good, key: 'k'.repeat(outboxKeyCharactersMax), body: new Uint8Array(outboxBodyBytesMax) }], {
      signal,
    })
  })

  test(`${name}: an aborted signal stops every call with its own reason`, async () => {
    const outbox = open()
    const reason = new Error('enough')
    const stopped = { signal: AbortSignal.abort(reason) }
    await assert.rejects(outbox.put([], stopped), reason)
    await assert.rejects(outbox.get('k', stopped), reason)
    await assert.rejects(outbox.list({ topic: 'a', state: 'pending', limit: 1 }, stopped), reason)
    await assert.rejects(outbox.mark({ key: 'k', state: 'done', note: bytes('') }, stopped), reason)
    await assert.rejects(outbox.prune({ topic: 'a', below: 1 }, stopped), reason)
  })
}

type Step =
  | { readonly kind: 'put'; readonly key: string; readonly topic: string }
  | { readonly kind: 'mark'; readonly key: string; readonly state: OutboxState }

const states = fc.constantFrom<OutboxState[]>('pending', 'sent', 'done', 'refused')
const keys = fc.constantFrom('a', 'b', 'c', 'd')
const topics = fc.constantFrom('t', 'u')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: keys, topic: topics }),
  fc.record({ kind: fc.constant('mark' as const), key: keys, state: states }),
)

async function run(outbox: Outbox, one: Step): Promise<unknown> {
  try {
    if (one.kind === 'put')
      return await outbox.put([{ topic: one.topic, key: one.key, body: bytes(one.key) }], { signal })
    return await outbox.mark({ key: one.key, state: one.state, note: bytes(one.state) }, { signal })
  } catch (error) {
    return error instanceof Error ? error.name : error
  }
}

async function contentOf(outbox: Outbox): Promise<unknown> {
  const all: unknown[] = []
  for (const topic of ['t', 'u']) {
    for (const state of ['pending', 'sent', 'done', 'refused'] as const) {
      const [first, ...rest] = await outbox.list({ topic, state, limit: 10 }, { signal })
      const after =
        first === undefined ? [] : await outbox.list({ topic, state, after: first.sequence, limit: 10 }, { signal })
      assert.deepEqual(plain(after), plain(rest))
      all.push(...(first === undefined ? [] : plain([first, ...rest])))
    }
  }
  return all
}

/** Sequences may have gaps: only their order counts. */
function plain(
  entries: readonly {
    readonly key: string
    readonly topic: string
    readonly state: string
    readonly note: Uint8Array
  }[],
): string[] {
  return entries.map(({ key, topic, state, note }) => `${topic}/${key}/${state}/${new TextDecoder().decode(note)}`)
}

test('sqlite behaves as memory does, in every order of steps', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const [memory, sqlite] = [memoryOutbox(), sqliteOutbox({ path: ':memory:' })]
      for (const one of steps) {
        const [expected, actual] = [await run(memory, one), await run(sqlite, one)]
        assert.equal(typeof actual, typeof expected)
        if (typeof expected === 'string') assert.equal(actual, expected)
      }
      assert.deepEqual(await contentOf(sqlite), await contentOf(memory))
      sqlite[Symbol.dispose]()
    }),
    { numRuns: 60 },
  )
})

test('sqlite: pruning drops what is over and below, and nothing else', async () => {
  using outbox = sqliteOutbox({ path: ':memory:' })
  const kept = await outbox.put(
    ['a', 'b', 'c', 'd'].map((key) => ({ topic: 't', key, body: bytes(key) })),
    { signal },
  )
  await outbox.mark({ key: 'a', state: 'done', note: bytes('') }, { signal })
  await outbox.mark({ key: 'c', state: 'refused', note: bytes('') }, { signal })
  await outbox.mark({ key: 'd', state: 'done', note: bytes('') }, { signal })
  assert.equal(await outbox.prune({ topic: 'other', below: 99 }, { signal }), 0)
  assert.equal(await outbox.prune({ topic: 't', below: kept[3]?.sequence ?? 0 }, { signal }), 2)
  const left = await Promise.all(['a', 'b', 'c', 'd'].map(async (key) => (await outbox.get(key, { signal }))?.state))
  assert.deepEqual(left, [undefined, 'pending', undefined, 'done'])
})

test('sqlite: what was put is there when the file is opened again', async () => {
  const file = path.join(folder, 'outbox.sqlite')
  {
    using outbox = sqliteOutbox({ path: file })
    await outbox.put([{ topic: 't', key: 'k', body: bytes('body') }], { signal })
    await outbox.mark({ key: 'k', state: 'sent', note: bytes('note') }, { signal })
  }
  using outbox = sqliteOutbox({ path: file })
  const entry = await outbox.get('k', { signal })
  assert.equal(entry?.state, 'sent')
  assert.deepEqual([entry?.body, entry?.note], [bytes('body'), bytes('note')])
  const [next] = await outbox.put([{ topic: 't', key: 'l', body: bytes('') }], { signal })
  assert.ok(next !== undefined && entry !== undefined && next.sequence > entry.sequence)
})

test('a newer program’s outbox, or a file that is none, is refused and left as it is', () => {
  const newer = path.join(folder, 'newer.sqlite')
  const versionOf = (): unknown => {
    using database = new DatabaseSync(newer)
    return database.prepare('PRAGMA user_version').get()?.['user_version']
  }
  sqliteOutbox({ path: newer })[Symbol.dispose]()
  assert.equal(versionOf(), outboxVersion)
  {
    using database = new DatabaseSync(newer)
    database.exec(`PRAGMA user_version = ${outboxVersion + 1}`)
  }
  assert.throws(() => sqliteOutbox({ path: newer }), OutboxForeign)
  assert.equal(versionOf(), outboxVersion + 1)
  const damaged = path.join(folder, 'damaged.sqlite')
  writeFileSync(damaged, 'promises, once '.repeat(500))
  assert.throws(() => sqliteOutbox({ path: damaged }), OutboxForeign)
})
