/**
 * Sending one call: simulated first, then signed with an explicit nonce and handed to the node.
 *
 * It does not wait for the block; `wait-for-receipt.ts` does. The signed bytes come back too, so that an outbox can
 * hand the very same transaction in again after a rollback.
 *
 * @module
 */

import { type Hex, keccak256, type LocalAccount } from 'viem'
import { type Call, dataOf, gasMax } from './call.ts'
import type { Connection, Waiting } from './client.ts'
import { decodeError, isNonceConflict } from './decode-error.ts'
import { AccountMissing } from './errors.ts'

export type Submitted = { readonly hash: Hex; readonly nonce: number; readonly raw: Hex }

type Sender = { readonly account: LocalAccount; readonly nonces: NonNullable<Connection['nonces']> }

/** The account of a connection. @throws AccountMissing */
export function senderOf({ account, nonces }: Connection, functionName: string): Sender {
  if (account === undefined || nonces === undefined) throw new AccountMissing({ functionName })
  return { account, nonces }
}

/**
 * Simulates, signs and sends.
 *
 * @param onSigned sees the signed bytes before the node does: where an outbox writes them down
 * @throws ChainRefused with the contract's error, GasMissing, NonceContested, ChainUnreachable
 */
export async function submitCall(
  connection: Connection,
  call: Call,
  { signal, onSigned }: Waiting & { onSigned?: (submitted: Submitted) => void | Promise<void> },
): Promise<Submitted> {
  const { account, nonces } = senderOf(connection, call.functionName)
  return nonces.run(async (nonce) => {
    signal.throwIfAborted()
    const submitted = await sign(connection, call, { account, nonce })
    await onSigned?.(submitted)
    await submitRaw(connection, submitted.raw)
    return submitted
  })
}

async function sign(connection: Connection, call: Call, { account, nonce }: { account: LocalAccount; nonce: number }): Promise<Submitted> {
  const data = dataOf(call)
  try {
    const [gas, fees] = await Promise.all([gasOf(connection, call, { account, data }), feesOf(connection)])
    const raw = await account.signTransaction({
      type: 'eip1559', chainId: connection.chainId, to: call.to, data, nonce, gas, ...fees,
    })
    return { hash: keccak256(raw), nonce, raw }
  } catch (error) {
    throw decodeError(error, { rpcUrl: connection.rpcUrl, functionName: call.functionName, account: account.address })
  }
}

/** Hands signed bytes to the node. Bytes that it has already are no error. */
export async function submitRaw({ client, rpcUrl }: Connection, raw: Hex): Promise<void> {
  try {
    await client.sendRawTransaction({ serializedTransaction: raw })
  } catch (error) {
    if (error instanceof Error && /already known|already imported/i.test(error.message)) return
    if (isNonceConflict(error)) throw error
    throw decodeError(error, { rpcUrl, functionName: 'eth_sendRawTransaction' })
  }
}

/** Simulates on the pending state, so that what was sent before counts, and gives a margin for what moves until the block. */
async function gasOf({ client }: Connection, call: Call, { account, data }: { account: LocalAccount; data: Hex }): Promise<bigint> {
  const request = { account: account.address, to: call.to, data, blockTag: 'pending' } as const
  if (call.gas !== undefined) {
    await client.call({ ...request, gas: call.gas })
    return call.gas
  }
  const estimate = await client.estimateGas(request)
  const gas = (estimate * 13n) / 10n + 20_000n
  return gas < gasMax ? gas : gasMax
}

/** Room for the base fee to double. */
async function feesOf({ client }: Connection): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
  const [block, tip] = await Promise.all([client.getBlock({ blockTag: 'latest' }), client.estimateMaxPriorityFeePerGas()])
  return { maxFeePerGas: 2n * (block.baseFeePerGas ?? 0n) + tip, maxPriorityFeePerGas: tip }
}
