/**
 * Goal: a hotspot believes nothing that a router says of frames it never sent, at prices that are not the route's, or under
 * signatures that are not its signer's; a lie about the draw is found at the reveal; money goes on when evidence cannot.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { openCarryLedger } from '../adapters/carry-ledger.ts'
import type { RadioUplink } from '../model/radio.ts'
import type { Route } from '../model/route.ts'
import type { CarryLedger } from '../ports/carry.ts'
import { packetOf, receiptOf } from '../work.ts'
import type { CarryMessage } from '../wire/carry-messages.ts'
import { encodeReceipt } from '../wire/receipt.ts'
import { tallyDigest, voucherDigest } from '../wire/voucher.ts'
import { drawCommitment, drawOwners } from './draw.ts'
import { hotspotLink, type HotspotLink } from './hotspot-link.ts'
import { openTally } from './open-tally.ts'

const railsDomain: Domain = { chainId: 31337n, verifyingContract: `0x${'aa'.repeat(20)}` }
const signerKey = new Uint8Array(32).fill(0x21)
const otherKey = new Uint8Array(32).fill(0x22)
const router: Hex = `0x${'0a'.repeat(20)}`
const owner: Hex = `0x${'0b'.repeat(20)}`
const rival: Hex = `0x${'0c'.repeat(20)}`
const unitPriceNano = 10n ** 9n
const secret = new Uint8Array(32).fill(7)
const route: Route = {
  router,
  nodeKey: `0x${'11'.repeat(32)}`,
  endpoint: 'ws://127.0.0.1:1',
  voucherSigner: addressOf(signerKey),
  devAddrs: [],
  joinEuis: [],
  unitPriceNano,
  copies: 2,
  isOpen: true,
}

const uplink = (number: number): RadioUplink => ({
  gatewayEui: 'aa00000000000001',
  phyPayload: Uint8Array.of(0x40, number & 0xff, number >> 8, 3, 4, 0, 1, 0, 9, 9, 9, 9),
  frequencyHz: 868_100_000,
  modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
  rssiDbm: -97.34,
  snrDb: 7.21,
  channel: 0,
  heardAtMs: 1_750_000_000_000.7,
  context: new Uint8Array(4),
})

interface Desk {
  readonly link: HotspotLink
  readonly said: CarryMessage[]
  readonly ledger: CarryLedger & Disposable
}

function openDesk(count = 3): Desk {
  const ledger = openCarryLedger({ path: ':memory:' })
  const said: CarryMessage[] = []
  const link = hotspotLink({
    route,
    owner,
    ledger,
    railsDomain,
    say: (message) => void said.push(message),
    downlink: () => undefined,
  })
  for (let number = 0; number < count; number += 1) link.offer(uplink(number), 0)
  link.opened({ epoch: 1n, drawCommitment: drawCommitment(secret) })
  link.pump(10)
  return { link, said, ledger }
}

const bought = (sequence: number, terms = {}): CarryMessage => ({
  kind: 'decisions',
  decisions: [{ sequence, kind: 'bought', epoch: 1n, index: sequence, copies: 1, priceNano: unitPriceNano, ...terms }],
})

/** What the router has for the frames bought so far: the receipts it would make of what travelled. */
function receiptFor(number: number): Uint8Array {
  const heard = { ...uplink(number), rssiDbm: -97.3, snrDb: 7.2, heardAtMs: 1_750_000_000_000 }
  const packet = packetOf(heard.phyPayload)
  return encodeReceipt(receiptOf({ uplink: heard, packet, copies: 1, priceNano: unitPriceNano }))
}

