/**
 * Goal: a station's frames come together again byte for byte, its 64-bit times survive, what it is told is what other servers tell it,
 * and nothing that a stranger sends throws.
 *
 * @see vectors/SOURCES.md
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RadioDownlink, TransmitWindow } from '../model/radio.ts'
import { regionOf } from '../region/region-of.ts'
import { regionNames } from '../region/region.ts'
import {
  areOneMessage,
  decodeStationContext,
  dnmsgOf,
  dnschedOf,
  encodeStationContext,
  readDiscovery,
  readStationMessage,
  stationMessageBytesMax,
  stationUplink,
  writeDiscovery,
  writeTimesync,
  type StationFrame,
} from './basics-station.ts'
import { readExactJson, wholeNumberOf, writeExactJson, type ExactJson } from './exact-json.ts'
import { listeningChannels, routerConfigOf, type ListeningChannel } from './station-config.ts'
import { readStationEui, writeId6 } from './station-eui.ts'

type Fields = Readonly<Record<string, unknown>>

const file = path.join(import.meta.dirname, '../../../../vectors/wireless/basicstation.json')
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: (Fields & { readonly id: string })[] }
const eu868 = regionOf('EU868')
const bytesOf = (hex: unknown): Uint8Array => Uint8Array.from(Buffer.from(String(hex), 'hex'))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const fieldsOf = (value: unknown): Fields => (value ?? {}) as Fields

function frameOf(message: unknown): StationFrame {
  const read = readStationMessage(typeof message === 'string' ? message : JSON.stringify(message))
  assert.ok(typeof read !== 'string' && read.kind === 'frame', typeof read === 'string' ? read : read.kind)
  return read
}

function checkFrame(one: Fields, expected: Fields): void {
  const frame = frameOf(one['in'])
  const uplink = stationUplink(frame, { gatewayEui: '00', region: eu868, heardAtMs: 7, session: 9 })
  assert.ok(uplink?.modulation.kind === 'lora')
  const found: Fields = {
    phy: hexOf(uplink.phyPayload),
    frequencyHz: uplink.frequencyHz,
    sf: uplink.modulation.spreadingFactor,
    bwHz: uplink.modulation.bandwidthHz,
    gpsTimeSeconds: uplink.gpsTimeMs === undefined ? undefined : uplink.gpsTimeMs / 1000,
  }
  for (const [name, value] of Object.entries(expected)) if (name !== 'note') assert.equal(found[name], value, name)
  const upinfo = fieldsOf(fieldsOf(one['in'])['upinfo'])
  assert.equal(uplink.rssiDbm, upinfo['rssi'])
  assert.equal(uplink.snrDb, upinfo['snr'])
  assert.deepEqual(decodeStationContext(uplink.context), { xtime: 2n, rctx: 1n, session: 9 })
}

function windowOf(one: Fields, timing: TransmitWindow['timing']): TransmitWindow {
  return {
    frequencyHz: Number(one['hz']),
    modulation: { kind: 'lora', spreadingFactor: Number(one['sf']), bandwidthHz: Number(one['bwHz']) },
    powerDbm: 14,
    timing,
  }
}

function checkDownlink(one: Fields, expected: Fields): void {
  const context = encodeStationContext({
    xtime: BigInt(Number(one['xtime'])),
    rctx: BigInt(Number(one['rctx'])),
    session: 1,
  })
  const windows = ['rx1', 'rx2'].flatMap((name) => {
    const window = fieldsOf(one[name])
    return one[name] === undefined
      ? []
      : [windowOf(window, { kind: 'delay', context, delayMs: Number(window['delayMs']) })]
  })
  const [first, second] = windows
  const downlink = { id: Number(one['diid'] ?? 1), phyPayload: bytesOf(one['phy']) }
  const asked =
    first === undefined
      ? ([windowOf(one, { kind: 'immediate' })] as const)
      : ([first, ...(second ? [second] : [])] as const)
  const message = dnmsgOf(downlink, [asked[0], asked[1]], eu868)
  assert.ok(typeof message !== 'string')
  const written = JSON.parse(writeExactJson(message)) as Fields
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(written[name], value, name)
  if (one['class'] === 'A') assert.deepEqual(Object.keys(written).toSorted(), Object.keys(expected).toSorted())
}

/** Whole numbers that the vectors write as text are numbers on the wire. */
const loose = (value: unknown): unknown =>
  typeof value === 'bigint'
    ? value.toString()
    : Array.isArray(value)
      ? value.map(loose)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([name, field]) => [name, loose(field)]))
        : value

