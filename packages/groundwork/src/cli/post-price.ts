/**
 * `groundwork post-price`: one poster's word on the price of WORK; three fresh ones make the median.
 *
 * @module
 */

import { posterAccounts } from '@groundwork/chain/devnet/accounts.ts'
import { devnetChainId } from '@groundwork/chain/client.ts'
import { postPriceSync } from '@groundwork/chain/post-price.ts'
import { readQuote } from '@groundwork/chain/read-quote.ts'
import { z } from 'zod'
import { openAccount } from '../account/open-account.ts'
import { openChain } from '../account/open-chain.ts'
import { command, type AnyCommand } from './command.ts'
import { UsageWrong } from './usage-errors.ts'

export const postPrice: AnyCommand = command({
  name: 'post-price',
  summary: 'State the price of WORK, as one of the feed’s posters.',
  positional: ['priceUsd8'],
  options: z.object({
    priceUsd8: z.coerce.bigint().min(100n).describe('USD times 10^8 for one WORK: 50000000 is half a dollar'),
    devnetPoster: z.coerce
      .number()
      .int()
      .min(1)
      .max(3)
      .optional()
      .describe('on a devnet: which of its three posters speaks'),
  }),
  async run({ priceUsd8, devnetPoster }, { show, signal, config }) {
    const account = devnetPoster === undefined ? await openAccount(config) : posterAccounts()[devnetPoster - 1]
    await using chain = await openChain({ config, account, signal })
    if (devnetPoster !== undefined && chain.chainId !== devnetChainId) {
      throw new UsageWrong({ why: 'the devnet’s posters speak on a devnet only', tip: 'leave --devnet-poster out' })
    }
    const { hash } = await postPriceSync(chain, { priceUsd8 }, { signal })
    const { lowUsd8, highUsd8, fresh } = await readQuote(chain)
    show({ tx: hash, lowUsd8, highUsd8, fresh })
  },
})
