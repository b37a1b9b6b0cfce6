/**
 * Goal: our frames and keys are byte for byte those of the `lora-packet` package, whatever stands in them; where they are not, it is
 * named here what lora-packet does and what the specification says.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import loraPacketExports from 'lora-packet'
import { keySchedule } from '../crypto/aes-128.ts'
import { cmacWord } from '../crypto/cmac.ts'
import { fullFrameCounter } from '../network-server/frame-counter.ts'
import { cryptOptions, cryptPayload, downlinkMic11, mic10, optionsOf, setMic, uplinkMic11 } from './frame-crypto.ts'
import {
  decodeJoinAccept,
  encodeJoinAccept,
  joinAcceptMic10,
  joinAcceptMic11,
  joinTypes,
  openJoinAccept,
  sealJoinAccept,
  type JoinAccept,
} from './join-accept.ts'
import {
  buildDataFrame,
  buildJoinRequest,
  buildRejoinRequest,
  fCtrlBits,
  fOptsFrom,
  micBytes,
  parsePhyPayload,
  type DataFrame,
} from './phy-payload.ts'
import { joinServerKeys, rootWorKey, sessionKeys10, sessionKeys11 } from './session-keys.ts'

// Its declarations name a default that Node's import of CommonJS takes away.
const loraPacket = loraPacketExports as unknown as typeof loraPacketExports.default
type LoraPacket = ReturnType<typeof loraPacket.fromWire>

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
/** Most significant byte first, as lora-packet takes numbers and identifiers. */
const bigEndian = (value: number, sizeBytes: number): Buffer => {
  const bytes = Buffer.alloc(sizeBytes)
  bytes.writeUIntBE(value, 0, sizeBytes)
  return bytes
}
const euiBytes = (eui: string): Buffer => Buffer.from(eui, 'hex')
const phyOf = (packet: LoraPacket): string => hexOf(packet.getPHYPayload() ?? Buffer.alloc(0))
/** The upper half of a counter, least significant byte first. */
const upperOf = (fCnt: number): Buffer => Buffer.of((fCnt >>> 16) & 0xff, fCnt >>> 24)

const bytesOf = (sizeBytes: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes })
const key = bytesOf(16)
const eui = bytesOf(8).map(hexOf)
const uint = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 })
/** Of 32 bits, often beside where the 16 bits of a frame, or all 32, roll over. */
const counter = fc.oneof(
  uint(32),
  uint(16),
  fc
    .tuple(fc.constantFrom(0, 1, 2, 0x7fff, 0x8000, 0xffff), fc.constantFrom(0, 1, 0xfffe, 0xffff))
    .map(([upper, lower]) => upper * 65_536 + lower),
)

/** A data frame as both sides write it; options and payload are plain. */
interface Said {
  readonly isUp: boolean
  readonly isConfirmed: boolean
  readonly devAddr: number
  readonly fCtrl: number
  readonly fCnt: number
  readonly fOpts: Uint8Array
  readonly fPort?: number | undefined
  readonly payload: Uint8Array
}

const ports = fc.oneof(fc.constant(0), fc.constant(undefined), fc.integer({ min: 1, max: 255 }))
const said: fc.Arbitrary<Said> = fc
  .record({
    isUp: fc.boolean(),
    isConfirmed: fc.boolean(),
    devAddr: uint(32),
    fCtrl: uint(4).map((flags) => flags << 4),
    fCnt: counter,
    fOpts: fc.integer({ min: 0, max: 15 }).chain(bytesOf),
    fPort: ports,
    payload: fc.uint8Array({ maxLength: 222, size: 'max' }),
  })
  .map((one) => (one.fPort === undefined ? { ...one, payload: new Uint8Array() } : one))

