/**
 * One epoch on the chain, from the seal to the finalised root, posted by a bonded watcher who is also the committee.
 *
 * @module
 */

import { epochsAbi } from '@groundwork/chain/abi/epochs.ts'
import { buildLeafTree } from '@groundwork/core/epoch/leaves.ts'
import { digestOfPost, type EpochPost } from '@groundwork/core/epoch/post.ts'
import { digestOfAvailable } from '@groundwork/core/evidence/availability.ts'
import { sign } from '@groundwork/core/identity/secp256k1.ts'
import { packLanes } from '@groundwork/core/merkle/lanes.ts'
import { headOf, type Lanes, type Ledger } from '@groundwork/core/money/ledger/ledger-state.ts'
import type { OperationOf } from '@groundwork/core/money/ledger/operation.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { decodeFunctionResult, encodeFunctionData } from 'viem'
import { sortedLeaves, type Caller } from './money-calls.ts'
import type { MoneyChain } from './money-chain.ts'

const evidence = `0x${'e5'.repeat(32)}` as const
const noRoot = `0x${'00'.repeat(32)}` as const
const beforeSeconds = 390n

export interface When {
  readonly ledger: Ledger
  /** the time of the post; the seal comes before, the rest after */
  readonly atSeconds: bigint
}

/** @returns the name of the error with which the post was refused */
export async function finaliseOnChain(
  chain: MoneyChain,
  operation: OperationOf<'finaliseEpoch'>,
  { ledger, atSeconds }: When,
): Promise<string | undefined> {
  const network = Number(operation.network)
  const { epoch } = operation
  const call = (functionName: 'seal' | 'post' | 'attest' | 'finalise', ...args: readonly unknown[]): Caller => ({
    from: chain.watcher,
    to: chain.addresses.epochs,
    data: encodeFunctionData({ abi: epochsAbi, functionName, args: args as never }),
  })
  let seconds = atSeconds - beforeSeconds
  const mine = async (): Promise<void> => {
    seconds += 1n
    await chain.rpc('evm_mine', { timestamp: Number(seconds) })
  }
  const must = async (done: Promise<string | undefined>): Promise<void> => {
    const refusal = await done
    if (refusal !== undefined) throw new Error(`an epoch of ${operation.kind} was refused: ${refusal}`)
  }
  const deadline = (await closeBlockOf(chain, epoch)) + 3n // evidenceBlocks is 1
  while ((await blockNumber(chain)) <= deadline) await mine()
  seconds += 1n
  await must(chain.send(call('seal', network, epoch), seconds))

  const post = postOf(operation, headOf(ledger, operation.network).totals)
  const refusal = await chain.send(call('post', network, post), atSeconds)
  if (refusal !== undefined) return refusal
  seconds = atSeconds
  await mine()
  await mine()
  await must(chain.send(call('attest', network, post, [signatureOf(chain, ledger, { network, post })]), seconds + 1n))
  seconds += 1n
  await mine()
  await must(chain.send(call('finalise', network, post), seconds + 1n))
  return undefined
}

function postOf({ network, epoch, leaves, totals }: OperationOf<'finaliseEpoch'>, previous: Lanes): EpochPost {
  const { root } = buildLeafTree(sortedLeaves(leaves), Number(network))
  const sum = packLanes(totals.rebateAtto, totals.bootstrapAtto)
  return {
    epoch,
    root: root.hash,
    totals: sum,
    linesRoot: noRoot,
    linesTotal: sum - packLanes(previous.rebateAtto, previous.bootstrapAtto),
    lineCount: 0,
    batchesRoot: noRoot,
    batchCount: 0,
    evidence,
    rules: 1n,
  }
}

function signatureOf(
  chain: MoneyChain,
  ledger: Ledger,
  { network, post }: { readonly network: number; readonly post: EpochPost },
): Hex {
  const domain = { chainId: ledger.parameters.chainId, verifyingContract: chain.addresses.epochs }
  const secretKey = chain.secretKeys.get(chain.watcher)
  if (secretKey === undefined) throw new Error('the watcher has a key')
  return sign(digestOfAvailable({ network, epoch: post.epoch, evidence, post: digestOfPost(post) }, domain), secretKey)
}

async function blockNumber({ rpc }: MoneyChain): Promise<bigint> {
  return BigInt((await rpc('eth_blockNumber')) as Hex)
}

async function closeBlockOf({ rpc, addresses }: MoneyChain, epoch: bigint): Promise<bigint> {
  const data = encodeFunctionData({ abi: epochsAbi, functionName: 'closeBlock', args: [epoch] })
  const answer = (await rpc('eth_call', { to: addresses.epochs, data }, 'latest')) as Hex
  return decodeFunctionResult({ abi: epochsAbi, functionName: 'closeBlock', data: answer })
}