function checkConfig(one: Fields, expected: Fields): void {
  const region = regionOf(one['region'] as 'EU868')
  const wide = fieldsOf(one['loraStd'])
  const channels: ListeningChannel[] = (one['multiSF'] as number[]).map((hz) => ({ hz, bandwidthHz: 125_000 }))
  if (one['loraStd'] !== undefined)
    channels.push({ hz: Number(wide['hz']), bandwidthHz: Number(wide['bw']), spreadingFactor: Number(wide['sf']) })
  const [first, last] = (one['joinEuiRange'] ?? []) as string[]
  const config = loose(
    routerConfigOf(
      {
        region,
        channels,
        netIds: ((one['netIds'] ?? []) as string[]).map((netId) => Number.parseInt(netId, 16)),
        ...(first === undefined || last === undefined ? {} : { joinEuiRanges: [{ first, last }] }),
      },
      5000,
    ),
  ) as Fields
  const [conf = {}] = config['sx1301_conf'] as Fields[]
  const narrow = Object.entries(conf).filter(([name]) => name.startsWith('chan_multiSF'))
  const found: Fields = {
    ...config,
    radio_0: fieldsOf(conf['radio_0'])['freq'],
    radio_1: fieldsOf(conf['radio_1'])['freq'],
    chan_Lora_std: conf['chan_Lora_std'],
    multiSF_if: narrow.map(([, chain]) => [fieldsOf(chain)['radio'], fieldsOf(chain)['if']]),
  }
  for (const [name, value] of Object.entries(expected)) {
    if (name === 'DRs')
      // The one rate that a peer writes wrongly stands as a note; the station's own table has it as a downlink's.
      assert.deepEqual(
        found[name],
        (value as unknown[]).map((rate) => (typeof rate === 'string' ? [8, 500, 1] : rate)),
      )
    else if (name === 'chan_Lora_std') assert.deepEqual(found[name], { enable: true, ...fieldsOf(value) })
    else if (name === 'JoinEui') assert.deepEqual(found[name], [['0', fieldsOf(fieldsOf(value)[0])[1]]])
    else assert.deepEqual(found[name], value, name)
  }
}

function checkJson(one: Fields): void {
  const json = fieldsOf(one['json'])
  if (json['msgtype'] === 'timesync') {
    const read = readStationMessage(JSON.stringify(json))
    assert.ok(typeof read !== 'string' && read.kind === 'timesync')
    const answer = writeTimesync({ gpsTimeMs: 1.5, unixMs: 2000, txtime: read.txtime })
    assert.equal(answer, '{"msgtype":"timesync","gpstime":1500,"txtime":123.456,"MuxTime":2}')
    return
  }
  // As it stands on the wire: the time is a number there. Its payload is a placeholder that no station would write.
  const text = JSON.stringify(json).replace('"12666373963464220"', '12666373963464220')
  assert.equal(readStationMessage(text), 'bad-payload')
  const frame = frameOf(text.replace('Ymxhamthc25kJ3M=', '5fcc'))
  assert.equal(hexOf(frame.phyPayload.subarray(1, 5).toReversed()), fieldsOf(one['expect'])['devAddr'])
  assert.equal(hexOf(frame.phyPayload), '40443322113019 00fd005fcc4e61bc00'.replace(' ', ''))
  assert.equal(frame.place.xtime, 12_666_373_963_464_220n)
}

