/**
 * `groundwork earnings`: what an account earned, one row for each payment, with the data set or device and the epoch behind
 * it; --csv for a spreadsheet or a tax return.
 *
 * It reads the chain alone: an index is built in memory, so any machine gives the same rows.
 *
 * @module
 */

import { advanceIndex } from '@groundwork/chain/indexer/follow-chain.ts'
import { paymentsIn } from '@groundwork/chain/indexer/index-queries.ts'
import { openIndex } from '@groundwork/chain/indexer/open-index.ts'
import { readQuote } from '@groundwork/chain/read-quote.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import { formatCreditsUsd } from '@groundwork/core/units/credits.ts'
import { formatWork } from '@groundwork/core/units/work.ts'
import { isAddress } from 'viem'
import { z } from 'zod'
import { openAccount } from '../account/open-account.ts'
import { openChain } from '../account/open-chain.ts'
import { command, type AnyCommand } from './command.ts'

const columns = [
  'time',
  'block',
  'paidInEpoch',
  'kind',
  'from',
  'device',
  'credits',
  'usd',
  'work',
  'usdAtToday',
  'evidenceEpoch',
  'evidence',
  'tx',
]

export const earnings: AnyCommand = command({
  name: 'earnings',
  summary: 'What a provider earned, per epoch and data set.',
  options: z.object({
    account: z
      .string()
      .refine(isAddress, 'the address of an account (0x and 40 hex digits)')
      .optional()
      .describe('whose; this data directory’s account when left out'),
  }),
  async run({ account: whose }, { show, signal, config }) {
    const account = (whose ?? (await openAccount(config)).address).toLowerCase()
    await using chain = await openChain({ config, signal })
    using index = openIndex({ path: ':memory:', deployment: chain.deployment })
    await advanceIndex(index, chain, { signal })
    const { highUsd8 } = await readQuote(chain)
    const { startBlock, epochBlocks } = chain.deployment.parameters
    const rows = paymentsIn(index)
      .filter(({ payee }) => payee?.toLowerCase() === account)
      .map(({ block, atSeconds, kind, payer, credits, workAtto, rail, dataSet, epoch, evidence, tx }) => ({
        time: atSeconds === undefined ? '' : new Date(atSeconds * 1000).toISOString(),
        block,
        paidInEpoch: (block - startBlock) / BigInt(epochBlocks),
        kind,
        from: payer ?? 'the protocol',
        device: dataSet ?? rail ?? '',
        credits,
        usd: isPaidInCredits(kind) ? formatCreditsUsd(credits) : '',
        work: formatWork(workAtto),
        usdAtToday: isPaidInCredits(kind) ? '' : usdOf(workAtto, highUsd8),
        evidenceEpoch: epoch,
        evidence: evidence === undefined ? '' : cidOfDigest(evidence).toString(),
        tx,
      }))
    show(rows, columns)
  },
})

const isPaidInCredits = (kind: string): boolean => kind === 'stream' || kind === 'allotment'

/** Dollars to eight decimals, rounded down. */
function usdOf(workAtto: bigint, usd8: bigint): string {
  const amount = (workAtto * usd8) / 10n ** 18n
  return `${amount / 100_000_000n}.${(amount % 100_000_000n).toString().padStart(8, '0')}`
}
