/**
 * `groundwork holds ls`: who is accused of what, how far it is, and until when claims are put off.
 *
 * It reads the chain alone, now or as of an earlier block, so any machine gives the same rows.
 *
 * @module
 */

import { readHolds } from '@groundwork/chain/read-holds.ts'
import { isSameAddress } from '@groundwork/core/identity/address.ts'
import { isAddress } from 'viem'
import { z } from 'zod'
import { openChain } from '../../account/open-chain.ts'
import { holdView } from '../../holds/hold-view.ts'
import { networkIds, networkNames } from '../../networks.ts'
import { command, type AnyCommand } from '../command.ts'

const columns = ['id', 'network', 'account', 'reason', 'state', 'stands', 'endBlock', 'answers', 'verdicts']

export const holdLs: AnyCommand = command({
  name: 'holds ls',
  summary: 'List holds: who is accused of what, and what came of it.',
  options: z.object({
    resource: z.enum(networkNames).optional().describe('of one resource network only'),
    account: z
      .string()
      .refine(isAddress, 'the address of an account (0x and 40 hex digits)')
      .optional()
      .describe('of one account only'),
    block: z.coerce.bigint().nonnegative().optional().describe('as of this block; the newest when left out'),
    standing: z.boolean().default(false).describe('only those that put claims off'),
  }),
  async run({ resource, account, block, standing }, { show, signal, config }) {
    await using chain = await openChain({ config, signal })
    const blockNumber = block ?? (await chain.client.getBlockNumber({ cacheTime: 0 }))
    const views = (await readHolds(chain, { blockNumber }))
      .map((record) => holdView(record, blockNumber))
      .filter(({ network }) => resource === undefined || network === networkIds[resource])
      .filter((view) => account === undefined || isSameAddress(view.account, account))
      .filter(({ stands }) => !standing || stands)
    show(
      views.map((view) => ({
        id: view.id,
        network: view.network,
        account: view.account,
        reason: view.reason,
        state: view.state,
        stands: view.stands,
        endBlock: view.endBlock,
        answers: view.answers.length,
        verdicts: view.verdicts.map(({ upheld }) => (upheld ? 'upheld' : 'dismissed')).join(', '),
      })),
      columns,
    )
    show.finish({ block: blockNumber, holds: views })
  },
})
