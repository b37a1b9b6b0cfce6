/**
 * Goal: over a real WebSocket two hotspots of two owners and one router trade packets for vouchers; neither can take more than
 * the other gave, whatever breaks, restarts, or lies.
 *
 * Sockets are real, time is not: clocks and timers are moved by hand.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { softwareNodeSigner, verifyNode, type NodeSigner } from '@groundwork/core/identity/node-signer.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { WebSocket } from 'ws'
import type { AllotmentView } from '../carry/credit.ts'
import type { PacketVerdict } from '../model/packet-verdict.ts'
import type { HotspotRecord } from '../model/hotspot-record.ts'
import type { GatewayStatus, RadioDownlink, RadioUplink, TransmitOutcome } from '../model/radio.ts'
import type { Route } from '../model/route.ts'
import type { Clock, Timers } from '../ports.ts'
import type { AccountSigner, CarryLedger } from '../ports/carry.ts'
import { prove, verify } from '../prove.ts'
import { carryKeys, ephemeralOf, openWelcome, signHello } from '../wire/carry-hello.ts'
import { encodeMessage, type CarryMessage } from '../wire/carry-messages.ts'
import { carrySealer } from '../wire/carry-stream.ts'
import { carryNodeDigest, voucherSignerOf } from '../wire/voucher.ts'
import { carryClient, type CarryClient, type LinkView } from './carry-client.ts'
import { openCarryLedger } from './carry-ledger.ts'
import { carryServer, sessionUplinksPerSecondMax, type CarryServer } from './carry-server.ts'

const chainId = 31337n
const railsDomain: Domain = { chainId, verifyingContract: `0x${'aa'.repeat(20)}` }
const registryDomain: Domain = { chainId, verifyingContract: `0x${'bb'.repeat(20)}` }
const folder = mkdtempSync(path.join(tmpdir(), 'carry-'))
after(() => rmSync(folder, { recursive: true }))

const routerKey = new Uint8Array(32).fill(0x51)
const voucherKey = new Uint8Array(32).fill(0x52)
const routerNode = softwareNodeSigner(new Uint8Array(32).fill(0x53))
const router = addressOf(routerKey)
const unitPriceNano = 10n ** 9n

/** Time that stands still until it is moved. */
function handClock(): { readonly clock: Clock; readonly timers: Timers; move(ms: number): void } {
  let nowMs = 1_750_000_000_000
  const start = nowMs
  let planned: { atMs: number; run: () => void }[] = []
  return {
    clock: { nowMs: () => nowMs, elapsedMs: () => nowMs - start },
    timers: {
      after(delayMs, run) {
        const one = { atMs: nowMs + delayMs, run }
        planned.push(one)
        return () => {
          planned = planned.filter((other) => other !== one)
        }
      },
    },
    move(ms) {
      const endMs = nowMs + ms
      for (;;) {
        const [next] = planned.filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)
        if (next === undefined) break
        planned = planned.filter((other) => other !== next)
        nowMs = next.atMs
        next.run()
      }
      nowMs = endMs
    },
  }
}

/** Lets sockets work until it is so. */
async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 20_000
  while (!isSo()) {
    assert.ok(performance.now() < endMs, `it never is so: ${isSo.toString()}`)
    await setImmediate()
  }
}

