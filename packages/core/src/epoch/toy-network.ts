/**
 * The smallest network with an audit: for the tests of closing, comparing and challenging, and to read before writing one.
 *
 * Entries of kind 1 earn `unitPriceAtto` a unit; every account that earned shares the allowance (kind 2). An entry is true
 * when its detail is the hash of its subject. Numbered 1, as storage, whose kinds it has. Not a network that anyone runs.
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import { addressOf, sign } from '../identity/secp256k1.ts'
import { buildBatch, type VerifiedBatch } from '../evidence/batch.ts'
import { comparePlaces, type Entry, type EntryPlace } from '../evidence/entry.ts'
import { lineEntriesMax } from '../evidence/line.ts'
import { bytesOfBigint } from '../units/bytes.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'
import type { Audit, EpochFacts, LineDraft } from './audit.ts'

export const toyNetwork = 1

/** atto-WORK for one unit of kind 1 */
export const toyPriceAtto = 7n

export const toyFacts: EpochFacts = {
  domain: { chainId: 31337, verifyingContract: `0x${'ee'.repeat(20)}` },
  rules: 1n,
  closeBlock: 60n,
  sealedHash: `0x${'5e'.repeat(32)}`,
  highUsd8: 100_000_000n,
  allowanceAtto: 1000n,
  excluded: new Map(),
  state: undefined,
}

/** A true entry, or a false one. */
export function toyEntry({
  account,
  id,
  quantity,
  isTrue = true,
}: {
  account: Hex
  id: number
  quantity: bigint
  isTrue?: boolean
}): Entry {
  const subject = toHex(bytesOfBigint(BigInt(id), 32))
  return { kind: 1, account, subject, quantity, detail: isTrue ? toHex(keccak_256(fromHex(subject))) : subject }
}

/** A secret key for tests; everyone knows it. */
export function toyKey(index: number): Uint8Array {
  return bytesOfBigint(BigInt(index) + 1n, 32)
}

/** A batch of `count` entries by the account of key `signer`; its entries' ids begin at 1000 * signer + 100 * counter. */
export function toyBatch(draft: {
  signer: number
  quantities: readonly bigint[]
  previous?: VerifiedBatch | undefined
  epoch?: bigint
  isTrue?: boolean
}): VerifiedBatch {
  const key = toyKey(draft.signer)
  const account = addressOf(key)
  const counter = draft.previous === undefined ? 0 : Number(draft.previous.header.counter) + 1
  const entries = draft.quantities.map((quantity, index) =>
    toyEntry({ account, id: 1000 * draft.signer + 100 * counter + index, quantity, isTrue: draft.isTrue ?? true }),
  )
  const { epoch = 1n, previous } = draft
  return buildBatch(
    { network: toyNetwork, epoch, signer: account, entries, details: [], previous },
    { domain: toyFacts.domain, sign: (digest) => sign(digest, key) },
  )
}

/** Pays kind 1 by quantity in lines of at most 16 entries, and kind 2 to everyone who has one. */
export const toyAudit: Audit = ({ batches, facts }) => {
  const isTrue = ({ detail, subject, kind }: Entry): boolean =>
    kind === 1 && detail === toHex(keccak_256(fromHex(subject)))
  const counted = batches.filter(({ entries }) => entries.every(isTrue))
  const refusedBatches = batches
    .filter((batch) => !counted.includes(batch))
    .map(({ digest }) => ({ digest, reason: 'untrue entry' }))

  const placesOf = new Map<Hex, { place: EntryPlace; quantity: bigint }[]>()
  for (const { digest, entries } of counted) {
    for (const [index, { account, quantity }] of entries.entries()) {
      const used = placesOf.get(account) ?? []
      placesOf.set(account, [...used, { place: { batchDigest: digest, index }, quantity }])
    }
  }
  const shareAtto = placesOf.size === 0 ? 0n : facts.allowanceAtto / BigInt(placesOf.size)
  const lines = [...placesOf].flatMap(([account, used]): LineDraft[] => {
    const sorted = used.toSorted((a, b) => comparePlaces(a.place, b.place))
    const first = sorted.slice(0, 1).map(({ place }) => place)
    const ready: LineDraft = {
      account,
      kind: 2,
      quantity: 1n,
      unitPriceAtto: shareAtto,
      lane: 'bootstrap',
      entries: first,
    }
    const paid: LineDraft[] = []
    for (let start = 0; start < sorted.length; start += lineEntriesMax) {
      const group = sorted.slice(start, start + lineEntriesMax)
      const quantity = group.reduce((sum, one) => sum + one.quantity, 0n)
      const entries = group.map(({ place }) => place)
      paid.push({ account, kind: 1, quantity, unitPriceAtto: toyPriceAtto, lane: 'rebate', entries })
    }
    return [...paid, ready]
  })
  return { lines, refusedBatches }
}
