/**
 * Goal: a packet costs the same whatever the number of its copies; one owner has one ticket; joins, budgets, windows and wrong
 * MICs cost what the protocol says, and no flood grows anything without bound.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { openCarryLedger } from '../adapters/carry-ledger.ts'
import { unitsOf } from '../model.ts'
import type { HotspotRecord } from '../model/hotspot-record.ts'
import type { RadioUplink } from '../model/radio.ts'
import { accept, packetOf, sharesOf } from '../work.ts'
import { buyer, defaultBuyPolicy, type Buyer, type BuyDecision, type BuyPolicy, type SpentLedger } from './buy.ts'
import { drawCommitment, drawOwners, isFairlyDrawn } from './draw.ts'

const secret = new Uint8Array(32).fill(9)
const berlin = cellAt({ latitude: 52.52, longitude: 13.4 }) ?? assert.fail()
const sydney = cellAt({ latitude: -33.87, longitude: 151.2 }) ?? assert.fail()
const ownerOf = (number: number): Hex => `0x${number.toString(16).padStart(40, '0')}`
const devEui = '0000000000000001'

interface Copy {
  readonly owner: Hex
  readonly hotspot: HotspotRecord | undefined
  readonly uplink: RadioUplink
}

function copyOf(
  owner: Hex,
  {
    phyPayload = Uint8Array.of(0x40, 1, 2, 3, 4, 0, 1, 0, 9, 9, 9, 9),
    cell = berlin,
    rssiDbm = -100,
    snrDb = 5,
    isKnown = true,
  }: {
    readonly phyPayload?: Uint8Array
    readonly cell?: bigint
    readonly rssiDbm?: number
    readonly snrDb?: number
    readonly isKnown?: boolean
  } = {},
): Copy {
  return {
    owner,
    hotspot: isKnown ? { owner, cell, antennaGainDbi: 3, unitPriceNano: 0n, stakeAtto: 1n, isOpen: true } : undefined,
    uplink: {
      gatewayEui: owner.slice(-16),
      phyPayload,
      frequencyHz: 868_100_000,
      modulation: { kind: 'lora', spreadingFactor: 9, bandwidthHz: 125_000 },
      rssiDbm,
      snrDb,
      channel: 1,
      heardAtMs: 1_750_000_000_000,
      context: new Uint8Array(4),
    },
  }
}

test('what a packet costs is fixed in total, whatever the number of copies heard and bought', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 256 }),
      fc.bigInt(0n, 2n ** 56n),
      (heard, copiesWanted, sizeBytes, unitPriceNano) => {
        const phyPayload = new Uint8Array(sizeBytes).fill(heard)
        const copies = Array.from({ length: heard }, (_, index) => copyOf(ownerOf(index + 1), { phyPayload }))
        const { bought, declined, priceNano } = accept({ copies, unitPriceNano, copiesWanted, secret })
        const paid = bought.reduce((sum, { receipt }) => sum + receipt.priceNano, 0n)
        assert.equal(priceNano, BigInt(unitsOf(sizeBytes)) * unitPriceNano)
        assert.equal(paid, priceNano)
        assert.equal(bought.length, Math.min(heard, copiesWanted))
        assert.equal(bought.length + declined.length, heard)
        const shares = bought.map(({ receipt }) => receipt.priceNano)
        const [least, most] = [shares.reduce((a, b) => (a < b ? a : b)), shares.reduce((a, b) => (a > b ? a : b))]
        assert.ok(most - least <= 1n, 'shares differ by a nano-credit at most')
      },
    ),
  )
  assert.deepEqual(sharesOf({ priceNano: 10n, count: 3 }), [4n, 3n, 3n])
})

test('the unit is 24 bytes of the PHYPayload, or part of it, one at least', () => {
  assert.deepEqual([0, 1, 23, 24, 25, 48, 49, 256].map(unitsOf), [1, 1, 1, 1, 2, 2, 3, 11])
})

test('the draw does not depend on order, signal or number of gateways, and every owner wins its part', () => {
  const owners = [1, 2, 3, 4].map(ownerOf)
  const wins = new Map<Hex, number>()
  for (let number = 0; number < 2000; number += 1) {
    const packet = packetOf(Uint8Array.of(number & 0xff, number >> 8))
    const [winner] = drawOwners({ packet, secret, owners })
    assert.deepEqual(drawOwners({ packet, secret, owners: owners.toReversed() })[0], winner)
    assert.ok(winner !== undefined)
    wins.set(winner, (wins.get(winner) ?? 0) + 1)
    for (const loser of owners) if (loser !== winner) assert.ok(isFairlyDrawn({ packet, secret, winner, loser }))
  }
  for (const owner of owners) assert.ok(Math.abs((wins.get(owner) ?? 0) - 500) < 100, `${owner} won ${wins.get(owner)}`)
  const crowd = [copyOf(ownerOf(1)), copyOf(ownerOf(2)), copyOf(ownerOf(2), { rssiDbm: -60 }), copyOf(ownerOf(2))]
  const { bought, declined } = accept({ copies: crowd, unitPriceNano: 1n, copiesWanted: 8, secret })
  assert.deepEqual(bought.map(({ copy }) => copy.owner).toSorted(), [ownerOf(1), ownerOf(2)])
  assert.deepEqual(
    declined.map(({ reason }) => reason),
    ['same-owner', 'same-owner'],
  )
  assert.notEqual(drawCommitment(secret), drawCommitment(new Uint8Array(32)))
})

test('impossible signals and unbonded owners are not drawn, each by its reason', () => {
  const reasons = (copies: readonly Copy[]): (string | undefined)[] =>
    accept({ copies, unitPriceNano: 1n, copiesWanted: 8, secret }).declined.map(({ reason }) => reason)
  assert.deepEqual(reasons([copyOf(ownerOf(1), { isKnown: false })]), ['gateway-unknown'])
  assert.deepEqual(reasons([copyOf(ownerOf(1), { rssiDbm: 30 })]), ['too-strong'])
  assert.deepEqual(reasons([copyOf(ownerOf(1), { rssiDbm: -150, snrDb: -12 })]), ['too-weak'])
  assert.deepEqual(reasons([copyOf(ownerOf(1), { snrDb: -17 })]), ['snr-below-floor'])
  assert.deepEqual(reasons([copyOf(ownerOf(1), { rssiDbm: -50, snrDb: 21 })]), ['snr-above-radio'])
  assert.deepEqual(reasons([copyOf(ownerOf(1), { rssiDbm: -120, snrDb: 15 })]), ['snr-above-noise'])
  assert.deepEqual(reasons([copyOf(ownerOf(1))]), [])
  const near = [1, 2].map((number) => copyOf(ownerOf(number)))
  assert.deepEqual(reasons([...near, copyOf(ownerOf(3), { cell: sydney })]), ['too-far'])
  assert.deepEqual(
    reasons([copyOf(ownerOf(1)), copyOf(ownerOf(3), { cell: sydney })]),
    [],
    'of two nobody knows who lies',
  )
})

const folder = mkdtempSync(path.join(tmpdir(), 'buy-test-'))
after(() => rmSync(folder, { recursive: true }))

function open(policy: Partial<BuyPolicy> = {}, ledger?: SpentLedger): Buyer<Copy> {
  return buyer<Copy>({
    policy: { ...defaultBuyPolicy, unitPriceNano: 10n, copiesWanted: 1, ...policy },
    secret: () => secret,
    ...(ledger === undefined ? {} : { ledger }),
  })
}

const frame = (number: number, sizeBytes = 20): Uint8Array => {
  const bytes = new Uint8Array(sizeBytes)
  bytes.set([0x40, number & 0xff, (number >> 8) & 0xff, number >> 16])
  return bytes
}
const said = (decisions: readonly BuyDecision<Copy>[]): string[] =>
  decisions.map((one) => (one.kind === 'bought' ? 'bought' : one.reason)).toSorted()

test('the window is whole whatever the network server answers, and what comes after it is late', () => {
  const buying = open()
  const phyPayload = frame(1)
  assert.equal(buying.heard(copyOf(ownerOf(1), { phyPayload }), 0), undefined)
  buying.judged(phyPayload, { kind: 'accepted', devEui }, 5)
  assert.deepEqual(buying.due(999), [])
  assert.equal(buying.heard(copyOf(ownerOf(2), { phyPayload }), 999), undefined)
  assert.equal(buying.heard(copyOf(ownerOf(2), { phyPayload }), 999), 'same-owner')
  assert.deepEqual(said(buying.due(1000)), ['bought', 'not-drawn'])
  assert.equal(buying.heard(copyOf(ownerOf(3), { phyPayload }), 1001), 'late')
  assert.equal(buying.waiting, 0)
})

test('what the network server does not answer for is not paid, and holds up nothing behind it', () => {
  const buying = open()
  buying.heard(copyOf(ownerOf(1), { phyPayload: frame(1) }), 0)
  buying.heard(copyOf(ownerOf(1), { phyPayload: frame(2) }), 1)
  buying.judged(frame(2), { kind: 'accepted', devEui }, 2)
  assert.deepEqual(said(buying.due(1001)), ['bought'])
  assert.deepEqual(said(buying.due(3000)), ['unjudged'])
  buying.heard(copyOf(ownerOf(1), { phyPayload: frame(3) }), 4000)
  buying.judged(frame(3), { kind: 'replayed' }, 4000)
  buying.judged(frame(3), { kind: 'accepted', devEui }, 4001)
  assert.deepEqual(said(buying.due(4001)), ['replayed'], 'the first word counts, and a refusal needs no window')
})

test('a packet is bought once, also when it is sent again after its window', () => {
  const buying = open({ rememberMs: 10_000 })
  const phyPayload = frame(1)
  let boughtCount = 0
  for (let atMs = 0; atMs < 9000; atMs += 500) {
    buying.heard(copyOf(ownerOf(1 + atMs), { phyPayload }), atMs)
    buying.judged(phyPayload, { kind: 'accepted', devEui }, atMs)
    boughtCount += said(buying.due(atMs)).filter((reason) => reason === 'bought').length
  }
  assert.equal(boughtCount, 1)
})

test('a join is free until the first uplink of its session, then paid once to the owner that was drawn', () => {
  const buying = open()
  const join = frame(7, 23)
  const join2 = frame(8, 23)
  for (const [phyPayload, atMs] of [
    [join, 0],
    [join2, 2000],
  ] as const) {
    buying.heard(copyOf(ownerOf(1), { phyPayload }), atMs)
    buying.heard(copyOf(ownerOf(2), { phyPayload }), atMs)
    buying.judged(phyPayload, { kind: 'join-accepted', devEui }, atMs)
    assert.deepEqual(said(buying.due(atMs + 1000)), ['join-free', 'not-drawn'])
  }
  buying.heard(copyOf(ownerOf(3), { phyPayload: frame(9) }), 5000)
  buying.judged(frame(9), { kind: 'accepted', devEui }, 5000)
  const paid = buying.due(6000)
  assert.deepEqual(said(paid), ['bought', 'bought'])
  const packets = paid.map((one) => (one.kind === 'bought' ? one.receipt.packet : ''))
  assert.ok(packets.includes(packetOf(join2)) && !packets.includes(packetOf(join)), 'only the join that led to it')
  buying.heard(copyOf(ownerOf(3), { phyPayload: frame(10) }), 7000)
  buying.judged(frame(10), { kind: 'accepted', devEui }, 7000)
  assert.deepEqual(said(buying.due(8000)), ['bought'], 'once')
})

test('a join that nothing follows is never paid', () => {
  const buying = open({ joinMsMax: 10_000 })
  buying.heard(copyOf(ownerOf(1), { phyPayload: frame(7, 23) }), 0)
  buying.judged(frame(7, 23), { kind: 'join-accepted', devEui }, 0)
  assert.deepEqual(said(buying.due(1000)), ['join-free'])
  buying.due(20_000)
  buying.heard(copyOf(ownerOf(1), { phyPayload: frame(9) }), 20_000)
  buying.judged(frame(9), { kind: 'accepted', devEui }, 20_000)
  assert.deepEqual(said(buying.due(21_000)), ['bought'])
})

/** Sends frames of a device with a budget of 5 units, two of them each. */
function spender(buying: Buyer<Copy>): (number: number, atMs: number) => string[] {
  return (number, atMs) => {
    const bytes = frame(number, 48)
    buying.heard(copyOf(ownerOf(1), { phyPayload: bytes }), atMs)
    if (buying.admit(bytes, { devEui, unitsPerDayMax: 5 }, atMs))
      buying.judged(bytes, { kind: 'accepted', devEui }, atMs)
    return said(buying.due(atMs + 1000))
  }
}