interface Place {
  /** the router's ledger */
  readonly file: string
  readonly time: ReturnType<typeof handClock>
  readonly server: CarryServer
  readonly route: Route
  readonly http: Server
  readonly heard: RadioUplink[]
  readonly outcomes: TransmitOutcome[]
  readonly statuses: GatewayStatus[]
  readonly troubles: unknown[]
  readonly allotments: Map<Hex, AllotmentView>
  epoch: bigint
  verdict: (uplink: RadioUplink) => PacketVerdict
  restart(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

let nextFile = 0
function seededRandom(seed: number): { bytes(sizeBytes: number): Uint8Array } {
  let state = seed
  return {
    bytes: (sizeBytes) =>
      Uint8Array.from({ length: sizeBytes }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
        return state >>> 16
      }),
  }
}

const owners = [0x61, 0x62].map((fill) => {
  const key = new Uint8Array(32).fill(fill)
  return { key, address: addressOf(key), nodeSigner: softwareNodeSigner(new Uint8Array(32).fill(fill + 0x10)) }
})
const [alice, bob] = owners
assert.ok(alice !== undefined && bob !== undefined)
const berlin = cellAt({ latitude: 52.52, longitude: 13.4 }) ?? assert.fail()
const recordOf = (owner: Hex): HotspotRecord => ({
  owner,
  cell: berlin,
  antennaGainDbi: 3,
  unitPriceNano: 0n,
  stakeAtto: 100n,
  isOpen: true,
})

async function openPlace(
  terms: { readonly copies?: number; readonly strangers?: readonly Hex[] } = {},
): Promise<Place> {
  const time = handClock()
  const file = path.join(folder, `router-${(nextFile += 1)}.sqlite`)
  const heard: RadioUplink[] = []
  const outcomes: TransmitOutcome[] = []
  const statuses: GatewayStatus[] = []
  const troubles: unknown[] = []
  const allotments = new Map<Hex, AllotmentView>()
  const known = new Set(
    owners.map(({ address }) => address).filter((address) => terms.strangers?.includes(address) !== true),
  )
  const http = createServer()
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as AddressInfo
  const route: Route = {
    router,
    nodeKey: routerNode.nodeKey,
    endpoint: `ws://127.0.0.1:${port}/carry`,
    voucherSigner: addressOf(voucherKey),
    devAddrs: [{ first: 0x2601_0000, last: 0x2601_ffff }],
    joinEuis: [{ first: '70b3d57ed0000000', last: '70b3d57ed000ffff' }],
    unitPriceNano,
    copies: terms.copies ?? 1,
    isOpen: true,
  }
  let ledger: CarryLedger & Disposable = openCarryLedger({ path: file })
  const voucherSigner: AccountSigner = {
    address: addressOf(voucherKey),
    sign: async (digest) => sign(digest, voucherKey),
  }
  const open = (): CarryServer =>
    carryServer({
      route,
      chainId,
      railsDomain,
      registryDomain,
      nodeSigner: routerNode,
      voucherSigner,
      ledger,
      directory: { hotspotOf: (owner) => (known.has(owner) ? recordOf(owner) : undefined) },
      listener: {
        heard(uplink) {
          heard.push(uplink)
          server.judged(uplink.phyPayload, place.verdict(uplink))
        },
        outcome: (outcome) => void outcomes.push(outcome),
        status: (status) => void statuses.push(status),
      },
      epoch: () => place.epoch,
      raisePolicy: { packetsMax: 64, msMax: 1000, everyMs: 0 },
      clock: time.clock,
      timers: time.timers,
      random: seededRandom(7 + nextFile),
      onTrouble: (error) => void troubles.push(error),
    })
  const place: Place = {
    file,
    time,
    route,
    http,
    heard,
    outcomes,
    statuses,
    troubles,
    allotments,
    epoch: 5n,
    verdict: () => ({ kind: 'accepted', devEui: '0000000000000001' }),
    get server() {
      return server
    },
    async restart() {
      await server[Symbol.asyncDispose]()
      ledger[Symbol.dispose]()
      ledger = openCarryLedger({ path: file })
      server = open()
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      ledger[Symbol.dispose]()
      await new Promise<void>((resolve) => http.close(() => resolve()))
    },
  }
  let server = open()
  http.on('upgrade', (request, socket, head) => server.upgrade(request, socket, head))
  return place
}

interface Hotspot {
  readonly client: CarryClient
  readonly ledger: CarryLedger & Disposable
  readonly file: string
  readonly asked: RadioDownlink[]
  readonly owner: Hex
  link(): LinkView
  [Symbol.asyncDispose](): Promise<void>
}

function openHotspot(
  place: Place,
  of: { readonly key: Uint8Array; readonly address: Hex; readonly nodeSigner: NodeSigner },
  {
    file = path.join(folder, `hotspot-${(nextFile += 1)}.sqlite`),
    watch = (ledger) => ledger,
  }: { readonly file?: string; readonly watch?: (ledger: CarryLedger & Disposable) => CarryLedger & Disposable } = {},
): Hotspot {
  const ledger = watch(openCarryLedger({ path: file }))
  const asked: RadioDownlink[] = []
  const client = carryClient({
    chainId,
    railsDomain,
    owner: of.address,
    signNode: async (node) => sign(carryNodeDigest(node, registryDomain), of.key),
    nodeSigner: of.nodeSigner,
    ledger,
    radio: { send: (downlink) => void asked.push(downlink), isReachable: () => true },
    unitPriceNanoMin: 1n,
    allotmentOf: async () => place.allotments.get(of.address),
    clock: place.time.clock,
    timers: place.time.timers,
    random: seededRandom(of.address.charCodeAt(5)),
    onTrouble: (error) => void place.troubles.push(error),
  })
  client.setRoutes([place.route])
  return {
    client,
    ledger,
    file,
    asked,
    owner: of.address,
    link: () => client.links()[0] ?? assert.fail('nothing was offered yet'),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      ledger[Symbol.dispose]()
    },
  }
}

