/**
 * `groundwork holds sign`: a drawn operator's verdict on a hold, as a signature. A quorum of them decides (`holds decide`).
 *
 * Nothing is sent. The opinion is signed with the verdict, so all who sign together sign the same file.
 *
 * @module
 */

import { readDeciders, readInstance } from '@groundwork/chain/read-holds.ts'
import { signVerdict } from '@groundwork/chain/sign-typed.ts'
import { isSameAddress } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { z } from 'zod'
import { openAccount } from '../../account/open-account.ts'
import { openChain } from '../../account/open-chain.ts'
import { command, type AnyCommand } from '../command.ts'
import { UsageWrong } from '../usage-errors.ts'
import { holdIdOption, opinionIn, opinionOption, verdictOption } from './hold-options.ts'
import { openHold } from './open-hold.ts'

export const holdSign: AnyCommand = command({
  name: 'holds sign',
  summary: 'Sign a verdict on a hold, as an operator who was drawn.',
  positional: ['id', 'verdict'],
  options: z.object({ id: holdIdOption.describe('the hold'), verdict: verdictOption, opinion: opinionOption }),
  async run({ id: text, verdict, opinion: file }, { show, signal, config }) {
    const id = text as Hex
    const account = await openAccount(config)
    await using chain = await openChain({ config, account, signal })
    const { network, account: accused, decideEpoch } = await openHold(chain, id)
    const drawn = await readDeciders(chain, { id })
    if (!drawn.some((one) => isSameAddress(one, account.address))) {
      const why =
        drawn.length === 0
          ? `nobody is drawn yet: epoch ${decideEpoch} of network ${network} is not sealed`
          : `${account.address} was not drawn to decide ${id}`
      throw new UsageWrong({ why, tip: `one of ${drawn.join(', ') || 'the drawn, later'}` })
    }
    const opinion = opinionIn(file, { network, account: accused })
    const instance = await readInstance(chain, { id })
    const terms = { id, instance, upheld: verdict === 'uphold', opinion }
    const signature = await signVerdict(chain.deployment, account, terms)
    show({ id, account: accused, instance, verdict, signer: account.address, signature })
  },
})