test("a device's budget of a day is kept, and the next day has its own", () => {
  const buying = open()
  const send = spender(buying)
  assert.deepEqual(send(1, 0), ['bought'])
  assert.deepEqual(send(2, 2000), ['bought'])
  assert.equal(buying.unitsLeft(devEui, 4000), 1)
  assert.deepEqual(send(3, 4000), ['over-budget'])
  assert.deepEqual(send(4, 86_400_000), ['bought'])
  assert.equal(buying.unitsLeft(devEui, 86_400_000), 3)
})

test('frames in one window cannot spend the same units, and what was not bought is given back', () => {
  const buying = open()
  const budget = { devEui, unitsPerDayMax: 5 }
  const admitted = [1, 2, 3].map((number) => {
    buying.heard(copyOf(ownerOf(1), { phyPayload: frame(number, 48) }), 0)
    return buying.admit(frame(number, 48), budget, 0)
  })
  assert.deepEqual(admitted, [true, true, false])
  assert.ok(buying.admit(frame(1, 48), budget, 0), 'asked again it takes nothing again')
  // The first could not be kept, the second was heard by nobody plausible.
  buying.judged(frame(1, 48), { kind: 'refused' }, 0)
  assert.equal(buying.unitsLeft(devEui, 0), 3)
  buying.judged(frame(2, 48), { kind: 'accepted', devEui }, 0)
  buying.due(1000)
  assert.equal(buying.unitsLeft(devEui, 1000), 3)
  buying.heard(copyOf(ownerOf(1), { phyPayload: frame(4, 48), rssiDbm: 40 }), 2000)
  assert.ok(buying.admit(frame(4, 48), budget, 2000))
  buying.judged(frame(4, 48), { kind: 'accepted', devEui }, 2000)
  assert.deepEqual(said(buying.due(3000)), ['too-strong'])
  assert.equal(buying.unitsLeft(devEui, 3000), 3)
})