const allotted = (credits: bigint): AllotmentView => ({
  signer: addressOf(voucherKey),
  credits,
  redeemed: 0n,
  isNoticed: false,
})

/** A data frame of a device in the route's range. */
function frame(number: number, sizeBytes = 20): Uint8Array {
  const bytes = new Uint8Array(sizeBytes).fill(number & 0xff)
  bytes.set([0x40, number & 0xff, (number >> 8) & 0xff, 0x01, 0x26])
  return bytes
}

function heardAs(phyPayload: Uint8Array, gatewayEui: string, place: Place): RadioUplink {
  return {
    gatewayEui,
    phyPayload,
    frequencyHz: 868_100_000,
    modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
    rssiDbm: -97.3,
    snrDb: 7.2,
    channel: 0,
    heardAtMs: place.time.clock.nowMs(),
    context: Uint8Array.of(1, 2, 3, 4),
  }
}

const euiA = 'aa00000000000001'
const euiB = 'bb00000000000001'
const options = { timeout: 30_000 }

/** Both are connected before anything is measured: their first frame dials. */
async function connect(place: Place, hotspots: readonly Hotspot[]): Promise<void> {
  for (const [index, hotspot] of hotspots.entries())
    hotspot.client.heard(heardAs(frame(0xf000 + index), index === 0 ? euiA : euiB, place))
  await until(() => hotspots.every((hotspot) => hotspot.link().isConnected))
  place.time.move(2)
  await until(() => place.heard.length === hotspots.length)
  place.time.move(1100)
  await until(() =>
    hotspots.every(({ client }) => client.vouchers().length === 1 || client.links()[0]?.counts['bought'] === 1),
  )
  place.time.move(1100)
  await until(() => hotspots.every(({ client }) => client.vouchers().length === 1))
}