/** Before lora-packet encrypts options and signs: the plain frame with its payload encrypted. */
function theirFrame(one: Said, networkKey: Uint8Array, appSKey: Uint8Array): LoraPacket {
  const { isUp, isConfirmed, fCtrl, fPort } = one
  return loraPacket.fromFields(
    {
      MType: (isConfirmed ? 4 : 2) + (isUp ? 0 : 1),
      DevAddr: bigEndian(one.devAddr, 4),
      FCtrl: {
        ADR: (fCtrl & fCtrlBits.adr) !== 0,
        ADRACKReq: (fCtrl & fCtrlBits.adrAckReq) !== 0,
        ACK: (fCtrl & fCtrlBits.ack) !== 0,
        FPending: (fCtrl & fCtrlBits.fPendingOrClassB) !== 0,
      },
      FCnt: one.fCnt % 65_536,
      FOpts: Buffer.from(one.fOpts),
      payload: Buffer.from(one.payload),
      ...(fPort === undefined ? {} : { FPort: fPort }),
    },
    Buffer.from(appSKey),
    Buffer.from(networkKey),
    undefined,
    upperOf(one.fCnt),
  )
}

function ourFrame10(one: Said, nwkSKey: Uint8Array, appSKey: Uint8Array): Uint8Array {
  const schedule = keySchedule(one.fPort === 0 ? nwkSKey : appSKey)
  const bytes = buildDataFrame({ ...one, payload: cryptPayload(schedule, one, one.payload) })
  setMic(bytes, mic10(keySchedule(nwkSKey), one, bytes, bytes.length - micBytes))
  return bytes
}

function parsed(bytes: Uint8Array): DataFrame {
  const frame = parsePhyPayload(bytes)
  assert.ok(frame.kind === 'data')
  return frame
}

/** All of a frame but what its keys hide. */
function assertHeader(frame: DataFrame, one: Said): void {
  const { isUp, isConfirmed, devAddr, fPort, fCnt16, fCtrl } = frame
  assert.deepEqual(
    { isUp, isConfirmed, devAddr, fPort, fCnt16, flags: fCtrl & 0xf0, optionBytes: frame.fOptsEnd - fOptsFrom },
    {
      isUp: one.isUp,
      isConfirmed: one.isConfirmed,
      devAddr: one.devAddr,
      fPort: one.fPort ?? -1,
      fCnt16: one.fCnt % 65_536,
      flags: one.fCtrl,
      optionBytes: one.fOpts.length,
    },
  )
}

test('a data frame of 1.0 is the one that lora-packet writes, and reads back as it was said', () => {
  fc.assert(
    fc.property(said, key, key, (one, nwkSKey, appSKey) => {
      const theirs = theirFrame(one, nwkSKey, appSKey)
      loraPacket.recalculateMIC(theirs, Buffer.from(nwkSKey), undefined, upperOf(one.fCnt))
      const bytes = ourFrame10(one, nwkSKey, appSKey)
      assert.equal(hexOf(bytes), phyOf(theirs))

      const frame = parsed(bytes)
      assertHeader(frame, one)
      assert.equal(mic10(keySchedule(nwkSKey), one, bytes, frame.payloadTo), frame.mic)
      assert.equal(hexOf(optionsOf(frame, one.fCnt, undefined)), hexOf(one.fOpts))
      const schedule = keySchedule(one.fPort === 0 ? nwkSKey : appSKey)
      assert.equal(hexOf(cryptPayload(schedule, one, bytes, frame.payloadFrom, frame.payloadTo)), hexOf(one.payload))
    }),
    { numRuns: 300 },
  )
})

