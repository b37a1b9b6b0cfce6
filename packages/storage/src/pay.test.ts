/**
 * Goal: audit() pays exactly the leaves that were proven and refuses every batch with an invalid entry by its reason; rates,
 * locks and rebates are exact, and round to the side that the protocol says.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditInput } from '@groundwork/core/epoch/audit.ts'
import { buildBatch, type VerifiedBatch } from '@groundwork/core/evidence/batch.ts'
import { cidOf, digestOfCid } from '@groundwork/core/evidence/block.ts'
import type { Entry } from '@groundwork/core/evidence/entry.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { hashtreeHasher } from './adapters/hashtree-hasher.ts'
import type { DataSetState, Piece } from './model.ts'
import {
  audit,
  creditsOf,
  lockAttoOf,
  pay,
  rateNanoOf,
  rebateAttoPerLeafEpoch,
  setsPerOperatorMax,
  type StorageFacts,
} from './pay.ts'
import { hashPiece } from './piece/piece-hasher.ts'
import type { PieceReader } from './ports.ts'
import { setTree } from './possession/set-tree.ts'
import { prove } from './prove.ts'
import { encodeCap } from './wire/cap-block.ts'
import { encodeManifest } from './wire/manifest.ts'
import { hashDetail } from './wire/possession-detail.ts'
import { pieceOf } from './work.ts'

const hasher = hashtreeHasher()
const { signal } = new AbortController()
const domain: Domain = { chainId: 31337n, verifyingContract: `0x${'e9'.repeat(20)}` }
const sealedHash: Hex = `0x${'5e'.repeat(32)}`
const epoch = 4n
const keys = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte))
const [alice, bob, carol] = keys.map(addressOf)
assert.ok(alice !== undefined && bob !== undefined && carol !== undefined)
const idOf = (index: number): Hex => `0x${index.toString(16).padStart(64, '0')}`

interface Kept {
  readonly state: DataSetState
  readonly entry: Entry
  readonly blocks: readonly Uint8Array[]
}

/** A set of two pieces at one provider, proven for the epoch. */
async function keep({ index, provider }: { readonly index: number; readonly provider: Hex }): Promise<Kept> {
  const raws = [new Uint8Array(90_000).fill(index + 1), new Uint8Array(700).fill(index + 2)]
  const digests = raws.map((raw) => hashPiece({ raw, hasher }))
  const pieces: Piece[] = digests.map(pieceOf)
  const reader: PieceReader = {
    readRanges: ({ piece, ranges }) => {
      const raw = raws[pieces.findIndex(({ root }) => root === piece.root)] ?? new Uint8Array()
      return Promise.resolve(ranges.map(({ startBytes, sizeBytes }) => raw.slice(startBytes, startBytes + sizeBytes)))
    },
    cap: ({ root }) =>
      Promise.resolve(digests[pieces.findIndex((piece) => piece.root === root)]?.cap ?? new Uint8Array()),
  }
  const { root } = setTree(pieces)
  const manifest = encodeManifest(pieces)
  const id = idOf(index)
  const state = {
    id,
    customer: idOf(99).slice(0, 42) as Hex,
    provider,
    root: root.hash,
    leafCount: root.sum,
    pieceCount: pieces.length,
    version: 3n,
    manifest: digestOfCid(manifest.cid) ?? '0x',
    faulted: false,
  }
  const { proof, answers, answersRoot } = await prove({
    set: { id, pieces },
    challenge: { epoch, sealedHash },
    reader,
    hasher,
    signal,
  })
  const detail = hashDetail({
    setRoot: root.hash,
    leafCount: root.sum,
    pieceCount: pieces.length,
    version: 3n,
    answersRoot,
    answerCount: answers.length,
    proofSha256: digestOfCid(cidOf(proof)) ?? '0x',
  })
  const entry = { kind: 1, account: provider, subject: id, quantity: root.sum, detail }
  return {
    state,
    entry,
    blocks: [
      proof,
      manifest.bytes,
      ...digests.filter(({ height }) => height > 11).map(({ cap }) => encodeCap(cap).bytes),
    ],
  }
}