test(
  'one packet, two owners: the network server hears both, one is drawn and paid by voucher, the other can check it',
  options,
  async () => {
    await using place = await openPlace()
    for (const { address } of owners) place.allotments.set(address, allotted(1000n))
    await using a = openHotspot(place, alice)
    await using b = openHotspot(place, bob)
    await connect(place, [a, b])
    place.heard.length = 0

    for (let number = 1; number <= 24; number += 1) {
      a.client.heard(heardAs(frame(number), euiA, place))
      b.client.heard(heardAs(frame(number), euiB, place))
    }
    place.time.move(2)
    await until(() => place.heard.length === 48)
    place.time.move(1100)
    const count = (hotspot: Hotspot, name: string): number => hotspot.link().counts[name] ?? 0
    await until(() => count(a, 'bought') + count(b, 'bought') === 2 + 24)
    await until(() => count(a, 'declined-not-drawn') + count(b, 'declined-not-drawn') === 24)
    assert.ok(count(a, 'bought') > 1 && count(b, 'bought') > 1, 'neither wins every draw')

    place.time.move(1100)
    await until(() => [a, b].every((hotspot) => hotspot.link().total * unitPriceNano >= hotspot.link().earnedNano))
    assert.equal(a.link().total + b.link().total, 26n, 'what was bought is paid once')
    for (const hotspot of [a, b]) {
      const [held] = hotspot.client.vouchers()
      assert.ok(held !== undefined)
      const voucher = { payer: router, payee: hotspot.owner, total: held.total }
      assert.equal(voucherSignerOf({ voucher, signature: held.signature }, railsDomain), addressOf(voucherKey))
    }

    place.epoch = 6n
    place.time.move(50)
    await until(() => count(a, 'draws-fair') + count(b, 'draws-fair') === 24)
    assert.equal(count(a, 'draws-unfair') + count(b, 'draws-unfair'), 0)
    assert.deepEqual(place.troubles, [])

    const tally = a.ledger.tally({ peer: router, epoch: 5n }) ?? assert.fail('the epoch that is over has its tally')
    const receipts = a.ledger.receipts({ peer: router, epoch: 5n, fromIndex: 0, countMax: 100 })
    assert.equal(receipts.length, tally.tally.packets)
    const sealedHash: Hex = `0x${'5e'.repeat(32)}`
    const redeemedCredits = a.link().total
    const pairs = [{ router, tallies: [{ signed: tally, receipts }], redeemedCredits }]
    const proven = prove({ owner: a.owner, epoch: 5n, sealedHash, pairs })
    assert.deepEqual(proven.unproven, [])
    const [entry] = proven.entries
    const [block] = proven.details
    assert.ok(entry !== undefined && block !== undefined)
    assert.equal(entry.quantity, tally.tally.units)
    const redemption = { router, owner: a.owner, credits: redeemedCredits, signer: addressOf(voucherKey) }
    const open = { epoch: 5n, sealedHash, redemptions: [redemption], hotspots: [recordOf(a.owner)] }
    assert.equal(verify({ entry, carriage: block.bytes, open, railsDomain }).ok, true)
  },
)

test(
  'a frame that its device sends again is not bought again, but the network server hears it: it waits for its answer',
  options,
  async () => {
    await using place = await openPlace()
    place.allotments.set(alice.address, allotted(1000n))
    await using a = openHotspot(place, alice)
    await connect(place, [a])
    place.heard.length = 0
    for (let times = 1; times <= 2; times += 1) {
      a.client.heard(heardAs(frame(1), euiA, place))
      place.time.move(2)
      await until(() => place.heard.length === times)
      place.time.move(3000)
      await until(() => a.link().counts['bought'] === 2)
    }
    await until(() => a.link().counts['declined-late'] === 1)
    assert.equal(a.link().counts['bought'], 2, 'that of connect, and this one once')
  },
)

test(
  'a downlink goes to the gateway that heard, and its outcome comes back under the id of the router',
  options,
  async () => {
    await using place = await openPlace()
    await using a = openHotspot(place, alice)
    await connect(place, [a])
    assert.ok(place.server.radio.isReachable(euiA))
    assert.ok(!place.server.radio.isReachable(euiB))
    const downlink: RadioDownlink = {
      id: 4711,
      gatewayEui: euiA,
      deviceClass: 'A',
      phyPayload: Uint8Array.of(0x60, 1, 2, 3),
      windows: [
        {
          frequencyHz: 868_100_000,
          modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
          powerDbm: 14,
          timing: { kind: 'delay', context: Uint8Array.of(1, 2, 3, 4), delayMs: 1000 },
        },
      ],
    }
    place.server.radio.send(downlink)
    await until(() => a.asked.length === 1)
    const [asked] = a.asked
    assert.ok(asked !== undefined)
    assert.deepEqual({ ...asked, id: 4711 }, downlink)
    a.client.outcome({ id: asked.id, gatewayEui: euiA, windowIndex: 0, refusal: 'too-late', atMs: 99 })
    await until(() => place.outcomes.length === 1)
    assert.deepEqual(place.outcomes, [{ id: 4711, gatewayEui: euiA, windowIndex: 0, refusal: 'too-late', atMs: 99 }])

    place.server.radio.send({ ...downlink, id: 4712, gatewayEui: euiB })
    assert.equal(place.outcomes.at(-1)?.refusal, 'gateway-away')
    place.server.radio.send({ ...downlink, id: 4713 })
    await a.client[Symbol.asyncDispose]()
    await until(() => place.outcomes.some(({ id, refusal }) => id === 4713 && refusal === 'gateway-away'))
  },
)

