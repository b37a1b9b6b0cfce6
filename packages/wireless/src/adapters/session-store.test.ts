/**
 * Goal: whatever is killed, fails or comes in one moment, what was said to be kept is kept, and no counter and no nonce comes twice.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { DeviceSession } from '../model/session.ts'
import { fullFrameCounter } from '../network-server/frame-counter.ts'
import { devEuiOf, networkFixture, type Fixture } from '../network-server/network-fixture.ts'
import { parsePhyPayload } from '../wire/phy-payload.ts'
import { openDeviceStore } from './device-store.ts'
import { keyWrap } from './key-wrap.ts'
import { openNetworkDatabase } from './network-database.ts'
import { openSessionStore, type SessionStore } from './session-store.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-sessions-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const wrap = keyWrap(new Uint8Array(32).fill(5))
const devEui = devEuiOf(1)
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

let files = 0
const nextFile = (): string => path.join(folder, `${(files += 1)}.sqlite`)

function session(fill: number, changes: Partial<DeviceSession> = {}): DeviceSession {
  const nwkSKey = new Uint8Array(16).fill(fill)
  return {
    devEui,
    devAddr: 0x01000000 + fill,
    joinEui: '0000000000000001',
    keys: {
      fNwkSIntKey: nwkSKey,
      sNwkSIntKey: nwkSKey,
      nwkSEncKey: nwkSKey,
      appSKey: new Uint8Array(16).fill(fill + 1),
    },
    macVersion: '1.0.4',
    startedAtMs: 1,
    fCntUp: 0,
    nFCntDown: 0,
    aFCntDown: 0,
    radio: {
      deviceClass: 'A',
      rx1DelaySeconds: 1,
      rx1DataRateOffset: 0,
      rx2DataRate: 0,
      rx2FrequencyHz: 869_525_000,
      dataRate: 0,
      txPowerIndex: 0,
      nbTrans: 1,
      uplinkDwell: false,
      downlinkDwell: false,
      channels: [],
      enabledChannels: [],
      isBeaconLocked: false,
    },
    requests: [],
    ...changes,
  }
}

/** How often something was flushed. */
function countCommits(database: DatabaseSync): () => number {
  let commits = 0
  const exec = database.exec.bind(database)
  database.exec = (sql) => {
    if (sql === 'COMMIT') commits += 1
    exec(sql)
  }
  return () => commits
}

test('sessions that were not heard yet come back in their order, and the one that is heard ends those before it', async () => {
  const file = nextFile()
  const database = openNetworkDatabase({ path: file })
  const store = openSessionStore({ database, wrap })
  const [active, first, second, third] = [session(1, { fCntUp: 9 }), session(10), session(20), session(30)]
  await Promise.all([store.put(active), store.putPending(first), store.putPending(second), store.putPending(third)])
  database.close()

  const again = openNetworkDatabase({ path: file })
  const back = openSessionStore({ database: again, wrap })
  assert.deepEqual(back.table.pendingOf(devEui), [first, second, third])
  assert.deepEqual(back.sessionOf(devEui), active)
  const [heard] = back.sessionsFor(second.devAddr)
  assert.ok(heard !== undefined)
  await back.put({ ...heard, fCntUp: 1 })
  again.close()

  const database3 = openNetworkDatabase({ path: file })
  const last = openSessionStore({ database: database3, wrap })
  assert.deepEqual(last.sessionOf(devEui), { ...second, fCntUp: 1 })
  assert.deepEqual(last.table.pendingOf(devEui), [third])
  assert.equal(last.sessionsFor(active.devAddr).length + last.sessionsFor(first.devAddr).length, 0)
  await last.remove(devEui)
  database3.close()
  const database4 = openNetworkDatabase({ path: file })
  const empty = openSessionStore({ database: database4, wrap })
  assert.equal(empty.table.size + empty.table.pendingOf(devEui).length, 0)
  database4.close()
})

test('after a write that failed the next one is of all of the session', async () => {
  const file = nextFile()
  const database = openNetworkDatabase({ path: file })
  const store = openSessionStore({ database, wrap })
  await store.put(session(1))
  // The second of two that share a flush fails, and with it the first.
  database.exec(
    `CREATE TRIGGER full BEFORE INSERT ON wireless_counters WHEN NEW.dev_eui = '${devEuiOf(2)}'
     BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`,
  )
  const fresh = session(2, { startedAtMs: 2 })
  const other = session(3, { devEui: devEuiOf(2) })
  const results = await Promise.allSettled([store.put(fresh), store.put(other)])
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  database.exec('DROP TRIGGER full')
  await store.put({ ...fresh, fCntUp: 1 })
  database.close()
  const again = openNetworkDatabase({ path: file })
  const back = openSessionStore({ database: again, wrap })
  assert.deepEqual(back.sessionOf(devEui), { ...fresh, fCntUp: 1 })
  again.close()
})

test('joins of one moment share their flushes', async () => {
  const database = openNetworkDatabase({ path: nextFile() })
  const commits = countCommits(database)
  const store = openSessionStore({ database, wrap })
  const joins = Array.from({ length: 300 }, async (_, number) => {
    const of = devEuiOf(number)
    assert.equal(await store.spendDevNonce({ devEui: of, devNonce: 1, mustRise: true }), true)
    assert.equal(await store.nextJoinNonce(of), 1)
    await store.putPending(session(number & 255, { devEui: of }))
  })
  await Promise.all(joins)
  assert.ok(commits() <= 6, `${commits()} flushes`)
  database.close()
})

