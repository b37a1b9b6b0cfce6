/**
 * Goal: an epoch never gives more than it has, more shares never earn less, and who is listed first makes no difference.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ratio, truncate, zero } from '../ratio.ts'
import { billPackets, payloadDataCredits, refillAccount } from './packet-billing.ts'
import {
  heliumBuckets,
  shareHeliumEpoch,
  sumShares,
  type HeliumEpochRewards,
  type HeliumShares,
} from './reward-shares.ts'

const tenThousandths = fc.bigInt({ min: 0n, max: 10n ** 8n }).map((units) => ratio(units, 10_000n))
const earned = fc.record<HeliumShares>({
  beacons: tenThousandths,
  witnesses: tenThousandths,
  dataCredits: fc.bigInt({ min: 0n, max: 10n ** 9n }),
})
const everyone = fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), earned, { maxKeys: 20 })
const emissions = fc.bigInt({ min: 0n, max: 10n ** 14n })
const bonePrice = fc.bigInt({ min: 1n, max: 10n ** 10n }).map((price) => ratio(price, 10n ** 16n))
const sumOf = ({ rewards }: HeliumEpochRewards): bigint =>
  [...rewards.values()].reduce((sum, one) => sum + one.beaconBones + one.witnessBones + one.dataBones, 0n)

test('what is given and what is left make up the three buckets, to the bone', () => {
  fc.assert(
    fc.property(emissions, bonePrice, everyone, (bones, price, by) => {
      const shares = new Map(Object.entries(by))
      const epoch = shareHeliumEpoch({ emissions: ratio(bones), bonePrice: price, shares })
      assert.equal(sumOf(epoch) + epoch.unallocatedBones, (bones * 80n) / 100n)
      assert.ok(epoch.operationsBones + epoch.oraclesBones <= (bones * 14n) / 100n)
      const data = [...epoch.rewards.values()].reduce((sum, { dataBones }) => sum + dataBones, 0n)
      assert.ok(data <= truncate(heliumBuckets(ratio(bones)).data) + 1n)
    }),
  )
})

test('the order of gateways makes no difference, and equal work earns equally', () => {
  fc.assert(
    fc.property(emissions, bonePrice, everyone, earned, (bones, price, by, twin) => {
      const entries = Object.entries({ ...by, left: twin, right: twin })
      const common = { emissions: ratio(bones), bonePrice: price }
      const forth = shareHeliumEpoch({ ...common, shares: new Map(entries) })
      const back = shareHeliumEpoch({ ...common, shares: new Map(entries.toReversed()) })
      for (const [gateway] of entries) assert.deepEqual(forth.rewards.get(gateway), back.rewards.get(gateway))
      assert.deepEqual(forth.rewards.get('left'), forth.rewards.get('right'))
    }),
  )
})

test('who has more shares than another never earns less', () => {
  fc.assert(
    fc.property(emissions, bonePrice, everyone, earned, earned, (bones, price, by, a, b) => {
      const shares = new Map(Object.entries({ ...by, 'one of two': a, 'the other': b }))
      const { rewards } = shareHeliumEpoch({ emissions: ratio(bones), bonePrice: price, shares })
      const [first, second] = [rewards.get('one of two'), rewards.get('the other')]
      if (a.dataCredits > b.dataCredits) assert.ok((first?.dataBones ?? 0n) >= (second?.dataBones ?? 0n))
      if (a.beacons.numerator * b.beacons.denominator > b.beacons.numerator * a.beacons.denominator) {
        assert.ok((first?.beaconBones ?? 0n) >= (second?.beaconBones ?? 0n))
      }
    }),
  )
})

test('a period begins after its start and includes its end, and a later share of one proof replaces the earlier', () => {
  const share = { gateway: 'a', side: 'witness', hexScale: ratio(1n, 2n), unit: ratio(1n) } as const
  const proofs = [
    { ...share, proof: 'at start', receivedMs: 0 },
    { ...share, proof: 'at end', receivedMs: 10 },
    { ...share, proof: 'after', receivedMs: 11 },
    { ...share, proof: 'twice', receivedMs: 5 },
    { ...share, proof: 'twice', receivedMs: 5, unit: zero },
  ]
  const data = [1n, 2n].map((dataCredits) => ({ gateway: 'a', packet: 'p', receivedMs: 5, dataCredits }))
  const sums = sumShares({ proofs, data }, { startMs: 0, endMs: 10 })
  assert.deepEqual(sums.get('a'), { beacons: zero, witnesses: ratio(1n, 2n), dataCredits: 2n })
})

test('credits rise by one with each 24 bytes begun', () => {
  assert.deepEqual([0, 1, 24, 25, 48, 49].map(payloadDataCredits), [1n, 1n, 1n, 2n, 2n, 3n])
})

test('billing takes exactly what it says, in order, and never below nothing', () => {
  const packet = fc.record({
    organisation: fc.integer({ min: 0, max: 2 }),
    sizeBytes: fc.integer({ min: 0, max: 255 }),
    isFree: fc.boolean(),
    isUplink: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(packet),
      fc.bigInt({ min: 0n, max: 60n }),
      fc.bigInt({ min: 0n, max: 5n }),
      (all, at, minimum) => {
        const balances = new Map([0, 1].map((organisation) => [organisation, at]))
        const { valid, invalid, accounts } = billPackets(all, { balances, minimum })
        assert.equal(valid.length + invalid.length, all.filter(({ isUplink }) => isUplink).length)
        for (const [organisation, { balance, burned, isEnabled }] of accounts) {
          assert.equal(balance + burned, balances.get(organisation) ?? 0n)
          assert.ok(balance >= 0n && (!isEnabled || balance >= minimum || burned === 0n))
        }
      },
    ),
  )
})

test('an organisation that runs dry is disabled, and enabled when it has the minimum again', () => {
  const packet = { organisation: 7, sizeBytes: 48, isFree: false, isUplink: true }
  const { valid, invalid, accounts } = billPackets([packet, packet], { balances: new Map([[7, 3n]]), minimum: 1n })
  assert.deepEqual([valid.length, invalid.length], [1, 1])
  const dry = accounts.get(7) ?? assert.fail('an account')
  assert.deepEqual(dry, { balance: 1n, burned: 2n, isEnabled: false })
  assert.equal(refillAccount(dry, { balance: 4n, minimum: 5n }), dry)
  assert.deepEqual(refillAccount(dry, { balance: 5n, minimum: 5n }), { balance: 5n, burned: 2n, isEnabled: true })
})
