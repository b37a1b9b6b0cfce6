/**
 * Keeping a watcher what it has to be on chain: registered at its endpoint, with its bond deposited.
 *
 * One look at a time, by the chain's state; without money it waits for some and says so.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import { depositBondSync } from '@groundwork/chain/deposit-bond.ts'
import { readBalances } from '@groundwork/chain/read-balances.ts'
import { readOperator } from '@groundwork/chain/read-operator.ts'
import { readStake } from '@groundwork/chain/read-stake.ts'
import { registerOperatorSync } from '@groundwork/chain/register-operator.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { LocalAccount } from 'viem'
import type { Waiting } from './desks.ts'

export interface BondTerms {
  readonly chain: Chain
  readonly account: LocalAccount
  readonly nodeKey: Hex
  /** H3 index of resolution 7 */
  readonly cell: bigint
  readonly endpoint: string
  readonly network: number
  /** stake to keep, in atto-WORK */
  readonly bondAtto: bigint
}

/** What a watcher still waits for: nothing, coin for gas, or WORK for its bond. */
export type BondState = 'kept' | 'gas-missing' | 'work-missing'

export async function keepBond(terms: BondTerms, { signal }: Waiting): Promise<BondState> {
  const { chain, account, nodeKey, cell, endpoint, network, bondAtto } = terms
  const operator = account.address
  const { gasWei, workAtto } = await readBalances(chain, { account: operator })
  if (gasWei === 0n) return 'gas-missing'
  const registered = await readOperator(chain, { account: operator })
  if (registered.nodeKey !== nodeKey || registered.endpoint !== endpoint || registered.cell !== cell) {
    await registerOperatorSync(chain, { operator, nodeKey, cell, endpoint }, { signal })
  }
  const { totalAtto } = await readStake(chain, { operator, network })
  if (totalAtto >= bondAtto) return 'kept'
  const amountAtto = bondAtto - totalAtto
  if (workAtto < amountAtto) return 'work-missing'
  await depositBondSync(chain, { operator, network, amountAtto }, { signal })
  return 'kept'
}
