/**
 * `groundwork holds place`: accuse an account. Its claims are put off at once; drawn operators decide.
 *
 * The deposit is allowed and taken: whoever accuses gets it back when the accusation is upheld, and loses it to the accused when it
 * is dismissed or nobody decides in time.
 *
 * @module
 */

import { approveWorkSync } from '@groundwork/chain/approve-work.ts'
import { placeHoldSync } from '@groundwork/chain/place-hold.ts'
import { readHoldDeposit } from '@groundwork/chain/read-holds.ts'
import { encodeHoldReason, holdReasons, type HoldReason } from '@groundwork/core/policy/hold-reason.ts'
import { formatWork } from '@groundwork/core/units/work.ts'
import { isAddress } from 'viem'
import { z } from 'zod'
import { openAccount } from '../../account/open-account.ts'
import { openChain } from '../../account/open-chain.ts'
import { networkIds, networkNames } from '../../networks.ts'
import { command, type AnyCommand } from '../command.ts'
import { statementIn } from './hold-options.ts'

const reasons = Object.keys(holdReasons) as [HoldReason, ...HoldReason[]]

export const holdPlace: AnyCommand = command({
  name: 'holds place',
  summary: 'Accuse an account: its claims are put off until drawn operators decide.',
  options: z.object({
    account: z
      .string()
      .refine(isAddress, 'the address of an account (0x and 40 hex digits)')
      .describe('who is accused'),
    reason: z.enum(reasons).describe('of what'),
    evidence: z
      .string()
      .min(1)
      .describe('JSON file of the statement (docs/protocol/holds.md#statement); - for standard input'),
    resource: z.enum(networkNames).default('wireless').describe('on which resource network'),
  }),
  async run({ account: accused, reason, evidence, resource }, { show, signal, config }) {
    const network = networkIds[resource]
    const statement = statementIn(evidence, { role: 'accusation', network, account: accused })
    const account = await openAccount(config)
    await using chain = await openChain({ config, account, signal })
    const amountAtto = await readHoldDeposit(chain)
    await approveWorkSync(chain, { spender: chain.deployment.addresses.holds, amountAtto }, { signal })
    const terms = { network, account: accused, reason: encodeHoldReason(reason), statement }
    const { event, hash } = await placeHoldSync(chain, terms, { signal })
    show({
      id: event.id,
      network: resource,
      account: event.account,
      reason,
      evidence: event.evidence,
      deposited: formatWork(amountAtto),
      endBlock: event.endBlock,
      transaction: hash,
    })
  },
})