test('of two spendings of one nonce in one moment one is refused, and what is forgotten may be spent again', async () => {
  const database = openNetworkDatabase({ path: nextFile() })
  const store = openSessionStore({ database, wrap })
  const spend = (devNonce: number, mustRise = false): Promise<boolean> =>
    store.spendDevNonce({ devEui, devNonce, mustRise })
  assert.deepEqual(await Promise.all([spend(5), spend(5), spend(4, true), spend(6, true)]), [true, false, false, true])
  assert.deepEqual(await Promise.all([store.nextJoinNonce(devEui), store.nextJoinNonce(devEui)]), [1, 2])
  const waiting = spend(7)
  await store.forgetDevNonces(devEui)
  assert.equal(await waiting, true)
  assert.equal(await spend(7, true), true)
  assert.equal(await spend(7), false)
  database.close()
})

test('a device that is removed and made again is answered with JoinNonces that it does not know', async () => {
  const database = openNetworkDatabase({ path: nextFile() })
  const store = openSessionStore({ database, wrap })
  const devices = openDeviceStore({ database, wrap })
  for (const expected of [1, 2, 3]) assert.equal(await store.nextJoinNonce(devEui), expected)
  await store.remove(devEui)
  devices.removeDevice(devEui)
  assert.equal(await store.nextJoinNonce(devEui), 4)
  database.close()
})

test('every nonce that was said to be spent is spent when the program is killed among joins', async () => {
  const file = nextFile()
  const at = (name: string): string => JSON.stringify(path.join(import.meta.dirname, name))
  const script = `
    import { openNetworkDatabase } from ${at('network-database.ts')}
    import { openSessionStore } from ${at('session-store.ts')}
    import { keyWrap } from ${at('key-wrap.ts')}
    const store = openSessionStore({ database: openNetworkDatabase({ path: ${JSON.stringify(file)} }), wrap: keyWrap(new Uint8Array(32).fill(5)) })
    const devEui = ${JSON.stringify(devEui)}
    for (let devNonce = 1; ; devNonce += 1) {
      if (!(await store.spendDevNonce({ devEui, devNonce, mustRise: true }))) throw new Error('refused')
      process.stdout.write('spent ' + devNonce + '\\n')
      process.stdout.write('join ' + (await store.nextJoinNonce(devEui)) + '\\n')
    }`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.split('\n').length > 12) resolve()
    })
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const last = (word: string): number =>
    Math.max(
      ...said.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [Number(line.slice(word.length))] : [])),
    )
  const database = openNetworkDatabase({ path: file })
  const store = openSessionStore({ database, wrap })
  assert.equal(await store.spendDevNonce({ devEui, devNonce: last('spent'), mustRise: false }), false)
  assert.ok((await store.nextJoinNonce(devEui)) > last('join'))
  database.close()
})

/** A network server over a store whose writes wait until they are flushed by hand, or are lost with the program. */
interface Life {
  readonly one: Fixture
  readonly store: SessionStore
  readonly database: DatabaseSync
  readonly file: string
}

function live(file: string, startMs: number): Life {
  const database = openNetworkDatabase({ path: file })
  database.exec('PRAGMA synchronous = OFF')
  const store = openSessionStore({ database, wrap, after: () => () => undefined })
  return { one: networkFixture({ sessions: store, startMs }), store, database, file }
}

/** What is on disk at this moment, and nothing of what waits to be written. */
function killed({ file, database }: Life): string {
  const next = nextFile()
  for (const end of ['', '-wal']) if (existsSync(file + end)) copyFileSync(file + end, next + end)
  database.close()
  return next
}

test('wherever the program is killed, each counter is published once, and none is used for two downlinks', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('send' as const), gateway: fc.nat(2) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('again' as const), which: fc.nat(9), gateway: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      let life = live(nextFile(), 1_800_000_000_000)
      const device = life.one.device(1)
      const [published, sent]: [number[], number[]] = [[], []]
      const flush = async (): Promise<void> => {
        for (let turn = 0; turn < 4; turn += 1) {
          await life.store.flush()
          await life.one.pass(0)
        }
      }
      await life.one.heard(device.join())
      await flush()
      life.one.deliver(device)
      const frames = [device.send({ fPort: 1, payload: text('first'), isConfirmed: true })]
      await life.one.heard(frames[0]!)
      await flush()
      const collect = (): void => {
        for (const { fCnt } of life.one.uplinks()) published.push(fCnt)
        for (const { phyPayload } of life.one.sent) {
          const frame = parsePhyPayload(phyPayload)
          if (frame.kind === 'data') sent.push(fullFrameCounter(0, frame.fCnt16))
        }
      }
      for (const one of steps) {
        if (one.kind === 'send') {
          const frame = device.send({ fPort: 1, payload: text('x'), isConfirmed: true })
          frames.push(frame)
          await life.one.heard(frame, { gateways: [one.gateway + 1] })
        } else if (one.kind === 'again') {
          await life.one.heard(frames[one.which % frames.length]!, { gateways: [one.gateway + 1] })
          await life.one.pass(2_000)
        } else if (one.kind === 'flush') await flush()
        else {
          collect()
          life = live(killed(life), life.one.nowMs() + 1)
        }
      }
      await flush()
      collect()
      life.database.close()
      assert.equal(new Set(published).size, published.length, `published ${published.join(' ')}`)
      assert.deepEqual(
        published,
        published.toSorted((a, b) => a - b),
        'in their order',
      )
      assert.equal(new Set(sent).size, sent.length, `sent ${sent.join(' ')}`)
    }),
    { numRuns: 40 },
  )
})