function batchOf({
  signer,
  entries,
  blocks,
  at = epoch,
}: {
  signer: number
  entries: readonly Entry[]
  blocks: readonly Uint8Array[]
  at?: bigint
}): VerifiedBatch {
  const key = keys[signer] ?? assert.fail()
  const details = [...new Map(blocks.map((bytes) => [cidOf(bytes).toString(), cidOf(bytes)])).values()]
  return buildBatch(
    { network: 1, epoch: at, signer: addressOf(key), entries, details },
    { domain, sign: (digest) => sign(digest, key) },
  )
}

function inputOf({
  batches,
  kept,
  state = {},
}: {
  batches: readonly VerifiedBatch[]
  kept: readonly Kept[]
  state?: Partial<StorageFacts>
}): AuditInput {
  const blocks = new Map(kept.flatMap((one) => one.blocks.map((bytes) => [cidOf(bytes).toString(), bytes] as const)))
  const facts: StorageFacts = {
    epochSeconds: 30n,
    referenceNanoPerGibSecond: 10n ** 12n,
    seatAtto: 100n,
    stakes: [alice, bob, carol].map((operator, index) => ({
      operator: operator ?? '0x',
      totalAtto: index === 2 ? 99n : 100n,
    })),
    epochs: [{ epoch, sealedHash, sets: kept.map((one) => one.state) }],
    ...state,
  }
  return {
    network: 1,
    epoch,
    batches: batches.toSorted((a, b) => (a.digest < b.digest ? -1 : 1)),
    blocks: { get: (cid) => blocks.get(cid) },
    facts: {
      domain,
      rules: 1n,
      closeBlock: 50n,
      sealedHash,
      highUsd8: 10n ** 8n,
      allowanceAtto: 1001n,
      excluded: new Map(),
      state: facts,
    },
  }
}

const kept = await Promise.all([
  keep({ index: 1, provider: alice }),
  keep({ index: 2, provider: alice }),
  keep({ index: 3, provider: bob }),
  keep({ index: 4, provider: carol }),
])
const [first, second, third, fourth] = kept
assert.ok(first !== undefined && second !== undefined && third !== undefined && fourth !== undefined)

test('proven sets are paid by their leaves, and readiness is shared by those with a seat', () => {
  const batches = [
    batchOf({ signer: 0, entries: [first.entry, second.entry], blocks: [...first.blocks, ...second.blocks] }),
    batchOf({ signer: 1, entries: [third.entry], blocks: third.blocks }),
    batchOf({ signer: 2, entries: [fourth.entry], blocks: fourth.blocks }),
  ]
  const { lines, refusedBatches } = audit({ hasher })(inputOf({ batches, kept }))
  assert.deepEqual(refusedBatches, [])
  const unitPriceAtto = rebateAttoPerLeafEpoch({
    epochSeconds: 30n,
    referenceNanoPerGibSecond: 10n ** 12n,
    highUsd8: 10n ** 8n,
  })
  const rebateOf = (account: Hex): bigint[] =>
    lines
      .filter((line) => line.kind === 1 && line.account === account)
      .map((line) => line.quantity * line.unitPriceAtto)
  assert.deepEqual(rebateOf(alice), [(first.state.leafCount + second.state.leafCount) * unitPriceAtto])
  assert.deepEqual(rebateOf(carol), [fourth.state.leafCount * unitPriceAtto])
  const ready = lines.filter(({ kind }) => kind === 2)
  assert.deepEqual(
    new Map(ready.map(({ account, quantity, unitPriceAtto: price }) => [account, [quantity, price]])),
    new Map([alice, bob].map((account) => [account, [1n, 500n]])),
  )
  assert.equal(ready.length, 2)
})