for (const one of cases) {
  test(`Basics Station ${one.id}`, () => {
    const expected = fieldsOf(one['expect'])
    if (one['kind'] === 'downlink') checkDownlink(one, expected)
    else if (one['kind'] === 'router_config') checkConfig(one, expected)
    else if (one['json'] !== undefined) checkJson(one)
    else if (expected['txAck'] !== undefined) {
      const read = readStationMessage(JSON.stringify(one['in']))
      assert.ok(typeof read !== 'string' && read.kind === 'sent')
      assert.equal(expected['txAck'], `OK for downlink ${read.id}`)
    } else if (one['kind'] === 'behaviour') {
      // Silence is all that a station says of a frame that it may not send: adapters/station-server.test.ts.
      assert.equal(one.id, 'bs-regr-dc')
    } else checkFrame(one, expected)
  })
}

test('times of 64 bits and their neighbours are read and written to the last digit', () => {
  const near = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  fc.assert(
    fc.property(near, fc.string(), (xtime, text) => {
      const json = writeExactJson({ text, xtime, list: [xtime, 1.5, null, true] })
      const read = readExactJson(json) as { text: string; xtime: unknown; list: unknown[] }
      assert.equal(read.text, text)
      assert.equal(wholeNumberOf(read.xtime), xtime)
      assert.equal(wholeNumberOf(read.list[0]), xtime)
      assert.deepEqual(read.list.slice(1), [1.5, null, true])
    }),
  )
  for (const other of [
    '"12345678901234567890"',
    '1234567890123456.5',
    '123456789012345678e1',
    '123456789012345678901234',
  ])
    assert.equal(wholeNumberOf(readExactJson(other)), undefined, other)
})

test('a text made to be slow is read in time that grows with its length', () => {
  for (const part of ['"\\', '1', '"', '\\"', '1234567890123456', '[', '-']) {
    const text = `1234567890123456${part.repeat(stationMessageBytesMax / part.length)}\\`
    const before = process.cpuUsage().user
    readExactJson(text)
    assert.ok(process.cpuUsage().user - before < 250_000, part)
  }
})

test('an EUI is the same in each of the ways that it is written', () => {
  const group = fc.constantFrom(0, 0, 1, 0xff, 0x1234, 0xffff)
  fc.assert(
    fc.property(fc.tuple(group, group, group, group), (groups) => {
      const eui = groups.map((one) => one.toString(16).padStart(4, '0')).join('')
      const pairs = eui.match(/../g)!
      for (const text of [
        eui,
        pairs.join('-'),
        pairs.join(':').toUpperCase(),
        writeId6(eui),
        `router-${writeId6(eui)}`,
      ])
        assert.equal(readStationEui(text), eui, text)
      assert.equal(readStationEui(readExactJson(BigInt(`0x${eui}`).toString())), eui)
    }),
  )
  // As the C program writes them, uj.c.
  assert.equal(writeId6('0000000000000001'), '::1')
  assert.equal(writeId6('0000000000010002'), '::1:2')
  assert.equal(writeId6('000a000000000000'), 'a::')
  assert.equal(writeId6('000a000b00000000'), 'a:b::')
  assert.equal(writeId6('000a00000000000b'), 'a::b')
  assert.equal(writeId6('b827ebfffe123456'), 'b827:ebff:fe12:3456')
  for (const bad of ['', '::', '1::2::3', 'a:b:c', 'a:b:c:d:e', '12345::', 'g::', '::'.repeat(30), -1, 1.5, null, {}])
    assert.equal(readStationEui(bad), bad === '::' ? '0000000000000000' : undefined, JSON.stringify(bad))
})

test('a station that asks where its server is gets an address, or a reason', () => {
  const eui = 'b827ebfffe123456'
  for (const router of ['"b827:ebff:fe12:3456"', '"B8-27-EB-FF-FE-12-34-56"', String(0xb827ebfffe123456n)])
    assert.equal(readDiscovery(`{"router":${router}}`), eui)
  for (const bad of ['', '[]', 'null', '{}', '{"router":{}}', '{"router":"x"}'])
    assert.equal(readDiscovery(bad), undefined)
  assert.equal(
    writeDiscovery(eui, { uri: 'ws://here:1/gateway' }),
    '{"router":"b827:ebff:fe12:3456","muxs":"::0","uri":"ws://here:1/gateway"}',
  )
  assert.equal(writeDiscovery(eui, { error: 'no' }), '{"router":"b827:ebff:fe12:3456","muxs":"::0","error":"no"}')
})