test('lora-packet reads, verifies and decrypts our frame, and rejects it once a bit of it is another', () => {
  const anywhere = fc.record({ at: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) })
  fc.assert(
    fc.property(said, key, key, anywhere, (one, nwkSKey, appSKey, { at, bit }) => {
      const bytes = Buffer.from(ourFrame10(one, nwkSKey, appSKey))
      const [network, upper] = [Buffer.from(nwkSKey), upperOf(one.fCnt)]
      const theirs = loraPacket.fromWire(bytes)
      assert.equal(loraPacket.verifyMIC(theirs, network, undefined, upper), true)
      assert.equal(theirs.getFPort(), one.fPort ?? null)
      assert.equal(theirs.getDir(), one.isUp ? 'up' : 'down')
      assert.equal(theirs.isConfirmed(), one.isConfirmed)
      if (one.fPort !== undefined)
        assert.equal(hexOf(loraPacket.decrypt(theirs, Buffer.from(appSKey), network, upper)), hexOf(one.payload))

      // The MHDR and what says how long the options are decide what a frame is at all.
      const changedAt = 6 + (at % (bytes.length - 6))
      bytes[changedAt] = bytes[changedAt]! ^ (1 << bit)
      const frame = parsed(bytes)
      const isOurs = mic10(keySchedule(nwkSKey), one, bytes, frame.payloadTo) === frame.mic
      // Both take the lower half of the counter from elsewhere: lora-packet from the frame, we from who expects it.
      const fCnt = one.fCnt - (one.fCnt % 65_536) + frame.fCnt16
      const isOursAsSent = mic10(keySchedule(nwkSKey), { ...one, fCnt }, bytes, frame.payloadTo) === frame.mic
      assert.deepEqual({ isOurs, isOursAsSent }, { isOurs: false, isOursAsSent: false })
      assert.equal(loraPacket.verifyMIC(loraPacket.fromWire(bytes), network, undefined, upper), false)
    }),
    { numRuns: 200 },
  )
})

interface Keys11 {
  readonly fNwkSIntKey: Uint8Array
  readonly sNwkSIntKey: Uint8Array
  readonly nwkSEncKey: Uint8Array
  readonly appSKey: Uint8Array
}
const keys11: fc.Arbitrary<Keys11> = fc.record({
  fNwkSIntKey: key,
  sNwkSIntKey: key,
  nwkSEncKey: key,
  appSKey: key,
})
const facts11 = fc.record({ confFCnt: counter, txDataRate: uint(8), txChannel: uint(8) })
type Facts11 = { readonly confFCnt: number; readonly txDataRate: number; readonly txChannel: number }

const isApplicationCounter = ({ isUp, fPort = 0 }: Said): boolean => !isUp && fPort > 0

function ourFrame11(one: Said, keys: Keys11, facts: Facts11): Uint8Array {
  const [network, application] = [keySchedule(keys.nwkSEncKey), keySchedule(keys.appSKey)]
  const fOpts = cryptOptions(network, { ...one, isApplicationCounter: isApplicationCounter(one) }, one.fOpts)
  const payload = cryptPayload(one.fPort === 0 ? network : application, one, one.payload)
  const bytes = buildDataFrame({ ...one, fOpts, payload })
  setMic(bytes, ourMic11(one, keys, facts, bytes))
  return bytes
}

function ourMic11(one: Said, keys: Keys11, facts: Facts11, bytes: Uint8Array): number {
  const sNwkSIntKey = keySchedule(keys.sNwkSIntKey)
  const payloadTo = bytes.length - micBytes
  if (!one.isUp) return downlinkMic11(sNwkSIntKey, one, bytes, payloadTo, facts.confFCnt)
  const fNwkSIntKey = keySchedule(keys.fNwkSIntKey)
  const frame = { bytes, devAddr: one.devAddr, fCtrl: bytes[5]!, payloadTo }
  return uplinkMic11({ sNwkSIntKey, fNwkSIntKey }, frame, one.fCnt, facts)
}

/**
 * ConfFCnt as lora-packet wants it: for a downlink two bytes, the least significant first; for an uplink the most significant first,
 * then rate and channel. In a buffer of its own each time, for it turns the first two around in place.
 */
function theirFacts({ isUp }: Said, { confFCnt, txDataRate, txChannel }: Facts11): Buffer {
  const acknowledged = bigEndian(confFCnt % 65_536, 2)
  return isUp ? Buffer.of(...acknowledged, txDataRate, txChannel) : acknowledged.reverse()
}

/** lora-packet wants FNwkSIntKey before SNwkSIntKey, the other way round than its comments say. */
function signTheirs(packet: LoraPacket, one: Said, keys: Keys11, facts: Facts11): void {
  const [forwarding, serving] = [Buffer.from(keys.fNwkSIntKey), Buffer.from(keys.sNwkSIntKey)]
  loraPacket.recalculateMIC(packet, forwarding, serving, upperOf(one.fCnt), theirFacts(one, facts))
}

