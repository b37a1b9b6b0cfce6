/**
 * `groundwork bond --operator 0x… --amount 1000`: deposits WORK into an operator's stake on a network.
 *
 * Anyone may deposit for anyone: so a provider that owns nothing yet can be bonded by whoever wants it in the network. What is
 * deposited is the operator's from then on.
 *
 * @module
 */

import { devnetChainId } from '@groundwork/chain/connection.ts'
import { depositBondSync } from '@groundwork/chain/deposit-bond.ts'
import { deployerAccount } from '@groundwork/chain/devnet/accounts.ts'
import { readStake } from '@groundwork/chain/read-stake.ts'
import { formatWork, parseWork } from '@groundwork/core/units/work.ts'
import { isAddress } from 'viem'
import { z } from 'zod'
import { openAccount } from '../account/open-account.ts'
import { openChain } from '../account/open-chain.ts'
import { networkIds, networkNames } from '../networks.ts'
import { command, type AnyCommand } from './command.ts'
import { UsageWrong } from './usage-errors.ts'

export const bond: AnyCommand = command({
  name: 'bond',
  summary: 'Deposit WORK into an operator’s bond; anyone may, for anyone.',
  options: z.object({
    operator: z
      .string()
      .refine(isAddress, 'the address of an account (0x and 40 hex digits)')
      .describe('whose stake grows'),
    amount: z.string().min(1).describe('WORK to deposit, such as 1000'),
    network: z.enum(networkNames).default('storage').describe('on which network'),
    devnetFaucet: z
      .boolean()
      .default(false)
      .describe('from the faucet of a devnet instead of this data directory’s account'),
  }),
  async run({ operator, amount, network: name, devnetFaucet }, { show, signal, config }) {
    const amountAtto = parseWork(amount)
    if (amountAtto === 0n) throw new UsageWrong({ why: 'nothing is to be deposited', tip: '--amount 1000' })
    const network = networkIds[name]
    const account = devnetFaucet ? deployerAccount() : await openAccount(config)
    await using chain = await openChain({ config, account, signal })
    // The faucet's key is public: elsewhere whatever stood under it would be anyone's.
    if (devnetFaucet && chain.chainId !== devnetChainId) {
      throw new UsageWrong({
        why: `chain ${chain.chainId} is no devnet and has no faucet`,
        tip: 'leave --devnet-faucet away',
      })
    }
    const { hash } = await depositBondSync(chain, { operator, network, amountAtto }, { signal })
    const { totalAtto, lockedAtto } = await readStake(chain, { operator, network })
    show({
      operator,
      network: name,
      from: account.address,
      deposited: formatWork(amountAtto),
      stake: formatWork(totalAtto),
      locked: formatWork(lockedAtto),
      transaction: hash,
    })
  },
})