const upinfo = { rctx: 0, xtime: 5, rssi: -80, snr: 7 }
const updf = {
  msgtype: 'updf',
  MHdr: 64,
  DevAddr: 1,
  FCtrl: 0,
  FCnt: 1,
  FOpts: '',
  FPort: 1,
  FRMPayload: '00',
  MIC: 1,
  DR: 5,
  Freq: 868_100_000,
  upinfo,
}

test('each field out of its bounds is refused by name', () => {
  frameOf(updf)
  const refused: readonly [Fields, string][] = [
    [{ MHdr: 256 }, 'bad-field'],
    [{ DevAddr: 2 ** 32 }, 'bad-field'],
    [{ DevAddr: -(2 ** 31) - 1 }, 'bad-field'],
    [{ MIC: 0.5 }, 'bad-field'],
    [{ FCnt: 65_536 }, 'bad-field'],
    [{ FCnt: '1' }, 'bad-field'],
    [{ FCtrl: -1 }, 'bad-field'],
    [{ FPort: 256 }, 'bad-field'],
    [{ FPort: -2 }, 'bad-field'],
    [{ FPort: -1 }, 'bad-payload'],
    [{ FOpts: '00'.repeat(16) }, 'bad-payload'],
    [{ FOpts: '0' }, 'bad-payload'],
    [{ FRMPayload: 'zz' }, 'bad-payload'],
    [{ FRMPayload: '00'.repeat(257) }, 'bad-payload'],
    [{ FRMPayload: '00'.repeat(244) }, 'too-long'],
    [{ DR: 16 }, 'bad-field'],
    [{ Freq: 0 }, 'bad-field'],
    [{ upinfo: null }, 'bad-field'],
    [{ upinfo: { ...upinfo, xtime: 'soon' } }, 'bad-field'],
    [{ upinfo: { ...upinfo, rssi: 1e9 } }, 'bad-field'],
    [{ msgtype: 'dndf' }, 'downlink-heard'],
    [{ msgtype: 5 }, 'no-type'],
  ]
  for (const [change, reason] of refused)
    assert.equal(readStationMessage(JSON.stringify({ ...updf, ...change })), reason, JSON.stringify(change))
  frameOf({ ...updf, FRMPayload: '00'.repeat(243) })
  assert.equal(readStationMessage('{'), 'not-json')
  assert.equal(
    readStationMessage('{"msgtype":"jreq","MHdr":0,"JoinEui":"x","DevEui":"::1","DevNonce":1,"MIC":1}'),
    'bad-field',
  )
  assert.equal(readStationMessage('{"msgtype":"propdf","FRMPayload":""}'), 'bad-payload')
  assert.deepEqual(readStationMessage('{"msgtype":"rmtsh","rmtsh":[]}'), { kind: 'ignored' })
})

test('a time may be written as text, by programs whose numbers have no 64 bits', () => {
  const placeOf = (xtime: unknown): unknown => {
    const read = readStationMessage(JSON.stringify({ ...updf, upinfo: { ...upinfo, xtime } }))
    return typeof read === 'string' || read.kind !== 'frame' ? read : read.place.xtime
  }
  assert.equal(placeOf('12666373963464220'), 12_666_373_963_464_220n)
  assert.equal(placeOf('-9223372036854775808'), -(2n ** 63n))
  for (const bad of ['9223372036854775808', '1'.repeat(21), '1.5', '0x1', ' 1', '', '-'])
    assert.equal(placeOf(bad), 'bad-field', bad)
})

