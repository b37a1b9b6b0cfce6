/**
 * Goal: an offer says on chain what its owner meant, and both sides of the market leave out whom they must, by name.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import type { HotspotRecord } from './model/hotspot-record.ts'
import type { Route } from './model/route.ts'
import { antennaGainOf, match, matchRoutes, neverBuysPackets, offer, type RouterRecord } from './offer.ts'

const accountOf = (number: number): Hex => `0x${number.toString(16).padStart(40, '0')}`
const berlin = cellAt({ latitude: 52.52, longitude: 13.4 }) ?? assert.fail()
const paris = cellAt({ latitude: 48.85, longitude: 2.35 }) ?? assert.fail()

test('an offer carries its antenna to a tenth of a decibel, and foreign terms carry none', () => {
  const made = offer({ operator: accountOf(1), antennaGainDbi: 5.8, unitPriceNano: 10n ** 9n })
  assert.equal(made.network, 2)
  assert.equal(antennaGainOf(made.terms), 5.8)
  assert.equal(antennaGainOf(offer({ operator: accountOf(1), antennaGainDbi: -3.2, unitPriceNano: 0n }).terms), -3.2)
  assert.throws(() => offer({ operator: accountOf(1), antennaGainDbi: 21, unitPriceNano: 1n }))
  assert.throws(() => offer({ operator: accountOf(1), antennaGainDbi: 3, unitPriceNano: 2n ** 57n }))
  assert.equal(antennaGainOf(`0x${'00'.repeat(32)}`), undefined)
  assert.equal(antennaGainOf(`0x017fff${'00'.repeat(29)}`), undefined)
  assert.equal(antennaGainOf(`0x01001e${'00'.repeat(28)}01`), undefined)
  fc.assert(fc.property(fc.string(), (text) => void antennaGainOf(`0x${text}`)))
})

const routeOf = (number: number, terms: Partial<Route> = {}): Route => ({
  router: accountOf(number),
  nodeKey: `0x${'11'.repeat(32)}`,
  endpoint: 'wss://router.example/carry',
  voucherSigner: accountOf(number),
  devAddrs: [],
  joinEuis: [],
  unitPriceNano: 10n,
  copies: 1,
  isOpen: true,
  ...terms,
})
const fair: RouterRecord = { carriedPackets: 10, boughtPackets: 5, unfairDraws: 0, isUnpaid: false }

test('a hotspot serves what pays enough, best first, and names why not the rest', () => {
  const records = new Map<Hex, RouterRecord>([
    [accountOf(5), { ...fair, unfairDraws: 1 }],
    [accountOf(6), { ...fair, isUnpaid: true }],
    [accountOf(7), { ...fair, boughtPackets: 0, carriedPackets: neverBuysPackets }],
    [accountOf(8), { ...fair, boughtPackets: 0, carriedPackets: neverBuysPackets - 1 }],
  ])
  const { chosen, excluded } = matchRoutes({
    routes: [
      routeOf(1),
      routeOf(2, { isOpen: false }),
      routeOf(3, { unitPriceNano: 4n }),
      routeOf(4),
      routeOf(5),
      routeOf(6),
      routeOf(7),
      routeOf(8, { unitPriceNano: 11n }),
      routeOf(9),
    ],
    owner: accountOf(4),
    unitPriceNanoMin: 5n,
    recordOf: (router) => records.get(router),
    exclude: [accountOf(9)],
  })
  assert.deepEqual(
    chosen.map(({ router }) => router),
    [accountOf(8), accountOf(1)],
  )
  assert.deepEqual(
    new Map(excluded.map(({ one, why }) => [Number(one.router), why])),
    new Map([
      [2, 'closed'],
      [3, 'pays-too-little'],
      [4, 'own'],
      [5, 'draws-unfairly'],
      [6, 'unpaid'],
      [7, 'never-buys'],
      [9, 'excluded'],
    ]),
  )
})

test('a router buys from bonded, open, near and cheap hotspots, and names why not the rest', () => {
  const hotspotOf = (number: number, terms: Partial<HotspotRecord> = {}): HotspotRecord => ({
    owner: accountOf(number),
    cell: berlin,
    antennaGainDbi: 3,
    unitPriceNano: 5n,
    stakeAtto: 100n,
    isOpen: true,
    ...terms,
  })
  const { chosen, excluded } = match({
    hotspots: [
      hotspotOf(7),
      hotspotOf(1),
      hotspotOf(2, { isOpen: false }),
      hotspotOf(3, { stakeAtto: 99n }),
      hotspotOf(4, { unitPriceNano: 11n }),
      hotspotOf(5, { cell: paris }),
      hotspotOf(6),
    ],
    unitPriceNano: 10n,
    stakeAttoMin: 100n,
    near: { cell: berlin, distanceKmMax: 100 },
    exclude: [accountOf(6)],
    countMax: 1,
  })
  assert.deepEqual(
    chosen.map(({ owner }) => owner),
    [accountOf(1)],
  )
  assert.deepEqual(
    new Map(excluded.map(({ one, why }) => [Number(one.owner), why])),
    new Map([
      [2, 'closed'],
      [3, 'not-bonded'],
      [4, 'too-dear'],
      [5, 'too-far'],
      [6, 'excluded'],
      [7, 'not-needed'],
    ]),
  )
})
