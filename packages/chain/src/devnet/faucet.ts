/**
 * The devnet's faucet: coin for gas and WORK from the genesis, to anyone.
 *
 * @module
 */

import type { Address } from 'viem'
import { type Chain, type Waiting, withAccount } from '../client.ts'
import { transferCoin } from '../transfer-coin.ts'
import { transferWork } from '../transfer-work.ts'
import { waitForReceipt } from '../wait-for-receipt.ts'
import { deployerAccount } from './accounts.ts'

export type Gift = {
  readonly to: Address
  /** coin for gas; none when left out */
  readonly gasWei?: bigint | undefined
  /** none when left out */
  readonly workAtto?: bigint | undefined
}

/** Hands out gifts, all in flight at once, and waits until all are mined. */
export async function fund(chain: Chain, gifts: readonly Gift[], { signal }: Waiting): Promise<void> {
  const faucet = withAccount(chain, deployerAccount())
  const hashes = gifts.flatMap(({ to, gasWei = 0n, workAtto = 0n }) => [
    ...(gasWei > 0n ? [transferCoin(faucet, { to, valueWei: gasWei }, { signal })] : []),
    ...(workAtto > 0n ? [transferWork(faucet, { to, amountAtto: workAtto }, { signal })] : []),
  ])
  await Promise.all(hashes.map(async (hash) => waitForReceipt(faucet, await hash, { signal })))
}
