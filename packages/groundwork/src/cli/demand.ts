/**
 * `groundwork demand`: name a leaf of a data set on chain, and see it answered, or the loss proven and paid for.
 *
 * The report is committed before the deadline, so that nobody can copy it; a missed answer slashes the provider's lock.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { commitReportSync } from '@groundwork/chain/commit-report.ts'
import type { Chain } from '@groundwork/chain/client.ts'
import { demandSync } from '@groundwork/chain/demand.ts'
import { missSync } from '@groundwork/chain/miss.ts'
import { readDataSet, readDataSetLockId } from '@groundwork/chain/read-data-set.ts'
import { readDemand } from '@groundwork/chain/read-demand.ts'
import { sleep } from '@groundwork/chain/sleep.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { encodeAbiParameters, keccak256 } from 'viem'
import { z } from 'zod'
import { openAccount } from '../account/open-account.ts'
import { openChain } from '../account/open-chain.ts'
import { NotFound } from '../http/http-errors.ts'
import { openDataDir } from '../state/data-dir.ts'
import { command, type AnyCommand } from './command.ts'

const pollMs = 250

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
    const id = dataSet as Hex
    const record = await readDataSet(chain, { id })
    if (record.version === 0n) throw new NotFound({ what: `data set ${dataSet}` })

    const salt = toHex(new Uint8Array(randomBytes(32)))
    const lockId = await readDataSetLockId(chain, { id })
    const commitment = keccak256(
      encodeAbiParameters([{ type: 'address' }, { type: 'bytes32' }, { type: 'bytes32' }], [account.address, lockId, salt]),
    )
    const committed = await commitReportSync(chain, { commitment }, { signal })
    const demanded = await demandSync(chain, { dataSet: id, leafIndex: leaf }, { signal })
    const { demandId, deadlineBlock } = demanded.event
    show.say(`demanded leaf ${leaf} of ${dataSet}; the answer is due by block ${deadlineBlock}`)

    const outcome = await untilOver(chain, { demandId, deadlineBlock: BigInt(deadlineBlock), signal })
    const missed = outcome === 'due' ? await missSync(chain, { demandId, reporter: account.address, salt }, { signal }) : undefined
    const slashedAtto = missed?.events[0]?.slashedAtto
    const result = {
      demandId,
      outcome: missed === undefined ? 'answered' : 'missed',
      ...(slashedAtto === undefined ? {} : { slashedAtto }),
      txs: [committed.hash, demanded.hash, ...(missed === undefined ? [] : [missed.hash])],
    }
    show.say(missed === undefined ? 'answered in time; StorageJudge verified it' : `not answered: the lock of ${slashedAtto ?? 0n} atto-WORK is slashed`)
    show.finish(result)
  },
})

async function untilOver(
  chain: Chain,
  { demandId, deadlineBlock, signal }: { demandId: Hex; deadlineBlock: bigint; signal: AbortSignal },
): Promise<'answered' | 'due'> {
  for (;;) {
    const { over } = await readDemand(chain, { demandId })
    if (over) return 'answered'
    if ((await chain.client.getBlockNumber({ cacheTime: 0 })) > deadlineBlock) return 'due'
    await sleep(pollMs, { signal })
  }
}
