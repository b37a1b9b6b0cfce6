/**
 * Cutting the rate of a stream: its payer sends what its payee signed.
 *
 * The signature is over Cut{id, rateNano, start of the present segment}; `signCutRate` makes it. docs/protocol/money.md#stream
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type CutRate = {
  /** stream */
  readonly id: Hex
  /** nano-credits per second from now on */
  readonly rateNano: bigint
  /** of the payee, over Cut */
  readonly payeeSignature: Hex
}

/** The call as a value. */
export function cutRateCall({ addresses }: Deployment, { id, rateNano, payeeSignature }: CutRate): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'cut', args: [id, rateNano, payeeSignature] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function cutRate(chain: Chain, terms: CutRate, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, cutRateCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns StreamChanged. */
export async function cutRateSync(
  chain: Chain,
  terms: CutRate,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'StreamChanged'>> {
  return syncCall(chain, cutRateCall(chain.deployment, terms), { abi: railsAbi, eventName: 'StreamChanged', signal })
}
