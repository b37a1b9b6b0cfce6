/**
 * Every movement of money as a row of the status page: credits bought, streams settled, WORK minted, locks slashed.
 *
 * @module
 */

import {
  paymentsIn,
  purchasesIn,
  slashesIn,
  type IndexedPayment,
  type IndexedPurchase,
  type IndexedSlash,
} from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import { shortWork } from './short-work.ts'
import type { PaymentView } from './status-page.ts'

/** All of them, the newest first. */
export function paymentViews(index: ChainIndex): PaymentView[] {
  const rows = [
    ...paymentsIn(index).map((payment) => ({ at: payment.block, view: paymentView(payment) })),
    ...purchasesIn(index).map((purchase) => ({ at: purchase.block, view: purchaseView(purchase) })),
    ...slashesIn(index).map((slash) => ({ at: slash.block, view: slashView(slash) })),
  ]
  return rows.toSorted((a, b) => Number(b.at - a.at)).map(({ view }) => view)
}

const amountOf = ({ kind, credits, workAtto }: IndexedPayment): string =>
  kind === 'conversion'
    ? `${credits} credits → ${shortWork(workAtto)}`
    : kind === 'claim'
      ? shortWork(workAtto)
      : `${credits} credits`

function paymentView(payment: IndexedPayment): PaymentView {
  const { kind, block, payer, payee, tx, epoch, evidence, dataSet } = payment
  const bundle =
    evidence === undefined
      ? undefined
      : { text: `epoch ${epoch ?? ''}`, href: `/v1/evidence/${cidOfDigest(evidence).toString()}` }
  const set = dataSet === undefined ? undefined : { text: 'data set', href: `/v1/data-sets/${dataSet}` }
  return {
    block: block.toString(),
    kind,
    from: payer ?? 'the protocol',
    to: payee ?? '',
    amount: amountOf(payment),
    tx,
    evidence: bundle ?? set,
  }
}

const purchaseView = ({ block, account, workAtto, credits, tx }: IndexedPurchase): PaymentView => ({
  block: block.toString(),
  kind: 'purchase',
  from: account,
  to: 'burned',
  amount: `${shortWork(workAtto)} → ${credits} credits`,
  tx,
  evidence: undefined,
})

const slashView = ({ block, operator, reporter, amountAtto, rewardAtto, tx }: IndexedSlash): PaymentView => ({
  block: block.toString(),
  kind: 'slash',
  from: operator,
  to: reporter,
  amount: `${shortWork(rewardAtto)} of ${shortWork(amountAtto)}, the rest burned`,
  tx,
  evidence: { text: 'fault', href: `/v1/transactions/${tx}` },
})
