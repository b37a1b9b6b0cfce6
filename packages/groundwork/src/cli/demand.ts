/**
 * `groundwork demand`: name a leaf of a data set on chain, and see it answered, or the loss proven and paid for.
 *
 * @module
 */

import { readDataSet } from '@groundwork/chain/read-data-set.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { z } from 'zod'
import { openAccount } from '../account/open-account.ts'
import { openChain } from '../account/open-chain.ts'
import { demandLeaf } from '../demand/demand-leaf.ts'
import { NotFound } from '../http/http-errors.ts'
import { openDataDir } from '../state/data-dir.ts'
import { command, type AnyCommand } from './command.ts'

export const demand: AnyCommand = command({
  name: 'demand',
  summary: 'Demand one named leaf of a data set on chain.',
  options: z.object({
    dataSet: z
      .string()
      .regex(/^0x[0-9a-f]{64}$/)
      .describe('id of the data set'),
    leaf: z.coerce.bigint().nonnegative().describe('number of the 32-byte leaf, from 0 over the whole set'),
  }),
  async run({ dataSet, leaf }, { show, signal, config }) {
    using _held = openDataDir(config.dataDir)
    const account = await openAccount(config)
    await using chain = await openChain({ config, account, signal })
    const { version } = await readDataSet(chain, { id: dataSet as Hex })
    if (version === 0n) throw new NotFound({ what: `data set ${dataSet}` })
    const done = await demandLeaf({
      chain,
      reporter: account.address,
      dataSet: dataSet as Hex,
      leafIndex: leaf,
      signal,
      onDemanded: ({ deadlineBlock }) =>
        show.say(`demanded leaf ${leaf} of ${dataSet}; the answer is due by block ${deadlineBlock}`),
    })
    show.say(
      done.outcome === 'answered'
        ? 'answered in time; StorageJudge verified it'
        : `not answered: the lock of ${done.slashedAtto ?? 0n} atto-WORK is slashed`,
    )
    show.finish({ ...done })
  },
})