function theirFrame11(one: Said, keys: Keys11, facts: Facts11): LoraPacket {
  const packet = theirFrame(one, keys.nwkSEncKey, keys.appSKey)
  packet.encryptFOpts(Buffer.from(keys.nwkSEncKey), undefined, upperOf(one.fCnt))
  signTheirs(packet, one, keys, facts)
  return packet
}

const hasAck = ({ fCtrl }: Said): boolean => (fCtrl & fCtrlBits.ack) !== 0
const unacknowledged = { confFCnt: 0 }

test('a data frame of 1.1 is the one that lora-packet writes, and reads back as it was said', () => {
  fc.assert(
    fc.property(said, keys11, facts11, (one, keys, facts) => {
      // Without the ACK bit no counter is acknowledged; lora-packet has to be told so, see below.
      const told = hasAck(one) ? facts : { ...facts, ...unacknowledged }
      const bytes = ourFrame11(one, keys, facts)
      assert.equal(hexOf(bytes), phyOf(theirFrame11(one, keys, told)))

      const frame = parsed(bytes)
      assertHeader(frame, one)
      assert.equal(ourMic11(one, keys, facts, bytes), frame.mic)
      const [network, application] = [keySchedule(keys.nwkSEncKey), keySchedule(keys.appSKey)]
      assert.equal(hexOf(optionsOf(frame, one.fCnt, network)), hexOf(one.fOpts))
      const schedule = one.fPort === 0 ? network : application
      assert.equal(hexOf(cryptPayload(schedule, one, bytes, frame.payloadFrom, frame.payloadTo)), hexOf(one.payload))
    }),
    { numRuns: 300 },
  )
})

test('a frame of lora-packet is found again by its 16 bits, wherever the counter rolls over', () => {
  const gaps = fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 65_534 }))
  fc.assert(
    fc.property(said, counter, gaps, key, key, (any, expected, gap, nwkSKey, appSKey) => {
      // One behind is the last frame again, which there is none of before the first.
      const fCnt = expected === 0 && gap === -1 ? 0 : (expected + gap + 2 ** 32) % 2 ** 32
      const one = { ...any, isUp: true, fCnt }
      const theirs = theirFrame(one, nwkSKey, appSKey)
      loraPacket.recalculateMIC(theirs, Buffer.from(nwkSKey), undefined, upperOf(fCnt))
      const bytes = Uint8Array.from(theirs.getPHYPayload() ?? [])
      const frame = parsed(bytes)
      assert.equal(fullFrameCounter(expected, frame.fCnt16), fCnt)
      const place = { isUp: true, devAddr: frame.devAddr, fCnt: fullFrameCounter(expected, frame.fCnt16) }
      assert.equal(mic10(keySchedule(nwkSKey), place, bytes, frame.payloadTo), frame.mic)
      const schedule = keySchedule(one.fPort === 0 ? nwkSKey : appSKey)
      assert.equal(hexOf(cryptPayload(schedule, place, bytes, frame.payloadFrom, frame.payloadTo)), hexOf(one.payload))
    }),
    { numRuns: 200 },
  )
})

test('a join-request is the one that lora-packet writes, and reads back', () => {
  fc.assert(
    fc.property(eui, eui, uint(16), key, (joinEui, devEui, devNonce, appKey) => {
      const theirs = loraPacket.fromFields(
        { MType: 0, AppEUI: euiBytes(joinEui), DevEUI: euiBytes(devEui), DevNonce: bigEndian(devNonce, 2) },
        undefined,
        undefined,
        Buffer.from(appKey),
      )
      const bytes = buildJoinRequest({ joinEui, devEui, devNonce })
      const mic = cmacWord(keySchedule(appKey), bytes, bytes.length - micBytes)
      setMic(bytes, mic)
      assert.equal(hexOf(bytes), phyOf(theirs))
      assert.deepEqual(parsePhyPayload(bytes), { kind: 'join-request', bytes, joinEui, devEui, devNonce, mic })
    }),
  )
})

