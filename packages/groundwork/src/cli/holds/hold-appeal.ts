/**
 * `groundwork holds appeal`: the accused answers an accusation, or has an upheld hold decided again by others.
 *
 * Who has no coin for gas is helped by the gateway that --network names: it hands in the signed words.
 *
 * @module
 */

import { readInstance } from '@groundwork/chain/read-holds.ts'
import { isSameAddress } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { z } from 'zod'
import { openAccount } from '../../account/open-account.ts'
import { openChain } from '../../account/open-chain.ts'
import { answerHold } from '../../holds/answer-hold.ts'
import { gatewayUrlOf, openSubmit } from '../../provider/submit.ts'
import { command, type AnyCommand } from '../command.ts'
import { UsageWrong } from '../usage-errors.ts'
import { holdIdOption, statementIn } from './hold-options.ts'
import { openHold } from './open-hold.ts'

export const holdAppeal: AnyCommand = command({
  name: 'holds appeal',
  summary: 'Answer an accusation, or have an upheld hold decided again.',
  positional: ['id'],
  options: z.object({
    id: holdIdOption.describe('the hold'),
    evidence: z
      .string()
      .min(1)
      .describe('JSON file of the statement (docs/protocol/holds.md#statement); - for standard input'),
  }),
  async run({ id: text, evidence }, { show, signal, config }) {
    const id = text as Hex
    const account = await openAccount(config)
    await using chain = await openChain({ config, account, signal })
    const { network, account: accused, state } = await openHold(chain, id)
    if (!isSameAddress(accused, account.address)) {
      throw new UsageWrong({ why: `${id} accuses ${accused}, not this account`, tip: '--data-dir of the accused' })
    }
    const statement = statementIn(evidence, { role: 'answer', network, account: accused })
    const instance = state === 'upheld' ? 2 : await readInstance(chain, { id })
    const submit = await openSubmit({ chain, gatewayUrl: gatewayUrlOf(config.network) })
    const endBlock = await answerHold({ chain, account, submit, signal }, { id, instance, statement })
    show({ id, account: accused, instance, endBlock })
  },
})
