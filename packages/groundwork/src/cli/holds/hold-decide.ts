/**
 * `groundwork holds decide`: hand in the verdict of a quorum of the drawn. Anyone may; they said it.
 *
 * @module
 */

import { decideHoldSync } from '@groundwork/chain/decide-hold.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { z } from 'zod'
import { openAccount } from '../../account/open-account.ts'
import { openChain } from '../../account/open-chain.ts'
import { command, type AnyCommand } from '../command.ts'
import { holdIdOption, opinionIn, opinionOption, verdictOption } from './hold-options.ts'
import { openHold } from './open-hold.ts'

/** Signatures of one verdict, inclusive: `Committee.SIGNATURES_MAX`. */
const signaturesMax = 32

export const holdDecide: AnyCommand = command({
  name: 'holds decide',
  summary: 'Hand in the verdict that a quorum of the drawn operators signed.',
  positional: ['id', 'verdict'],
  options: z.object({
    id: holdIdOption.describe('the hold'),
    verdict: verdictOption,
    opinion: opinionOption,
    signatures: z
      .string()
      .regex(/^0x[0-9a-f]{130}(,0x[0-9a-f]{130})*$/, 'signatures of 65 bytes in hex, with commas between')
      .transform((text) => text.split(',') as Hex[])
      .refine(({ length }) => length <= signaturesMax, `at most ${signaturesMax} signatures`)
      .describe('what `holds sign` gave each of them, with commas between'),
  }),
  async run({ id: text, verdict, opinion: file, signatures }, { show, signal, config }) {
    const id = text as Hex
    const account = await openAccount(config)
    await using chain = await openChain({ config, account, signal })
    const { network, account: accused } = await openHold(chain, id)
    const opinion = opinionIn(file, { network, account: accused })
    const terms = { id, upheld: verdict === 'uphold', opinion, signatures }
    const { event, hash } = await decideHoldSync(chain, terms, { signal })
    show({
      id,
      account: accused,
      instance: event.instance,
      verdict,
      signers: event.signers.join(', '),
      endBlock: event.endBlock,
      transaction: hash,
    })
  },
})