test('a router that opens no allotment is carried 64 packets for, and again once it opens one', options, async () => {
  await using place = await openPlace()
  await using a = openHotspot(place, alice)
  for (let number = 0; number < 100; number += 1) a.client.heard(heardAs(frame(number), euiA, place))
  await until(() => a.link().isConnected)
  place.time.move(2)
  await until(() => place.heard.length === 64)
  place.time.move(1100)
  await until(() => a.link().counts['bought'] === 64)
  place.time.move(1100)
  await until(() => a.link().total === 64n)
  assert.equal(place.heard.length, 64)
  assert.equal(a.link().refusal, 'no-allotment')
  assert.equal(a.link().queued, 36)
  assert.equal(place.server.counts()['notice-no-allotment'], 1)

  place.allotments.set(alice.address, allotted(1000n))
  place.time.move(3000)
  await setImmediate()
  place.time.move(2)
  await until(() => {
    place.time.move(1)
    return place.heard.length === 100
  })
  assert.equal(a.link().refusal, undefined)
  assert.equal(a.link().queued, 0)
})

test(
  'who carries joins alone is on the list of allotments, so that more devices than there is credit for can begin',
  options,
  async () => {
    await using place = await openPlace()
    place.verdict = () => ({ kind: 'join-accepted', devEui: '70b3d57ed0000001' })
    await using a = openHotspot(place, alice)
    assert.deepEqual(place.server.owed(), [])
    for (let number = 0; number < 100; number += 1) a.client.heard(heardAs(frame(number), euiA, place))
    await until(() => a.link().isConnected)
    place.time.move(2)
    await until(() => place.heard.length === 64)
    place.time.move(1100)
    await until(() => a.link().counts['declined-join-free'] === 64)
    assert.equal(a.link().refusal, 'no-allotment')
    assert.deepEqual(place.server.owed(), [{ owner: alice.address, total: 0n }])
  },
)

test('frames that nobody buys never leave, and an owner without a bond sells nothing', options, async () => {
  await using place = await openPlace({ strangers: [bob.address] })
  await using a = openHotspot(place, alice)
  await using b = openHotspot(place, bob)
  const foreign = frame(1)
  foreign.set([0x40, 1, 1, 1, 0x48])
  a.client.heard(heardAs(foreign, euiA, place))
  assert.equal(a.client.counts()['no-buyer'], 1)
  assert.deepEqual(a.client.links(), [])
  b.client.heard(heardAs(frame(2), euiB, place))
  await until(() => b.link().isConnected)
  place.time.move(2)
  await until(() => (place.server.counts()['declined-gateway-unknown'] ?? 0) === 1)
  place.time.move(50)
  await until(() => b.link().counts['declined-gateway-unknown'] === 1)
  assert.equal(place.heard.length, 0)
  assert.equal(b.link().counts['notice-not-bonded'], 1)
})

