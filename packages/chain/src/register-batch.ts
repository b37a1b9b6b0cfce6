/**
 * Registering an evidence batch, so that leaving it out of its epoch can be shown.
 *
 * Refused after the evidence deadline. docs/protocol/evidence.md
 *
 * @module
 */

import type { Hex } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import type { EvidenceHeader } from './evidence-header.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type RegisterBatch = {
  /** what the signer signed */
  readonly header: EvidenceHeader
  /** of the signer, or 0x when it sends itself */
  readonly signature: Hex
}

/** The call as a value. */
export function registerBatchCall({ addresses }: Deployment, { header, signature }: RegisterBatch): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'registerBatch', args: [header, signature] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function registerBatch(chain: Chain, terms: RegisterBatch, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, registerBatchCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the BatchRegistered events: none when there was nothing to do. */
export async function registerBatchSync(
  chain: Chain,
  terms: RegisterBatch,
  { signal }: Waiting,
): Promise<DoneMany<typeof epochsAbi, 'BatchRegistered'>> {
  return syncMany(chain, registerBatchCall(chain.deployment, terms), {
    abi: epochsAbi,
    eventName: 'BatchRegistered',
    signal,
  })
}
