/**
 * A hotspot owner's money: vouchers are redeemed when they are worth a transaction, and before an epoch closes.
 *
 * What is redeemed in an epoch is what its rebate follows from, so the last blocks of each epoch are used. Anyone may redeem a voucher
 * for its owner: it needs no gas of its own.
 *
 * @module
 */

import { railsAbi } from '@groundwork/chain/abi/rails.ts'
import { readAllotment } from '@groundwork/chain/read-allotment.ts'
import { redeemCall } from '@groundwork/chain/redeem.ts'
import { closeBlockOf, epochAt } from '@groundwork/core/epoch/timing.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { pay, type HeldVoucher } from '@groundwork/wireless'
import type { Submit } from '../provider/submit.ts'
import type { AuditContext } from '../watch/audit-context.ts'
import { timingOf } from '../watch/chain-desk.ts'

/** Vouchers of one turn, inclusive. */
const vouchersMax = 32
/** An epoch is about to close this many blocks before it does, at most a quarter of it. */
const closingBlocksMax = 20n
const nobody = `0x${'00'.repeat(20)}`

export interface RedeemVouchersOptions {
  readonly context: AuditContext
  readonly owner: Hex
  readonly submit: Submit
  readonly vouchers: () => readonly { readonly router: Hex; readonly total: bigint; readonly signature: Hex }[]
  /** credits below which a voucher waits for the end of the epoch */
  readonly creditsMin: bigint
}

/** @returns credits that came in */
export async function redeemVouchers(
  { context, owner, submit, vouchers, creditsMin }: RedeemVouchersOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<bigint> {
  const { chain } = context
  const signatures = new Map<Hex, Hex>()
  const held: HeldVoucher[] = []
  for (const { router, total, signature } of vouchers()) {
    const { signer, credits, redeemed, noticed } = await readAllotment(chain, { payer: router, payee: owner })
    if (signer === nobody) continue
    signatures.set(router, signature)
    held.push({ router, total, redeemed, credits, isNoticed: noticed })
  }
  const tip = await context.advance({ signal })
  const { redeem } = pay({
    vouchers: held,
    earnedCredits: 0n,
    creditsMin,
    vouchersMax,
    isClosing: isClosing(context, tip),
  })
  let received = 0n
  for (const router of redeem) {
    const voucher = held.find((one) => one.router === router)
    const signature = signatures.get(router)
    if (voucher === undefined || signature === undefined) continue
    const call = redeemCall(chain.deployment, { payer: router, payee: owner, total: voucher.total, signature })
    const events = await submit.perform(
      {
        own: call,
        anyones: async () => call,
        abi: railsAbi,
        eventName: 'Redeemed',
        args: { payer: router, payee: owner },
      },
      { signal },
    )
    received += events.reduce((sum, { credits }) => sum + credits, 0n)
  }
  return received
}

function isClosing({ chain: { deployment } }: AuditContext, tip: bigint): boolean {
  const timing = timingOf(deployment)
  if (tip < timing.startBlock) return false
  const leftBlocks = closeBlockOf(timing, epochAt(timing, tip)) - tip
  const quarter = timing.epochBlocks / 4n
  return leftBlocks <= (quarter < closingBlocksMax ? quarter : closingBlocksMax)
}
