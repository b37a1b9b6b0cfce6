/**
 * Giving notice on an allotment, by its payer or its payee.
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
import { type Done, sendCall, syncCall } from './send-call.ts'

export type NoticeAllotment = {
  readonly payer: Address
  readonly payee: Address
}

/** The call as a value. */
export function noticeAllotmentCall({ addresses }: Deployment, { payer, payee }: NoticeAllotment): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'noticeAllotment', args: [payer, payee] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function noticeAllotment(chain: Chain, terms: NoticeAllotment, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, noticeAllotmentCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns AllotmentNoticed. */
export async function noticeAllotmentSync(
  chain: Chain,
  terms: NoticeAllotment,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'AllotmentNoticed'>> {
  return syncCall(chain, noticeAllotmentCall(chain.deployment, terms), {
    abi: railsAbi,
    eventName: 'AllotmentNoticed',
    signal,
  })
}