const accepts: fc.Arbitrary<JoinAccept> = fc.record(
  {
    joinNonce: uint(24),
    netId: uint(24),
    devAddr: uint(32),
    optNeg: fc.constant(false),
    rx1DataRateOffset: uint(3),
    rx2DataRate: uint(4),
    rxDelaySeconds: uint(4),
    cfList: fc.option(bytesOf(16), { nil: undefined }),
  },
  { noNullPrototype: true },
)

type TheirFields = Parameters<typeof loraPacket.fromFields>[0]

function theirAccept(accept: JoinAccept): TheirFields {
  const { optNeg, rx1DataRateOffset, rx2DataRate } = accept
  return {
    MType: 1,
    AppNonce: bigEndian(accept.joinNonce, 3),
    NetID: bigEndian(accept.netId, 3),
    DevAddr: bigEndian(accept.devAddr, 4),
    DLSettings: Buffer.of((optNeg ? 0x80 : 0) | (rx1DataRateOffset << 4) | rx2DataRate),
    RxDelay: Buffer.of(accept.rxDelaySeconds),
    CFList: Buffer.from(accept.cfList ?? []),
  }
}

test('a join-accept of 1.0, with and without a channel list, is the one that lora-packet writes, and each opens the other’s', () => {
  fc.assert(
    fc.property(accepts, key, (accept, appKey) => {
      const schedule = keySchedule(appKey)
      const plain = encodeJoinAccept(accept)
      const mic = joinAcceptMic10(schedule, plain)
      const sealed = sealJoinAccept(schedule, plain, mic)
      const theirs = loraPacket.fromFields(theirAccept(accept), undefined, undefined, Buffer.from(appKey))
      assert.equal(hexOf(sealed), phyOf(theirs))

      assert.deepEqual(decodeJoinAccept(openJoinAccept(schedule, sealed)), { accept, mic })
      const opened = loraPacket.decryptJoinAccept(loraPacket.fromWire(Buffer.from(sealed)), Buffer.from(appKey))
      assert.equal(hexOf(opened), hexOf(openJoinAccept(schedule, sealed)))
      assert.equal(loraPacket.verifyMIC(loraPacket.fromWire(opened), undefined, Buffer.from(appKey)), true)
    }),
  )
})

test('a join-accept of 1.1 is the one that lora-packet writes, whatever it answers', () => {
  const answered = fc.record({
    joinType: fc.constantFrom(...Object.values(joinTypes)),
    joinEui: eui,
    devNonce: uint(16),
  })
  fc.assert(
    fc.property(accepts, answered, key, key, ({ ...accept }, about, sealing, jsIntKey) => {
      const said11 = { ...accept, optNeg: true }
      const plain = encodeJoinAccept(said11)
      const mic = joinAcceptMic11(keySchedule(jsIntKey), plain, about)
      const sealed = sealJoinAccept(keySchedule(sealing), plain, mic)
      const theirs = loraPacket.fromFields(
        {
          ...theirAccept(said11),
          AppEUI: euiBytes(about.joinEui),
          DevNonce: bigEndian(about.devNonce, 2),
          JoinReqType: Buffer.of(about.joinType),
        },
        undefined,
        Buffer.from(jsIntKey),
        Buffer.from(sealing),
      )
      assert.equal(hexOf(sealed), phyOf(theirs))
      assert.deepEqual(decodeJoinAccept(openJoinAccept(keySchedule(sealing), sealed)), { accept: said11, mic })
    }),
  )
})

