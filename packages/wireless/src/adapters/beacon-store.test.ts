/**
 * Goal: what a hotspot committed to is there after the program is killed, so that it can be revealed; and no list outgrows a note.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { toHex } from '@groundwork/core/units/hex.ts'
import type { BeaconPlan } from '../ports/beacon-store.ts'
import { notedHotspotsMax, notedReportsMax, type OpenedReport } from '../wire/coverage-note.ts'
import { openBeaconStore } from './beacon-store.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-beacons-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const plan = (number: number): Omit<BeaconPlan, 'endedMs'> => ({
  gatewayEui: number.toString(16).padStart(16, '0'),
  secret: new Uint8Array(32).fill(number),
  region: 'EU868',
  frequenciesHz: [868_100_000, 868_300_000],
})
const opened = (number: number): OpenedReport => {
  const data = new Uint8Array(32)
  new DataView(data.buffer).setUint32(0, number)
  return {
    salt: new Uint8Array(16).fill(number & 0xff),
    report: {
      gatewayEui: '00800000a0000001',
      data,
      frequencyHz: 868_100_000,
      spreadingFactor: 9,
      bandwidthHz: 125_000,
      rssiTenths: -1043,
      snrTenths: -42,
      heardMs: 1_800_000_000_000,
    },
  }
}

test('a plan stands as it was made, and is sent once', () => {
  using store = openBeaconStore({ path: ':memory:' })
  store.plan(5n, plan(1))
  store.plan(5n, { ...plan(1), secret: new Uint8Array(32).fill(99) })
  assert.deepEqual(store.plansOf(5n), [plan(1)])
  store.sent({ epoch: 5n, gatewayEui: plan(1).gatewayEui, endedMs: 17 })
  store.sent({ epoch: 5n, gatewayEui: plan(1).gatewayEui, endedMs: 18 })
  store.sent({ epoch: 6n, gatewayEui: plan(1).gatewayEui, endedMs: 19 })
  assert.deepEqual(store.plansOf(5n), [{ ...plan(1), endedMs: 17 }])
  assert.deepEqual(store.plansOf(6n), [])
})

test('no list of an epoch outgrows a note', () => {
  using store = openBeaconStore({ path: ':memory:' })
  for (let number = 0; number <= notedHotspotsMax; number += 1) store.plan(5n, plan(number))
  assert.equal(store.plansOf(5n).length, notedHotspotsMax)
  store.plan(6n, plan(1))
  assert.equal(store.plansOf(6n).length, 1)
  for (let number = 0; number < notedReportsMax; number += 1) assert.equal(store.hear(5n, opened(number)), 'kept')
  assert.deepEqual(
    [store.hear(5n, opened(0)), store.hear(5n, opened(notedReportsMax)), store.hear(6n, opened(0))],
    ['known', 'full', 'kept'],
  )
  assert.deepEqual(store.heardIn(5n).at(3), opened(3))
  store.swap(5n, 3, opened(1000))
  assert.equal(store.heardIn(5n).length, notedReportsMax)
  assert.deepEqual([store.heardIn(5n).at(3), store.heardIn(5n).at(-1)], [opened(4), opened(1000)])
})

test('old epochs are forgotten, and nothing else', () => {
  using store = openBeaconStore({ path: ':memory:' })
  for (const epoch of [4n, 5n, 6n]) {
    store.plan(epoch, plan(1))
    store.hear(epoch, opened(1))
  }
  store.forgetBefore(5n)
  assert.deepEqual(
    [4n, 5n, 6n].map((epoch) => [store.plansOf(epoch).length, store.heardIn(epoch).length]),
    [
      [0, 0],
      [1, 1],
      [1, 1],
    ],
  )
})

test('a program that is killed at any time has every secret and report that it said it kept', async () => {
  const file = path.join(folder, 'beacons.sqlite')
  const module = new URL('beacon-store.ts', import.meta.url).href
  const script = `
    const { openBeaconStore } = await import(${JSON.stringify(module)})
    const store = openBeaconStore({ path: ${JSON.stringify(file)} })
    for (let number = 1; number < 60; number++) {
      const gatewayEui = number.toString(16).padStart(16, '0')
      store.plan(5n, { gatewayEui, secret: new Uint8Array(32).fill(number), region: 'EU868', frequenciesHz: [868100000] })
      const report = { gatewayEui, data: new Uint8Array(32), frequencyHz: 868100000, spreadingFactor: 9, bandwidthHz: 125000,
        rssiTenths: -1000, snrTenths: 0, heardMs: number }
      store.hear(5n, { salt: new Uint8Array(16).fill(number), report })
      process.stdout.write(number + '\\n')
    }
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.split('\n').length > 8) resolve()
    })
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const last = Number(said.trimEnd().split('\n').at(-1))
  using store = openBeaconStore({ path: file })
  const [plans, reports] = [store.plansOf(5n), store.heardIn(5n)]
  for (let number = 1; number <= last; number += 1) {
    assert.equal(toHex(plans[number - 1]?.secret ?? new Uint8Array()), toHex(new Uint8Array(32).fill(number)))
    assert.equal(toHex(reports[number - 1]?.salt ?? new Uint8Array()), toHex(new Uint8Array(16).fill(number)))
  }
})
