/**
 * Redeeming a voucher: the payee is paid up to its cumulative total.
 *
 * docs/protocol/money.md#allotment
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type Redeem = {
  /** whose allotment */
  readonly payer: Address
  /** who is paid */
  readonly payee: Address
  /** credits, cumulative for ever */
  readonly total: bigint
  /** of the allotment's signer over Voucher */
  readonly signature: Hex
}

/** The call as a value. */
export function redeemCall({ addresses }: Deployment, { payer, payee, total, signature }: Redeem): Call {
  return makeCall({
    to: addresses.rails,
    abi: railsAbi,
    functionName: 'redeem',
    args: [{ payer, payee, total }, signature],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function redeem(chain: Chain, terms: Redeem, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, redeemCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the Redeemed events: none when there was nothing to do. */
export async function redeemSync(
  chain: Chain,
  terms: Redeem,
  { signal }: Waiting,
): Promise<DoneMany<typeof railsAbi, 'Redeemed'>> {
  return syncMany(chain, redeemCall(chain.deployment, terms), { abi: railsAbi, eventName: 'Redeemed', signal })
}
