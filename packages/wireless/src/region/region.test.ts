/**
 * Goal: bands, times on air, masks, ADR and ping slots are those of other implementations, and the tables of every band agree with
 * themselves.
 *
 * @see vectors/SOURCES.md
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { adapt, idealStep, repetitionsFor, type AdrUplink } from '../network-server/adr.ts'
import { encodeBeacon, beaconCrc, nextPingSlotMs, pingOffset, pingPeriodSlots } from '../network-server/class-b.ts'
import { airtimeUs, sensitivityDbm, symbolUs } from './airtime.ts'
import { applyChannelMasks, channelMasksFor } from './channel-mask.ts'
import { downlinkDataRateOf, payloadBytesMax, uplinkDataRateOf } from './data-rate.ts'
import { afterTransmission, freeAtMs, subBandAt } from './duty-cycle.ts'
import { channelIndexOf, joinRx2Of, rx1Of } from './receive-windows.ts'
import { parameterRevisions, regionNames, type Region } from './region.ts'
import { regionOf } from './region-of.ts'

type Fields = Readonly<Record<string, unknown>>
type Check = (one: Fields, expected: Fields) => void

const file = path.join(import.meta.dirname, '../../../../vectors/wireless/lorawan-misc.json')
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: (Fields & { id: string; kind: string })[] }
const [us, eu] = [regionOf('US915'), regionOf('EU868')]
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const everyRegion = regionNames.flatMap((name) => parameterRevisions.map((revision) => regionOf(name, revision)))
const lora = (one: Fields): { kind: 'lora'; spreadingFactor: number; bandwidthHz: number } => ({
  kind: 'lora',
  spreadingFactor: Number(one['sf']),
  bandwidthHz: Number(one['bwHz']),
})

const checks: Readonly<Record<string, Check>> = {
  airtime: (one) => {
    const us = airtimeUs({
      phyPayloadBytes: Number(one['payloadBytes']),
      modulation: lora(one),
      codingDenominator: Number(String(one['cr']).slice(2)),
      hasCrc: one['crcCounted'] === true || String(one['direction']).includes('CRC on'),
      preambleSymbols: Number(one['preamble'] ?? 8),
      ...(one['ldro'] === undefined ? {} : { lowDataRate: one['ldro'] === true }),
    })
    assert.equal(us, one['expectMicros'])
  },
  'symbol-time': (one) => assert.equal(symbolUs(Number(one['sf']), Number(one['bwHz'])), one['expectMicros']),
  sensitivity: (one) => {
    const dbm = sensitivityDbm({
      bandwidthHz: Number(one['bwHz']),
      noiseFigureDb: Number(one['noiseFigureDb']),
      snrDb: Number(one['snrDb']),
    })
    assert.equal(Math.trunc(dbm), one['expectTruncDbm'])
  },
  'ping-offset': (one) => {
    if (one['pingPeriods'] !== undefined)
      return (one['pingPeriods'] as number[]).forEach((period) => assert.equal(pingOffset(0, 0, period), undefined))
    const devAddr = Number.parseInt(String(one['devAddr']), 16)
    assert.equal(pingOffset(Number(one['beaconTime']), devAddr, Number(one['pingPeriod'])), one['expect'])
  },
  'us915-uplink-channel': (one, expected) => {
    const channel = us.uplinkChannels[Number(one['channel'])]
    assert.ok(channel !== undefined)
    assert.equal(channel.hz, expected['hz'])
    const rates = range(channel.dataRateMax - channel.dataRateMin + 1).map((step) => channel.dataRateMin + step)
    assert.deepEqual(rates, expected['dataRates'])
  },
  'us915-rx1-frequency': (one) => {
    const uplinkHz = Number(one['uplinkHz'])
    assert.equal(channelIndexOf(us, uplinkHz), one['channel'])
    const uplinkDataRate = us.uplinkChannels[Number(one['channel'])]?.dataRateMin ?? -1
    const rx1 = rx1Of(us, { uplinkHz, uplinkDataRate, rx1DataRateOffset: 0, downlinkDwell: false })
    assert.equal(rx1?.hz, one['expectHz'])
  },
  'us915-dr-index': (one) =>
    assert.equal((one['uplink'] === true ? uplinkDataRateOf : downlinkDataRateOf)(us, lora(one)), one['expect']),
  'eu868-dr-index': (one) => assert.equal(uplinkDataRateOf(eu, lora(one)), one['expect']),
  'eu868-link-adr-channels': (one, expected) => {
    const own = one['networkUserChannels'] as number[]
    const disabled = new Set(one['networkDisabled'] as number[])
    const from = one['deviceEnabled'] as number[]
    // A channel that the device was never given cannot be switched on.
    const known = [...new Set([0, 1, 2, ...from])]
    const to = range(3 + own.length).filter((channel) => !disabled.has(channel) && known.includes(channel))
    assert.deepEqual(to, expected['uplinkChannels'])
    const wanted = (expected['linkAdrReq'] as Fields[]).map(({ chMask, chMaskCntl }) => ({
      chMask: (chMask as number[]).reduce((mask, bit) => mask | (1 << bit), 0),
      chMaskCntl,
    }))
    assert.deepEqual(channelMasksFor(eu, { from, to, known }), wanted)
  },
  'adr-nb-trans': (one) =>
    assert.equal(repetitionsFor(Number(one['current']), Number(one['lossPercent'])), one['expect']),
  'adr-ideal-step': (one, expected) => {
    const state = { dataRate: Number(one['dr']), txPowerIndex: Number(one['txPowerIndex']) }
    const bounds = { dataRateMax: Number(one['maxDr']), txPowerIndexMax: Number(one['maxTxPowerIndex']) }
    const { dataRate, txPowerIndex } = idealStep(Number(one['nStep']), state, bounds)
    assert.deepEqual({ dr: dataRate, txPowerIndex }, { dr: expected['dr'], txPowerIndex: expected['txPowerIndex'] })
  },
  'adr-handle': (one, expected) => {
    const history = (one['history'] as Fields[]).map(
      ({ maxSnr, fCnt, txPowerIndex, gatewayCount }, index): AdrUplink => ({
        fCnt: Number(fCnt ?? index),
        maxSnrDb: Number(maxSnr),
        txPowerIndex: Number(txPowerIndex ?? 0),
        gatewayCount: Number(gatewayCount ?? 1),
      }),
    )
    const { dataRate, txPowerIndex, nbTrans } = adapt({
      isAdr: one['adr'] === true,
      dataRate: Number(one['dr']),
      txPowerIndex: Number(one['txPowerIndex']),
      nbTrans: Number(one['nbTrans']),
      dataRateMax: Number(one['maxDr']),
      txPowerIndexMax: Number(one['maxTxPowerIndex']),
      requiredSnrDb: Number(one['requiredSnr']),
      marginDb: Number(one['installationMargin']),
      history,
    })
    assert.deepEqual({ dr: dataRate, txPowerIndex, nbTrans }, expected)
  },
}

for (const one of cases) {
  const check = checks[one.kind]
  if (check !== undefined) test(`${one.kind} ${one.id}`, () => check(one, (one['expect'] ?? {}) as Fields))
}

const everywhere = (title: string, check: (region: Region) => void): void => {
  test(title, () => {
    for (const region of everyRegion) {
      try {
        check(region)
      } catch (cause) {
        throw new Error(`${region.name} ${region.revision}`, { cause })
      }
    }
  })
}

everywhere('every channel lies in a stretch that may be used, at data rates that the band has', (region) => {
  for (const { hz, dataRateMin, dataRateMax } of region.uplinkChannels) {
    assert.ok(subBandAt(region, hz) !== undefined, String(hz))
    assert.ok(region.uplinkDataRates[dataRateMin] !== undefined && region.uplinkDataRates[dataRateMax] !== undefined)
  }
  for (const hz of [...region.downlinkChannels.map((one) => one.hz), region.rx2.hz, ...region.beacon.hz])
    assert.ok(subBandAt(region, hz) !== undefined, String(hz))
})

everywhere('whatever may be sent has a first window, at a data rate that downlinks have', (region) => {
  for (const { hz, dataRateMin, dataRateMax } of region.uplinkChannels)
    for (let dataRate = dataRateMin; dataRate <= dataRateMax; dataRate += 1)
      for (const downlinkDwell of [false, true]) {
        const rx1 = rx1Of(region, { uplinkHz: hz, uplinkDataRate: dataRate, rx1DataRateOffset: 0, downlinkDwell })
        assert.ok(rx1 !== undefined && region.downlinkDataRates[rx1.dataRate] !== undefined, `${hz} ${dataRate}`)
      }
  assert.ok(region.downlinkDataRates[region.rx2.dataRate] !== undefined)
  assert.ok(region.downlinkDataRates[region.beacon.dataRate] !== undefined)
})

everywhere('a slower LoRa rate never carries more, and a dwell time never lets it carry more', (region) => {
  const rates = region.uplinkDataRates.flatMap((rate) => (rate?.modulation.kind === 'lora' ? [rate] : []))
  for (const [index, rate] of rates.entries()) {
    assert.ok(payloadBytesMax(rate, { dwell: true }) <= payloadBytesMax(rate, { dwell: false }))
    const next = rates[index + 1]
    if (next !== undefined) assert.ok(next.macPayloadBytesMax >= rate.macPayloadBytesMax)
  }
})

everywhere('the beacon’s parts add up to its size', (region) => {
  const { sizeBytes, rfu1Bytes, rfu2Bytes } = region.beacon
  assert.equal(rfu1Bytes + 4 + 2 + 7 + rfu2Bytes + 2, sizeBytes)
})

test('masks lead from any set of channels to any other, and never take more commands than blocks', () => {
  const masked = everyRegion.filter(({ revision }) => revision === 'RP002-1.0.4')
  fc.assert(
    fc.property(
      fc.constantFrom(...masked),
      fc.array(fc.nat(1000)),
      fc.array(fc.nat(1000), { minLength: 1 }),
      (region, a, b) => {
        const known = range(region.plan === 'fixed' ? region.uplinkChannels.length : region.channelCountMax)
        const pick = (numbers: readonly number[]): number[] =>
          [...new Set(numbers.map((number) => number % known.length))].toSorted((x, y) => x - y)
        const [from, to] = [pick(a), pick(b)]
        const masks = channelMasksFor(region, { from, to, known })
        assert.ok(masks.length <= Math.ceil(known.length / 16))
        assert.deepEqual(applyChannelMasks(region, { enabled: from, known }, masks), to)
      },
    ),
  )
})

test('one sub-band of US915 is reached from all channels by two commands', () => {
  const known = range(72)
  const to = [...range(8).map((index) => 8 + index), 65]
  assert.deepEqual(channelMasksFor(us, { from: known, to, known }), [
    { chMask: 2, chMaskCntl: 7 },
    { chMask: 0xff00, chMaskCntl: 0 },
  ])
})

test('masks that leave nothing on, or switch on what the device does not have, are refused', () => {
  assert.equal(
    applyChannelMasks(eu, { enabled: [0, 1, 2], known: [0, 1, 2] }, [{ chMask: 0, chMaskCntl: 0 }]),
    undefined,
  )
  assert.equal(applyChannelMasks(eu, { enabled: [0], known: [0, 1, 2] }, [{ chMask: 8, chMaskCntl: 0 }]), undefined)
  assert.equal(applyChannelMasks(eu, { enabled: [0], known: [0, 1, 2] }, [{ chMask: 1, chMaskCntl: 3 }]), undefined)
})

test('a sub-band rests so long that its share of time is kept', () => {
  const state = afterTransmission(eu, new Map(), { hz: 868_100_000, startMs: 1000, airtimeMs: 50 })
  assert.equal(freeAtMs(eu, state, 868_300_000), 1000 + 50 + 50 * 99)
  assert.equal(freeAtMs(eu, state, 869_525_000), 0, 'another sub-band is free')
  assert.equal(freeAtMs(eu, state, 868_650_000), undefined, 'between the stretches nothing may be sent')
})

test('the ping slots of a device are as many as it asked for, and each is found from the one before', () => {
  fc.assert(
    fc.property(
      fc.nat(0xffffffff),
      fc.integer({ min: 0, max: 7 }),
      fc.nat(1_000_000),
      (devAddr, periodicity, period) => {
        const startMs = period * 128_000
        let [count, atMs] = [0, nextPingSlotMs({ devAddr, periodicity }, startMs)]
        while (atMs < startMs + 128_000) {
          count += 1
          atMs = nextPingSlotMs({ devAddr, periodicity }, atMs + 1)
        }
        assert.equal(count, 4096 / pingPeriodSlots(periodicity))
      },
    ),
    { numRuns: 30 },
  )
})

test('a beacon carries the codes of both its parts', () => {
  const beacon = encodeBeacon(eu.beacon, 0x02_00_00_cc)
  assert.equal(beacon.length, 17)
  assert.equal(beaconCrc(beacon.subarray(0, 6)), (beacon[6] ?? 0) | ((beacon[7] ?? 0) << 8))
  assert.equal(beaconCrc(beacon.subarray(8, 15)), (beacon[15] ?? 0) | ((beacon[16] ?? 0) << 8))
})

test('a join in CN470 of RP002 is answered where its channel says', () => {
  const region = regionOf('CN470-20A')
  assert.deepEqual(joinRx2Of(region, 470_900_000), { hz: 485_300_000, dataRate: 1 })
})
