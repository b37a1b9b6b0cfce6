/**
 * Goal: every open case of the Helium network's own test suites comes out as it did there, to the last bone.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { h3IndexOf, type H3Index } from '@groundwork/core/geography/h3-index.ts'
import { scaleOf } from '../hex-density.ts'
import { formatRatio, parseRatio, ratio, round, zero, type Ratio } from '../ratio.ts'
import { rewardUnits } from '../reward-units.ts'
import { heliumBeaconRules, isOnSchedule, isWithinEntropy } from './beacon-rules.ts'
import { edgeName, type HeliumGateway } from './helium-report.ts'
import { aBeacon, aGateway, aReport, someRegion } from './toy-world.ts'
import { selectWitnesses } from './judge-proof.ts'
import { billPackets, payloadDataCredits } from './packet-billing.ts'
import {
  dataCreditsToBones,
  heliumBuckets,
  heliumPrice,
  shareHeliumEpoch,
  sumShares,
  type HeliumEpochRewards,
} from './reward-shares.ts'
import {
  heliumCellDistance,
  heliumDistanceM,
  heliumWitnessRules,
  isInTime,
  strongestRssiDbm,
  type HeliumWitnessFacts,
} from './witness-rules.ts'

interface Case extends Readonly<Record<string, unknown>> {
  readonly id: string
  readonly kind: string
}
type Check = (from: never) => void

function cases(file: string): readonly Case[] {
  const where = path.join(import.meta.dirname, '../../../../../vectors/wireless', file)
  return (JSON.parse(readFileSync(where, 'utf8')) as { readonly cases: readonly Case[] }).cases
}

const exact = (value: string | number): Ratio => parseRatio(String(value)) ?? assert.fail(String(value))
const place = (index: string): H3Index => h3IndexOf(BigInt(index)) ?? assert.fail(index)
const seconds = (atS: number): number => atS * 1000
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const facts: HeliumWitnessFacts = {
  beaconer: aGateway('beaconer'),
  beacon: aBeacon('beaconer'),
  witness: aGateway('witness'),
  report: aReport('witness'),
  entropy: { startMs: 0, endMs: 180_000 },
  denylist: { keys: new Set(), edges: new Set() },
  firstWitnessMs: 0,
}

/** What one rule of the table says of the facts, whatever the other rules would say. */
function ruled(reason: string, change: Partial<HeliumWitnessFacts>): string {
  const rule = heliumWitnessRules.find((one) => one.reason === reason) ?? assert.fail(reason)
  return rule.holds({ ...facts, ...change }) ? 'ok' : rule.reason
}

const at = (gateway: HeliumGateway, location: string): HeliumGateway => ({ ...gateway, location: place(location) })

interface Places {
  readonly beacon: string
  readonly witness: string
  readonly expect: string
}
const between = ({ beacon, witness }: Places): Partial<HeliumWitnessFacts> => ({
  beaconer: at(facts.beaconer, beacon),
  witness: at(facts.witness, witness),
})

interface Link extends Places {
  readonly txPowerDbm: number
  readonly beaconerGainDdb: number
  readonly witnessGainDdb: number
  readonly signalDdbm: number
  readonly freqHz: number
}

interface Listed {
  readonly status: string
  readonly reason?: string
}

