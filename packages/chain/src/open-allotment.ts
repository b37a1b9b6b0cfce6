/**
 * Opening an allotment: credits set aside for vouchers to one payee.
 *
 * The signer of its vouchers is fixed for good. docs/protocol/money.md#allotment
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type OpenAllotment = {
  /** who redeems */
  readonly payee: Address
  /** whose signature makes a voucher */
  readonly signer: Address
  /** moved into the allotment */
  readonly credits: bigint
  /** atto-WORK that may be burned to reach full cover */
  readonly coverMaxAtto: bigint
}

/** The call as a value. */
export function openAllotmentCall(
  { addresses }: Deployment,
  { payee, signer, credits, coverMaxAtto }: OpenAllotment,
): Call {
  return makeCall({
    to: addresses.rails,
    abi: railsAbi,
    functionName: 'openAllotment',
    args: [payee, signer, credits, coverMaxAtto],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function openAllotment(chain: Chain, terms: OpenAllotment, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, openAllotmentCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns AllotmentOpened. */
export async function openAllotmentSync(
  chain: Chain,
  terms: OpenAllotment,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'AllotmentOpened'>> {
  return syncCall(chain, openAllotmentCall(chain.deployment, terms), {
    abi: railsAbi,
    eventName: 'AllotmentOpened',
    signal,
  })
}
