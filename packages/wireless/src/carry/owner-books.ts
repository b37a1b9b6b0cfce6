/**
 * A router's books of the owners it buys from: receipts go in, totals come out, and everything is in the ledger first.
 *
 * One epoch's tally is open for each owner; when the epoch changes it is signed for the last time. Not crash-proof by
 * itself: whoever uses it commits the ledger before anything leaves, and finds it all again after a restart.
 *
 * @see docs/protocol/wireless.md#vouchers
 * @module
 */

import { nanoPerCredit } from '@groundwork/core/units/credits.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { receiptsPerEpochMax, type Receipt, type Tally } from '../model/receipt.ts'
import { raise, type RaisePolicy } from '../pay.ts'
import type { CarryLedger } from '../ports/carry.ts'
import { encodeReceipt } from '../wire/receipt.ts'
import { freshCredit, openPacketsFor } from './credit.ts'
import { openTally, type OpenTally } from './open-tally.ts'

/** A receipt in its place. */
export interface Booked {
  readonly owner: Hex
  readonly epoch: bigint
  /** `receiptsPerEpochMax` when the epoch's evidence is full: it is paid all the same */
  readonly index: number
  readonly encoded: Uint8Array
}

/** What has to be signed for an owner now. */
export interface Raised {
  readonly owner: Hex
  readonly total: bigint
  readonly tally: Tally
}

export interface OwnerBooks {
  book(owner: Hex, receipt: Receipt, nowMs: number): Booked
  /** What is due by the policy; the totals are in the ledger, uncommitted. */
  raise(nowMs: number): Raised[]
  /** The owner's hotspots stopped for want of a voucher: the next `raise` has one, at most once in `hurryMsMin`. */
  hurry(owner: Hex, nowMs: number): void
  /** Closes the epoch: whatever is open is raised, and new receipts are of the new one. */
  turn(epoch: bigint, nowMs: number): Raised[]
  /** What the owner is to be told again: its total, and the tally of an epoch as it stands. */
  standing(owner: Hex, epoch: bigint): Raised | undefined
  /** The owner showed a voucher of ours with this total: never again sign less. @returns whether our ledger was behind */
  adopt(owner: Hex, total: bigint): boolean
  receiptCount(owner: Hex, epoch: bigint): number
  readonly epoch: bigint
}

interface Book {
  readonly tally: OpenTally
  packetsOpen: number
  openSinceMs: number
}

/** Between two vouchers that an owner asked for: a signature is asked for with one byte. */
export const hurryMsMin = 1000

export function ownerBooks({
  router,
  ledger,
  epoch: epochAtFirst,
  policy,
  unitPriceNano,
}: {
  readonly router: Hex
  /** the route's */
  readonly unitPriceNano: bigint
  readonly ledger: CarryLedger
  readonly epoch: bigint
  readonly policy: RaisePolicy
}): OwnerBooks {
  let epoch = epochAtFirst
  const books = new Map<Hex, Book>()
  /** when the last voucher of an owner was raised; outlives epochs */
  const raisedMs = new Map<Hex, number>()
  const hurried = new Set<Hex>()

  const tallyFrom = (owner: Hex, of: bigint): OpenTally => {
    const tally = openTally({ router, owner, epoch: of })
    for (let fromIndex = 0; ;) {
      const receipts = ledger.receipts({ peer: owner, epoch: of, fromIndex, countMax: receiptsReadCount })
      for (const receipt of receipts) tally.add(receipt)
      fromIndex += receipts.length
      if (receipts.length < receiptsReadCount) return tally
    }
  }
  const bookOf = (owner: Hex): Book => {
    const known = books.get(owner)
    if (known !== undefined) return known
    const book = { tally: tallyFrom(owner, epoch), packetsOpen: 0, openSinceMs: 0 }
    books.set(owner, book)
    return book
  }
  const accountOf = (owner: Hex): ReturnType<CarryLedger['account']> & object => ledger.account(owner) ?? freshCredit

  const sinceRaisedMs = (owner: Hex, nowMs: number): number => nowMs - (raisedMs.get(owner) ?? Number.NEGATIVE_INFINITY)

  const raiseBy = (by: RaisePolicy, nowMs: number): Raised[] => {
    const owed = [...books]
      .filter(([, { packetsOpen }]) => packetsOpen > 0)
      .map(([owner, { packetsOpen, openSinceMs }]) => {
        const { earnedNano, total } = accountOf(owner)
        return {
          owner,
          earnedNano,
          total,
          packetsOpen,
          openMs: nowMs - openSinceMs,
          sinceRaisedMs: sinceRaisedMs(owner, nowMs),
          openPacketsMax: hurried.has(owner) ? 0 : openPacketsFor({ total, unitPriceNano }),
        }
      })
    hurried.clear()
    return raise(owed, by).map(({ owner, total }) => {
      const book = bookOf(owner)
      book.packetsOpen = 0
      raisedMs.set(owner, nowMs)
      ledger.setAccount(owner, { ...accountOf(owner), total })
      return { owner, total, tally: book.tally.tally() }
    })
  }

  return {
    book(owner, receipt, nowMs) {
      const book = bookOf(owner)
      const encoded = encodeReceipt(receipt)
      const index = book.tally.packets
      const isKept = book.tally.add(encoded)
      const account = accountOf(owner)
      ledger.setAccount(owner, { ...account, earnedNano: account.earnedNano + receipt.priceNano })
      if (isKept) ledger.addReceipt({ peer: owner, epoch, index, receipt: encoded })
      if (book.packetsOpen === 0) book.openSinceMs = nowMs
      book.packetsOpen += 1
      return { owner, epoch, index: isKept ? index : receiptsPerEpochMax, encoded }
    },
    raise: (nowMs) => raiseBy(policy, nowMs),
    hurry(owner, nowMs) {
      if ((books.get(owner)?.packetsOpen ?? 0) > 0 && sinceRaisedMs(owner, nowMs) >= hurryMsMin) hurried.add(owner)
    },
    turn(next, nowMs) {
      const raised = raiseBy({ msMax: 0, everyMs: 0 }, nowMs)
      books.clear()
      epoch = next
      return raised
    },
    standing(owner, of) {
      const { total } = accountOf(owner)
      const tally = of === epoch ? bookOf(owner).tally : tallyFrom(owner, of)
      return total === 0n ? undefined : { owner, total, tally: tally.tally() }
    },
    adopt(owner, total) {
      const account = accountOf(owner)
      if (total <= account.total) return false
      const paidNano = total * nanoPerCredit
      const earnedNano = account.earnedNano > paidNano ? account.earnedNano : paidNano
      ledger.setAccount(owner, { ...account, earnedNano, total })
      return true
    },
    receiptCount: (owner, of) => (of === epoch ? bookOf(owner).tally.packets : tallyFrom(owner, of).packets),
    get epoch() {
      return epoch
    },
  }
}

const receiptsReadCount = 4096
