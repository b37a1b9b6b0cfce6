/**
 * Waiting until every proven provider has settled, converted and claimed, and adding up what they got.
 *
 * @module
 */

import { claimsIn, paymentsIn, type IndexedPayment } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { readBalances } from '@groundwork/chain/read-balances.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { LocalNetwork, LocalProvider } from '../up/local-network.ts'
import { awaitUntil } from './await-until.ts'

export interface AwaitPayOptions {
  readonly network: LocalNetwork
  readonly index: ChainIndex
  readonly providers: readonly LocalProvider[]
  readonly epoch: bigint
  readonly tell: (text: string) => void
  readonly signal: AbortSignal
}

export interface PayOutcome {
  readonly spentCredits: bigint
  readonly mintedAtto: bigint
  /** the block at which the balances were read */
  readonly balancesBlock: bigint
  readonly balances: readonly {
    readonly provider: Address
    readonly workAtto: bigint
    readonly mintedAtto: bigint
    readonly claimedAtto: bigint
  }[]
  readonly txs: readonly string[]
}

const secondsMax = 60
const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)

export async function awaitPay({ network, index, providers, tell, signal }: AwaitPayOptions): Promise<PayOutcome> {
  const is = (provider: LocalProvider, address: string | undefined): boolean =>
    provider.operator.toLowerCase() === address?.toLowerCase()
  const conversionsOf = (provider: LocalProvider): IndexedPayment[] =>
    paymentsIn(index).filter(({ kind, payee }) => kind === 'conversion' && is(provider, payee))
  const claimsOf = (provider: LocalProvider): ReturnType<typeof claimsIn> =>
    claimsIn(index).filter(({ account }) => is(provider, account))

  for (const provider of providers) {
    await awaitUntil({
      what: `${provider.plan.name} has converted its credits and claimed`,
      secondsMax,
      signal,
      look: () =>
        conversionsOf(provider).some(({ workAtto }) => workAtto > 0n) && claimsOf(provider).length > 0
          ? true
          : undefined,
    })
    tell(`${provider.plan.name} is paid`)
  }
  // One block for all of it: what comes in while balances are read belongs to no claim.
  const balancesBlock = index.tip()?.number ?? 0n
  const isIn = ({ block }: { readonly block: bigint }): boolean => block <= balancesBlock
  const conversions = providers.flatMap(conversionsOf).filter(isIn)
  const claims = providers.flatMap(claimsOf).filter(isIn)
  const settlements = paymentsIn(index)
    .filter(({ kind, payee }) => kind === 'stream' && providers.some((provider) => is(provider, payee)))
    .filter(isIn)
  const balances = await Promise.all(
    providers.map(async (provider) => ({
      provider: provider.operator,
      workAtto: (await readBalances(network.chain, { account: provider.operator }, { blockNumber: balancesBlock }))
        .workAtto,
      mintedAtto: sum(conversions.filter(({ payee }) => is(provider, payee)).map(({ workAtto }) => workAtto)),
      claimedAtto: sum(
        claims
          .filter(({ account }) => is(provider, account))
          .map(({ rebateAtto, bootstrapAtto }) => rebateAtto + bootstrapAtto),
      ),
    })),
  )
  return {
    spentCredits: sum(conversions.map(({ credits }) => credits)),
    mintedAtto: sum(conversions.map(({ workAtto }) => workAtto)),
    balancesBlock,
    balances,
    txs: [...settlements, ...conversions, ...claims].map(({ tx }) => tx),
  }
}
