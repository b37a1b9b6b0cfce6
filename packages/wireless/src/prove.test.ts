/**
 * Goal: what two really traded and paid is evidence; whatever is forged, replayed, counted twice or not paid is not, each by its
 * reason; and an epoch closes over it as the protocol says.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditInput } from '@groundwork/core/epoch/audit.ts'
import { closeEpoch } from '@groundwork/core/epoch/close-epoch.ts'
import { buildBatch, type VerifiedBatch } from '@groundwork/core/evidence/batch.ts'
import { cidOf, type Block } from '@groundwork/core/evidence/block.ts'
import type { Entry } from '@groundwork/core/evidence/entry.ts'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import { buildSumTree } from '@groundwork/core/merkle/sum-tree.ts'
import { nanoPerCredit } from '@groundwork/core/units/credits.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { openCarryLedger } from './adapters/carry-ledger.ts'
import { judgeReceipts } from './carry/judge-receipts.ts'
import { openTally } from './carry/open-tally.ts'
import { hurryMsMin, ownerBooks } from './carry/owner-books.ts'
import { unitsOf, wirelessNetwork } from './model.ts'
import type { HotspotRecord } from './model/hotspot-record.ts'
import type { Receipt, SignedTally, Tally } from './model/receipt.ts'
import {
  audit,
  coverageUnitsMin,
  pay,
  raise,
  rebateAttoPerUnit,
  routersPerOwnerMax,
  voucherTotal,
  type WirelessFacts,
} from './pay.ts'
import { carriageKind, pairSubject, prove, verify, type OpenEpoch } from './prove.ts'
import { carriageDetail, decodeCarriage, encodeCarriage, type CarriageBlock } from './wire/carriage-block.ts'
import { decodeReceipt, encodeReceipt, receiptBytes, receiptLeaf } from './wire/receipt.ts'
import { tallyDigest } from './wire/voucher.ts'

const domain: Domain = { chainId: 31337n, verifyingContract: `0x${'e9'.repeat(20)}` }
const railsDomain: Domain = { chainId: 31337n, verifyingContract: `0x${'aa'.repeat(20)}` }
const keyOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const signerKey = keyOf(0x21)
const signer = addressOf(signerKey)
const router = addressOf(keyOf(0x22))
const owner = addressOf(keyOf(0x23))
const cell = cellAt({ latitude: 48.1, longitude: 11.6 }) ?? assert.fail()
const hotspotOf = (address: Hex): HotspotRecord => ({
  owner: address,
  cell,
  antennaGainDbi: 3,
  unitPriceNano: 0n,
  stakeAtto: 100n,
  isOpen: true,
})
const sealedHash: Hex = `0x${'5e'.repeat(32)}`
const epoch = 9n

function receipt(number: number, terms: Partial<Receipt> = {}): Receipt {
  return {
    packet: `0x${number.toString(16).padStart(64, '0')}`,
    sizeBytes: 20 + (number % 3) * 20,
    gatewayEui: 'aa00000000000001',
    heardAtMs: 1_750_000_000_000 + number,
    frequencyHz: 868_100_000,
    modulation: { kind: 'lora', spreadingFactor: 7, bandwidthHz: 125_000 },
    rssiDeciDbm: -973,
    snrDeciDb: 72,
    copies: 1,
    priceNano: BigInt(unitsOf(20 + (number % 3) * 20)) * nanoPerCredit,
    ...terms,
  }
}

interface Carried {
  readonly signed: SignedTally
  readonly receipts: readonly Uint8Array[]
}

function carry(
  count: number,
  { at = epoch, key = signerKey, of = { router, owner }, change = (): Partial<Receipt> => ({}) } = {},
): Carried {
  const receipts = Array.from({ length: count }, (_, number) => encodeReceipt(receipt(number, change())))
  const tally = openTally({ ...of, epoch: at })
  for (const encoded of receipts) tally.add(encoded)
  return { signed: signedTally(tally.tally(), key), receipts }
}

function signedTally(tally: Tally, key = signerKey): SignedTally {
  return { tally, signature: sign(tallyDigest(tally, railsDomain), key) }
}

function openEpoch(terms: Partial<OpenEpoch> = {}, credits = 10_000n): OpenEpoch {
  return {
    epoch,
    sealedHash,
    redemptions: [{ router, owner, credits, signer }],
    hotspots: [hotspotOf(owner)],
    ...terms,
  }
}

function proven(
  tallies: readonly Carried[],
  redeemedCredits = 10_000n,
): { readonly entry: Entry; readonly block: Block; readonly carriage: CarriageBlock } {
  const { entries, details, unproven } = prove({
    owner,
    epoch,
    sealedHash,
    pairs: [{ router, tallies, redeemedCredits }],
  })
  const [entry] = entries
  const [block] = details
  assert.ok(entry !== undefined && block !== undefined, JSON.stringify(unproven))
  return { entry, block, carriage: decodeCarriage(block.bytes) ?? assert.fail('it decodes') }
}

/** The entry and block that a forger would make, with a detail that fits. */
function forged(carriage: CarriageBlock, quantity: bigint): { readonly entry: Entry; readonly block: Block } {
  const block = encodeCarriage(carriage)
  const units = carriage.tallies.reduce((sum, { tally }) => sum + tally.units, 0n)
  const carriageSha256: Hex = `0x${Buffer.from(block.cid.multihash.digest).toString('hex')}`
  const detail = carriageDetail({ ...carriage, units, carriageSha256 })
  return {
    block,
    entry: { kind: carriageKind, account: carriage.owner, subject: pairSubject(carriage.router), quantity, detail },
  }
}

