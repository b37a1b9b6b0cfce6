/**
 * The devnet's faucet: coin for gas and WORK from the genesis, to anyone.
 *
 * @module
 */

import type { Address } from 'viem'
import { type Chain, type Waiting, withAccount } from '../client.ts'
import { transferCoinSync } from '../transfer-coin.ts'
import { transferWorkSync } from '../transfer-work.ts'
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
  await Promise.all(
    gifts.flatMap(({ to, gasWei = 0n, workAtto = 0n }): Promise<unknown>[] => [
      ...(gasWei > 0n ? [transferCoinSync(faucet, { to, valueWei: gasWei }, { signal })] : []),
      ...(workAtto > 0n ? [transferWorkSync(faucet, { to, amountAtto: workAtto }, { signal })] : []),
    ]),
  )
}
