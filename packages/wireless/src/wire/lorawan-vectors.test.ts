/**
 * Goal: frames, joins, keys and MAC commands are those of other implementations, case by case.
 *
 * @see vectors/SOURCES.md
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { keySchedule, type KeySchedule } from '../crypto/aes-128.ts'
import { cmacWord } from '../crypto/cmac.ts'
import { fullFrameCounter } from '../network-server/frame-counter.ts'
import { decodeCfList, encodeCfList } from './cf-list.ts'
import { addrPrefixOf, formatDevAddr, idOfNetId, netIdType, networkOfAddr, withAddrPrefix } from './dev-addr.ts'
import { cryptPayload, downlinkMic11, mic10, optionsOf, uplinkMic11 } from './frame-crypto.ts'
import { decodeJoinAccept, encodeJoinAccept, joinAcceptMic10, openJoinAccept, sealJoinAccept } from './join-accept.ts'
import { readDownlinkCommands, readUplinkCommands, writeCommands, type MacCommand } from './mac-commands.ts'
import { fCtrlBits, fOptsFrom, parsePhyPayload, type DataFrame } from './phy-payload.ts'
import { joinServerKeys, rootWorKey, sessionKeys10, sessionKeys11 } from './session-keys.ts'

interface Case {
  readonly id: string
  readonly kind?: string
  readonly [field: string]: unknown
}

function casesOf(name: string): Case[] {
  const file = path.join(import.meta.dirname, '../../../../vectors/wireless', `${name}.json`)
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] }).cases
}

const bytesOf = (hex: unknown): Uint8Array => Uint8Array.from(Buffer.from(String(hex), 'hex'))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const wordHex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')
const keyOf = (hex: unknown): KeySchedule => keySchedule(bytesOf(hex))
const numberOf = (hex: unknown): number => Number.parseInt(String(hex), 16)
const fieldsOf = (value: unknown): Record<string, unknown> => (value ?? {}) as Record<string, unknown>

const mTypeNames: Readonly<Record<string, string>> = {
  'up plain': 'UnconfirmedDataUp',
  'up confirmed': 'ConfirmedDataUp',
  'down plain': 'UnconfirmedDataDown',
  'down confirmed': 'ConfirmedDataDown',
}

function micOfFrame(one: Case, frame: DataFrame): number {
  const keys = fieldsOf(one['keys'])
  const fCnt = Number(one['fCnt32'])
  const { isUp, devAddr, bytes, payloadTo } = frame
  if (one['lorawan'] === '1.0') return mic10(keyOf(keys['nwkSKey']), { isUp, devAddr, fCnt }, bytes, payloadTo)
  const parameters = fieldsOf(one['micParams'])
  const confFCnt = Number(parameters['confFCnt'])
  const sNwkSIntKey = keyOf(keys['sNwkSIntKey'])
  if (!isUp) return downlinkMic11(sNwkSIntKey, { isUp, devAddr, fCnt }, bytes, payloadTo, confFCnt)
  const facts = { confFCnt, txDataRate: Number(parameters['txDr']), txChannel: Number(parameters['txCh']) }
  return uplinkMic11({ sNwkSIntKey, fNwkSIntKey: keyOf(keys['fNwkSIntKey']) }, frame, fCnt, facts)
}

function checkFrame(one: Case): void {
  const expected = fieldsOf(one['expect'])
  const parsed = parsePhyPayload(bytesOf(one['phy']))
  if (expected['error'] !== undefined) return assert.equal(parsed.kind, 'malformed')
  if (expected['mType'] === 'Proprietary') {
    assert.equal(parsed.kind, 'proprietary')
    return assert.equal(hexOf(bytesOf(one['phy']).subarray(1)), expected['raw'])
  }
  assert.ok(parsed.kind === 'data')
  const { fCtrl, fOptsEnd, fPort, payloadFrom, payloadTo, isUp, isConfirmed, bytes, devAddr } = parsed
  const keys = fieldsOf(one['keys'])
  const found: Record<string, unknown> = {
    mType: mTypeNames[`${isUp ? 'up' : 'down'} ${isConfirmed ? 'confirmed' : 'plain'}`],
    dir: isUp ? 'up' : 'down',
    devAddr: formatDevAddr(devAddr),
    fCnt16: parsed.fCnt16,
    fOpts: hexOf(bytes.subarray(fOptsFrom, fOptsEnd)),
    fOptsEncrypted: hexOf(bytes.subarray(fOptsFrom, fOptsEnd)),
    fPort,
    frmPayloadEncrypted: hexOf(bytes.subarray(payloadFrom, payloadTo)),
    mic: wordHex(parsed.mic),
  }
  const flags: Record<string, unknown> = {
    adr: (fCtrl & fCtrlBits.adr) !== 0,
    adrAckReq: (fCtrl & fCtrlBits.adrAckReq) !== 0,
    ack: (fCtrl & fCtrlBits.ack) !== 0,
    fOptsLen: fOptsEnd - fOptsFrom,
  }
  if (expected['micValid'] !== undefined) found['micValid'] = micOfFrame(one, parsed) === parsed.mic
  const place = { isUp, devAddr, fCnt: Number(one['fCnt32']) }
  if (expected['frmPayloadPlain'] !== undefined) {
    const key = fPort === 0 ? (keys['nwkSEncKey'] ?? keys['nwkSKey']) : keys['appSKey']
    found['frmPayloadPlain'] = hexOf(cryptPayload(keyOf(key), place, bytes, payloadFrom, payloadTo))
  }
  if (expected['fOptsPlain'] !== undefined)
    found['fOptsPlain'] = hexOf(optionsOf(parsed, place.fCnt, keyOf(keys['nwkSEncKey'])))
  for (const [name, value] of Object.entries(expected)) {
    if (name === 'fCtrl')
      for (const [flag, set] of Object.entries(fieldsOf(value))) assert.equal(flags[flag], set, `${one.id} ${flag}`)
    else if (name === 'fOptsCommands')
      checkCommandNames(one.id, bytes.subarray(fOptsFrom, fOptsEnd), value as unknown[])
    else assert.equal(found[name], value, `${one.id} ${name}`)
  }
}

function checkCommandNames(id: string, bytes: Uint8Array, wanted: readonly unknown[]): void {
  const { commands, fault } = readUplinkCommands(bytes)
  assert.equal(fault, undefined, id)
  assert.deepEqual(
    commands.map(({ name }) => name),
    wanted.map((one) => (typeof one === 'string' ? one : Object.keys(one as object)[0])),
  )
}

for (const one of casesOf('lorawan-data-frames')) {
  test(`data frame ${one.id}`, () => {
    const expected = fieldsOf(one['expect'])
    if (one.kind === 'payload-cipher') {
      const [key, plain] = [keyOf(one['key']), bytesOf(one['plain'])]
      const place = { devAddr: numberOf(one['devAddr']), fCnt: Number(one['fCnt32']) }
      assert.equal(hexOf(cryptPayload(key, { ...place, isUp: true }, plain)), expected['encryptedUp'])
      assert.equal(hexOf(cryptPayload(key, { ...place, isUp: false }, plain)), expected['encryptedDown'])
    } else if (one.kind === 'mic') {
      const [key, message] = [keyOf(one['key']), bytesOf(one['msg'])]
      const place = { devAddr: numberOf(one['devAddr']), fCnt: Number(one['fCnt32']) }
      const frame = { bytes: message, devAddr: place.devAddr, fCtrl: message[5] ?? 0, payloadTo: message.length }
      const facts = { confFCnt: 0, txDataRate: 0, txChannel: 0 }
      assert.equal(wordHex(mic10(key, { ...place, isUp: true }, message, message.length)), expected['legacyUp'])
      assert.equal(
        wordHex(uplinkMic11({ sNwkSIntKey: key, fNwkSIntKey: key }, frame, place.fCnt, facts)),
        expected['up11_confFCnt0_txDr0_txCh0_sameKey'],
      )
      assert.equal(wordHex(mic10(key, { ...place, isUp: false }, message, message.length)), expected['down10'])
      const down = downlinkMic11(key, { ...place, isUp: false }, message, message.length, 0)
      assert.equal(wordHex(down), expected['down11_confFCnt0'])
    } else if (one.kind === 'routing-classify') {
      const parsed = parsePhyPayload(bytesOf(one['phy']))
      const kinds: Readonly<Record<string, string>> = { Join: 'join-request', Unconfirmed: 'data', Confirmed: 'data' }
      assert.equal(parsed.kind, kinds[String(expected['routing'])] ?? 'malformed')
      if (parsed.kind === 'data') assert.equal(formatDevAddr(parsed.devAddr), expected['devAddr'])
      if (parsed.kind === 'join-request') {
        assert.equal(parsed.joinEui, expected['joinEui'])
        assert.equal(parsed.devEui, expected['devEui'])
      }
    } else checkFrame(one)
  })
}

const nonceOf = (one: Case, name: string): number =>
  one[`${name}Hex`] === undefined ? Number(one[name]) : numberOf(one[`${name}Hex`])

const joinChecks: Readonly<Record<string, (one: Case, expected: Record<string, unknown>) => void>> = {
  'join-request-parse': (one, expected) => {
    const parsed = parsePhyPayload(bytesOf(one['phy']))
    assert.ok(parsed.kind === 'join-request')
    assert.equal(parsed.joinEui, expected['joinEui'])
    assert.equal(parsed.devEui, expected['devEui'])
    assert.equal(parsed.devNonce, numberOf(expected['devNonce']))
    assert.equal(wordHex(parsed.mic), expected['mic'])
  },
  'join-request-mic': (one, expected) => {
    const bytes = bytesOf(one['phy'])
    const parsed = parsePhyPayload(bytes)
    assert.ok(parsed.kind === 'join-request')
    const mic = cmacWord(keyOf(one['appKey']), bytes, bytes.length - 4)
    assert.equal(mic === parsed.mic, expected['micValid'])
    if (expected['mic'] !== undefined) assert.equal(wordHex(mic), expected['mic'])
    if (expected['devNonceValue'] !== undefined) assert.equal(parsed.devNonce, expected['devNonceValue'])
  },
  'join-accept-plain-parse': (one, expected) => {
    const plain = bytesOf(one['phyPlain'])
    const decoded = decodeJoinAccept(plain)
    assert.ok(decoded !== undefined)
    const { accept, mic } = decoded
    assert.equal(accept.joinNonce, numberOf(expected['joinNonce']))
    assert.equal(accept.netId, numberOf(expected['netId']))
    assert.equal(formatDevAddr(accept.devAddr), expected['devAddr'])
    assert.equal(accept.rxDelaySeconds, expected['rxDelay'])
    assert.equal(joinAcceptMic10(keyOf(one['appKey']), plain) === mic, expected['micValid'])
  },
  'join-accept-encrypt': (one) => {
    const key = keyOf(one['appKey'])
    const mhdr = '20'
    const plain =
      one['fields'] === undefined
        ? bytesOf(one['phyPlain'] ?? mhdr + String(one['decryptedWithoutMhdr']))
        : acceptOf(fieldsOf(one['fields']))
    const sealed = sealJoinAccept(key, plain, joinAcceptMic10(key, plain))
    assert.equal(hexOf(sealed), one['phyEncrypted'] ?? mhdr + String(one['encryptedWithoutMhdr']))
    const opened = decodeJoinAccept(openJoinAccept(key, sealed))
    assert.deepEqual(opened?.accept, decodeJoinAccept(plain)?.accept)
    if (one['mic'] !== undefined) assert.equal(wordHex(opened?.mic ?? 0), one['mic'])
  },
  'join-accept-mic-legacy': (one, expected) => {
    const plain = Uint8Array.from([...bytesOf(one['msg']), 0, 0, 0, 0])
    assert.equal(wordHex(joinAcceptMic10(keyOf(one['key']), plain)), expected['mic'])
  },
  'derive-10': (one, expected) => {
    const facts = {
      netId: numberOf(one['netId']),
      joinNonce: nonceOf(one, 'joinNonce'),
      devNonce: nonceOf(one, 'devNonce'),
    }
    const keys = sessionKeys10(bytesOf(one['nwkKeyOrAppKey']), facts)
    assert.equal(hexOf(keys.fNwkSIntKey), expected['nwkSKey'])
    assert.equal(hexOf(keys.appSKey), expected['appSKey'])
    if (expected['rootWorSKey'] !== undefined) assert.equal(hexOf(rootWorKey(keys.nwkSEncKey)), expected['rootWorSKey'])
  },
  'derive-11': (one, expected) => {
    const keys = sessionKeys11(
      { appKey: bytesOf(one['appKey']), nwkKey: bytesOf(one['nwkKey']) },
      { joinEui: String(one['joinEui']), joinNonce: nonceOf(one, 'joinNonce'), devNonce: nonceOf(one, 'devNonce') },
    )
    for (const [name, value] of Object.entries(expected)) assert.equal(hexOf(keys[name as keyof typeof keys]), value)
  },
  'derive-js': (one, expected) => {
    const keys = joinServerKeys(bytesOf(one['nwkKey']), String(one['devEui']))
    assert.deepEqual({ jsIntKey: hexOf(keys.jsIntKey), jsEncKey: hexOf(keys.jsEncKey) }, expected)
  },
  'derive-wor-root': (one, expected) =>
    assert.equal(hexOf(rootWorKey(bytesOf(one['nwkSKey']))), expected['rootWorSKey']),
  'rejoin-mic': (one, expected) => {
    const bytes = one['phy'] === undefined ? Uint8Array.from([...bytesOf(one['msg']), 0, 0, 0, 0]) : bytesOf(one['phy'])
    const parsed = parsePhyPayload(bytes)
    assert.ok(parsed.kind === 'rejoin-request')
    assert.equal(wordHex(cmacWord(keyOf(one['key']), bytes, bytes.length - 4)), expected['mic'])
    const found = { ...parsed, mic: wordHex(parsed.mic) } as Record<string, unknown>
    if (one['phy'] !== undefined) for (const [name, value] of Object.entries(expected)) assert.equal(found[name], value)
  },
}

function acceptOf(fields: Record<string, unknown>): Uint8Array {
  const settings = fieldsOf(fields['dlSettings'])
  return encodeJoinAccept({
    joinNonce: Number(fields['joinNonce']),
    netId: numberOf(fields['netId']),
    devAddr: numberOf(fields['devAddr']),
    optNeg: settings['optNeg'] === true,
    rx1DataRateOffset: Number(settings['rx1DrOffset']),
    rx2DataRate: Number(settings['rx2Dr']),
    rxDelaySeconds: Number(fields['rxDelay']),
  })
}

for (const one of casesOf('lorawan-join-and-keys')) {
  test(`join or key ${one.id}`, () => {
    const check = joinChecks[String(one.kind)]
    assert.ok(check !== undefined, `a check for ${one.kind}`)
    check(one, fieldsOf(one['expect']))
  })
}

/** Where the vectors' names are not the specification's. */
const fieldNames: Readonly<Record<string, string>> = {
  devLorawanVersionMinor: 'minor',
  servLorawanVersionMinor: 'minor',
  dr: 'dataRate',
  nbRep: 'nbTrans',
  drAck: 'dataRateAck',
  txPowerAck: 'powerAck',
  rx2Dr: 'rx2DataRate',
  rx1DrOffset: 'rx1DataRateOffset',
  frequency: 'frequencyHz',
  freq: 'frequencyHz',
  chIndex: 'channel',
  maxDr: 'dataRateMax',
  minDr: 'dataRateMin',
  channelFreqOk: 'frequencyOk',
  drRangeOk: 'dataRateOk',
  drOk: 'dataRateOk',
  delay: 'delaySeconds',
  uplinkDwell400ms: 'uplinkDwell',
  downlinkDwell400ms: 'downlinkDwell',
  maxEirpIndex: 'maxEirp',
  uplinkFreqExists: 'uplinkExists',
  limitExp: 'limitExponent',
  delayExp: 'delayExponent',
  secondsSinceGpsEpoch: 'gpsSeconds',
  maxRetries: 'retriesMax',
  beaconFreqOk: 'frequencyOk',
  gwCnt: 'gatewayCount',
  maxTimeN: 'timeExponent',
  maxCountN: 'countExponent',
}
const commandNames: Readonly<Record<string, string>> = {
  RxParamSetupReq: 'RXParamSetupReq',
  RxParamSetupAns: 'RXParamSetupAns',
  RxTimingSetupReq: 'RXTimingSetupReq',
  RxTimingSetupAns: 'RXTimingSetupAns',
  TxParamSetupReq: 'TXParamSetupReq',
  TxParamSetupAns: 'TXParamSetupAns',
}

