/**
 * Operations on allotments: opening, vouchers, notice, and the return of the rest.
 *
 * @module
 */

import { MoneyRefused } from '../../errors/money-errors.ts'
import { unreachable } from '../../invariant.ts'
import type { Hex } from '../../units/hex.ts'
import type { Allotment } from '../allotment.ts'
import type { MoneyRules } from '../money-rules.ts'
import { emptyPocket, mergePockets, withoutPocket, type Pocket } from '../pocket.ts'
import { requireInflowPrice, takeForRail } from './apply-credits.ts'
import {
  allotmentKey,
  burnForCover,
  payEarned,
  requireInflows,
  returnBought,
  withEntry,
  type Ledger,
} from './ledger-state.ts'
import type { AllotmentOperation, OperationOf, SignedVoucher } from './operation.ts'

/** The signer of an allotment that is closed, or was never opened. */
export const noSigner: Hex = '0x0000000000000000000000000000000000000000'

/** @throws MoneyRefused with the name of the contract's error */
export function applyAllotment(ledger: Ledger, operation: AllotmentOperation, rules: MoneyRules): Ledger {
  switch (operation.kind) {
    case 'openAllotment':
      return openAllotment(ledger, operation, rules)
    case 'topUpAllotment':
      return topUpAllotment(ledger, operation, rules)
    case 'coverAllotment':
      return coverAllotment(ledger, operation)
    case 'redeem':
      return redeem(ledger, operation, rules)
    case 'redeemMany':
      return operation.vouchers.reduce((so, voucher) => redeemOrSkip(so, voucher, rules), ledger)
    case 'noticeAllotment':
      return noticeAllotment(ledger, operation)
    case 'finishAllotment':
      return finishAllotment(ledger, operation)
  }
  return unreachable(operation)
}

interface Parties {
  readonly payer: Hex
  readonly payee: Hex
}

function allotmentOf(ledger: Ledger, { payer, payee }: Parties): Allotment {
  const allotment = ledger.allotments.get(allotmentKey(payer, payee))
  if (allotment === undefined || allotment.signer === noSigner) throw new MoneyRefused('NoSuchRail', { payer, payee })
  return allotment
}

function putAllotment(ledger: Ledger, { payer, payee }: Parties, allotment: Allotment): Ledger {
  return { ...ledger, allotments: withEntry(ledger.allotments, allotmentKey(payer, payee), allotment) }
}

function openAllotment(ledger: Ledger, operation: OperationOf<'openAllotment'>, rules: MoneyRules): Ledger {
  const { by: payer, payee, signer } = operation
  const lowUsd8 = requireInflowPrice(ledger)
  if (BigInt(payee) === 0n) throw new MoneyRefused('NotParty', { caller: payee })
  const before = ledger.allotments.get(allotmentKey(payer, payee))
  if (before !== undefined && before.signer !== noSigner) throw new MoneyRefused('RailExists', { payer, payee })
  if (signer === noSigner) throw new MoneyRefused('BadSignature', { expected: signer })
  const { ledger: without, pocket } = takeForRail(ledger, { ...operation, payer, lowUsd8 }, rules)
  const redeemed = before?.redeemed ?? 0n
  return putAllotment(without, { payer, payee }, { signer, noticed: false, end: 0n, redeemed, ...pocket })
}

function topUpAllotment(ledger: Ledger, operation: OperationOf<'topUpAllotment'>, rules: MoneyRules): Ledger {
  const lowUsd8 = requireInflowPrice(ledger)
  const parties = { payer: operation.by, payee: operation.payee }
  const allotment = allotmentOf(ledger, parties)
  if (allotment.noticed) throw new MoneyRefused('AlreadyNoticed', parties)
  const { ledger: without, pocket } = takeForRail(ledger, { ...operation, payer: operation.by, lowUsd8 }, rules)
  return putAllotment(without, parties, { ...allotment, ...mergePockets(allotment, pocket) })
}

function coverAllotment(ledger: Ledger, { by, payee, workAtto }: OperationOf<'coverAllotment'>): Ledger {
  requireInflows(ledger)
  const parties = { payer: by, payee }
  const allotment = allotmentOf(ledger, parties)
  const covered = { ...allotment, workAtto: allotment.workAtto + workAtto }
  return putAllotment(burnForCover(ledger, by, workAtto), parties, covered)
}

function redeem(ledger: Ledger, voucher: SignedVoucher, rules: MoneyRules): Ledger {
  const { payer, payee, total, signedBy } = voucher
  const allotment = allotmentOf(ledger, voucher)
  if (signedBy !== allotment.signer) throw new MoneyRefused('BadSignature', { expected: allotment.signer })
  const credits = rules.voucherPays(allotment, total)
  if (credits === 0n) return ledger
  const pocket: Pocket = { credits, workAtto: rules.shareOf(allotment, credits, 'down') }
  const rest = { ...allotment, ...withoutPocket(allotment, pocket), redeemed: allotment.redeemed + credits }
  return payEarned(putAllotment(ledger, { payer, payee }, rest), { from: payer, to: payee, pocket })
}

function redeemOrSkip(ledger: Ledger, voucher: SignedVoucher, rules: MoneyRules): Ledger {
  const allotment = ledger.allotments.get(allotmentKey(voucher.payer, voucher.payee))
  const isGood = allotment !== undefined && allotment.signer !== noSigner && allotment.signer === voucher.signedBy
  return isGood ? redeem(ledger, voucher, rules) : ledger
}

function noticeAllotment(ledger: Ledger, operation: OperationOf<'noticeAllotment'>): Ledger {
  const { by, payer, payee } = operation
  const allotment = allotmentOf(ledger, operation)
  if (by !== payer && by !== payee) throw new MoneyRefused('NotParty', { caller: by })
  if (allotment.noticed) throw new MoneyRefused('AlreadyNoticed', { payer, payee })
  const end = ledger.nowSeconds + ledger.parameters.noticeSeconds
  return putAllotment(ledger, { payer, payee }, { ...allotment, noticed: true, end })
}

function finishAllotment(ledger: Ledger, { payer, payee }: OperationOf<'finishAllotment'>): Ledger {
  const allotment = allotmentOf(ledger, { payer, payee })
  const nowAt = ledger.nowSeconds
  if (!allotment.noticed || nowAt < allotment.end) throw new MoneyRefused('NotYet', { allowedAt: allotment.end, nowAt })
  const closed = { ...emptyPocket, signer: noSigner, noticed: false, end: 0n, redeemed: allotment.redeemed }
  const { credits, workAtto } = allotment
  return returnBought(putAllotment(ledger, { payer, payee }, closed), payer, { credits, workAtto })
}
