/**
 * Sending the chain's own coin, which pays for gas.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import type { Connection, Waiting } from './connection.ts'
import { type Mined, minedIn } from './send-call.ts'
import { type Outgoing, submit } from './submit-call.ts'
import { waitForReceipt } from './wait-for-receipt.ts'

export type TransferCoin = { readonly to: Address; readonly valueWei: bigint }

/** Simulates and sends; returns the transaction's hash. */
export async function transferCoin(connection: Connection, terms: TransferCoin, { signal }: Waiting): Promise<Hex> {
  return (await submit(connection, outgoing(terms), { signal })).hash
}

const outgoing = ({ to, valueWei }: TransferCoin): Outgoing => ({
  functionName: 'transfer of coin',
  to,
  data: '0x',
  valueWei,
})

/** The same, and waits for the block. */
export async function transferCoinSync(
  connection: Connection,
  terms: TransferCoin,
  { signal }: Waiting,
): Promise<Mined> {
  const { hash, raw } = await submit(connection, outgoing(terms), { signal })
  return minedIn(await waitForReceipt(connection, hash, { signal, raw }))
}