test('what nobody offered costs no budget', () => {
  assert.ok(open().admit(frame(1, 48), { devEui, unitsPerDayMax: 0 }, 0))
})

test('a router that is started again goes on with what is left of the day', () => {
  const file = path.join(folder, 'spent.sqlite')
  {
    using ledger = openCarryLedger({ path: file })
    const send = spender(open({}, ledger))
    assert.deepEqual([...send(1, 0), ...send(2, 2000)], ['bought', 'bought'])
  }
  using ledger = openCarryLedger({ path: file })
  const send = spender(open({}, ledger))
  assert.deepEqual(send(3, 4000), ['over-budget'])
  assert.deepEqual(send(4, 86_400_000), ['bought'])
  ledger.commit()
  assert.equal(ledger.spentUnits(devEui, 1), 2)
  assert.equal(ledger.spentUnits(devEui, 0), 0, 'a day that is over is forgotten')
})

test('an owner that sends frames with wrong MICs is not looked at until the minute is over', () => {
  const buying = open({ micFailuresPerMinuteMax: 3 })
  for (let number = 0; number < 3; number += 1) {
    assert.equal(buying.heard(copyOf(ownerOf(1), { phyPayload: frame(number) }), 0), undefined)
    buying.judged(frame(number), { kind: 'mic-failed' }, 0)
  }
  assert.equal(buying.heard(copyOf(ownerOf(1), { phyPayload: frame(9) }), 59_000), 'mic-failures')
  assert.equal(buying.heard(copyOf(ownerOf(2), { phyPayload: frame(9) }), 59_000), undefined, 'others are')
  assert.equal(buying.heard(copyOf(ownerOf(1), { phyPayload: frame(10) }), 60_000), undefined)
})