test(
  'a router that is killed signs no less than before, and a hotspot gets the receipts that it missed',
  options,
  async () => {
    await using place = await openPlace()
    place.allotments.set(alice.address, allotted(1000n))
    await using a = openHotspot(place, alice)
    await connect(place, [a])
    for (let number = 1; number <= 10; number += 1) a.client.heard(heardAs(frame(number), euiA, place))
    place.time.move(2)
    await until(() => place.heard.length === 11)
    place.time.move(900)
    const before = a.link().earnedNano
    assert.equal(before, unitPriceNano, 'nothing is decided yet')
    // The window ends, what is bought is on disk, and the line breaks before it is told.
    await place.restart()
    await until(() => !a.link().isConnected)
    place.heard.length = 0
    place.time.move(600)
    await until(() => a.link().isConnected)
    // Copies whose window had not ended died with the router: they are open, and forgiven packet for packet by vouchers.
    a.client.heard(heardAs(frame(77), euiA, place))
    place.time.move(2)
    await until(() => place.heard.length === 1)
    place.time.move(1100)
    await until(() => a.link().earnedNano === 2n * unitPriceNano)
    place.time.move(1100)
    await until(() => a.link().total === 2n)

    await a[Symbol.asyncDispose]()
    rmSync(a.file)
    await using again = openHotspot(place, alice)
    place.heard.length = 0
    again.client.heard(heardAs(frame(78), euiA, place))
    await until(() => again.link().isConnected)
    await until(() => again.link().counts['recovered'] === 2)
    await until(() => again.link().total === 2n)
    place.time.move(2)
    await until(() => place.heard.length === 1)
    place.time.move(2200)
    await until(() => again.link().total === 3n)
    place.time.move(5000)
    assert.equal(again.ledger.tally({ peer: router, epoch: 5n })?.tally.packets, 3, 'the tally is of all of them')
    assert.deepEqual(place.troubles, [])
  },
)

test(
  'whenever a hotspot learns of a receipt or a voucher, a router that is killed there and then has it on disk',
  options,
  async () => {
    await using place = await openPlace()
    place.allotments.set(alice.address, allotted(1000n))
    let looks = 0
    /** What a router would find that starts again from the disk as it is now. */
    const found = (look: (ledger: CarryLedger) => void): void => {
      const image = path.join(folder, `image-${(nextFile += 1)}.sqlite`)
      for (const suffix of ['', '-wal'])
        if (existsSync(place.file + suffix)) copyFileSync(place.file + suffix, image + suffix)
      using ledger = openCarryLedger({ path: image })
      look(ledger)
      looks += 1
    }
    await using a = openHotspot(place, alice, {
      watch: (ledger) => ({
        ...ledger,
        addReceipt(at) {
          found((routers) => {
            const [kept] = routers.receipts({ peer: alice.address, epoch: at.epoch, fromIndex: at.index, countMax: 1 })
            assert.deepEqual(kept && Buffer.from(kept), Buffer.from(at.receipt))
          })
          ledger.addReceipt(at)
        },
        setAccount(peer, account) {
          if (account.voucherSignature !== undefined)
            found((routers) => assert.ok((routers.account(alice.address)?.total ?? 0n) >= account.total))
          ledger.setAccount(peer, account)
        },
      }),
    })
    await connect(place, [a])
    for (let number = 1; number <= 20; number += 1) {
      a.client.heard(heardAs(frame(number), euiA, place))
      place.time.move(150)
      await setImmediate()
    }
    await until(() => place.heard.length === 21)
    place.time.move(2300)
    await until(() => a.link().total === 21n)
    assert.ok(looks >= 22)
    assert.deepEqual(place.troubles, [])
  },
)

test('a router that lost its ledger goes on from the voucher that the hotspot shows', options, async () => {
  await using place = await openPlace()
  place.allotments.set(alice.address, allotted(1000n))
  await using a = openHotspot(place, alice)
  await connect(place, [a])
  await a[Symbol.asyncDispose]()
  await using other = await openPlace()
  other.allotments.set(alice.address, allotted(1000n))
  await using again = openHotspot(other, alice, { file: a.file })
  again.client.heard(heardAs(frame(500), euiA, other))
  await until(() => again.link().isConnected)
  other.time.move(2)
  await until(() => other.heard.length === 1)
  assert.equal(other.server.counts()['ledger-behind'], 1)
  other.time.move(2200)
  await until(() => again.link().total === 2n)
})