const proofChecks: Readonly<Record<string, Check>> = {
  'distance-m': ({ h3a, h3b, expectRounded }: { h3a: string; h3b: string; expectRounded: number }) =>
    assert.equal(heliumDistanceM(place(h3a), place(h3b)), expectRounded),

  'max-rssi': (from: Parameters<typeof strongestRssiDbm>[0] & { freqHz: number; expect: number }) =>
    assert.equal(strongestRssiDbm({ ...from, frequencyHz: from.freqHz }), from.expect),

  'witness-cell-distance': (from: Places & { cells?: number }) => {
    assert.equal(ruled('BelowMinDistance', between(from)), from.expect)
    if (from.cells !== undefined) assert.equal(heliumCellDistance(place(from.beacon), place(from.witness)), from.cells)
  },

  'witness-distance': (from: Places) => assert.equal(ruled('MaxDistanceExceeded', between(from)), from.expect),

  'witness-rssi': (from: Link) => {
    const { beaconer, witness } = between(from)
    const change = {
      beaconer: { ...(beaconer ?? facts.beaconer), gainDdb: from.beaconerGainDdb },
      witness: { ...(witness ?? facts.witness), gainDdb: from.witnessGainDdb },
      beacon: { ...facts.beacon, txPowerDbm: from.txPowerDbm },
      report: { ...facts.report, signalDdbm: from.signalDdbm, frequencyHz: from.freqHz },
    }
    assert.equal(ruled('BadRssi', change), from.expect)
  },

  'witness-freq': ({ beaconHz, witnessHz, expect }: { beaconHz: number; witnessHz: number; expect: string }) => {
    const change = {
      beacon: { ...facts.beacon, frequencyHz: beaconHz },
      report: { ...facts.report, frequencyHz: witnessHz },
    }
    assert.equal(ruled('InvalidFrequency', change), expect)
  },

  'witness-region': ({ beacon, witness, expect }: Places) => {
    const change = {
      beaconer: { ...facts.beaconer, region: beacon },
      witness: { ...facts.witness, region: witness },
    }
    assert.equal(ruled('InvalidRegion', change), expect)
  },

  'witness-lag': (from: { beaconAt: number; firstWitnessAt: number; witnessAt: number; expect: string }) => {
    const inTime = isInTime({
      beaconMs: seconds(from.beaconAt),
      firstWitnessMs: seconds(from.firstWitnessAt),
      witnessMs: seconds(from.witnessAt),
    })
    assert.equal(inTime ? 'ok' : 'TooLate', from.expect)
  },

  'entropy-window': (from: { start: number; end: number; receivedAt: number; expect: string }) => {
    const window = { startMs: seconds(from.start), endMs: seconds(from.end) }
    assert.equal(isWithinEntropy(seconds(from.receivedAt), window) ? 'ok' : 'EntropyExpired', from.expect)
  },

  'beacon-schedule': (from: { intervalS: number; lastBeacon?: string | null; beacon: string; expect: string }) => {
    const lastMs = typeof from.lastBeacon === 'string' ? Date.parse(from.lastBeacon) : undefined
    const onSchedule = isOnSchedule({ lastMs, beaconMs: Date.parse(from.beacon) }, seconds(from.intervalS))
    assert.equal(onSchedule ? 'ok' : 'IrregularInterval', from.expect)
  },

  capability: ({ fullHotspot, expect }: { fullHotspot: boolean; expect: string }) => {
    const gateway = { ...facts.witness, isFullHotspot: fullHotspot }
    assert.equal(ruled('InvalidCapability', { witness: gateway }), expect)
    const rule = heliumBeaconRules.find(({ reason }) => reason === 'InvalidCapability')
    const holds = rule?.holds({ ...facts, beaconer: gateway, lastBeaconMs: undefined, channels: someRegion })
    assert.equal(holds, expect === 'ok')
  },

  'witness-data': ({ beacon, witness, expect }: Places) => {
    const change = {
      beacon: { ...facts.beacon, data: bytes(beacon) },
      report: { ...facts.report, data: bytes(witness) },
    }
    assert.equal(ruled('InvalidPacket', change), expect)
  },

  denylist: ({ denied, key, expect }: { denied: string[]; key: string; expect: string }) => {
    const denylist = { keys: new Set(denied), edges: new Set<string>() }
    assert.equal(ruled('Denied', { denylist, report: aReport(key) }), expect)
  },

  'denylist-edge': (from: { deniedEdges: [string, string][]; beaconer: string; witness: string; expect: string }) => {
    const denylist = { keys: new Set<string>(), edges: new Set(from.deniedEdges.map(edgeName)) }
    const change = { denylist, beacon: aBeacon(from.beaconer), report: aReport(from.witness) }
    assert.equal(ruled('DeniedEdge', change), from.expect)
  },

  'reward-units': (from: {
    witnesses: number
    expect: { perWitness: number; beaconer: number }
    params: { redundancy: number; decay: number; txCap: number; decimals: number }
  }) => {
    const { redundancy, decay, txCap, decimals } = from.params
    const units = rewardUnits(from.witnesses, {
      redundancy,
      decay: exact(decay),
      beaconerMax: exact(txCap),
      decimals,
    })
    assert.deepEqual(units, { perWitness: exact(from.expect.perWitness), beaconer: exact(from.expect.beaconer) })
  },

  'select-witnesses': (from: { in: readonly Listed[] | string; max: number; expect: Record<string, unknown> }) => {
    const listed: readonly Listed[] =
      typeof from.in === 'string'
        ? Array.from({ length: Number.parseInt(from.in, 10) }, () => ({ status: 'Valid' }))
        : from.in
    const verdicts = listed.map(({ status, reason }, receivedMs) => ({
      reason: status === 'Valid' ? undefined : reason,
      report: { receivedMs },
    }))
    const { selected, unselected } = selectWitnesses(verdicts, from.max)
    const published = new Set([...selected, ...unselected])
    const found: Record<string, unknown> = {
      selected: selected.length,
      unselectedCount: unselected.length,
      unselected: unselected.map(({ reason }) => reason),
      dropped: verdicts.filter((verdict) => !published.has(verdict)).map(({ reason }) => reason),
    }
    for (const [name, value] of Object.entries(from.expect)) assert.deepEqual(found[name], value, name)
  },

  'hex-scale-product': ({
    clippedOverUnclipped,
    expectScale,
  }: {
    clippedOverUnclipped: [number, number][]
    expectScale: number
  }) => {
    const scale = scaleOf(
      clippedOverUnclipped.map(([clipped, unclipped]) => ({ clipped, unclipped })),
      4,
    )
    assert.deepEqual(round(scale, { decimals: 2, rounding: 'half-even' }), exact(expectScale))
  },
}

