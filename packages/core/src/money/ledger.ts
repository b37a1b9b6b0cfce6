/**
 * The whole money system as one state machine: an operation at a time gives the next ledger, or a named refusal.
 *
 * The contracts say the same in Solidity; test/adversaries/money-traces.test.ts compares them operation by operation.
 *
 * @module
 */

import { MoneyRefused, type RefusalName } from '../errors/money-errors.ts'
import { invariant, unreachable } from '../invariant.ts'
import { applyAllotment } from './ledger/apply-allotment.ts'
import { applyBonds } from './ledger/apply-bonds.ts'
import { applyCredits } from './ledger/apply-credits.ts'
import { applyEpoch } from './ledger/apply-epoch.ts'
import { applyEscrow } from './ledger/apply-escrow.ts'
import { applyFeed } from './ledger/apply-feed.ts'
import { applyOut } from './ledger/apply-out.ts'
import { applyStream } from './ledger/apply-stream.ts'
import type { Ledger } from './ledger/ledger-state.ts'
import type { Batch, Operation } from './ledger/operation.ts'
import { moneyRules, type MoneyRules } from './money-rules.ts'

/** `refusal` is undefined when it was done; the ledger has changed only then. */
export interface Outcome {
  readonly ledger: Ledger
  readonly refusal: RefusalName | undefined
}

/** Most entries in one batch. */
export const batchEntryCountMax = 256

/**
 * @param ledger as it is
 * @param operation who calls what
 * @param atSeconds the block's time, Unix seconds; never before the ledger's
 * @param rules the law, unless an experiment breaks one formula
 * @returns the next ledger, or the same one at the new time with the name of the contract's error
 */
export function applyOperation(
  ledger: Ledger,
  operation: Operation,
  atSeconds: bigint,
  rules: MoneyRules = moneyRules,
): Outcome {
  invariant(atSeconds >= ledger.nowSeconds, 'time never runs backwards')
  const now: Ledger = { ...ledger, nowSeconds: atSeconds }
  try {
    return { ledger: dispatch(now, operation, rules), refusal: undefined }
  } catch (error) {
    if (error instanceof MoneyRefused) return { ledger: now, refusal: error.refusal }
    throw error
  }
}

function dispatch(ledger: Ledger, operation: Operation, rules: MoneyRules): Ledger {
  switch (operation.kind) {
    case 'post':
    case 'proposePosters':
    case 'changePosters':
    case 'pause':
      return applyFeed(ledger, operation, rules)
    case 'transfer':
    case 'burn':
    case 'buy':
    case 'cover':
      return applyCredits(ledger, operation, rules)
    case 'open':
    case 'topUp':
    case 'renew':
    case 'raise':
    case 'cut':
    case 'coverStream':
    case 'notice':
    case 'settle':
    case 'settleMany':
    case 'finish':
    case 'hold':
    case 'release':
    case 'fault':
      return applyStream(ledger, operation, rules)
    case 'openAllotment':
    case 'topUpAllotment':
    case 'coverAllotment':
    case 'redeem':
    case 'redeemMany':
    case 'noticeAllotment':
    case 'finishAllotment':
      return applyAllotment(ledger, operation, rules)
    case 'openEscrow':
    case 'coverEscrow':
    case 'submit':
    case 'accept':
    case 'decline':
    case 'verdict':
    case 'finishEscrow':
      return applyEscrow(ledger, operation, rules)
    case 'convert':
    case 'convertFor':
    case 'payFee':
      return applyOut(ledger, operation, rules)
    case 'batch':
      return applyBatch(ledger, operation, rules)
    case 'finaliseEpoch':
    case 'claim':
      return applyEpoch(ledger, operation, rules)
    case 'deposit':
    case 'withdraw':
    case 'lock':
    case 'raiseLock':
    case 'thaw':
    case 'unlock':
    case 'releaseThawed':
    case 'commitReport':
    case 'slash':
    case 'openDeposit':
    case 'payDeposit':
    case 'returnDeposit':
      return applyBonds(ledger, operation, rules)
  }
  return unreachable(operation)
}

/** Runs the entries as the caller; skips used keys and refused entries; only success uses a key up. */
function applyBatch(ledger: Ledger, { by, entries }: Batch, rules: MoneyRules): Ledger {
  invariant(entries.length <= batchEntryCountMax, 'a batch has a bounded size')
  return entries.reduce((so, { key, operation }) => {
    const senderKey = `${by}:${key}`
    if (so.usedKeys.has(senderKey)) return so
    const { ledger: next, refusal } = applyOperation(so, { ...operation, by }, so.nowSeconds, rules)
    return refusal === undefined ? { ...next, usedKeys: new Set([...next.usedKeys, senderKey]) } : so
  }, ledger)
}