function judged({ entry, block }: { readonly entry: Entry; readonly block: Block }, open = openEpoch()): string {
  const verdict = verify({ entry, carriage: block.bytes, open, railsDomain })
  return verdict.ok ? 'ok' : verdict.fault
}

test('a tally that grows has the root of the whole tree at every size, and refuses what is beyond its bound', () => {
  const receipts = Array.from({ length: 70 }, (_, number) => encodeReceipt(receipt(number)))
  const tally = openTally({ router, owner, epoch, packetsMax: 70 })
  assert.equal(tally.tally().root, buildSumTree([]).root.hash)
  for (const [index, encoded] of receipts.entries()) {
    assert.equal(tally.add(encoded), true)
    const { root } = buildSumTree(receipts.slice(0, index + 1).map(receiptLeaf))
    assert.deepEqual([tally.tally().root, tally.tally().units], [root.hash, root.sum])
  }
  assert.equal(tally.add(encodeReceipt(receipt(70))), false)
  assert.equal(tally.packets, 70)
})

test('a receipt is 73 bytes and has one form', () => {
  const encoded = encodeReceipt(receipt(5))
  assert.equal(encoded.length, receiptBytes)
  assert.deepEqual(decodeReceipt(encoded), receipt(5))
  fc.assert(
    fc.property(fc.uint8Array({ minLength: receiptBytes, maxLength: receiptBytes }), (bytes) => {
      const read = decodeReceipt(bytes)
      if (read !== undefined) assert.deepEqual(encodeReceipt(read), bytes)
    }),
  )
})

test('what was carried and paid is evidence, of any number of receipts and epochs', () => {
  for (const count of [1, 2, 3, 8, 100, 257]) assert.equal(judged(proven([carry(count)])), 'ok', `${count} receipts`)
  const rare = [carry(30, { at: 3n }), carry(5, { at: 4n }), carry(40, { at: 9n })]
  assert.equal(judged(proven(rare)), 'ok', 'a hotspot that redeems rarely loses nothing')
})