test('keys are those that lora-packet derives', () => {
  fc.assert(
    fc.property(key, key, fc.tuple(uint(24), uint(24), uint(16)), eui, (appKey, nwkKey, numbers, anEui) => {
      const [joinNonce, netId, devNonce] = numbers
      const [nonce, dev] = [bigEndian(joinNonce, 3), bigEndian(devNonce, 2)]
      const [application, network] = [Buffer.from(appKey), Buffer.from(nwkKey)]

      const theirs10 = loraPacket.generateSessionKeys10(application, bigEndian(netId, 3), nonce, dev)
      const ours10 = sessionKeys10(appKey, { joinNonce, netId, devNonce })
      assert.equal(hexOf(ours10.appSKey), hexOf(theirs10.AppSKey))
      for (const name of ['fNwkSIntKey', 'sNwkSIntKey', 'nwkSEncKey'] as const)
        assert.equal(hexOf(ours10[name]), hexOf(theirs10.NwkSKey))

      const theirs11 = loraPacket.generateSessionKeys11(application, network, euiBytes(anEui), nonce, dev)
      const ours11 = sessionKeys11({ appKey, nwkKey }, { joinNonce, joinEui: anEui, devNonce })
      assert.deepEqual(
        [ours11.appSKey, ours11.fNwkSIntKey, ours11.sNwkSIntKey, ours11.nwkSEncKey].map(hexOf),
        [theirs11.AppSKey, theirs11.FNwkSIntKey, theirs11.SNwkSIntKey, theirs11.NwkSEncKey].map(hexOf),
      )

      const theirsJs = loraPacket.generateJSKeys(network, euiBytes(anEui))
      const oursJs = joinServerKeys(nwkKey, anEui)
      assert.deepEqual([oursJs.jsIntKey, oursJs.jsEncKey].map(hexOf), [theirsJs.JSIntKey, theirsJs.JSEncKey].map(hexOf))
      assert.equal(hexOf(rootWorKey(nwkKey)), hexOf(loraPacket.generateWORKey(network).RootWorSKey))
    }),
  )
})

test('a rejoin-request of any type has the MIC that lora-packet computes', () => {
  const parts = fc.oneof(
    fc.record({ rejoinType: fc.constantFrom(0 as const, 2 as const), netId: uint(24), devEui: eui, rjCount: uint(16) }),
    fc.record({ rejoinType: fc.constant(1 as const), joinEui: eui, devEui: eui, rjCount: uint(16) }),
  )
  fc.assert(
    fc.property(parts, key, (one, intKey) => {
      const bytes = buildRejoinRequest(one)
      const mic = cmacWord(keySchedule(intKey), bytes, bytes.length - micBytes)
      setMic(bytes, mic)
      assert.deepEqual(parsePhyPayload(bytes), { kind: 'rejoin-request', bytes, mic, ...one })
      const theirs = loraPacket.fromWire(Buffer.from(bytes))
      assert.equal(loraPacket.verifyMIC(theirs, Buffer.from(intKey), Buffer.from(intKey)), true)
      assert.equal(hexOf(theirs.DevEUI ?? Buffer.alloc(0)), one.devEui)
    }),
  )
})

// What lora-packet 0.9.3 does otherwise than the specification. Each says so of lora-packet, so that a version that mends it is seen.

const someKey = new Uint8Array(16).fill(7)
const someKeys: Keys11 = {
  fNwkSIntKey: new Uint8Array(16).fill(1),
  sNwkSIntKey: new Uint8Array(16).fill(2),
  nwkSEncKey: new Uint8Array(16).fill(3),
  appSKey: new Uint8Array(16).fill(4),
}
const someFacts: Facts11 = { confFCnt: 0x1234, txDataRate: 5, txChannel: 2 }
const someFrame: Said = {
  isUp: true,
  isConfirmed: false,
  devAddr: 0x260b1234,
  fCtrl: 0,
  fCnt: 9,
  fOpts: new Uint8Array(),
  fPort: 0,
  payload: Uint8Array.of(2),
}