const refusals: readonly (readonly [string, () => AuditInput])[] = [
  ['entries-missing', () => inputOf({ kept, batches: [batchOf({ signer: 0, entries: [], blocks: [] })] })],
  [
    'epoch-not-open',
    () => inputOf({ kept, batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks, at: 3n })] }),
  ],
  [
    'kind-unknown',
    () =>
      inputOf({
        kept,
        batches: [batchOf({ signer: 0, entries: [{ ...first.entry, kind: 3 }], blocks: first.blocks })],
      }),
  ],
  [
    'signer-differs',
    () => inputOf({ kept, batches: [batchOf({ signer: 1, entries: [first.entry], blocks: first.blocks })] }),
  ],
  [
    'set-unknown',
    () => inputOf({ kept: [second], batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks })] }),
  ],
  [
    'set-faulted',
    () =>
      inputOf({
        kept: [{ ...first, state: { ...first.state, faulted: true } }],
        batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks })],
      }),
  ],
  [
    'set-of-another',
    () =>
      inputOf({
        kept: [{ ...first, state: { ...first.state, provider: bob } }],
        batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks })],
      }),
  ],
  [
    'set-twice',
    () =>
      inputOf({ kept, batches: [batchOf({ signer: 0, entries: [first.entry, first.entry], blocks: first.blocks })] }),
  ],
  [
    'quantity-differs',
    () =>
      inputOf({
        kept,
        batches: [
          batchOf({
            signer: 0,
            entries: [{ ...first.entry, quantity: first.entry.quantity + 1n }],
            blocks: first.blocks,
          }),
        ],
      }),
  ],
  [
    'manifest-missing',
    () =>
      inputOf({
        kept: [{ ...first, blocks: first.blocks.filter((_, index) => index !== 1) }],
        batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks })],
      }),
  ],
  [
    'manifest-differs',
    () =>
      inputOf({
        kept: [{ ...first, state: { ...first.state, pieceCount: 3 } }],
        batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks })],
      }),
  ],
  [
    'set-root-differs',
    () =>
      inputOf({
        kept: [{ ...first, state: { ...first.state, root: idOf(7) } }],
        batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks })],
      }),
  ],
  [
    'proof-missing',
    () => inputOf({ kept, batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks.slice(1) })] }),
  ],
  [
    'cap-missing',
    () =>
      inputOf({
        kept: [{ ...first, blocks: first.blocks.slice(0, 2) }],
        batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks })],
      }),
  ],
  [
    'detail-differs',
    () =>
      inputOf({
        kept,
        batches: [batchOf({ signer: 0, entries: [{ ...first.entry, detail: idOf(8) }], blocks: first.blocks })],
      }),
  ],
  [
    'leaf-differs',
    () =>
      inputOf({
        kept,
        state: { epochs: [{ epoch, sealedHash: idOf(9), sets: [first.state] }] },
        batches: [batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks })],
      }),
  ],
]

for (const [reason, input] of refusals) {
  test(`a batch is refused as ${reason}, and pays nothing`, () => {
    const { lines, refusedBatches } = audit({ hasher })(input())
    assert.deepEqual(
      refusedBatches.map((one) => one.reason),
      [reason],
    )
    assert.deepEqual(lines, [])
  })
}

test('one invalid entry refuses its whole batch, and no other', () => {
  const bad = batchOf({
    signer: 0,
    entries: [first.entry, { ...second.entry, quantity: 1n }],
    blocks: [...first.blocks, ...second.blocks],
  })
  const good = batchOf({ signer: 1, entries: [third.entry], blocks: third.blocks })
  const { lines, refusedBatches } = audit({ hasher })(inputOf({ batches: [bad, good], kept }))
  assert.deepEqual(refusedBatches, [{ digest: bad.digest, reason: 'quantity-differs' }])
  assert.deepEqual(
    lines.map(({ account, kind }) => [account, kind]),
    [
      [bob, 1],
      [bob, 2],
    ],
  )
})

