/**
 * `groundwork holds release`: end a hold that is over, or take back one's own accusation before anyone decided.
 *
 * @module
 */

import { releaseHoldSync } from '@groundwork/chain/release-hold.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { z } from 'zod'
import { openAccount } from '../../account/open-account.ts'
import { openChain } from '../../account/open-chain.ts'
import { command, type AnyCommand } from '../command.ts'
import { holdIdOption } from './hold-options.ts'
import { openHold } from './open-hold.ts'

export const holdRelease: AnyCommand = command({
  name: 'holds release',
  summary: 'End a hold that is over, or take an accusation of one’s own back.',
  positional: ['id'],
  options: z.object({ id: holdIdOption.describe('the hold') }),
  async run({ id: text }, { show, signal, config }) {
    const id = text as Hex
    const account = await openAccount(config)
    await using chain = await openChain({ config, account, signal })
    const { account: accused } = await openHold(chain, id)
    const { hash } = await releaseHoldSync(chain, { id }, { signal })
    show({ id, account: accused, transaction: hash })
  },
})