function commandOf(one: Case): MacCommand {
  const name = String(one['command'])
  const command: Record<string, unknown> = { name: commandNames[name] ?? name }
  for (const [field, value] of Object.entries(fieldsOf(one['fields']))) {
    if (field === 'chMaskBitsSet') command['chMask'] = (value as number[]).reduce((mask, bit) => mask | (1 << bit), 0)
    else if (field === 'nanos') command['fraction256'] = (Number(value) * 256) / 1e9
    else if (field === 'class') command['deviceClass'] = value === 'A' ? 0 : 2
    else if (field !== 'optNeg' && field !== 'note') command[fieldNames[field] ?? field] = value
  }
  return command as unknown as MacCommand
}

for (const one of casesOf('lorawan-mac-commands')) {
  test(`MAC command ${one.id} ${one.kind ?? JSON.stringify(one['command'])}`, () => {
    const isUp = one['dir'] === 'up'
    const bytes = bytesOf(one['bytes'])
    const { commands, fault } = isUp ? readUplinkCommands(bytes) : readDownlinkCommands(bytes)
    if (one.kind === 'stream') {
      const wanted = one['expect'] as (string | { error: string })[]
      assert.deepEqual(
        commands.map(({ name }) => name),
        wanted.filter((each) => typeof each === 'string'),
      )
      const error = wanted.find((each) => typeof each !== 'string')
      return assert.equal(fault?.reason, error === undefined ? undefined : 'truncated')
    }
    assert.equal(fault, undefined)
    assert.deepEqual(commands, [commandOf(one)])
    assert.equal(hexOf(writeCommands(commands, { isUp })), one['bytes'])
  })
}

