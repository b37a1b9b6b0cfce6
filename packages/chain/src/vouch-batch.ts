/**
 * Vouching for a registered batch: signatures of operators drawn from the epoch's seal, before its deadline.
 *
 * Leaving out a vouched batch is a fault of the post. docs/protocol/evidence.md
 *
 * @module
 */

import type { Hex } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type VouchBatch = {
  /** EIP-712 digest of the batch's header */
  readonly digest: Hex
  /** over Available{network, epoch, digest, post}, post being zero */
  readonly signatures: readonly Hex[]
}

/** The call as a value. */
export function vouchBatchCall({ addresses }: Deployment, { digest, signatures }: VouchBatch): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'vouchBatch', args: [digest, signatures] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function vouchBatch(chain: Chain, terms: VouchBatch, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, vouchBatchCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the BatchVouched events: none when there was nothing to do. */
export async function vouchBatchSync(
  chain: Chain,
  terms: VouchBatch,
  { signal }: Waiting,
): Promise<DoneMany<typeof epochsAbi, 'BatchVouched'>> {
  return syncMany(chain, vouchBatchCall(chain.deployment, terms), { abi: epochsAbi, eventName: 'BatchVouched', signal })
}