test('what counts is never more than what was redeemed in the epoch', () => {
  const carried = carry(100)
  const { units } = carried.signed.tally
  assert.ok(units > 7n)
  assert.equal(proven([carried]).entry.quantity, units)
  const short = proven([carried], 7n)
  assert.equal(short.entry.quantity, 7n)
  assert.equal(judged(short, openEpoch({}, 7n)), 'ok')
  assert.equal(judged(short, openEpoch({}, 8n)), 'quantity-differs')
  assert.equal(judged(proven([carried]), openEpoch({}, 7n)), 'quantity-differs', 'two who invent receipts pay for each')
  assert.equal(judged(proven([carried]), openEpoch({ redemptions: [] })), 'nothing-redeemed')
  const none = prove({ owner, epoch, sealedHash, pairs: [{ router, tallies: [carried], redeemedCredits: 0n }] })
  assert.deepEqual([none.entries, none.unproven], [[], [{ router, reason: 'nothing-redeemed' }]])
})

/** A tally of one unit more than its receipts have, or as few more as the draw does not notice, signed by the router's signer. */
function plottedUnits({ signed, receipts }: Carried): { readonly entry: Entry; readonly block: Block } {
  for (let surplus = 1n; surplus < 50n; surplus += 1n) {
    const tally = signedTally({ ...signed.tally, units: signed.tally.units + surplus })
    try {
      return proven([{ signed: tally, receipts }])
    } catch {
      // A draw fell beyond the receipts: the plotters try another number.
    }
  }
  return assert.fail('one of them is not noticed by the draw alone')
}

test('a forged, borrowed, reordered or inflated tally is refused by its reason', () => {
  const { carriage, entry, block } = proven([carry(50)])
  const quantity = entry.quantity
  const first = carriage.tallies[0] ?? assert.fail()
  const resigned = (tally: Tally, key: Uint8Array): ReturnType<typeof forged> =>
    forged({ ...carriage, tallies: [signedTally(tally, key)] }, tally.units)
  assert.equal(judged(resigned(first.tally, keyOf(0x44))), 'tally-signer-differs')
  const inflated = { ...first.tally, units: first.tally.units + 100n }
  assert.equal(
    judged(forged({ ...carriage, tallies: [{ ...first, tally: inflated }] }, inflated.units)),
    'tally-signer-differs',
  )
  assert.notEqual(
    judged(resigned(inflated, signerKey)),
    'ok',
    'not even with the signer in the plot: the root is of less',
  )
  const plotted = plottedUnits(carry(50))
  assert.equal(judged(plotted), 'receipt-not-in-tally', 'also when no draw falls beyond the receipts that there are')
  assert.equal(judged({ entry: { ...entry, detail: sealedHash }, block }), 'detail-differs')
  assert.equal(judged({ entry: { ...entry, subject: pairSubject(owner) }, block }), 'carriage-of-another')
  assert.equal(judged({ entry, block }, openEpoch({ epoch: 10n })), 'carriage-of-another')
  const twice = { ...carriage, tallies: [first, first] }
  assert.equal(judged(forged(twice, quantity * 2n)), 'tallies-out-of-order', 'a tally counts once')
  const later = carry(5, { at: 10n }).signed
  assert.equal(judged(forged({ ...carriage, tallies: [later] }, later.tally.units)), 'tallies-out-of-order')
  const borrowed = carry(50, { of: { router, owner: signer } }).signed
  const asOurs = { ...borrowed, tally: { ...borrowed.tally, owner } }
  assert.equal(
    judged(forged({ ...carriage, tallies: [asOurs] }, quantity)),
    'tally-signer-differs',
    "another owner's tally",
  )
  assert.equal(judged({ entry, block: { ...block, bytes: block.bytes.subarray(1) } }), 'carriage-malformed')
})

test('receipts that are not those drawn, not in the tally, missing or surplus are refused by their reason', () => {
  const carried = carry(60)
  const { carriage, entry } = proven([carried])
  const { quantity } = entry
  const [one, two] = carriage.shown
  assert.ok(one !== undefined && two !== undefined)
  const shown = (list: CarriageBlock['shown']): string => judged(forged({ ...carriage, shown: list }, quantity))
  assert.equal(shown(carriage.shown.slice(1)), 'receipt-not-drawn')
  assert.equal(shown(carriage.shown.slice(0, -1)), 'receipt-missing')
  assert.equal(shown([...carriage.shown.slice(0, -1), one]), 'receipt-not-drawn')
  const swapped = { ...one, receipt: encodeReceipt(receipt(1000)) }
  assert.equal(shown([swapped, ...carriage.shown.slice(1)]), 'receipt-not-in-tally')
  assert.equal(shown([{ ...one, path: two.path }, ...carriage.shown.slice(1)]), 'receipt-not-in-tally')
  const other = proven([carry(60)]).carriage.shown
  assert.deepEqual(other, carriage.shown, 'the draw is the same for everyone')
  assert.equal(
    judged(forged(carriage, quantity), openEpoch({ sealedHash: `0x${'5f'.repeat(32)}` })).startsWith('receipt-'),
    true,
  )
})

