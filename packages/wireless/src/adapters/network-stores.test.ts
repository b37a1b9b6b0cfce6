/**
 * Goal: what was said to be kept is there after the program is killed, counters never go back, and the file alone opens no key.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import type { Application, Device, DeviceProfile } from '../model/device.ts'
import type { MulticastGroup } from '../model/multicast-group.ts'
import type { DeviceSession } from '../model/session.ts'
import { openDeviceStore } from './device-store.ts'
import { keyWrap } from './key-wrap.ts'
import { openMulticastStore } from './multicast-store.ts'
import { openNetworkDatabase } from './network-database.ts'
import { openQueueStore } from './queue-store.ts'
import { openSessionStore } from './session-store.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-network-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const kek = new Uint8Array(32).fill(5)
const devEui = '70b3d57ed0000001'

const session = (changes: Partial<DeviceSession> = {}): DeviceSession => {
  const nwkSKey = new Uint8Array(16).fill(0xa1)
  return {
    devEui,
    devAddr: 0x01020304,
    joinEui: '0000000000000001',
    keys: { fNwkSIntKey: nwkSKey, sNwkSIntKey: nwkSKey, nwkSEncKey: nwkSKey, appSKey: new Uint8Array(16).fill(0xb2) },
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

test('keys are wrapped as RFC 3394, section 4, has it', () => {
  const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
  const kek = '000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F'
  const key = '00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F'
  // Bytes of the key that wraps, of the key that is wrapped, and what comes of it.
  const cases: readonly [number, number, string][] = [
    [16, 16, '1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5'],
    [24, 16, '96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D'],
    [32, 16, '64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7'],
    [24, 24, '031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2'],
    [32, 24, 'A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1'],
    [32, 32, '28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21'],
  ]
  for (const [kekBytes, keyBytes, expected] of cases) {
    const { wrap, unwrap } = keyWrap(bytes(kek.slice(0, 2 * kekBytes)))
    const plain = bytes(key.slice(0, 2 * keyBytes))
    const wrapped = wrap(plain)
    assert.equal(Buffer.from(wrapped).toString('hex').toUpperCase(), expected)
    assert.deepEqual(unwrap(wrapped), plain)
    for (const at of wrapped.keys()) {
      const changed = Uint8Array.from(wrapped)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.throws(() => unwrap(changed), { code: 'GW_KEY_UNREADABLE' })
    }
    assert.throws(() => unwrap(wrapped.subarray(0, 16)), { code: 'GW_KEY_UNREADABLE' })
  }
})

test('a session comes back as it was, with counters, pending one and nonces', async () => {
  const file = path.join(folder, 'back.sqlite')
  const database = openNetworkDatabase({ path: file })
  const store = openSessionStore({ database, wrap: keyWrap(kek) })
  const first = session()
  await store.put(first)
  await store.put({ ...first, fCntUp: 17, nFCntDown: 3 })
  await store.putPending(session({ startedAtMs: 2, devAddr: 0x0a0b0c0d }))
  assert.equal(await store.spendDevNonce({ devEui, devNonce: 5, mustRise: true }), true)
  assert.equal(await store.nextJoinNonce(devEui), 1)
  await store[Symbol.asyncDispose]()
  database.close()

  const again = openNetworkDatabase({ path: file })
  await using back = openSessionStore({ database: again, wrap: keyWrap(kek) })
  assert.deepEqual(back.sessionOf(devEui), { ...first, fCntUp: 17, nFCntDown: 3 })
  assert.equal(back.sessionsFor(0x0a0b0c0d)[0]?.startedAtMs, 2)
  assert.equal(await back.spendDevNonce({ devEui, devNonce: 5, mustRise: false }), false)
  assert.equal(await back.spendDevNonce({ devEui, devNonce: 4, mustRise: true }), false)
  assert.equal(await back.spendDevNonce({ devEui, devNonce: 4, mustRise: false }), true)
  assert.equal(await back.nextJoinNonce(devEui), 2)
  await back.put(session({ startedAtMs: 2, devAddr: 0x0a0b0c0d, fCntUp: 1 }))
  assert.equal(back.sessionsFor(0x01020304).length, 0, 'heard on the new session, the old one is over')
})

test('no key can be read from the file', async () => {
  const file = path.join(folder, 'secret.sqlite')
  const database = openNetworkDatabase({ path: file })
  await using store = openSessionStore({ database, wrap: keyWrap(kek) })
  await store.put(session())
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  const bytes = readFileSync(file)
  assert.equal(bytes.includes(Buffer.alloc(16, 0xb2)), false)
  assert.equal(bytes.includes(Buffer.alloc(16, 0xa1)), false)
})

test('every counter that was said to be kept is kept when the program is killed', async () => {
  const file = path.join(folder, 'killed.sqlite')
  const at = (name: string): string => JSON.stringify(path.join(import.meta.dirname, name))
  const script = `
    import { openNetworkDatabase } from ${at('network-database.ts')}
    import { openSessionStore } from ${at('session-store.ts')}
    import { keyWrap } from ${at('key-wrap.ts')}
    const store = openSessionStore({ database: openNetworkDatabase({ path: ${JSON.stringify(file)} }), wrap: keyWrap(new Uint8Array(32).fill(5)) })
    const session = ${JSON.stringify({ ...session(), keys: undefined })}
    session.keys = { fNwkSIntKey: new Uint8Array(16), sNwkSIntKey: new Uint8Array(16), nwkSEncKey: new Uint8Array(16), appSKey: new Uint8Array(16) }
    for (let fCntUp = 1; ; fCntUp += 1) {
      await store.put({ ...session, fCntUp })
      process.stdout.write(fCntUp + '\\n')
    }`
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
  const database = openNetworkDatabase({ path: file })
  await using store = openSessionStore({ database, wrap: keyWrap(kek) })
  assert.ok((store.sessionOf(devEui)?.fCntUp ?? 0) >= last, `${last} was said`)
})

test('devices, keys and queued payloads come back, and a wrong device changes nothing', async () => {
  const file = path.join(folder, 'devices.sqlite')
  const database = openNetworkDatabase({ path: file })
  const store = openDeviceStore({ database, wrap: keyWrap(kek) })
  const application: Application = { id: 'a', name: 'a', tags: {} }
  const profile = { id: 'p', macVersion: '1.0.4' } as DeviceProfile
  const device: Device = {
    devEui,
    joinEui: '0000000000000001',
    name: 'd',
    description: '',
    applicationId: 'a',
    profileId: 'p',
    isDisabled: false,
    skipsFrameCounter: false,
    tags: {},
    variables: {},
  }
  store.putApplication(application)
  store.putProfile(profile)
  store.putDevices([{ device, rootKeys: { appKey: new Uint8Array(16).fill(3) } }])
  assert.throws(
    () =>
      store.putDevices([{ device: { ...device, devEui: '70b3d57ed0000002' } }, { device: { ...device, devEui: 'x' } }]),
    { code: 'GW_PROVISION_REFUSED' },
  )
  assert.equal(store.devices().length, 1)
  assert.throws(() => store.removeApplication('a'), { code: 'GW_PROVISION_REFUSED' })
  store.addToken('a', '0xaa')
  const queue = openQueueStore({ database })
  await queue.add({ id: 'q', devEui, fPort: 1, payload: Uint8Array.of(1, 2), isConfirmed: false })
  await queue.add({ id: 'q', devEui, fPort: 1, payload: Uint8Array.of(1, 2), isConfirmed: false })
  database.close()

  const again = openNetworkDatabase({ path: file })
  const back = openDeviceStore({ database: again, wrap: keyWrap(kek) })
  assert.deepEqual(back.device(devEui), device)
  assert.deepEqual(back.rootKeys(devEui), { appKey: new Uint8Array(16).fill(3) })
  assert.deepEqual(back.tokenHashes('a'), ['0xaa'])
  assert.deepEqual(
    openQueueStore({ database: again })
      .items(devEui)
      .map(({ id, payload }) => [id, payload]),
    [['q', Uint8Array.of(1, 2)]],
  )
  const other = openDeviceStore({ database: again, wrap: keyWrap(new Uint8Array(32).fill(6)) })
  assert.throws(() => other.rootKeys(devEui), { code: 'GW_KEY_UNREADABLE' })
  again.close()
})

test('a hole among the channels of a session is one again after a restart', async () => {
  const file = path.join(folder, 'holes.sqlite')
  const database = openNetworkDatabase({ path: file })
  const store = openSessionStore({ database, wrap: keyWrap(kek) })
  const channel = { uplinkHz: 868_100_000, dataRateMin: 0, dataRateMax: 5 }
  const kept = session({ radio: { ...session().radio, channels: [channel, undefined, channel] } })
  await store.put(kept)
  await store[Symbol.asyncDispose]()
  database.close()
  const again = openNetworkDatabase({ path: file })
  await using back = openSessionStore({ database: again, wrap: keyWrap(kek) })
  assert.deepEqual(back.sessionOf(devEui)?.radio.channels, [channel, undefined, channel])
})

test('a multicast group comes back with keys and counter, and its counter does not go back', async () => {
  const file = path.join(folder, 'groups.sqlite')
  const group: MulticastGroup = {
    id: 'lamps',
    name: 'Lamps',
    applicationId: 'a',
    region: 'EU868',
    parameterRevision: 'RP002-1.0.4',
    devAddr: 0xff00_0001,
    mcNwkSKey: new Uint8Array(16).fill(0xc3),
    mcAppSKey: new Uint8Array(16).fill(0xd4),
    fCntDown: 70_000,
    deviceClass: 'C',
    frequencyHz: 869_525_000,
    dataRate: 3,
    pingSlotPeriodicity: 0,
    members: [devEui],
  }
  const database = openNetworkDatabase({ path: file })
  const store = openMulticastStore({ database, wrap: keyWrap(kek) })
  assert.ok(await store.put(group))
  assert.ok(await store.put({ ...group, fCntDown: 70_001 }))
  assert.equal(await store.put(group), false)
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  assert.equal(readFileSync(file).includes(Buffer.alloc(16, 0xd4)), false)
  database.close()

  const again = openNetworkDatabase({ path: file })
  const back = openMulticastStore({ database: again, wrap: keyWrap(kek) })
  assert.deepEqual(back.groups(), [{ ...group, fCntDown: 70_001 }])
  assert.equal(await back.put(group), false)
  await back.remove('lamps')
  assert.deepEqual(openMulticastStore({ database: again, wrap: keyWrap(kek) }).groups(), [])
  again.close()
})
