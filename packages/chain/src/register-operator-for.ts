/**
 * Registering an operator by its EIP-712 signature; the sender only pays the gas.
 *
 * `signRegister` makes the signature, over Register{operator, nodeKey, cell, endpoint, nonce, deadline}.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { registryAbi } from './abi/registry.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

export type RegisterOperatorFor = {
  /** who registers */
  readonly operator: Address
  /** ed25519 public key of the daemon */
  readonly nodeKey: Hex
  /** H3 index, resolution 7 */
  readonly cell: bigint
  /** https://host:port or a relay's */
  readonly endpoint: string
  /** Unix seconds */
  readonly deadline: number
  /** of the operator */
  readonly signature: Hex
}

/** The call as a value. */
export function registerOperatorForCall(
  { addresses }: Deployment,
  { operator, nodeKey, cell, endpoint, deadline, signature }: RegisterOperatorFor,
): Call {
  return makeCall({
    to: addresses.registry,
    abi: registryAbi,
    functionName: 'registerFor',
    args: [{ operator, nodeKey, cell, endpoint }, deadline, signature],
  })
}

/** Simulates and sends; returns the transaction's hash. */
export async function registerOperatorFor(chain: Chain, terms: RegisterOperatorFor, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, registerOperatorForCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns OperatorRegistered. */
export async function registerOperatorForSync(
  chain: Chain,
  terms: RegisterOperatorFor,
  { signal }: Waiting,
): Promise<Done<typeof registryAbi, 'OperatorRegistered'>> {
  return syncCall(chain, registerOperatorForCall(chain.deployment, terms), {
    abi: registryAbi,
    eventName: 'OperatorRegistered',
    signal,
  })
}