test('impossible receipts are refused in evidence, and dropped from a list, each by its reason', () => {
  const strong = proven([carry(20, { change: () => ({ rssiDeciDbm: 500 }) })])
  assert.equal(judged(strong), 'too-strong')
  assert.equal(judged(proven([carry(20)]), openEpoch({ hotspots: [] })), 'gateway-unknown')
  const same = proven([carry(20, { change: () => ({ packet: sealedHash }) })])
  assert.equal(judged(same), 'duplicate')
  const far = cellAt({ latitude: -33.9, longitude: 151.2 }) ?? assert.fail()
  const list = [
    receipt(1),
    receipt(1),
    receipt(2, { priceNano: 10n ** 12n }),
    receipt(3, { snrDeciDb: 250, rssiDeciDbm: -500 }),
    receipt(4),
    receipt(5),
    receipt(6, { rssiDeciDbm: -1600, snrDeciDb: -70 }),
  ]
  const { kept, dropped } = judgeReceipts(list, {
    hotspot: hotspotOf(owner),
    unitPriceNano: nanoPerCredit,
    earlier: new Set([receipt(4).packet]),
    others: (packet) =>
      packet === receipt(5).packet ? [{ hotspot: { ...hotspotOf(signer), cell: far }, receipt: receipt(5) }] : [],
  })
  assert.deepEqual(kept, [receipt(1)])
  assert.deepEqual(
    dropped.map(({ reason }) => reason),
    ['duplicate', 'price-above-route', 'snr-above-radio', 'replayed', 'too-far', 'too-weak'],
  )
})

test('a carriage block with any byte changed is refused, and no bytes make it throw', () => {
  const { entry, block } = proven([carry(40)])
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const bytes = block.bytes.slice()
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ flip
      assert.notEqual(judged({ entry, block: { cid: cidOf(bytes), bytes } }), 'ok')
    }),
    { numRuns: 200 },
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void decodeCarriage(bytes)))
})

// ---- vouchers ----