test('a set that two batches claim is paid once', () => {
  const once = batchOf({ signer: 0, entries: [first.entry], blocks: first.blocks })
  const again = batchOf({
    signer: 0,
    entries: [first.entry, second.entry],
    blocks: [...first.blocks, ...second.blocks],
  })
  const { lines, refusedBatches } = audit({ hasher })(inputOf({ batches: [once, again], kept }))
  assert.deepEqual(
    refusedBatches.map(({ reason }) => reason),
    ['set-twice'],
  )
  assert.equal(lines.filter(({ kind }) => kind === 1).length, 1)
})

test('wrong blocks among the details, which nobody signed, do not spoil a batch', () => {
  const batch = batchOf({
    signer: 0,
    entries: [first.entry],
    blocks: [...first.blocks, ...second.blocks, ...third.blocks],
  })
  assert.deepEqual(audit({ hasher })(inputOf({ batches: [batch], kept })).refusedBatches, [])
})

test('an operator is paid for 256 sets and refused the batch that passes it', () => {
  const entries = Array.from({ length: setsPerOperatorMax + 1 }, (_, index) => ({
    ...first.entry,
    subject: idOf(1000 + index),
  }))
  const { refusedBatches } = audit({ hasher })(
    inputOf({ batches: [batchOf({ signer: 0, entries, blocks: [] })], kept }),
  )
  assert.deepEqual(
    refusedBatches.map(({ reason }) => reason),
    ['too-many-sets'],
  )
})

test('rates and locks round up, rebates down; each is within one unit of the fraction', () => {
  const amount = fc.bigInt({ min: 0n, max: 2n ** 50n })
  const positive = fc.bigInt({ min: 1n, max: 2n ** 50n })
  fc.assert(
    fc.property(amount, amount, positive, (leafCount, priceNanoPerGibSecond, divisor) => {
      const rate = rateNanoOf({ leafCount, priceNanoPerGibSecond })
      const exact = leafCount * 32n * priceNanoPerGibSecond
      assert.ok(rate * 2n ** 30n >= exact && (rate - 1n) * 2n ** 30n < exact)
      const credits = creditsOf({ rateNano: leafCount, seconds: divisor })
      assert.ok(credits * 10n ** 9n >= leafCount * divisor && (credits - 1n) * 10n ** 9n < leafCount * divisor)
      const lock = lockAttoOf({ credits: leafCount, lowUsd8: divisor })
      assert.ok(lock * divisor >= leafCount * 10n ** 21n && (lock - 1n) * divisor < leafCount * 10n ** 21n)
      const rebate = rebateAttoPerLeafEpoch({
        referenceNanoPerGibSecond: leafCount,
        epochSeconds: 30n,
        highUsd8: divisor,
      })
      const above = leafCount * 30n * 32n * 10n ** 21n * 500n * 8000n
      const below = 2n ** 30n * 10n ** 17n * divisor
      assert.ok(rebate * below <= above && (rebate + 1n) * below > above)
    }),
  )
})

test('pay() settles what is worth it, the most first, and converts what is in the pocket then', () => {
  const streams = [5n, 0n, 50n, 20n].map((payableCredits, index) => ({ id: idOf(index), payableCredits }))
  assert.deepEqual(pay({ streams, earnedCredits: 7n, creditsMin: 10n, streamsMax: 8 }), {
    settle: [idOf(2), idOf(3)],
    convertCredits: 77n,
  })
  assert.deepEqual(pay({ streams, earnedCredits: 0n, creditsMin: 10n, streamsMax: 1 }), {
    settle: [idOf(2)],
    convertCredits: 50n,
  })
  assert.deepEqual(pay({ streams: [], earnedCredits: 9n, creditsMin: 10n, streamsMax: 1 }), {
    settle: [],
    convertCredits: 0n,
  })
})