const miscChecks: Readonly<Record<string, (one: Case, expected: Record<string, unknown>) => void>> = {
  'full-fcnt-up': (one) =>
    assert.equal(fullFrameCounter(Number(one['nextExpectedFull']), Number(one['wire16'])), one['expectFull']),
  fctrl: (one) => {
    const fields = fieldsOf(one['fields'])
    const fCtrl = numberOf(one['byte'])
    const frame = parsePhyPayload(
      Uint8Array.from([0x40, 1, 2, 3, 4, fCtrl, 0, 0, ...Array.from({ length: 20 }, () => 0)]),
    )
    assert.ok(frame.kind === 'data')
    const found: Record<string, unknown> = {
      adr: (frame.fCtrl & fCtrlBits.adr) !== 0,
      adrAckReq: (frame.fCtrl & fCtrlBits.adrAckReq) !== 0,
      ack: (frame.fCtrl & fCtrlBits.ack) !== 0,
      fPendingOrClassB: (frame.fCtrl & fCtrlBits.fPendingOrClassB) !== 0,
      fOptsLen: frame.fOptsEnd - fOptsFrom,
    }
    for (const [name, value] of Object.entries(found))
      assert.equal(value, fields[name] ?? (name === 'fOptsLen' ? 0 : false))
  },
  netid: (one, expected) => {
    const netId = numberOf(one['netId'])
    const { value, bits } = addrPrefixOf(netId)
    assert.equal(netIdType(netId), expected['type'])
    assert.equal(idOfNetId(netId), numberOf(expected['id']))
    assert.equal(`${formatDevAddr(value)}/${bits}`, expected['devAddrPrefix'])
  },
  'set-addr-prefix': (one) =>
    assert.equal(formatDevAddr(withAddrPrefix(numberOf(one['devAddr']), numberOf(one['netId']))), one['expect']),
  'devaddr-parse': (one, expected) => {
    const devAddr = numberOf(one['devAddr'])
    assert.deepEqual(networkOfAddr(devAddr), { type: expected['netIdType'], nwkId: numberOf(expected['nwkId']) })
    const frame = parsePhyPayload(bytesOf(`40${String(one['wire'])}00000000000000`))
    assert.ok(frame.kind === 'data')
    assert.equal(frame.devAddr, devAddr)
  },
  cflist: (one, expected) => {
    const list = decodeCfList(bytesOf(one['bytes']))
    assert.ok(list !== undefined)
    assert.equal(list.kind, expected['type'] === 1 ? 'masks' : 'frequencies')
    if (list.kind === 'masks') assert.deepEqual(list.enabledChannels, expected['enabled'])
    assert.equal(hexOf(encodeCfList(list)), one['bytes'])
  },
}

for (const one of casesOf('lorawan-misc')) {
  const check = miscChecks[String(one.kind)]
  if (check !== undefined) test(`${one.kind} ${one.id}`, () => check(one, fieldsOf(one['expect'])))
}