interface Amounts {
  readonly beacon: number
  readonly witness: number
  readonly dc: number
}
type Expected = Readonly<Record<string, Amounts | number | null>>

function assertRewards({ rewards, ...left }: HeliumEpochRewards, expected: Expected): void {
  const sums: Readonly<Record<string, bigint>> = {
    unallocatedPocDc: left.unallocatedBones,
    unallocatedPoc: left.unallocatedBones,
    dcUnderAllocated: left.dataUnallocatedBones,
    oracle: left.oraclesBones,
    operations: left.operationsBones,
  }
  for (const [name, value] of Object.entries(expected)) {
    if (value === null) assert.equal(rewards.has(name), false)
    else if (typeof value === 'number') assert.equal(sums[name], BigInt(value), name)
    else {
      const reward = rewards.get(name)
      const found = { beacon: reward?.beaconBones, witness: reward?.witnessBones, dc: reward?.dataBones }
      assert.deepEqual(
        found,
        { beacon: BigInt(value.beacon), witness: BigInt(value.witness), dc: BigInt(value.dc) },
        name,
      )
    }
  }
}

interface Epoch {
  readonly emissions: string
  readonly priceInBones: string
  readonly decimals: number
  readonly expect: Expected
}
const bonePrice = ({ priceInBones, decimals }: Epoch): Ratio =>
  heliumPrice({ priceInBones: BigInt(priceInBones), decimals }).perBone

