/**
 * Reading all that an account owns: WORK, both pockets, gas, and what it may still claim as rebate.
 *
 * @module
 */

import type { Address } from 'viem'
import { creditsAbi } from './abi/credits.ts'
import { epochsAbi } from './abi/epochs.ts'
import { railsAbi } from './abi/rails.ts'
import { workTokenAbi } from './abi/work-token.ts'
import type { Chain } from './client.ts'
import { translated } from './decode-error.ts'
import { type At, readCall } from './read-call.ts'

/** Credits and the WORK that was burned for them. */
export type Pocket = { readonly credits: bigint; readonly workAtto: bigint }

export type Balances = {
  readonly workAtto: bigint
  /** of the chain's own coin, for gas */
  readonly gasWei: bigint
  readonly bought: Pocket
  readonly earned: Pocket
  /** most that rebates may ever pay this account, all networks together */
  readonly rebateLimitAtto: bigint
  /** rebates paid so far, all networks together */
  readonly rebateGotAtto: bigint
}

/** @throws ChainUnreachable */
export async function readBalances(chain: Chain, { account }: { account: Address }, at: At = {}): Promise<Balances> {
  const [workAtto, gasWei, bought, earned, rebateLimitAtto, rebateGotAtto] = await Promise.all([
    readCall(chain, { contract: 'workToken', abi: workTokenAbi, functionName: 'balanceOf', args: [account] }, at),
    translated({ rpcUrl: chain.rpcUrl, functionName: 'eth_getBalance' }, () =>
      chain.client.getBalance({
        address: account,
        ...(at.blockNumber === undefined ? {} : { blockNumber: at.blockNumber }),
      }),
    ),
    readCall(chain, { contract: 'credits', abi: creditsAbi, functionName: 'bought', args: [account] }, at),
    readCall(chain, { contract: 'credits', abi: creditsAbi, functionName: 'earned', args: [account] }, at),
    readCall(chain, { contract: 'rails', abi: railsAbi, functionName: 'limit', args: [account] }, at),
    readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'gotAll', args: [account] }, at),
  ])
  return { workAtto, gasWei, bought, earned, rebateLimitAtto, rebateGotAtto }
}

/** What the account has claimed of one network so far, in atto-WORK. */
export async function readGot(
  chain: Chain,
  { network, account }: { network: number; account: Address },
  at: At = {},
): Promise<{ readonly rebateAtto: bigint; readonly bootstrapAtto: bigint }> {
  const [rebateAtto, bootstrapAtto] = await readCall(
    chain,
    { contract: 'epochs', abi: epochsAbi, functionName: 'got', args: [network, account] },
    at,
  )
  return { rebateAtto, bootstrapAtto }
}
