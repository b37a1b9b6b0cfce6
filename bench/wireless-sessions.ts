/**
 * What sessions cost: memory and start of a network server that has a million of them, and an uplink whose address has a hundred.
 *
 * A first process writes the sessions to a database as joins and uplinks do; a second one starts from it, as after a kill, and is
 * measured. Half of the devices hold what their join gave them, the others one of a few hundred states that ADR led them to.
 *
 * Goals: under 1.5 GB resident with 1,000,000 sessions, under 100 µs an uplink of an address with 100 sessions.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { keyWrap } from '../packages/wireless/src/adapters/key-wrap.ts'
import { openNetworkDatabase } from '../packages/wireless/src/adapters/network-database.ts'
import { openSessionStore } from '../packages/wireless/src/adapters/session-store.ts'
import type { DeviceProfile } from '../packages/wireless/src/model/device.ts'
import type { DeviceSession } from '../packages/wireless/src/model/session.ts'
import { joinedRadio } from '../packages/wireless/src/network-server/join-server.ts'
import { makeSchedules } from '../packages/wireless/src/network-server/key-schedules.ts'
import { readUplink } from '../packages/wireless/src/network-server/read-uplink.ts'
import { regionOf } from '../packages/wireless/src/region/region-of.ts'
import { mic10, setMic } from '../packages/wireless/src/wire/frame-crypto.ts'
import { buildDataFrame, micBytes, parsePhyPayload } from '../packages/wireless/src/wire/phy-payload.ts'

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000000' },
    step: { type: 'string' },
    database: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
})
const sessionCount = Number(values.sessions)
const goalResidentBytes = 1.5e9
const goalUplinkUs = 100
const crowdCount = 100
const wrap = keyWrap(new Uint8Array(32).fill(5))

const region = regionOf('EU868')
const policy = {
  netId: 0,
  addresses: { first: 0x01000000, last: 0x01ffffff },
  rxDelaySeconds: 1,
  rx1DataRateOffset: 0,
  extraChannelsHz: [867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000],
}
const joined = joinedRadio(region, { macVersion: '1.0.4' } as DeviceProfile, policy)

function sessionOf(number: number, devAddr: number = 0x01000000 + ((number * 7919) % 0x1000000)): DeviceSession {
  const key = (kind: number): Uint8Array => {
    const bytes = new Uint8Array(16).fill(kind)
    new DataView(bytes.buffer).setUint32(0, number)
    return bytes
  }
  const nwkSKey = key(1)
  const isAdapted = number % 2 === 1
  return {
    devEui: (0x70b3d57e00000000n + BigInt(number)).toString(16).padStart(16, '0'),
    devAddr,
    joinEui: '70b3d57ed0000000',
    keys: { fNwkSIntKey: nwkSKey, sNwkSIntKey: nwkSKey, nwkSEncKey: nwkSKey, appSKey: key(2) },
    macVersion: '1.0.4',
    startedAtMs: 1_800_000_000_000 + number,
    fCntUp: (number * 31) % 60_000,
    nFCntDown: number % 1000,
    aFCntDown: 0,
    radio: isAdapted
      ? {
          ...joined,
          dataRate: number % 6,
          txPowerIndex: number % 8,
          nbTrans: 1 + (number % 3),
          rx2DataRate: number % 4,
        }
      : joined,
    requests: [],
  }
}

/** In groups, each of which is waited for, so that no more is held than a network server would. */
async function fill(file: string): Promise<void> {
  const database = openNetworkDatabase({ path: file })
  const store = openSessionStore({ database, wrap })
  const startMs = performance.now()
  for (let number = 0; number < sessionCount;) {
    const group: Promise<void>[] = []
    for (; group.length < 5_000 && number < sessionCount; number += 1) group.push(store.put(sessionOf(number)))
    await store.flush()
    await Promise.all(group)
  }
  console.log(JSON.stringify({ seconds: (performance.now() - startMs) / 1000 }))
  database.close()
}

async function restart(file: string): Promise<void> {
  const database = openNetworkDatabase({ path: file })
  const startMs = performance.now()
  const store = openSessionStore({ database, wrap })
  const seconds = (performance.now() - startMs) / 1000
  const peakBytes = process.memoryUsage().rss
  globalThis.gc?.()
  await new Promise((resolve) => setImmediate(resolve))
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  const found = store.sessionOf(sessionOf(sessionCount - 1).devEui)
  const isWhole = store.table.size === sessionCount && found?.fCntUp === sessionOf(sessionCount - 1).fCntUp
  console.log(JSON.stringify({ seconds, peakBytes, residentBytes: rss, heapBytes: heapUsed, isWhole }))
  database.close()
}

