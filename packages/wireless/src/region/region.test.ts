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
import { pingOffset } from '../network-server/class-b.ts'
import { airtimeUs, sensitivityDbm, symbolUs } from './airtime.ts'
import { applyChannelMasks, channelMasksFor, channelMasksFromAny } from './channel-mask.ts'
import { downlinkDataRateOf, payloadBytesMax, uplinkDataRateOf } from './data-rate.ts'
import { afterTransmission, freeAtMs, subBandAt } from './duty-cycle.ts'
import { channelIndexOf, joinRx2Of, rx1Of } from './receive-windows.ts'
import { parameterRevisions, regionNames, type Region } from './region.ts'
import { regionOf } from './region-of.ts'
import { eirpDbmOf } from './tx-power.ts'

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

test('masks from any set lead to the wanted one, whatever the device had', () => {
  const masked = everyRegion.filter(({ revision }) => revision === 'RP002-1.0.4')
  fc.assert(
    fc.property(
      fc.constantFrom(...masked),
      fc.array(fc.nat(1000)),
      fc.array(fc.nat(1000), { minLength: 1 }),
      (region, a, b) => {
        const known = range(region.plan === 'fixed' ? region.uplinkChannels.length : 8)
        const pick = (numbers: readonly number[]): number[] =>
          [...new Set(numbers.map((number) => number % known.length))].toSorted((x, y) => x - y)
        const [enabled, to] = [pick(a), pick(b)]
        const masks = channelMasksFromAny(region, to, known)
        assert.deepEqual(applyChannelMasks(region, { enabled, known }, masks), to)
        assert.ok(masks.length <= Math.ceil(known.length / 16))
      },
    ),
  )
  assert.equal(channelMasksFromAny(us, [...range(8), 64], range(72)).length, 2)
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

test('a join in CN470 of RP002 is answered where its channel says', () => {
  const region = regionOf('CN470-20A')
  assert.deepEqual(joinRx2Of(region, 470_900_000), { hz: 485_300_000, dataRate: 1 })
})

test('FSK takes 8 bits a byte, with 11 bytes around the frame', () => {
  const frame = { phyPayloadBytes: 200, modulation: { kind: 'fsk', bitRate: 50_000 }, hasCrc: true } as const
  assert.equal(airtimeUs(frame), 33_760)
})

test('LR-FHSS is a fragment at most shorter than the estimate that rounds its last fragment up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 255 }), fc.boolean(), (phyPayloadBytes, isSlow) => {
      const modulation = { kind: 'lr-fhss', codingRate: isSlow ? '1/3' : '2/3', widthHz: 137_000 } as const
      const us = airtimeUs({ phyPayloadBytes, modulation, hasCrc: true })
      const estimateUs = (isSlow ? 3 : 2) * 233_472 + Math.ceil((phyPayloadBytes + 3) / (isSlow ? 2 : 4)) * 102_400
      assert.ok(us <= estimateUs + 4_096 && us > estimateUs - 102_400, `${us} ${estimateUs}`)
    }),
  )
})

everywhere('RX1 exists for every data rate and offset of the table, dwell time or none', (region) => {
  for (const table of [region.rx1DataRates, region.rx1DataRatesDwell ?? []])
    for (const [uplink, row] of table.entries())
      for (const dataRate of row ?? []) {
        assert.ok(region.uplinkDataRates[uplink] !== undefined, `uplink DR${uplink}`)
        assert.ok(region.downlinkDataRates[dataRate] !== undefined, `downlink DR${dataRate}`)
      }
})

everywhere('a data rate is found again by its modulation, in both directions', (region) => {
  for (const [index, rate] of region.uplinkDataRates.entries())
    if (rate !== undefined) assert.equal(uplinkDataRateOf(region, rate.modulation), index)
  for (const [index, rate] of region.downlinkDataRates.entries())
    if (rate !== undefined) assert.equal(downlinkDataRateOf(region, rate.modulation), index)
})

everywhere('every index of power is 2 dB below the one before, and there is none beyond the last', (region) => {
  for (const index of range(region.txPowerIndexMax + 1))
    assert.equal(eirpDbmOf(region, index), region.deviceEirpDbmMax - 2 * index)
  assert.equal(eirpDbmOf(region, region.txPowerIndexMax + 1), undefined)
  assert.equal(eirpDbmOf(region, 1, 10), Math.min(10, region.deviceEirpDbmMax) - 2)
})

everywhere('a frame of the longest size that a dwell time allows is on the air no longer than that', (region) => {
  const { msMax, uplink } = region.dwell
  if (uplink === 'never') return
  const smallest = Math.min(...region.uplinkChannels.map((channel) => channel.dataRateMin))
  for (const rate of region.uplinkDataRates.slice(smallest)) {
    if (rate === undefined || rate.modulation.kind !== 'lora') continue
    const bytes = rate.macPayloadBytesMaxDwell ?? rate.macPayloadBytesMax
    if (bytes === 0) continue
    const us = airtimeUs({ phyPayloadBytes: bytes + 5, modulation: rate.modulation, hasCrc: true })
    assert.ok(us <= msMax * 1000, `${JSON.stringify(rate)} ${us}`)
  }
})

test('masks of US915 and CN470 are those of another implementation', () => {
  const all72 = range(72)
  const sixteen = range(16)
  assert.deepEqual(channelMasksFor(us, { from: all72, to: all72, known: all72 }), [])
  assert.deepEqual(channelMasksFor(us, { from: all72, to: [...range(8), 64], known: all72 }), [
    { chMask: 1, chMaskCntl: 7 },
    { chMask: 0xff, chMaskCntl: 0 },
  ])
  assert.deepEqual(channelMasksFor(us, { from: all72, to: [...sixteen, 64, 65], known: all72 }), [
    { chMask: 3, chMaskCntl: 7 },
    { chMask: 0xffff, chMaskCntl: 0 },
  ])
  const cn = regionOf('CN470')
  const all96 = range(96)
  const to = all96.filter((channel) => channel !== 6 && channel !== 38 && channel !== 45)
  assert.deepEqual(channelMasksFor(cn, { from: all96, to, known: all96 }), [
    { chMask: 0xffff & ~(1 << 6), chMaskCntl: 0 },
    { chMask: 0xffff & ~(1 << 6) & ~(1 << 13), chMaskCntl: 2 },
  ])
})

test('a bank of US915 is a sub-band with its wide channel', () => {
  const masks = [{ chMask: 0b10, chMaskCntl: 5 }]
  const enabled = applyChannelMasks(us, { enabled: range(72), known: range(72) }, masks)
  assert.deepEqual(enabled, [...range(8).map((index) => 8 + index), 65])
})

test('RX1 of AS923 is faster at offsets 6 and 7, and with a dwell time never below DR2', () => {
  const region = regionOf('AS923-1')
  const rx1 = (uplinkDataRate: number, rx1DataRateOffset: number, downlinkDwell: boolean): number | undefined =>
    rx1Of(region, { uplinkHz: 923_200_000, uplinkDataRate, rx1DataRateOffset, downlinkDwell })?.dataRate
  assert.deepEqual(
    range(8).map((offset) => rx1(5, offset, true)),
    [5, 4, 3, 2, 2, 2, 6, 7],
  )
  assert.deepEqual(
    range(8).map((offset) => rx1(5, offset, false)),
    [5, 4, 3, 2, 1, 0, 6, 7],
  )
  assert.deepEqual([rx1(2, 6, true), rx1(2, 7, true)], [3, 4])
})
