/**
 * Naming a leaf of a data set on chain, and seeing it through: answered, or missed, slashed and reported.
 *
 * The report is committed before the demand, so that nobody can copy it once the deadline has passed.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { commitReportSync } from '@groundwork/chain/commit-report.ts'
import type { Chain } from '@groundwork/chain/client.ts'
import { demandSync } from '@groundwork/chain/demand.ts'
import { missSync } from '@groundwork/chain/miss.ts'
import { readDataSetLockId } from '@groundwork/chain/read-data-set.ts'
import { readDemand } from '@groundwork/chain/read-demand.ts'
import { reportCommitment } from '@groundwork/chain/sign-typed.ts'
import { sleep } from '@groundwork/chain/sleep.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'

const pollMs = 250

export interface DemandLeafOptions {
  /** signed by the demander */
  readonly chain: Chain
  readonly reporter: Address
  readonly dataSet: Hex
  readonly leafIndex: bigint
  readonly signal: AbortSignal
  onDemanded?(demanded: { readonly demandId: Hex; readonly deadlineBlock: bigint }): void
}

export interface DemandOutcome {
  readonly demandId: Hex
  readonly outcome: 'answered' | 'missed'
  /** of a missed one */
  readonly slashedAtto: bigint | undefined
  readonly txs: readonly Hex[]
}

export async function demandLeaf({
  chain,
  reporter,
  dataSet,
  leafIndex,
  signal,
  onDemanded,
}: DemandLeafOptions): Promise<DemandOutcome> {
  const salt = toHex(new Uint8Array(randomBytes(32)))
  const lockId = await readDataSetLockId(chain, { id: dataSet })
  const committed = await commitReportSync(
    chain,
    { commitment: reportCommitment({ reporter, lockId, salt }) },
    { signal },
  )
  const demanded = await demandSync(chain, { dataSet, leafIndex }, { signal })
  const { demandId } = demanded.event
  const deadlineBlock = BigInt(demanded.event.deadlineBlock)
  onDemanded?.({ demandId, deadlineBlock })
  const txs = [committed.hash, demanded.hash]
  if ((await untilOver(chain, { demandId, deadlineBlock, signal })) === 'answered') {
    return { demandId, outcome: 'answered', slashedAtto: undefined, txs }
  }
  const missed = await missSync(chain, { demandId, reporter, salt }, { signal })
  return { demandId, outcome: 'missed', slashedAtto: missed.events[0]?.slashedAtto, txs: [...txs, missed.hash] }
}

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
