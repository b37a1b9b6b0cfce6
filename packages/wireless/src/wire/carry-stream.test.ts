/**
 * Goal: what one side says the other reads, and nothing else is ever read: no byte changed, no message again, in another
 * order or thrown back; and no bytes of a stranger make a reader throw.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { softwareNodeSigner, verifyNode } from '@groundwork/core/identity/node-signer.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import {
  carryKeys,
  ephemeralOf,
  helloBytes,
  openHello,
  openWelcome,
  signHello,
  signWelcome,
  welcomeBytes,
  type Hello,
  type Welcome,
} from './carry-hello.ts'
import {
  decodeMessage,
  declineReasons,
  encodeMessage,
  noticeReasons,
  uplinksPerMessageMax,
  type CarryMessage,
} from './carry-messages.ts'
import { carryBodyBytesMax, carryMessageBytesMax, carryOpener, carrySealer, type Opened } from './carry-stream.ts'
import { carryNodeDigest, isCarryNode } from './voucher.ts'

const bytes = (sizeBytes: number, fill: number): Hex => `0x${fill.toString(16).padStart(2, '0').repeat(sizeBytes)}`
const anyBytes = (sizeBytes: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes })
const hexOf = (sizeBytes: number): fc.Arbitrary<Hex> =>
  anyBytes(sizeBytes).map((given): Hex => `0x${Buffer.from(given).toString('hex')}`)
const eui = hexOf(8).map((text) => text.slice(2))
const u32 = fc.nat({ max: 2 ** 31 - 1 })
const deci = fc.integer({ min: -2000, max: 400 }).map((tenths) => tenths / 10)
const ms = fc.nat({ max: 2 ** 45 })
const modulation = fc.oneof(
  fc.record({
    kind: fc.constant('lora' as const),
    spreadingFactor: fc.integer({ min: 5, max: 12 }),
    bandwidthHz: fc.constantFrom(125_000, 250_000, 500_000),
  }),
  fc.record({ kind: fc.constant('fsk' as const), bitRate: fc.constant(50_000) }),
  fc.record({
    kind: fc.constant('lr-fhss' as const),
    codingRate: fc.constantFrom('1/3' as const, '2/3' as const),
    widthHz: fc.constant(137_000),
  }),
)
const payload = fc.uint8Array({ minLength: 1, maxLength: 256 })
const context = fc.uint8Array({ maxLength: 32 })
const uplink = fc.record(
  {
    gatewayEui: eui,
    phyPayload: payload,
    frequencyHz: u32,
    modulation,
    rssiDbm: deci,
    snrDb: deci,
    channel: fc.nat({ max: 95 }),
    gpsTimeMs: ms,
    heardAtMs: ms,
    context,
  },
  {
    requiredKeys: [
      'gatewayEui',
      'phyPayload',
      'frequencyHz',
      'modulation',
      'rssiDbm',
      'channel',
      'heardAtMs',
      'context',
    ],
  },
)
const timing = fc.oneof(
  fc.constant({ kind: 'immediate' as const }),
  fc.record({ kind: fc.constant('delay' as const), context, delayMs: u32 }),
  fc.record({ kind: fc.constant('gps' as const), gpsTimeMs: ms }),
)
const transmitWindow = fc.record({ frequencyHz: u32, modulation, powerDbm: deci, timing })
const decision = fc.oneof(
  fc.record({
    sequence: u32,
    kind: fc.constant('bought' as const),
    epoch: fc.bigInt(0n, 2n ** 64n - 1n),
    index: u32,
    copies: fc.integer({ min: 1, max: 8 }),
    priceNano: fc.bigInt(0n, 2n ** 63n),
  }),
  fc.record({ sequence: u32, kind: fc.constant('declined' as const), reason: fc.constantFrom(...declineReasons) }),
  fc.record({
    sequence: u32,
    kind: fc.constant('declined' as const),
    reason: fc.constant('not-drawn' as const),
    winner: hexOf(20),
  }),
)
const u128 = fc.bigInt(0n, 2n ** 128n - 1n)
const epoch = fc.bigInt(0n, 2n ** 64n - 1n)
const list = <Item>(item: fc.Arbitrary<Item>, maxLength: number): fc.Arbitrary<Item[]> =>
  fc.array(item, { minLength: 1, maxLength })
const refusal = fc.constantFrom('too-late' as const, 'gateway-away' as const, 'unknown-error' as const)

const message: fc.Arbitrary<CarryMessage> = fc.oneof(
  fc.record(
    { kind: fc.constant('ready' as const), epoch, receiptCount: u32, total: u128, voucherSignature: hexOf(65) },
    { requiredKeys: ['kind', 'epoch', 'receiptCount', 'total'] },
  ),
  fc.record({
    kind: fc.constant('uplinks' as const),
    uplinks: list(fc.record({ sequence: u32, holdMs: u32, uplink }), 20),
  }),
  fc.record({
    kind: fc.constant('outcomes' as const),
    outcomes: list(
      fc.record(
        { id: u32, gatewayEui: eui, windowIndex: fc.nat({ max: 1 }), atMs: ms, refusal },
        { requiredKeys: ['id', 'gatewayEui', 'windowIndex', 'atMs'] },
      ),
      8,
    ),
  }),
  fc.record({
    kind: fc.constant('status' as const),
    status: fc.record(
      {
        gatewayEui: eui,
        atMs: ms,
        protocol: fc.constantFrom('semtech-udp-2' as const, 'basics-station' as const),
        altitudeM: fc.integer(),
        software: fc.constantFrom('2.0.6', 'sx1302_hal 2.1.0'),
        heardCount: ms,
        sentCount: ms,
      },
      { requiredKeys: ['gatewayEui', 'atMs', 'protocol'] },
    ),
  }),
  fc.record({ kind: fc.constant('notice' as const), reason: fc.constantFrom(...noticeReasons) }),
  fc.record({ kind: fc.constant('decisions' as const), decisions: list(decision, 30) }),
  fc.record({
    kind: fc.constant('receipts' as const),
    epoch,
    firstIndex: u32,
    receipts: list(anyBytes(73), 10),
  }),
  fc.record({
    kind: fc.constant('voucher' as const),
    total: u128,
    voucherSignature: hexOf(65),
    epoch,
    packets: ms,
    units: u128,
    nanoCredits: u128,
    root: hexOf(32),
    tallySignature: hexOf(65),
  }),
  fc.record({
    kind: fc.constant('downlinks' as const),
    downlinks: list(
      fc.record(
        {
          id: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
          gatewayEui: eui,
          deviceClass: fc.constantFrom('A' as const, 'B' as const, 'C' as const),
          phyPayload: payload,
          windows: fc.array(transmitWindow, { minLength: 1, maxLength: 2 }),
          isBeacon: fc.constant(true as const),
        },
        { requiredKeys: ['id', 'gatewayEui', 'deviceClass', 'phyPayload', 'windows'] },
      ),
      4,
    ),
  }),
  fc.record({ kind: fc.constant('reveal' as const), epoch, secret: hexOf(32), nextCommitment: hexOf(32) }),
)

test('every message is read as it was written', () => {
  fc.assert(
    fc.property(message, (said) => {
      assert.deepEqual(plain(decodeMessage(encodeMessage(said))), plain(said))
    }),
    { numRuns: 300 },
  )
})

/** Records of fast-check have no prototype; -0 is 0 on the wire. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, one: unknown) =>
      typeof one === 'bigint' ? `${one}n` : one instanceof Uint8Array ? Buffer.from(one).toString('hex') : one,
    ) ?? 'null',
  )
}

test('bytes of a stranger decode to something or to nothing, and what decodes is its own one form', () => {
  fc.assert(
    fc.property(fc.nat({ max: 12 }), fc.uint8Array({ maxLength: 400 }), (kind, body) => {
      const read = decodeMessage({ kind, body })
      if (read !== undefined && read.kind !== 'status') assert.deepEqual(encodeMessage(read).body, body)
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(message, fc.nat(), fc.nat({ max: 255 }), (said, at, byte) => {
      const { kind, body } = encodeMessage(said)
      body[at % body.length] = byte
      const read = decodeMessage({ kind, body })
      if (read !== undefined && read.kind !== 'status') assert.deepEqual(encodeMessage(read).body, body)
      assert.equal(decodeMessage({ kind, body: body.subarray(0, at % body.length) }), undefined)
    }),
    { numRuns: 500 },
  )
})

test('lists have bounds, and the largest of our own messages fits its envelope', () => {
  const one = {
    sequence: 1,
    holdMs: 2,
    uplink: {
      gatewayEui: '00'.repeat(8),
      phyPayload: new Uint8Array(256),
      frequencyHz: 868_100_000,
      modulation: { kind: 'lora' as const, spreadingFactor: 7, bandwidthHz: 125_000 },
      rssiDbm: -90,
      snrDb: 5,
      channel: 0,
      gpsTimeMs: 1,
      heardAtMs: 1,
      context: new Uint8Array(32),
    },
  }
  const full = encodeMessage({ kind: 'uplinks', uplinks: Array.from({ length: uplinksPerMessageMax }, () => one) })
  assert.ok(full.body.length <= carryBodyBytesMax)
  assert.notEqual(decodeMessage(full), undefined)
  const over = encodeMessage({ kind: 'uplinks', uplinks: Array.from({ length: uplinksPerMessageMax + 1 }, () => one) })
  assert.equal(decodeMessage(over), undefined)
  assert.equal(decodeMessage(encodeMessage({ kind: 'uplinks', uplinks: [] })), undefined)
})

const key = new Uint8Array(32).fill(7)
const otherKey = new Uint8Array(32).fill(8)

test('a sealed message opens once, in its place, under its own direction, and unchanged', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (body, at, flip) => {
      const sealer = carrySealer({ key })
      const opener = carryOpener({ key })
      const first = sealer.seal(3, body)
      const second = sealer.seal(4, body)
      const changed = first.slice()
      changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ flip
      assert.equal(opener.open(changed).tag, 'refused')
      assert.equal(carryOpener({ key: otherKey }).open(first).tag, 'refused', 'thrown back')
      assert.deepEqual(opener.open(second), { tag: 'refused', reason: 'out-of-order' })
      assert.deepEqual(withBytes(opener.open(first)), { tag: 'opened', kind: 3, body: [...body] })
      assert.deepEqual(opener.open(first), { tag: 'refused', reason: 'out-of-order' })
      assert.deepEqual(withBytes(opener.open(second)), { tag: 'opened', kind: 4, body: [...body] })
      assert.equal(opener.open(first.subarray(0, at % first.length)).tag, 'refused', 'cut short')
    }),
  )
})

function withBytes(opened: Opened): unknown {
  return opened.tag === 'opened' ? { ...opened, body: [...opened.body] } : opened
}

test('an envelope that is too long is refused before its MAC is computed', () => {
  let asked = 0
  const opener = carryOpener({
    key,
    hmac: () => {
      asked += 1
      return new Uint8Array(32)
    },
  })
  assert.deepEqual(opener.open(new Uint8Array(carryMessageBytesMax + 1)), { tag: 'refused', reason: 'too-long' })
  assert.equal(asked, 0)
})

test("the machine's HMAC and the portable one seal alike", () => {
  const native = carrySealer({ key, hmac: (with_, over) => createHmac('sha256', with_).update(over).digest() })
  assert.deepEqual(native.seal(1, Uint8Array.of(1, 2)), carrySealer({ key }).seal(1, Uint8Array.of(1, 2)))
})

const domain: Domain = { chainId: 31337n, verifyingContract: bytes(20, 0xaa) }
const ownerKey = new Uint8Array(32).fill(3)
const hotspot = softwareNodeSigner(new Uint8Array(32).fill(1))
const router = softwareNodeSigner(new Uint8Array(32).fill(2))

async function shakeHands(): Promise<{
  readonly hello: Hello
  readonly helloSaid: Uint8Array
  readonly welcome: Welcome
  readonly welcomeSaid: Uint8Array
  readonly secrets: readonly [Uint8Array, Uint8Array]
}> {
  const [mine, theirs] = [ephemeralOf(new Uint8Array(32).fill(4)), ephemeralOf(new Uint8Array(32).fill(5))]
  const node = { owner: addressOf(ownerKey), nodeKey: hotspot.nodeKey, validUntilMs: 2000 }
  const hello: Hello = {
    chainId: 31337n,
    nonce: bytes(32, 1),
    ephemeral: mine.publicKey,
    routerKey: router.nodeKey,
    node,
    ownerSignature: sign(carryNodeDigest(node, domain), ownerKey),
  }
  const helloSaid = await signHello(hello, hotspot)
  const welcome: Welcome = {
    nonce: bytes(32, 2),
    ephemeral: theirs.publicKey,
    router: bytes(20, 9),
    voucherSigner: bytes(20, 8),
    unitPriceNano: 10n ** 9n,
    copies: 1,
    drawCommitment: bytes(32, 7),
    epoch: 5n,
    nowMs: 1234,
  }
  const welcomeSaid = await signWelcome(welcome, helloSaid, router)
  return { hello, helloSaid, welcome, welcomeSaid, secrets: [mine.secret, theirs.secret] }
}

test('after the hello both sides have the same keys, one for each direction', async () => {
  const { hello, helloSaid, welcome, welcomeSaid, secrets } = await shakeHands()
  assert.equal(helloSaid.length, helloBytes)
  assert.equal(welcomeSaid.length, welcomeBytes)
  assert.deepEqual(openHello(helloSaid, verifyNode), hello)
  const opened = openWelcome(welcomeSaid, { hello: helloSaid, routerKey: router.nodeKey, verify: verifyNode })
  assert.deepEqual(opened, welcome)
  const said = { hello: helloSaid, welcome: welcomeSaid }
  const atHotspot = carryKeys({ secret: secrets[0], theirs: welcome.ephemeral, ...said })
  const atRouter = carryKeys({ secret: secrets[1], theirs: hello.ephemeral, ...said })
  assert.deepEqual(atHotspot, atRouter)
  assert.notDeepEqual(atHotspot?.toRouter, atHotspot?.toHotspot)
})

test('a hello or a welcome with any byte changed is none, and a welcome belongs to one hello and one router', async () => {
  const { helloSaid, welcomeSaid, secrets, hello } = await shakeHands()
  for (let at = 0; at < helloSaid.length; at += 7) {
    const changed = helloSaid.slice()
    changed[at] = (changed[at] ?? 0) ^ 0x40
    assert.equal(openHello(changed, verifyNode), undefined, `byte ${at}`)
  }
  const given = { hello: helloSaid, routerKey: router.nodeKey, verify: verifyNode }
  for (let at = 0; at < welcomeSaid.length; at += 7) {
    const changed = welcomeSaid.slice()
    changed[at] = (changed[at] ?? 0) ^ 0x40
    assert.equal(openWelcome(changed, given), undefined, `byte ${at}`)
  }
  const otherHello = await signHello({ ...hello, nonce: bytes(32, 0x11) }, hotspot)
  assert.equal(openWelcome(welcomeSaid, { ...given, hello: otherHello }), undefined, 'another hello')
  assert.equal(openWelcome(welcomeSaid, { ...given, routerKey: hotspot.nodeKey }), undefined, 'another router')
  assert.equal(openWelcome(helloSaid, given), undefined)
  const lowOrder = carryKeys({ secret: secrets[0], theirs: bytes(32, 0), hello: helloSaid, welcome: welcomeSaid })
  assert.equal(lowOrder, undefined, 'a key that gives no secret')
})

test("an owner's word for a node key ends, and is for that key and owner alone", async () => {
  const { hello } = await shakeHands()
  const { node, ownerSignature: signature } = hello
  assert.ok(isCarryNode({ node, signature, domain, nowMs: 1999 }))
  assert.ok(!isCarryNode({ node, signature, domain, nowMs: 2000 }))
  assert.ok(!isCarryNode({ node: { ...node, nodeKey: router.nodeKey }, signature, domain, nowMs: 0 }))
  assert.ok(!isCarryNode({ node: { ...node, owner: bytes(20, 1) }, signature, domain, nowMs: 0 }))
  const elsewhere = { ...domain, chainId: 1n }
  assert.ok(!isCarryNode({ node, signature, domain: elsewhere, nowMs: 0 }))
})
