/**
 * `groundwork credits`: what an account has in WORK and credits; with --buy, WORK is burned for more credits.
 *
 * @module
 */

import { buyCreditsSync } from '@groundwork/chain/buy-credits.ts'
import { readBalances } from '@groundwork/chain/read-balances.ts'
import { formatWork, parseWork } from '@groundwork/core/units/work.ts'
import { isAddress, type Address } from 'viem'
import { z } from 'zod'
import { openAccount } from '../account/open-account.ts'
import { openChain } from '../account/open-chain.ts'
import { command, type AnyCommand } from './command.ts'

export const credits: AnyCommand = command({
  name: 'credits',
  summary: 'Show an account’s credits and WORK; buy more.',
  options: z.object({
    account: z
      .string()
      .refine(isAddress, 'the address of an account (0x and 40 hex digits)')
      .optional()
      .describe('whose; this data directory’s account when left out'),
    buy: z.string().optional().describe('WORK to burn for credits, such as 2.5'),
  }),
  async run({ account: whose, buy }, { show, signal, config }) {
    const own = whose === undefined || buy !== undefined ? await openAccount(config) : undefined
    await using chain = await openChain({ config, account: own, signal })
    if (buy !== undefined) {
      const { hash, event } = await buyCreditsSync(chain, { workAtto: parseWork(buy), creditsMin: 0n }, { signal })
      show.say(`bought ${event.credits} credits for ${formatWork(event.workAtto)} WORK (${hash})`)
    }
    const account = (whose ?? own?.address) as Address
    const { workAtto, bought, earned, rebateLimitAtto, rebateGotAtto } = await readBalances(chain, { account })
    show({
      account,
      work: formatWork(workAtto),
      boughtCredits: bought.credits,
      boughtWork: formatWork(bought.workAtto),
      earnedCredits: earned.credits,
      earnedWork: formatWork(earned.workAtto),
      rebateLimit: formatWork(rebateLimitAtto),
      rebateGot: formatWork(rebateGotAtto),
    })
  },
})
