/**
 * Registering as an operator: node key, cell and endpoint of the sender.
 *
 * Registering again replaces what stood there.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { registryAbi } from './abi/registry.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type RegisterOperator = {
  /** ed25519 public key of the daemon */
  readonly nodeKey: Hex
  /** H3 index, resolution 7 */
  readonly cell: bigint
  /** https://host:port or a relay's */
  readonly endpoint: string
  /** the sender */
  readonly operator: Address
}

/** The call as a value. */
export function registerOperatorCall(
  { addresses }: Deployment,
  { nodeKey, cell, endpoint, operator }: RegisterOperator,
): Call {
  return makeCall({
    to: addresses.registry,
    abi: registryAbi,
    functionName: 'register',
    args: [{ operator, nodeKey, cell, endpoint }],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function registerOperator(chain: Chain, terms: RegisterOperator, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, registerOperatorCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns OperatorRegistered. */
export async function registerOperatorSync(
  chain: Chain,
  terms: RegisterOperator,
  { signal }: Waiting,
): Promise<Done<typeof registryAbi, 'OperatorRegistered'>> {
  return syncCall(chain, registerOperatorCall(chain.deployment, terms), {
    abi: registryAbi,
    eventName: 'OperatorRegistered',
    signal,
  })
}
