/**
 * Signing a pooled transaction again, at the same nonce and with higher fees, when the chain's base fee has risen above what it
 * offers: it cannot be mined as it is, and everything after it waits.
 *
 * One nonce counts once, so whichever of the two is mined, the call is made once. Nothing is sent here.
 *
 * @module
 */

import { type Hex, keccak256, parseTransaction } from 'viem'
import type { Connection } from './connection.ts'
import { readFees, type Submitted } from './submit-call.ts'

/** Nodes take a replacement only when it offers a tenth more; an eighth passes everywhere. */
const raised = (feeWei: bigint): bigint => feeWei + feeWei / 8n + 1n
const higher = (a: bigint, b: bigint): bigint => (a > b ? a : b)

/** @returns undefined while it can be mined as it is, or when we hold no key to sign it with */
export async function replaceStuck(connection: Connection, raw: Hex): Promise<Submitted | undefined> {
  const { account, client, chainId } = connection
  if (account === undefined) return undefined
  const { baseFeePerGas } = await client.getBlock({ blockTag: 'latest' })
  const { to, data = '0x', value = 0n, gas, nonce = 0, ...old } = parseTransaction(raw)
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = old
  if (gas === undefined || maxFeePerGas >= (baseFeePerGas ?? 0n)) return undefined
  const now = await readFees(connection)
  const signed = await account.signTransaction({
    type: 'eip1559',
    chainId,
    ...(to ? { to } : {}),
    data,
    value,
    gas,
    nonce,
    maxFeePerGas: higher(now.maxFeePerGas, raised(maxFeePerGas)),
    maxPriorityFeePerGas: higher(now.maxPriorityFeePerGas, raised(maxPriorityFeePerGas)),
  })
  return { hash: keccak256(signed), nonce, raw: signed }
}
