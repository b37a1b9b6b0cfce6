/**
 * Goal: the money of playing false is that of the contracts: paying oneself loses at every size, a seat costs what it binds, and what
 * pays all the same is the bootstrap, up to a stake that can be computed.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limitRaisedBy } from '@groundwork/core/money/convert.ts'
import {
  dayOf,
  scoreOf,
  type Adversary,
  type MoneyTerms,
  type PartyDay,
  type Played,
  type Score,
  type ScoreTerms,
} from '@groundwork/wireless'
import fc from 'fast-check'
import { rebateAttoPerUnit } from '../../packages/wireless/src/pay.ts'
import { manyOwners } from './wireless/many-owners.ts'
import { ownPackets } from './wireless/own-packets.ts'
import { beaconsOf, marketOf } from './wireless/small-town.ts'

const work = 10n ** 18n
const terms: MoneyTerms = {
  lowUsd8: 49_500_000n,
  highUsd8: 50_500_000n,
  referenceNanoPerUnit: 10n ** 9n,
  seatAtto: 1_000n * work,
  capitalBasisPoints: 1_000n,
}
const scoreTerms: ScoreTerms = {
  ...terms,
  allowanceAtto: 68_493n * work,
  networkParties: 10_000,
  bootstrap: 'equal',
}
const nothing: PartyDay = {
  seats: 0n,
  soldUnits: 0n,
  earnedNano: 0n,
  ownUnits: 0n,
  bootstrapAtto: 0n,
  slashedAtto: 0n,
}

test('who pays itself loses, at every size and price, at least a part in a hundred', () => {
  fc.assert(
    fc.property(fc.bigInt(1n, 10n ** 9n), fc.bigInt(100n, 10n ** 12n), (ownUnits, priceUsd8) => {
      const lowUsd8 = (priceUsd8 * 99n) / 100n
      const highUsd8 = (priceUsd8 * 101n + 99n) / 100n
      const day = dayOf({ ...nothing, ownUnits }, { ...terms, lowUsd8, highUsd8 })
      assert.ok(day.netAtto < 0n)
      assert.ok(-day.netAtto * 100n >= day.burnedAtto, `${day.netAtto} of ${day.burnedAtto}`)
    }),
  )
})

test('without the limit of rebates a reference price that is far too high would pay it', () => {
  const dear = { ...terms, referenceNanoPerUnit: 10n ** 12n }
  const ownUnits = 1_000_000n
  // It sells at a thousandth of the reference, to itself.
  const day = dayOf({ ...nothing, soldUnits: ownUnits, earnedNano: ownUnits * 10n ** 9n }, dear)
  const paid = (ownUnits * 10n ** 21n + dear.lowUsd8 - 1n) / dear.lowUsd8
  const retired = paid - day.convertedAtto
  assert.ok(day.rebateAtto <= limitRaisedBy(retired))
  assert.ok(day.convertedAtto + day.rebateAtto < paid, 'with the limit it loses')
  const leaf = ownUnits * rebateAttoPerUnit(dear)
  assert.ok(day.convertedAtto + leaf > 10n * paid, 'without it, it gains tenfold')
})

test('a unit that another paid leaves its price less the fee and the spread of the feed', () => {
  const day = dayOf({ ...nothing, soldUnits: 1_000n, earnedNano: 1_000n * 10n ** 9n }, terms)
  const paid = (1_000n * 10n ** 21n) / terms.lowUsd8
  assert.ok(day.netAtto < paid && day.netAtto > (paid * 95n) / 100n, `${day.netAtto} of ${paid}`)
})

test('a seat costs what its stake would yield', () => {
  const day = dayOf({ ...nothing, seats: 365n }, terms)
  assert.equal(day.seatCostAtto, (365n * 1_000n * work * 1_000n) / (10_000n * 365n))
  assert.equal(day.netAtto, -day.seatCostAtto)
})

const share = 0.1
const usualPlayed = marketOf().then((market): Played => ({
  adversary: undefined,
  share: 0,
  market,
  coverage: beaconsOf(),
}))
const playedOf = (adversary: Adversary): Promise<Played> =>
  marketOf(adversary, { share }).then((market) => ({
    adversary,
    share,
    market,
    coverage: beaconsOf(adversary, { share }),
  }))
/** Each town is played once; only the money differs. */
const played = new Map([manyOwners, ownPackets].map((adversary) => [adversary, playedOf(adversary)]))
const scored = async (adversary: Adversary, of: ScoreTerms): Promise<Score> =>
  scoreOf((await played.get(adversary)) ?? assert.fail(), await usualPlayed, of)

for (const adversary of [manyOwners, ownPackets])
  test(`${adversary.name} pays at the stake of production, and not at the stake that is said to stop it`, async () => {
    const { pays, seatAttoToStop, riskToStop, gainAtto } = await scored(adversary, scoreTerms)
    // Not defended at that stake: when this fails, docs/threats.md is wrong.
    assert.equal(pays, true)
    const stakeAtto = BigInt(adversary.ownersEach) * scoreTerms.seatAtto
    assert.ok(Math.abs((riskToStop ?? 0) - Number(gainAtto) / Number(stakeAtto)) < 1e-5)
    assert.ok(seatAttoToStop !== undefined && seatAttoToStop > scoreTerms.seatAtto)
    const stopped = await scored(adversary, { ...scoreTerms, seatAtto: seatAttoToStop + work })
    assert.ok(stopped.gainAtto <= 0n, `${stopped.gainAtto}`)
    assert.equal(stopped.pays, false)
    assert.equal(stopped.riskToStop, undefined)
  })

test('without any bootstrap, owners that pay themselves lose, and the seats of those behind one radio cost more than they bring', async () => {
  for (const adversary of [manyOwners, ownPackets]) {
    const { pays, gainAtto } = await scored(adversary, { ...scoreTerms, allowanceAtto: 0n })
    assert.equal(pays, false)
    assert.ok(gainAtto < 0n)
  }
})

test('with the seat taken away, owners behind one radio gain by carriage alone', async () => {
  const { carriageGainAtto, gainAtto } = await scored(manyOwners, { ...scoreTerms, allowanceAtto: 0n, seatAtto: 0n })
  assert.ok(gainAtto > 0n && gainAtto === carriageGainAtto)
})
