/**
 * Giving notice on a stream, by its payer or its payee.
 *
 * It earns until the notice has run out. docs/protocol/money.md#stream
 *
 * @module
 */

import type { Hex } from 'viem'
import { railsAbi } from './abi/rails.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type NoticeStream = {
  /** stream */
  readonly id: Hex
}

/** The call as a value. */
export function noticeStreamCall({ addresses }: Deployment, { id }: NoticeStream): Call {
  return makeCall({ to: addresses.rails, abi: railsAbi, functionName: 'notice', args: [id] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function noticeStream(chain: Chain, terms: NoticeStream, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, noticeStreamCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns StreamNoticed. */
export async function noticeStreamSync(
  chain: Chain,
  terms: NoticeStream,
  { signal }: Waiting,
): Promise<Done<typeof railsAbi, 'StreamNoticed'>> {
  return syncCall(chain, noticeStreamCall(chain.deployment, terms), {
    abi: railsAbi,
    eventName: 'StreamNoticed',
    signal,
  })
}