function voucher({
  total,
  numbers,
  key = signerKey,
  tallyKey = signerKey,
  epoch: of = 1n,
}: {
  total: bigint
  numbers: readonly number[]
  key?: Uint8Array
  tallyKey?: Uint8Array
  epoch?: bigint
}): CarryMessage {
  const open = openTally({ router, owner, epoch: of })
  for (const number of numbers) open.add(receiptFor(number))
  const tally = open.tally()
  const { epoch, packets, units, nanoCredits, root } = tally
  return {
    kind: 'voucher',
    total,
    voucherSignature: sign(voucherDigest({ payer: router, payee: owner, total }, railsDomain), key),
    epoch,
    packets,
    units,
    nanoCredits,
    root,
    tallySignature: sign(tallyDigest(tally, railsDomain), tallyKey),
  }
}

const reveal = (of: Uint8Array): CarryMessage => ({
  kind: 'reveal',
  epoch: 1n,
  secret: toHex(of),
  nextCommitment: drawCommitment(of),
})

test('both sides make the same receipt of what travelled, so their tallies agree', () => {
  const { link, ledger, said } = openDesk()
  assert.deepEqual(
    said.map(({ kind }) => kind),
    ['ready', 'uplinks'],
  )
  for (const sequence of [0, 1, 2]) assert.equal(link.received(bought(sequence)), undefined)
  assert.equal(link.received(voucher({ total: 3n, numbers: [0, 1, 2] })), undefined)
  assert.equal(link.counts['receipts-differ'], undefined)
  assert.equal(ledger.tally({ peer: router, epoch: 1n }), undefined, 'its signature waits to be checked')
  link.keepTally()
  assert.equal(ledger.tally({ peer: router, epoch: 1n })?.tally.packets, 3)
  assert.deepEqual(
    [link.credit.state.earnedNano, link.credit.state.total, link.credit.openPackets],
    [3n * unitPriceNano, 3n, 0],
  )
})

test('a decision on a frame that was never sent, or twice on one, ends the stream', () => {
  const { link } = openDesk()
  assert.equal(link.received(bought(3)), 'decision-on-nothing')
  assert.equal(link.received(bought(0)), undefined)
  assert.equal(link.received(bought(0)), 'decision-on-nothing')
  const declined = { sequence: 0, kind: 'declined' as const, reason: 'late' as const }
  assert.equal(link.received({ kind: 'decisions', decisions: [declined] }), 'decision-on-nothing')
  assert.equal(link.credit.state.earnedNano, unitPriceNano)
})

test('a price that is not a share of the route, and more copies than it buys, end the stream', () => {
  const { link } = openDesk()
  assert.equal(link.received(bought(0, { priceNano: unitPriceNano - 1n })), 'price-differs')
  assert.equal(link.received(bought(0, { copies: 2 })), 'price-differs', 'half the copies, the whole price')
  assert.equal(link.received(bought(0, { copies: 3, priceNano: unitPriceNano / 3n })), 'copies-differ')
  assert.equal(link.received(bought(0, { copies: 2, priceNano: unitPriceNano / 2n })), undefined)
})

test('a forged voucher stops the carriage, a replayed one changes nothing, and a good one resumes it', () => {
  const { link, said } = openDesk()
  for (const sequence of [0, 1, 2]) link.received(bought(sequence))
  link.received(voucher({ total: 2n, numbers: [0, 1, 2], key: otherKey }))
  assert.equal(link.credit.state.total, 0n)
  link.offer(uplink(9), 20)
  link.pump(20)
  assert.equal(link.refusal, 'voucher-bad')
  assert.deepEqual(said.at(-1), { kind: 'notice', reason: 'voucher-bad' })
  assert.equal(link.queue.count, 1, 'the frame waits')
  const good = voucher({ total: 3n, numbers: [0, 1, 2] })
  link.received(good)
  link.received(voucher({ total: 2n, numbers: [0, 1] }))
  link.received(good)
  assert.equal(link.credit.state.total, 3n)
  link.pump(30)
  assert.equal(link.refusal, undefined)
  assert.deepEqual(
    said.slice(-2).map(({ kind }) => kind),
    ['notice', 'uplinks'],
  )
})