test('a data rate that the band has not, or hears no uplinks on, is no uplink', () => {
  const about = { gatewayEui: '00', heardAtMs: 1, session: 0 }
  const us915 = regionOf('US915')
  assert.equal(stationUplink(frameOf({ ...updf, DR: 15 }), { ...about, region: us915 }), undefined)
  assert.equal(stationUplink(frameOf({ ...updf, DR: 8 }), { ...about, region: us915 }), undefined)
  const fsk = stationUplink(frameOf({ ...updf, DR: 7, Freq: 868_800_049 }), { ...about, region: eu868 })
  assert.deepEqual(fsk?.modulation, { kind: 'fsk', bitRate: 50_000 })
  assert.equal(fsk?.snrDb, undefined)
  assert.equal(fsk?.frequencyHz, 868_800_000)
})

test('a context is what was put in, and bytes of another kind are none', () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  fc.assert(
    fc.property(int64, int64, fc.nat(65_535), (xtime, rctx, session) => {
      assert.deepEqual(decodeStationContext(encodeStationContext({ xtime, rctx, session })), { xtime, rctx, session })
    }),
  )
  for (const size of [0, 8, 17, 19]) assert.equal(decodeStationContext(new Uint8Array(size)), undefined)
})

const lora = (spreadingFactor: number, bandwidthHz = 125_000): TransmitWindow['modulation'] => ({
  kind: 'lora',
  spreadingFactor,
  bandwidthHz,
})
const window = (timing: TransmitWindow['timing'], modulation = lora(9)): TransmitWindow => ({
  frequencyHz: 869_525_000,
  modulation,
  powerDbm: 14,
  timing,
})
const downlink: Pick<RadioDownlink, 'id' | 'phyPayload'> = { id: 3, phyPayload: Uint8Array.of(0x60) }

function asked(first: TransmitWindow, second?: TransmitWindow): Readonly<Record<string, ExactJson>> {
  const message = dnmsgOf(downlink, [first, second], eu868)
  assert.ok(typeof message !== 'string')
  return message
}

test('a delay that seconds cannot say moves the moment it counts from', () => {
  const context = encodeStationContext({ xtime: 2n ** 62n + 1n, rctx: 1n, session: 1 })
  const at = (delayMs: number): unknown[] => {
    const { RxDelay, xtime, rctx } = asked(window({ kind: 'delay', context, delayMs }))
    return [RxDelay, xtime, rctx]
  }
  assert.deepEqual(at(5000), [5, 2n ** 62n + 1n, 1n])
  assert.deepEqual(at(1250), [1, 2n ** 62n + 250_001n, 1n])
  assert.deepEqual(at(16_000), [15, 2n ** 62n + 1_000_001n, 1n])
  assert.deepEqual(at(500), [1, 2n ** 62n - 499_999n, 1n])
})

test('class B has its moment, class C none, and class C after an uplink both windows', () => {
  const context = encodeStationContext({ xtime: 9n, rctx: 0n, session: 1 })
  const b = asked(window({ kind: 'gps', gpsTimeMs: 1_400_000_000_123 }))
  assert.deepEqual([b['dC'], b['DR'], b['Freq'], b['gpstime']], [1, 3, 869_525_000, 1_400_000_000_123_000])
  const c = asked(window({ kind: 'immediate' }))
  assert.deepEqual([c['dC'], c['RX2DR'], c['xtime']], [2, 3, undefined])
  const delay = window({ kind: 'delay', context, delayMs: 1000 }, lora(7))
  const both = asked(delay, window({ kind: 'immediate' }))
  assert.deepEqual([both['dC'], both['RX1DR'], both['RX2DR'], both['xtime']], [2, 5, 3, 9n])
  assert.ok(areOneMessage(delay, window({ kind: 'delay', context, delayMs: 2000 })))
  assert.ok(!areOneMessage(delay, window({ kind: 'delay', context, delayMs: 2001 })))
  assert.ok(!areOneMessage(window({ kind: 'immediate' }), delay))
})

test('a downlink that the band or the context does not allow is refused before it leaves', () => {
  const context = new Uint8Array(8)
  assert.equal(dnmsgOf(downlink, [window({ kind: 'delay', context, delayMs: 1000 })], eu868), 'no-context')
  assert.equal(dnmsgOf(downlink, [window({ kind: 'immediate' }, lora(7, 500_000))], eu868), 'no-data-rate')
})

