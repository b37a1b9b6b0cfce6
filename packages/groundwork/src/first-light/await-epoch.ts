/**
 * Waiting for the first epoch that covers what was stored: proven by every living holder, posted, available, finalised.
 *
 * A rejected post ends the run with the code of what was wrong with it.
 *
 * @module
 */

import { dataSetsAsOf, epochStepsIn, type IndexedEpochStep } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import type { Break, LocalNetwork, LocalProvider } from '../up/local-network.ts'
import { awaitUntil } from './await-until.ts'
import { EpochWrong, ProofMissing, StepFailed } from './first-light-errors.ts'
import { runProgram } from './run-program.ts'

export interface AwaitEpochOptions {
  readonly network: LocalNetwork
  readonly index: ChainIndex
  readonly holders: readonly LocalProvider[]
  readonly victim: LocalProvider
  readonly break?: Break | undefined
  readonly tell: (text: string) => void
  readonly signal: AbortSignal
}

export interface EpochOutcome {
  readonly epoch: bigint
  readonly evidenceCid: string
}

interface AuditSaid {
  readonly agrees: boolean
  readonly lines: readonly { readonly account: string; readonly kind: number }[]
}

const storage = 1
/** Two epochs and everything after a close, with room for a busy machine. */
const secondsMax = 150

export async function awaitEpoch(options: AwaitEpochOptions): Promise<EpochOutcome> {
  const { network, index, holders, victim, tell, signal } = options
  const { startBlock, epochBlocks } = network.chain.deployment.parameters
  const living = holders.filter((provider) => provider !== victim)
  const postedAt = changedBlockOf(index, living)
  const epoch = (postedAt - startBlock) / BigInt(epochBlocks)
  tell(`the sets stood at block ${postedAt}; epoch ${epoch} covers them`)

  let told = ''
  const finalised = await awaitUntil({
    what: `epoch ${epoch} or a later one is finalised`,
    secondsMax,
    signal,
    look: () => {
      const steps = epochStepsIn(index, { network: storage }).filter((step) => step.epoch >= epoch)
      const last = steps.at(-1)
      if (last !== undefined && `${last.epoch} ${last.state}` !== told) {
        told = `${last.epoch} ${last.state}`
        tell(`epoch ${last.epoch} is ${last.state}`)
      }
      throwWrong(steps, options.break)
      return steps.find(({ state }) => state === 'finalised')
    },
  })
  if (finalised.evidence === undefined) throw new StepFailed({ step: 'epoch', why: 'it names no evidence' })
  await checkProven({ network, living, epoch: finalised.epoch, signal })
  return { epoch: finalised.epoch, evidenceCid: cidOfDigest(finalised.evidence).toString() }
}

/** Once anyone rejected a post, the run has failed, even if an honest post follows. */
function throwWrong(steps: readonly IndexedEpochStep[], how: Break | undefined): void {
  const rejected = steps.find(({ state }) => state === 'rejected' || state === 'lapsed')
  if (rejected === undefined) return
  const code =
    how === 'overpay' ? 'GW_EPOCH_OVERPAID' : how === 'drop-line' ? 'GW_EPOCH_LINE_DROPPED' : 'GW_EPOCH_REJECTED'
  throw new EpochWrong(code, { epoch: rejected.epoch, reason: reasonText(rejected) })
}

/** Reasons are bytes32 of ASCII on the chain. */
function reasonText({ reason, state }: IndexedEpochStep): string {
  if (reason === undefined) return state
  return Buffer.from(reason.slice(2), 'hex').toString('latin1').replaceAll('\0', '') || state
}

function changedBlockOf(index: ChainIndex, living: readonly LocalProvider[]): bigint {
  const operators = new Set(living.map(({ operator }) => operator.toLowerCase()))
  const sets = dataSetsAsOf(index, { block: index.tip()?.number ?? 0n }).filter(({ provider }) =>
    operators.has(provider.toLowerCase()),
  )
  if (sets.length < operators.size)
    throw new StepFailed({ step: 'epoch', why: `${sets.length} of ${operators.size} data sets stand on the chain` })
  return sets.reduce((last, { changedBlock }) => (changedBlock > last ? changedBlock : last), 0n)
}

/** @throws ProofMissing naming the first living holder without a line */
async function checkProven({
  network,
  living,
  epoch,
  signal,
}: {
  readonly network: LocalNetwork
  readonly living: readonly LocalProvider[]
  readonly epoch: bigint
  readonly signal: AbortSignal
}): Promise<void> {
  const words = ['audit', 'storage', String(epoch), '--rpc', network.rpcUrl]
  const { lines } = await runProgram<AuditSaid>({ words, cwd: network.dataDir, signal })
  const proven = new Set(lines.filter(({ kind }) => kind === 1).map(({ account }) => account.toLowerCase()))
  const silent = living.find(({ operator }) => !proven.has(operator.toLowerCase()))
  if (silent !== undefined) throw new ProofMissing({ provider: silent.operator, epoch })
}