test('a tally of other receipts, or of another signer, is no evidence, and the voucher counts all the same', () => {
  const { link, ledger } = openDesk()
  for (const sequence of [0, 1, 2]) link.received(bought(sequence))
  link.received(voucher({ total: 3n, numbers: [0, 1, 2], tallyKey: otherKey }))
  link.keepTally()
  assert.equal(link.counts['tally-bad'], 1)
  link.received(voucher({ total: 4n, numbers: [0, 1, 5] }))
  link.keepTally()
  assert.equal(link.counts['receipts-differ'], 1)
  assert.equal(ledger.tally({ peer: router, epoch: 1n }), undefined)
  assert.equal(link.credit.state.total, 4n)
})

test('the last tally is kept when the stream ends, the epoch is over, or another epoch’s comes', () => {
  const ways: readonly ((desk: ReturnType<typeof openDesk>) => void)[] = [
    ({ link }) => link.closed(),
    ({ link }) => link.received(reveal(secret)),
    ({ link }) => link.received(voucher({ total: 2n, numbers: [], epoch: 0n })),
  ]
  for (const end of ways) {
    const desk = openDesk()
    desk.link.received(bought(0))
    desk.link.received(voucher({ total: 1n, numbers: [0] }))
    end(desk)
    assert.equal(desk.ledger.tally({ peer: router, epoch: 1n })?.tally.packets, 1)
  }
})

test('receipts that leave a gap freeze the evidence of their epoch, and the next epoch has its own', () => {
  const { link, ledger } = openDesk()
  link.received(bought(0))
  link.received(voucher({ total: 1n, numbers: [0] }))
  link.received(bought(1, { index: 5 }))
  link.received(bought(2, { index: 6 }))
  assert.equal(link.counts['receipts-differ'], 1)
  link.keepTally()
  assert.equal(ledger.tally({ peer: router, epoch: 1n })?.tally.packets, 1, 'what was signed stays')
  assert.equal(link.credit.state.earnedNano, 3n * unitPriceNano, 'money goes on')
  link.offer(uplink(3), 20)
  link.pump(20)
  link.received(bought(3, { epoch: 2n, index: 0 }))
  assert.equal(ledger.receipts({ peer: router, epoch: 2n, fromIndex: 0, countMax: 9 }).length, 1)
})

test('receipts that come again are counted once', () => {
  const { link } = openDesk()
  link.received(bought(0))
  const again: CarryMessage = { kind: 'receipts', epoch: 1n, firstIndex: 0, receipts: [receiptFor(0), receiptFor(7)] }
  assert.equal(link.received(again), undefined)
  assert.equal(link.received(again), undefined)
  assert.equal(link.credit.state.earnedNano, 2n * unitPriceNano)
  const junk: CarryMessage = { kind: 'receipts', epoch: 1n, firstIndex: 2, receipts: [new Uint8Array(73)] }
  assert.equal(link.received(junk), 'receipt-malformed')
})

test('a winner that was not drawn, and a secret that was not committed to, are found at the reveal', () => {
  const lose = (isFair: boolean): HotspotLink => {
    const { link } = openDesk(40)
    for (let sequence = 0; sequence < 40; sequence += 1) {
      const packet = packetOf(uplink(sequence).phyPayload)
      const isLost = drawOwners({ packet, secret, owners: [owner, rival] })[0] === rival
      if (!isLost && isFair) continue
      const decision = { sequence, kind: 'declined' as const, reason: 'not-drawn' as const, winner: rival }
      assert.equal(link.received({ kind: 'decisions', decisions: [decision] }), undefined)
    }
    return link
  }
  assert.equal(lose(true).received(reveal(secret)), undefined)
  const cheated = lose(false)
  assert.equal(cheated.received(reveal(secret)), 'draws-unfair')
  assert.ok(cheated.record.unfairDraws > 5)
  assert.equal(lose(true).received(reveal(new Uint8Array(32).fill(8))), 'draws-unfair')
})

test('what only a hotspot says is refused from a router', () => {
  const { link } = openDesk()
  assert.equal(link.received({ kind: 'outcomes', outcomes: [] }), 'not-for-hotspots')
})