test('frames at GPS times go as one schedule', () => {
  const frame = { phyPayload: Uint8Array.of(1, 2), dataRate: 3, frequencyHz: 869_525_000, gpsTimeMs: 1000 }
  assert.deepEqual(dnschedOf([frame]), {
    msgtype: 'dnsched',
    schedule: [{ diid: 1, priority: 1, DR: 3, Freq: 869_525_000, gpstime: 1_000_000, pdu: '0102' }],
  })
})

test('in every band the station gets sixteen rates, a range with all its channels, and radios that reach them', () => {
  const reach: Readonly<Record<number, number>> = { 125_000: 400_000, 250_000: 375_000, 500_000: 300_000 }
  for (const name of regionNames) {
    const region = regionOf(name)
    const channels = listeningChannels(region)
    const config = routerConfigOf({ region, channels, sendsBeacons: true }, 0)
    const rates = config['DRs'] as number[][]
    assert.equal(rates.length, 16)
    for (const [index, rate] of region.downlinkDataRates.entries()) {
      if (rate === undefined) continue
      assert.notEqual(rates[index]?.[0], -1, `${name} DR${index} can be sent`)
      const up = region.uplinkDataRates[index]?.modulation
      if (up !== undefined && up.kind !== 'lr-fhss')
        assert.deepEqual(up, rate.modulation, `${name} DR${index} is one rate in both directions`)
      assert.equal(rates[index]?.[2], up === undefined || up.kind === 'lr-fhss' ? 1 : 0, `${name} DR${index}`)
    }
    const [lowHz = 0, highHz = 0] = config['freq_range'] as number[]
    const sent = [
      ...region.downlinkChannels.map(({ hz }) => hz),
      region.rx2.hz,
      ...region.pingSlot.hz,
      ...region.beacon.hz,
    ]
    for (const hz of sent) assert.ok(hz >= lowHz && hz <= highHz, `${name} ${hz}`)
    const confs = config['sx1301_conf'] as Fields[]
    assert.equal(config['hwspec'], `sx1301/${confs.length}`)
    assert.equal(confs.length, 1, `${name} fits one concentrator unless more is asked for`)
    const heard: number[] = []
    for (const conf of confs)
      for (const [chain, value] of Object.entries(conf)) {
        if (chain.startsWith('radio')) continue
        const { radio, if: offsetHz, bandwidth = 125_000 } = value as { radio: number; if: number; bandwidth?: number }
        assert.ok(Math.abs(offsetHz) <= (reach[bandwidth] ?? 0), `${name} ${chain}`)
        heard.push(Number(fieldsOf(conf[`radio_${radio}`])['freq']) + offsetHz)
      }
    const wanted = channels.map(({ hz }) => hz)
    assert.deepEqual(new Set(heard), new Set(wanted), name)
    assert.equal(heard.length, wanted.length, name)
    const { layout } = config['bcning'] as { layout: number[] }
    assert.equal(layout[2], region.beacon.sizeBytes)
  }
})

test('no band goes by a name that the station does not know: it would take no downlink', () => {
  // s2e.c of basicstation 2.0.6, handle_router_config and s2e_onMsg.
  const known = ['EU863', 'EU868', 'IL915', 'KR920', 'AS923JP', 'AS923-1', 'US902', 'US915', 'AU915']
  // Those by whose rules it sends more seldom, or listens first, are for their own bands alone.
  const ownBands: Fields = { EU863: 'EU868', KR920: 'KR920', AS923JP: 'AS923-1' }
  for (const name of regionNames)
    for (const listensBeforeTalk of [false, true]) {
      const region = regionOf(name)
      const config = routerConfigOf({ region, channels: listeningChannels(region), listensBeforeTalk }, 0)
      const told = config['region'] as string
      assert.ok(known.includes(told), `${name} goes by ${told}`)
      if (ownBands[told] !== undefined) assert.equal(name, ownBands[told])
      if (name === 'AS923-1') assert.equal(told, listensBeforeTalk ? 'AS923JP' : 'US902')
      const allowed = region.subBands.map(({ gatewayEirpDbmMax }) => gatewayEirpDbmMax)
      assert.equal(
        config['max_eirp'],
        told === 'US902' && name !== 'US915' ? Math.min(...allowed) : Math.max(...allowed),
      )
    }
})