interface Filled {
  readonly seconds: number
}

interface Restarted extends Filled {
  readonly peakBytes: number
  readonly residentBytes: number
  readonly heapBytes: number
  readonly isWhole: boolean
}

function inProcess(step: string, file: string): unknown {
  const args = [
    '--expose-gc',
    import.meta.filename,
    '--step',
    step,
    '--database',
    file,
    '--sessions',
    `${sessionCount}`,
  ]
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`the step ${step} ended with ${status}`)
  return JSON.parse(stdout)
}

/** Microseconds of an uplink: found, checked, decrypted; whose it is goes round, so the right session is anywhere in the list. */
function crowdUs(isForged: boolean): number {
  const crowd = Array.from({ length: crowdCount }, (_, number) => sessionOf(number * 977 + 3, 0x01000001))
  const schedulesOf = makeSchedules()
  const frames = crowd.map((session) => {
    const { devAddr, fCntUp: fCnt, keys } = session
    const payload = new Uint8Array(12).fill(7)
    const bytes = buildDataFrame({
      isUp: true,
      isConfirmed: false,
      devAddr,
      fCtrl: 0x80,
      fCnt,
      fOpts: new Uint8Array(0),
      fPort: 1,
      payload,
    })
    const schedule = schedulesOf(keys).fNwkSIntKey
    setMic(bytes, mic10(schedule, { isUp: true, devAddr, fCnt }, bytes, bytes.length - micBytes) ^ (isForged ? 1 : 0))
    return bytes
  })
  const rounds = 200
  let [accepted, startMs] = [0, 0]
  for (let round = -20; round < rounds; round += 1) {
    if (round === 0) startMs = performance.now()
    for (const bytes of frames) {
      const frame = parsePhyPayload(bytes)
      if (frame.kind !== 'data') continue
      const read = readUplink({
        frame,
        candidates: crowd,
        schedulesOf,
        sentWith: () => [],
        skipsFrameCounter: () => false,
        isLastFrame: () => true,
        isDisabled: () => false,
      })
      if (read.tag === 'accepted') accepted += 1
    }
  }
  const us = ((performance.now() - startMs) * 1000) / (rounds * frames.length)
  if (accepted !== (isForged ? 0 : (rounds + 20) * frames.length)) throw new Error('frames of the crowd are told apart')
  return us
}

if (values.step === 'fill') await fill(values.database)
else if (values.step === 'restart') await restart(values.database)
else {
  const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-bench-'))
  try {
    const file = path.join(folder, 'network.sqlite')
    const [uplinkUs, forgedUs] = [crowdUs(false), crowdUs(true)]
    const filled = inProcess('fill', file) as Filled
    const started = inProcess('restart', file) as Restarted
    const { residentBytes, peakBytes, seconds } = started
    const figures = {
      sessionCount,
      uplinkUs,
      forgedUs,
      fillSeconds: filled.seconds,
      databaseBytes: statSync(file).size,
      ...started,
    }
    if (values.json) console.log(JSON.stringify(figures))
    else {
      const gb = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`
      console.log('node bench/wireless-sessions.ts')
      console.log(
        `  an uplink of an address with ${crowdCount} sessions: ${uplinkUs.toFixed(1)} µs, a forged one: ${forgedUs.toFixed(1)} µs (goal under ${goalUplinkUs})`,
      )
      console.log(
        `  ${sessionCount} sessions written in groups: ${filled.seconds.toFixed(1)} s, ${gb(figures.databaseBytes)} on disk`,
      )
      console.log(
        `  started again with them: ${seconds.toFixed(1)} s, ${gb(residentBytes)} resident, ${gb(peakBytes)} at the peak, ${gb(started.heapBytes)} of them live (goal under ${gb(goalResidentBytes)})`,
      )
    }
    if (!started.isWhole) throw new Error('what was written came back')
    const isMet = Math.max(residentBytes, peakBytes) < goalResidentBytes && Math.max(uplinkUs, forgedUs) < goalUplinkUs
    if (!isMet) process.exitCode = 2
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