test('lora-packet signs an acknowledged counter without the ACK bit, on port 0 upwards and always downwards; we do not', () => {
  const none = { ...someFacts, ...unacknowledged }
  for (const one of [someFrame, { ...someFrame, isUp: false }, { ...someFrame, isUp: false, fPort: 7 }]) {
    const ours = hexOf(ourFrame11(one, someKeys, someFacts))
    assert.equal(ours, hexOf(ourFrame11(one, someKeys, none)))
    assert.equal(ours, phyOf(theirFrame11(one, someKeys, none)))
    assert.notEqual(ours, phyOf(theirFrame11(one, someKeys, someFacts)))
  }
  // On other ports it is as the specification says (1.1 section 4.4).
  const onPort7 = { ...someFrame, fPort: 7 }
  assert.equal(hexOf(ourFrame11(onPort7, someKeys, someFacts)), phyOf(theirFrame11(onPort7, someKeys, someFacts)))
})

test('lora-packet turns the caller’s acknowledged counter around, so that a second look at one buffer gives another MIC', () => {
  const one = { ...someFrame, fCtrl: fCtrlBits.ack }
  const packet = loraPacket.fromWire(Buffer.from(ourFrame11(one, someKeys, someFacts)))
  const [forwarding, serving] = [Buffer.from(someKeys.fNwkSIntKey), Buffer.from(someKeys.sNwkSIntKey)]
  const facts = theirFacts(one, someFacts)
  const verify = (): boolean => loraPacket.verifyMIC(packet, forwarding, serving, upperOf(one.fCnt), facts)
  assert.deepEqual([verify(), verify()], [true, false])
})

test('lora-packet leaves a frame without a port unsigned', () => {
  const one = { ...someFrame, fPort: undefined, payload: new Uint8Array() }
  assert.equal(phyOf(theirFrame(one, someKey, someKey)).slice(-8), 'eeeeeeee')
  assert.notEqual(hexOf(ourFrame10(one, someKey, someKey)).slice(-8), 'eeeeeeee')
})

test('lora-packet reads the counter of a rejoin-request of type 1 from the middle of its DevEUI', () => {
  const bytes = buildRejoinRequest({
    rejoinType: 1,
    joinEui: '0102030405060708',
    devEui: '1112131415161718',
    rjCount: 0xabcd,
  })
  const frame = parsePhyPayload(bytes)
  assert.ok(frame.kind === 'rejoin-request')
  assert.equal(frame.rjCount, 0xabcd)
  assert.equal(hexOf(loraPacket.fromWire(Buffer.from(bytes)).RJCount1 ?? Buffer.alloc(0)), '1415')
})

test('lora-packet takes the number 0 of a rejoin for no number, and signs the answer as that to a join', () => {
  const accept: JoinAccept = {
    joinNonce: 1,
    netId: 2,
    devAddr: 3,
    optNeg: true,
    rx1DataRateOffset: 0,
    rx2DataRate: 0,
    rxDelaySeconds: 1,
  }
  const about = { joinEui: '0102030405060708', devNonce: 4 }
  const fields = { ...theirAccept(accept), AppEUI: euiBytes(about.joinEui), DevNonce: bigEndian(about.devNonce, 2) }
  const theirs = loraPacket.fromFields(
    { ...fields, JoinReqType: 0 },
    undefined,
    Buffer.from(someKey),
    Buffer.from(someKey),
  )
  const schedule = keySchedule(someKey)
  const sealedAs = (joinType: number): string => {
    const plain = encodeJoinAccept(accept)
    return hexOf(sealJoinAccept(schedule, plain, joinAcceptMic11(schedule, plain, { ...about, joinType })))
  }
  assert.equal(phyOf(theirs), sealedAs(joinTypes.join))
  assert.notEqual(phyOf(theirs), sealedAs(joinTypes.rejoin0))
})

test('lora-packet reads frames that are too short for their options, or for a header; we say what is wrong', () => {
  const cases = [
    { bytes: '40010203040f000000000000', reason: 'options-overrun' },
    { bytes: '4001020304000000000000', reason: 'wrong-size' },
    { bytes: '4101020304000000000000000000', reason: 'unknown-major' },
  ]
  for (const { bytes, reason } of cases) {
    assert.doesNotThrow(() => loraPacket.fromWire(Buffer.from(bytes, 'hex')))
    assert.deepEqual(parsePhyPayload(Buffer.from(bytes, 'hex')), { kind: 'malformed', reason })
  }
})