const rewardChecks: Readonly<Record<string, Check>> = {
  'payload-dc': (from: { bytes: number; expect: number }) =>
    assert.equal(payloadDataCredits(from.bytes), BigInt(from.expect)),

  scheduled: (from: { emissions: string; dcRemainder: string; expect: { beacon: string; witness: string } }) => {
    const { beacons, witnesses } = heliumBuckets(exact(from.emissions), exact(from.dcRemainder))
    assert.deepEqual(
      { beacons, witnesses },
      { beacons: exact(from.expect.beacon), witnesses: exact(from.expect.witness) },
    )
  },

  'scheduled-ops': (from: { emissions: string; expect: string }) =>
    assert.deepEqual(heliumBuckets(exact(from.emissions)).operations, exact(from.expect)),

  price: (from: { priceInBones: string; decimals: number; expect: { perBone: string; perToken: string } }) => {
    const price = heliumPrice({ priceInBones: BigInt(from.priceInBones), decimals: from.decimals })
    assert.equal(formatRatio(price.perBone, from.decimals * 2), from.expect.perBone)
    assert.equal(formatRatio(price.perToken, from.decimals), from.expect.perToken)
  },

  'dc-to-bones': (from: { dc: number; bonePrice: string; expect: string }) =>
    assert.deepEqual(dataCreditsToBones(exact(from.dc), exact(from.bonePrice)), exact(from.expect)),

  'reward-shares': (
    from: Epoch & { gateways: Record<string, { beaconShares: number; witnessShares: number; dc: number }> },
  ) => {
    const shares = new Map(
      Object.entries(from.gateways).map(([gateway, { beaconShares, witnessShares, dc }]) => [
        gateway,
        { beacons: exact(beaconShares), witnesses: exact(witnessShares), dataCredits: BigInt(dc) },
      ]),
    )
    assertRewards(
      shareHeliumEpoch({ emissions: exact(from.emissions), bonePrice: bonePrice(from), shares }),
      from.expect,
    )
  },

  rewarder: (
    from: Epoch & {
      shares: { gw: string; type: 'beacon' | 'witness'; hexScale: number; unit: number }[]
      dc: Record<string, number>
    },
  ) => {
    const proofs = from.shares.map(({ gw, type, hexScale, unit }, index) => ({
      gateway: gw,
      proof: String(index),
      side: type,
      receivedMs: 1,
      hexScale: exact(hexScale),
      unit: exact(unit),
    }))
    const data = Object.entries(from.dc).map(([gateway, dc], index) => ({
      gateway,
      packet: String(index),
      receivedMs: 1,
      dataCredits: BigInt(dc),
    }))
    const shares = sumShares({ proofs, data }, { startMs: 0, endMs: 1 })
    assertRewards(
      shareHeliumEpoch({ emissions: exact(from.emissions), bonePrice: bonePrice(from), shares }),
      from.expect,
    )
  },

  'packet-verifier': (from: {
    balances: Record<string, number>
    minimum: number
    packets: { oui: number; bytes: number; free?: boolean }[]
    expect: { valid: unknown; invalid: unknown; balance: number; burned: number; enabled: boolean }
  }) => {
    const billing = billPackets(
      from.packets.map(({ oui, bytes: sizeBytes, free }) => ({
        organisation: oui,
        sizeBytes,
        isFree: free === true,
        isUplink: true,
      })),
      {
        balances: new Map(Object.entries(from.balances).map(([oui, balance]) => [Number(oui), BigInt(balance)])),
        minimum: BigInt(from.minimum),
      },
    )
    const account = billing.accounts.get(from.packets[0]?.oui ?? 0)
    assert.deepEqual(
      {
        valid: billing.valid.map(({ packet, dataCredits }) => ({ bytes: packet.sizeBytes, dc: Number(dataCredits) })),
        invalid: billing.invalid.map(({ sizeBytes }) => ({ bytes: sizeBytes })),
        balance: Number(account?.balance),
        burned: Number(account?.burned),
        enabled: account?.isEnabled,
      },
      from.expect,
    )
  },
}

function runCases(file: string, checks: Readonly<Record<string, Check>>, elsewhere: readonly string[] = []): void {
  for (const one of cases(file)) {
    if (elsewhere.includes(one.kind)) continue
    test(`${file}: ${one.id}`, () => {
      const check = checks[one.kind] as ((from: Case) => void) | undefined
      assert.ok(check !== undefined, `a case of kind ${one.kind} has no check`)
      check(one)
    })
  }
}

// Reciprocity is a story in prose: judge-proof.test.ts tells it.
runCases('helium-poc.json', proofChecks, ['reciprocity'])
runCases('helium-rewards.json', rewardChecks)

test('an epoch without shares leaves everything', () => {
  const left = shareHeliumEpoch({ emissions: ratio(100n), bonePrice: ratio(1n), shares: new Map() })
  assert.equal(left.unallocatedBones, 80n)
  assert.deepEqual(heliumBuckets(zero).data, zero)
})