test('one owner with many gateways crowds nobody out', () => {
  const buying = open({ copiesPerOwnerMax: 3 })
  const [alice, bob] = [ownerOf(1), ownerOf(2)]
  assert.equal(buying.heard(copyOf(alice), 0), undefined)
  assert.equal(buying.heard(copyOf(alice), 0), 'same-owner')
  assert.equal(buying.heard(copyOf(alice), 0), 'same-owner')
  assert.equal(buying.heard(copyOf(alice), 0), 'busy')
  assert.equal(buying.heard(copyOf(bob), 0), undefined)
  assert.equal(buying.heard(copyOf(bob), 0), 'same-owner')
})

test('packets and copies have bounds, and what finds no room is busy', () => {
  const buying = open({ packetsMax: 2, copiesPerPacketMax: 2 })
  assert.equal(buying.heard(copyOf(ownerOf(1), { phyPayload: frame(1) }), 0), undefined)
  assert.equal(buying.heard(copyOf(ownerOf(2), { phyPayload: frame(1) }), 0), undefined)
  assert.equal(buying.heard(copyOf(ownerOf(3), { phyPayload: frame(1) }), 0), 'busy')
  assert.equal(buying.heard(copyOf(ownerOf(1), { phyPayload: frame(2) }), 0), undefined)
  assert.equal(buying.heard(copyOf(ownerOf(1), { phyPayload: frame(3) }), 0), 'busy')
  assert.equal(buying.waiting, 2)
})
