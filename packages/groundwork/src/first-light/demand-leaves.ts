/**
 * The third program: demands one leaf of a living provider's set and one of the dead one's, each in a process of its own with
 * an account of its own.
 *
 * @module
 */

import path from 'node:path'
import { fund } from '@groundwork/chain/devnet/faucet.ts'
import { dataSetsAsOf, slashesIn, type IndexedDataSet } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { openAccount } from '../account/open-account.ts'
import type { LocalNetwork, LocalProvider } from '../up/local-network.ts'
import { awaitUntil } from './await-until.ts'
import { StepFailed } from './first-light-errors.ts'
import { runProgram } from './run-program.ts'
import type { Seeded } from './seeded.ts'

export interface DemandLeavesOptions {
  readonly network: LocalNetwork
  readonly index: ChainIndex
  readonly holders: readonly LocalProvider[]
  readonly victim: LocalProvider
  readonly choose: Seeded
  readonly tell: (text: string) => void
  readonly signal: AbortSignal
}

export interface DemandsOutcome {
  readonly slashedAtto: bigint
  readonly rewardAtto: bigint
  readonly txs: readonly string[]
}

interface DemandSaid {
  readonly outcome: 'answered' | 'missed'
  readonly txs: readonly string[]
}

const indexedSecondsMax = 30

export async function demandLeaves({
  network,
  index,
  holders,
  victim,
  choose,
  tell,
  signal,
}: DemandLeavesOptions): Promise<DemandsOutcome> {
  const setOf = async (provider: LocalProvider): Promise<IndexedDataSet> =>
    awaitUntil({
      what: `the data set of ${provider.plan.name} stands on the chain`,
      secondsMax: indexedSecondsMax,
      signal,
      look: () => setsNow(index).find((set) => set.provider.toLowerCase() === provider.operator.toLowerCase()),
    })
  const living = choose.pick(holders.filter((provider) => provider !== victim && provider.child.isAlive()))
  const demandOf = async (name: string, provider: LocalProvider): Promise<DemandSaid> => {
    const set = await setOf(provider)
    const leaf = choose.below(Number(set.leafCount))
    return demandAs({ network, name, set, leaf, signal })
  }
  const [answered, missed] = await Promise.all([demandOf('auditor', living), demandOf('second-auditor', victim)])
  tell(`${living.plan.name} answered, ${victim.plan.name} did not`)
  if (answered.outcome !== 'answered')
    throw new StepFailed({ step: 'demand', why: `${living.plan.name} did not answer` })
  if (missed.outcome !== 'missed') throw new StepFailed({ step: 'demand', why: 'a dead provider answered' })

  const slash = await awaitUntil({
    what: 'the slash is indexed',
    secondsMax: indexedSecondsMax,
    signal,
    look: () => slashesIn(index).find(({ operator }) => operator.toLowerCase() === victim.operator.toLowerCase()),
  })
  if (slash.rewardAtto === 0n) throw new StepFailed({ step: 'demand', why: 'the reporter was not paid' })
  return { slashedAtto: slash.amountAtto, rewardAtto: slash.rewardAtto, txs: [...answered.txs, ...missed.txs] }
}

const setsNow = (index: ChainIndex): readonly IndexedDataSet[] =>
  dataSetsAsOf(index, { block: index.tip()?.number ?? 0n })

async function demandAs({
  network,
  name,
  set,
  leaf,
  signal,
}: {
  readonly network: LocalNetwork
  readonly name: string
  readonly set: IndexedDataSet
  readonly leaf: number
  readonly signal: AbortSignal
}): Promise<DemandSaid> {
  const dataDir = path.join(network.dataDir, name)
  const { address } = await openAccount({ dataDir, keyCost: 'devnet' })
  await fund(network.chain, [{ to: address, gasWei: 10n ** 18n, workAtto: 10n ** 19n }], { signal })
  return runProgram<DemandSaid>({
    words: [
      'demand',
      '--data-set',
      set.id,
      '--leaf',
      String(leaf),
      '--rpc',
      network.rpcUrl,
      '--data-dir',
      dataDir,
      '--key-cost',
      'devnet',
    ],
    cwd: network.dataDir,
    signal,
  })
}