test('a filter of joins loses none: a range from 0 stands first, and more ranges than a station takes are no filter', () => {
  const filterOf = (joinEuiRanges: { readonly first: string; readonly last: string }[]): unknown =>
    routerConfigOf({ region: eu868, channels: [], joinEuiRanges }, 0)['JoinEui']
  const high = { first: 'f000000000000000', last: 'ffffffffffffffff' }
  const low = { first: '0000000000000000', last: '00000000000000ff' }
  assert.deepEqual(filterOf([high, low]), [
    [0n, 0xffn],
    [0xf000000000000000n, 0xffffffffffffffffn],
  ])
  const ranges = Array.from({ length: 11 }, () => high)
  assert.equal((filterOf(ranges.slice(1)) as unknown[]).length, 10)
  assert.equal(filterOf(ranges), null)
})

test('beacons are laid out as the station’s own tests have them', () => {
  const layoutOf = (name: 'EU868' | 'US915'): unknown => {
    const region = regionOf(name)
    const config = routerConfigOf({ region, channels: listeningChannels(region), sendsBeacons: true }, 0)
    return fieldsOf(config['bcning'])['layout']
  }
  assert.deepEqual(layoutOf('EU868'), [2, 8, 17])
  assert.deepEqual(layoutOf('US915'), [5, 11, 23])
})

test('eight more channels take the second radio, all of a fixed plan eight concentrators, and no more than eight', () => {
  const extraChannelsHz = [867_100_000, 867_300_000, 867_500_000, 867_700_000, 867_900_000]
  const eight = routerConfigOf({ region: eu868, channels: listeningChannels(eu868, { extraChannelsHz }) }, 0)
  const [conf = {}] = eight['sx1301_conf'] as Fields[]
  assert.deepEqual([fieldsOf(conf['radio_0'])['freq'], fieldsOf(conf['radio_1'])['freq']], [867_500_000, 868_500_000])
  const us915 = regionOf('US915')
  const secondBlock = listeningChannels(us915, { enabledChannels: [8, 9, 10, 11, 12, 13, 14, 15, 65] })
  assert.equal(routerConfigOf({ region: us915, channels: secondBlock }, 0)['hwspec'], 'sx1301/1')
  const all = listeningChannels(us915, { enabledChannels: us915.uplinkChannels.map((_, index) => index) })
  assert.equal(all.length, 72)
  assert.equal(routerConfigOf({ region: us915, channels: all }, 0)['hwspec'], 'sx1301/8')
  const cn470 = regionOf('CN470')
  const everywhere = listeningChannels(cn470, { enabledChannels: cn470.uplinkChannels.map((_, index) => index) })
  assert.equal(routerConfigOf({ region: cn470, channels: everywhere }, 0)['hwspec'], 'sx1301/8')
})

test('whatever text comes, it is read or refused, also when it is nearly a message', () => {
  const field = fc.constantFrom(
    ...Object.keys(updf),
    'JoinEui',
    'DevEui',
    'DevNonce',
    'diid',
    'txtime',
    'xtime',
    'router',
  )
  const type = fc.constantFrom('updf', 'jreq', 'propdf', 'dntxed', 'timesync', 'version', 'rejoin', 'x')
  fc.assert(
    fc.property(type, fc.dictionary(field, fc.jsonValue()), fc.string(), fc.nat(200), (msgtype, fields, noise, at) => {
      const message = JSON.stringify({ ...updf, ...fields, msgtype })
      for (const text of [message, `${message.slice(0, at)}${noise}${message.slice(at)}`, noise]) {
        const read = readStationMessage(text)
        if (typeof read !== 'string' && read.kind === 'frame') assert.ok(read.phyPayload.length <= 256)
        readDiscovery(text)
      }
    }),
    { numRuns: 500 },
  )
})