test('vouchers add up to the receipts, with less than a credit ahead, never behind, and never go down over restarts', () => {
  const run = fc.record({
    prices: fc.array(fc.bigInt(0n, 3n * nanoPerCredit), { maxLength: 8 }),
    isRestarted: fc.boolean(),
    isTurned: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(run, { maxLength: 12 }), (runs) => {
      using ledger = openCarryLedger({ path: ':memory:' })
      let at = 1n
      const open = (): ReturnType<typeof ownerBooks> =>
        ownerBooks({ router, ledger, epoch: at, policy: { msMax: 0, everyMs: 0 }, unitPriceNano: 1n })
      let books = open()
      let earnedNano = 0n
      let total = 0n
      let number = 0
      for (const { prices, isRestarted, isTurned } of runs) {
        for (const priceNano of prices) {
          books.book(owner, receipt((number += 1), { priceNano }), 0)
          earnedNano += priceNano
        }
        const raised = isTurned ? books.turn((at += 1n), 0) : books.raise(0)
        assert.equal(raised.length, prices.length === 0 ? 0 : 1)
        for (const one of raised) {
          assert.ok(one.total >= total, 'a total never goes down')
          total = one.total
          const aheadNano = total * nanoPerCredit - earnedNano
          assert.ok(aheadNano >= 0n && aheadNano < nanoPerCredit, 'the remainder is kept, and is with the hotspot')
          assert.equal(ledger.account(owner)?.total, total, 'it is in the ledger before anyone hears of it')
        }
        assert.equal(ledger.account(owner)?.earnedNano ?? 0n, earnedNano)
        if (isRestarted) {
          ledger.commit()
          books = open()
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('a ledger takes no lower total, whoever asks', () => {
  using ledger = openCarryLedger({ path: ':memory:' })
  ledger.setAccount(owner, { packetsBefore: 0, earnedNano: 5n, total: 3n })
  assert.throws(() => ledger.setAccount(owner, { packetsBefore: 0, earnedNano: 5n, total: 2n }), /never goes down/)
  assert.throws(() => ledger.setAccount(owner, { packetsBefore: 0, earnedNano: 4n, total: 3n }), /never goes down/)
})

test('a hotspot that stopped has its voucher at once, and not more often than once in a while however it asks', () => {
  using ledger = openCarryLedger({ path: ':memory:' })
  const policy = { msMax: 60_000, everyMs: 60_000 }
  const books = ownerBooks({ router, ledger, epoch: 1n, policy, unitPriceNano: 1n })
  const raisedAfter = (number: number, nowMs: number): number => {
    books.book(owner, receipt(number), nowMs)
    books.hurry(owner, nowMs)
    return books.raise(nowMs).length
  }
  books.hurry(owner, 0)
  assert.equal(books.raise(0).length, 0, 'nothing is owed')
  books.book(owner, receipt(1), 0)
  assert.equal(books.raise(0).length, 0, 'nobody asked')
  assert.equal(raisedAfter(2, 0), 1)
  assert.equal(raisedAfter(3, hurryMsMin - 1), 0)
  assert.equal(raisedAfter(4, hurryMsMin), 1)
})

test('a voucher is due at half of what is left open, or by time, and not before', () => {
  const account = { owner, earnedNano: 1n, total: 0n, packetsOpen: 3, openMs: 10, sinceRaisedMs: 20, openPacketsMax: 8 }
  const raised = [{ owner, total: 1n }]
  assert.deepEqual(raise([account], { msMax: 11, everyMs: 0 }), [])
  assert.deepEqual(raise([{ ...account, openPacketsMax: 6 }], { msMax: 11, everyMs: 0 }), raised)
  assert.deepEqual(raise([account], { packetsMax: 3, msMax: 11, everyMs: 0 }), raised)
  assert.deepEqual(raise([account], { packetsMax: 9, msMax: 10, everyMs: 21 }), [], 'the last one is not old enough')
  assert.deepEqual(raise([account], { msMax: 10, everyMs: 20 }), raised)
  assert.deepEqual(raise([{ ...account, packetsOpen: 0, openPacketsMax: 0 }], { msMax: 0, everyMs: 0 }), [])
  assert.equal(voucherTotal(0n), 0n)
  assert.equal(voucherTotal(nanoPerCredit), 1n)
  assert.equal(voucherTotal(nanoPerCredit + 1n), 2n)
})

test('pay redeems what is worth it, what an allotment under notice holds, and all before the epoch closes', () => {
  const voucher = (number: number, terms = {}): Parameters<typeof pay>[0]['vouchers'][number] => ({
    router: `0x${number.toString().padStart(40, '0')}`,
    total: 100n,
    redeemed: 90n,
    credits: 100n,
    isNoticed: false,
    ...terms,
  })
  const due = { earnedCredits: 5n, creditsMin: 20n, vouchersMax: 2 }
  assert.deepEqual(pay({ vouchers: [voucher(1)], ...due }), { redeem: [], convertCredits: 0n })
  assert.deepEqual(pay({ vouchers: [voucher(1, { isNoticed: true })], ...due }).redeem.length, 1)
  assert.deepEqual(pay({ vouchers: [voucher(1), voucher(2)], ...due, isClosing: true }), {
    redeem: [voucher(1).router, voucher(2).router],
    convertCredits: 25n,
  })
  const rich = [voucher(1, { total: 1000n }), voucher(2, { total: 120n }), voucher(3, { redeemed: 0n })]
  assert.deepEqual(
    pay({ vouchers: rich, ...due }).redeem,
    [voucher(1).router, voucher(3).router],
    'the most first, two at once',
  )
  assert.equal(pay({ vouchers: [voucher(1, { redeemed: 200n })], ...due }).redeem.length, 0)
})

// ---- audit ----

const keys = [0x31, 0x32, 0x33].map(keyOf)
const accounts = keys.map(addressOf)

function batchOf(key: Uint8Array, entries: readonly Entry[], blocks: readonly Block[], at = epoch): VerifiedBatch {
  const details = blocks.map(({ cid }) => cid)
  return buildBatch(
    { network: wirelessNetwork, epoch: at, signer: addressOf(key), entries, details },
    { domain, sign: (digest) => sign(digest, key) },
  )
}

/** Evidence of one owner for some routers, each with its own tally. */
function evidenceOf(
  key: Uint8Array,
  routers: readonly Hex[],
  packets = 30,
): { readonly batch: VerifiedBatch; readonly blocks: readonly Block[] } {
  const account = addressOf(key)
  const pairs = routers.map((one) => ({
    router: one,
    tallies: [carry(packets, { of: { router: one, owner: account } })],
    redeemedCredits: 10_000n,
  }))
  const { entries, details } = prove({ owner: account, epoch, sealedHash, pairs })
  return { batch: batchOf(key, entries, details), blocks: details }
}

const routersOf = (count: number): Hex[] =>
  Array.from({ length: count }, (_, number): Hex => `0x${(number + 1).toString(16).padStart(40, '0')}`)

function inputOf(
  batches: readonly VerifiedBatch[],
  blocks: readonly Block[],
  routers: readonly Hex[],
  terms: Partial<WirelessFacts> = {},
): AuditInput {
  const state: WirelessFacts = {
    referenceNanoPerUnit: nanoPerCredit,
    seatAtto: 100n,
    railsDomain,
    stakes: accounts.map((operator, index) => ({ operator, totalAtto: index === 2 ? 99n : 100n })),
    epochs: [
      openEpoch({
        redemptions: accounts.flatMap((account) =>
          routers.map((one) => ({ router: one, owner: account, credits: 10_000n, signer })),
        ),
        hotspots: accounts.map(hotspotOf),
      }),
    ],
    ...terms,
  }
  const byName = new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes]))
  return {
    network: wirelessNetwork,
    epoch,
    batches: batches.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
    blocks: byName,
    facts: {
      domain,
      rules: 1n,
      closeBlock: 100n,
      sealedHash,
      highUsd8: 10n ** 8n,
      allowanceAtto: 1001n,
      excluded: new Map(),
      state,
    },
  }
}

test('the audit pays the reference rebate of the units, 16 entries a line, and an equal share to those who carried for others', () => {
  const routers = routersOf(20)
  const made = keys.map((key) => evidenceOf(key, routers))
  const input = inputOf(
    made.map(({ batch }) => batch),
    made.flatMap(({ blocks }) => blocks),
    routers,
  )
  const { lines, refusedBatches } = audit(input)
  assert.deepEqual(refusedBatches, [])
  const rebates = lines.filter(({ lane }) => lane === 'rebate')
  assert.deepEqual(
    rebates.map(({ entries }) => entries.length).toSorted((a, b) => a - b),
    [4, 4, 4, 16, 16, 16],
  )
  const { units } = carry(30).signed.tally
  for (const account of accounts) {
    const sum = rebates.filter((line) => line.account === account).reduce((total, line) => total + line.quantity, 0n)
    assert.equal(sum, units * 20n)
  }
  assert.ok(
    rebates.every(
      ({ unitPriceAtto }) =>
        unitPriceAtto === rebateAttoPerUnit({ referenceNanoPerUnit: nanoPerCredit, highUsd8: 10n ** 8n }),
    ),
  )
  const coverage = lines.filter(({ lane }) => lane === 'bootstrap')
  assert.deepEqual(
    new Map(coverage.map(({ account, unitPriceAtto }) => [account, unitPriceAtto])),
    new Map(accounts.slice(0, 2).map((account) => [account, 500n])),
    'the third has no seat',
  )
  const closed = closeEpoch({ ...input, audits: { [wirelessNetwork]: audit }, previousLeaves: [] })
  assert.equal(closed.lines.length, lines.length)
})

test('the audit does not depend on the order of batches', () => {
  const routers = routersOf(3)
  const made = keys.map((key) => evidenceOf(key, routers))
  const blocks = made.flatMap((one) => one.blocks)
  const forwards = audit(
    inputOf(
      made.map(({ batch }) => batch),
      blocks,
      routers,
    ),
  )
  const backwards = audit(inputOf(made.map(({ batch }) => batch).toReversed(), blocks.toReversed(), routers))
  assert.deepEqual(forwards, backwards)
})

test('one rebate of a credit is what 5% of fee and 80% of rebate leave of it, so who buys from itself loses', () => {
  const attoPerCredit = 10n ** 21n / 10n ** 8n
  const rebate = rebateAttoPerUnit({ referenceNanoPerUnit: nanoPerCredit, highUsd8: 10n ** 8n })
  assert.equal(rebate, (attoPerCredit * 4n) / 100n)
  assert.ok(rebate < (attoPerCredit * 5n) / 100n, 'less than the fee')
})

test('a batch with one bad entry does not count, by its reason', () => {
  const routers = routersOf(2)
  const [key] = keys
  assert.ok(key !== undefined)
  const account = addressOf(key)
  const { batch, blocks } = evidenceOf(key, routers)
  const refusedAs = (batches: readonly VerifiedBatch[], terms: Partial<WirelessFacts> = {}, shown = blocks): string[] =>
    audit(inputOf(batches, shown, routers, terms)).refusedBatches.map(({ reason }) => reason)
  const [first, second] = batch.entries
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual(refusedAs([batch]), [])
  assert.deepEqual(refusedAs([batch], { epochs: [] }), ['epoch-not-open'])
  assert.deepEqual(refusedAs([batchOf(key, [], blocks)]), ['entries-missing'])
  assert.deepEqual(refusedAs([batchOf(key, [first, { ...second, kind: 3 }], blocks)]), ['kind-unknown'])
  assert.deepEqual(refusedAs([batchOf(key, [{ ...first, account: owner }], blocks)]), ['signer-differs'])
  assert.deepEqual(refusedAs([batchOf(key, [first, first], blocks)]), ['pair-twice'])
  assert.deepEqual(refusedAs([batch], {}, blocks.slice(1)), ['carriage-missing'])
  assert.deepEqual(refusedAs([batchOf(key, [{ ...first, quantity: first.quantity + 1n }], blocks)]), [
    'quantity-differs',
  ])
  const again = batchOf(key, [first], blocks)
  assert.deepEqual(refusedAs([batch, again]), ['pair-twice'], 'in two batches it counts in one')
  const many = Array.from({ length: routersPerOwnerMax + 1 }, () => first)
  assert.deepEqual(refusedAs([batchOf(key, many, blocks)]), ['too-many-routers'])
  const noise = { cid: cidOf(Uint8Array.of(0xa0)), bytes: Uint8Array.of(0xa0) }
  const spoiled = batchOf(key, batch.entries, [noise, ...blocks])
  assert.deepEqual(refusedAs([spoiled], {}, [noise, ...blocks]), [], 'what others add to the details spoils nothing')
  assert.equal(account, batch.header.signer)
})

test('coverage counts only what somebody else paid for, and enough of it', () => {
  const [key] = keys
  assert.ok(key !== undefined)
  const account = addressOf(key)
  const sharesWith = (routers: readonly Hex[], packets: number): number => {
    const { batch, blocks } = evidenceOf(key, routers, packets)
    return audit(inputOf([batch], blocks, routers)).lines.filter(({ lane }) => lane === 'bootstrap').length
  }
  assert.equal(sharesWith([account], 100), 0, 'its own traffic')
  assert.equal(sharesWith(routersOf(1), 100), 1)
  assert.ok(carry(2).signed.tally.units < coverageUnitsMin)
  assert.equal(sharesWith(routersOf(1), 2), 0)
})