test('two hotspots of one owner share one account: each has all receipts', options, async () => {
  await using place = await openPlace()
  place.allotments.set(alice.address, allotted(1000n))
  await using a = openHotspot(place, alice)
  await using second = openHotspot(place, { ...alice, nodeSigner: softwareNodeSigner(new Uint8Array(32).fill(0x99)) })
  await connect(place, [a])
  second.client.heard(heardAs(frame(1), euiB, place))
  await until(() => second.link().isConnected)
  place.time.move(2)
  await until(() => place.heard.length === 2)
  place.time.move(2300)
  await until(() => second.link().total === 2n && a.link().total === 2n)
  place.time.move(5000)
  for (const { ledger } of [a, second]) assert.equal(ledger.tally({ peer: router, epoch: 5n })?.tally.packets, 2)
  assert.equal(place.server.sessionCount, 2)
})

test('a gateway that another owner holds is not taken over', options, async () => {
  await using place = await openPlace()
  await using a = openHotspot(place, alice)
  await connect(place, [a])
  await using b = openHotspot(place, bob)
  b.client.heard(heardAs(frame(9), euiA, place))
  await until(() => b.link().isConnected)
  place.time.move(2)
  await until(() => place.server.counts()['gateway-taken'] === 1)
  place.time.move(60)
  await until(() => b.link().counts['declined-gateway-unknown'] === 1)
})

test('garbage, replays and strangers end their own stream and nothing else', options, async () => {
  await using place = await openPlace()
  await using a = openHotspot(place, alice)
  await connect(place, [a])
  const knock = async (messages: readonly (Uint8Array | string)[]): Promise<void> => {
    const socket = new WebSocket(place.route.endpoint)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.on('error', () => undefined)
    await new Promise<void>((resolve) => socket.once('open', () => resolve()))
    for (const message of messages) socket.send(message)
    await closed
  }
  await knock([Uint8Array.of(1, 2, 3)])
  await knock(['hello'])
  await knock([new Uint8Array(299).fill(0x47)])
  await knock([new Uint8Array(70_000)])
  assert.ok((place.server.counts()['bad-hello'] ?? 0) >= 3)
  const silent = new WebSocket(place.route.endpoint)
  await new Promise<void>((resolve) => silent.once('open', () => resolve()))
  const closed = new Promise<void>((resolve) => silent.once('close', () => resolve()))
  await setImmediate()
  place.time.move(5000)
  await closed
  assert.equal(place.server.counts()['no-hello'], 1)
  assert.ok(a.link().isConnected)
  assert.deepEqual(place.troubles, [])
})

/** A hotspot of our own making that has done its hello and says whatever we want. */
async function rawHotspot(
  place: Place,
  of: (typeof owners)[number],
): Promise<{ readonly socket: WebSocket; say(message: CarryMessage): void; closed: Promise<void> }> {
  const ephemeral = ephemeralOf(new Uint8Array(32).fill(0x31))
  const node = { owner: of.address, nodeKey: of.nodeSigner.nodeKey, validUntilMs: 2 ** 45 }
  const hello = await signHello(
    {
      chainId,
      nonce: `0x${'01'.repeat(32)}`,
      ephemeral: ephemeral.publicKey,
      routerKey: routerNode.nodeKey,
      node,
      ownerSignature: sign(carryNodeDigest(node, registryDomain), of.key),
    },
    of.nodeSigner,
  )
  const socket = new WebSocket(place.route.endpoint)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve) => socket.once('open', () => resolve()))
  const answer = new Promise<Uint8Array>((resolve) =>
    socket.once('message', (data: Buffer) => resolve(new Uint8Array(data))),
  )
  socket.send(hello)
  const said = await answer
  const welcome = openWelcome(said, { hello, routerKey: routerNode.nodeKey, verify: verifyNode }) ?? assert.fail()
  const keys = carryKeys({ secret: ephemeral.secret, theirs: welcome.ephemeral, hello, welcome: said }) ?? assert.fail()
  const sealer = carrySealer({ key: keys.toRouter })
  return {
    socket,
    closed,
    say(message) {
      const { kind, body } = encodeMessage(message)
      socket.send(sealer.seal(kind, body))
    },
  }
}

