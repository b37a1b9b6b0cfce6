/**
 * Opening a stream: prepaid pay per second from the sender to a payee.
 *
 * The credits leave the sender's bought pocket; they have to cover the whole term. docs/protocol/money.md#stream
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type OpenStream = {
  /** who earns */
  readonly payee: Address
  /** who may push faults; the zero address: nobody */
  readonly judge: Address
  /** nano-credits per second */
  readonly rateNano: bigint
  /** 0: the default term */
  readonly termSeconds: number
  /** moved into the stream */
  readonly credits: bigint
  /** atto-WORK that may be burned to reach full cover */
  readonly coverMaxAtto: bigint
  /** chosen by the payer; part of the id */
  readonly salt: Hex
}

/** The call as a value. */
export function openStreamCall(
  { addresses }: Deployment,
  { payee, judge, rateNano, termSeconds, credits, coverMaxAtto, salt }: OpenStream,
): Call {
  return makeCall({
    to: addresses.rails,
    abi: railsAbi,
    functionName: 'open',
    args: [{ payee, judge, rateNano, termSeconds, credits, coverMaxAtto, salt }],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function openStream(chain: Chain, terms: OpenStream, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, openStreamCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns StreamOpened. */
export async function openStreamSync(
  chain: Chain,
  terms: OpenStream,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'StreamOpened'>> {
  return syncCall(chain, openStreamCall(chain.deployment, terms), { abi: railsAbi, eventName: 'StreamOpened', signal })
}