test('a hotspot says ready first, once, and nothing that only a router says', options, async () => {
  await using place = await openPlace()
  const uplinks: CarryMessage = {
    kind: 'uplinks',
    uplinks: [{ sequence: 0, holdMs: 0, uplink: heardAs(frame(1), euiA, place) }],
  }
  const ready: CarryMessage = { kind: 'ready', epoch: 0n, receiptCount: 0, total: 0n }
  for (const [messages, reason] of [
    [[uplinks], 'not-ready'],
    [[ready, ready], 'ready-twice'],
    [
      [ready, { kind: 'reveal', epoch: 1n, secret: `0x${'00'.repeat(32)}`, nextCommitment: `0x${'00'.repeat(32)}` }],
      'malformed',
    ],
  ] as const) {
    const raw = await rawHotspot(place, alice)
    for (const message of messages) raw.say(message)
    await raw.closed
    assert.equal(place.server.counts()[reason], 1, reason)
  }
  assert.equal(place.heard.length, 0)
  await until(() => place.server.sessionCount === 0)
  assert.deepEqual(place.troubles, [])
})

test('a hello that somebody else plays again takes nobody off the line', options, async () => {
  await using place = await openPlace()
  const caught: Uint8Array[] = []
  place.http.prependListener('upgrade', (_request, socket) => {
    socket.on('data', (data: Buffer) => caught.push(new Uint8Array(data)))
  })
  await using a = openHotspot(place, alice)
  await connect(place, [a])
  const hello = unmasked(caught[0] ?? assert.fail('a hello came'))
  assert.equal(hello.length, 299)
  const socket = new WebSocket(place.route.endpoint)
  await new Promise<void>((resolve) => socket.once('open', () => resolve()))
  const welcomed = new Promise<void>((resolve) => socket.once('message', () => resolve()))
  socket.send(hello)
  await welcomed
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.send(new Uint8Array(40).fill(1))
  await closed
  assert.ok(a.link().isConnected)
  assert.equal(place.server.sessionCount, 1)
})

/** The payload of one masked WebSocket frame of 126 to 65,535 bytes. */
function unmasked(data: Uint8Array): Uint8Array {
  assert.equal((data[1] ?? 0) & 0x7f, 126)
  const sizeBytes = ((data[2] ?? 0) << 8) | (data[3] ?? 0)
  return Uint8Array.from({ length: sizeBytes }, (_, index) => (data[8 + index] ?? 0) ^ (data[4 + (index % 4)] ?? 0))
}

test('a flood of one hotspot is declined beyond its rate', options, async () => {
  await using place = await openPlace()
  place.allotments.set(alice.address, allotted(10_000n))
  await using a = openHotspot(place, alice)
  await connect(place, [a])
  place.verdict = () => ({ kind: 'unknown-device' })
  place.heard.length = 0
  place.time.move(1000 - (place.time.clock.elapsedMs() % 1000))
  let sentCount = 0
  const busy = (): number => place.server.counts()['declined-busy'] ?? 0
  const answered = (): number => {
    const { counts } = a.link()
    return (counts['declined-busy'] ?? 0) + (counts['declined-unknown-device'] ?? 0)
  }
  for (let round = 0; round < 3; round += 1) {
    for (let number = 0; number < 250; number += 1) a.client.heard(heardAs(frame((sentCount += 1)), euiA, place))
    place.time.move(2)
    await until(() => place.heard.length + busy() === sentCount)
    place.time.move(50)
    await until(() => answered() === sentCount)
  }
  assert.equal(place.heard.length, sessionUplinksPerSecondMax)
  assert.equal(busy(), 250)
  assert.equal(a.link().earnedNano, unitPriceNano, 'only the first one was paid')
})
