/**
 * The watcher's view of the chain and its hand on it: the index gives one consistent state, actions change it.
 *
 * A refusal that says that the chain has moved on is an answer, 'late'; any other refusal is thrown.
 *
 * @module
 */

import { bondsAbi } from '@groundwork/chain/abi/bonds.ts'
import { receiptJudgeAbi } from '@groundwork/chain/abi/receipt-judge.ts'
import { sumJudgeAbi } from '@groundwork/chain/abi/sum-judge.ts'
import { attestEpochSync } from '@groundwork/chain/attest-epoch.ts'
import type { Call } from '@groundwork/chain/call.ts'
import { commitReportSync } from '@groundwork/chain/commit-report.ts'
import { ChainRefused, TransactionFailed, TransactionLost } from '@groundwork/chain/errors.ts'
import { finaliseEpochSync } from '@groundwork/chain/finalise-epoch.ts'
import { lapseEpochSync } from '@groundwork/chain/lapse-epoch.ts'
import { postEpochSync } from '@groundwork/chain/post-epoch.ts'
import { readCall } from '@groundwork/chain/read-call.ts'
import { readCommittee } from '@groundwork/chain/read-committee.ts'
import { readFreeStake, readStake } from '@groundwork/chain/read-stake.ts'
import { sealEpochSync } from '@groundwork/chain/seal-epoch.ts'
import { sendCall } from '@groundwork/chain/send-call.ts'
import { reportCommitment } from '@groundwork/chain/sign-typed.ts'
import { waitForReceipt } from '@groundwork/chain/wait-for-receipt.ts'
import type { Case, Challenge } from '@groundwork/core/epoch/challenge.ts'
import { digestOfPost } from '@groundwork/core/epoch/post.ts'
import type { EpochTiming } from '@groundwork/core/epoch/timing.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { bytesOfText, concatBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'
import { encodeAbiParameters, keccak256, type LocalAccount } from 'viem'
import type { Deployment } from '@groundwork/chain/deployment.ts'
import type { AuditContext } from './audit-context.ts'
import type { PendingView } from './decide.ts'
import type { ChainDesk, Written } from './desks.ts'
import { headIn, postsIn, rejectedOf, sealsIn, type PostRecord } from './epoch-history.ts'

export interface ChainDeskOptions {
  /** its chain has an account; its index is brought up to the head at each view */
  readonly context: Pick<AuditContext, 'chain' | 'index' | 'advance'>
  readonly account: LocalAccount
}

/** The four numbers of a deployment's epochs. */
export function timingOf({ parameters }: Pick<Deployment, 'parameters'>): EpochTiming {
  const { startBlock, epochBlocks, evidenceBlocks, windowBlocks } = parameters
  return {
    startBlock,
    epochBlocks: BigInt(epochBlocks),
    evidenceBlocks: BigInt(evidenceBlocks),
    windowBlocks: BigInt(windowBlocks),
  }
}

/** Bonds lock behind a post: keccak256(abi.encode("post", network, epoch, postedBlock)). */
export function posterLockId({
  network,
  epoch,
  postedBlock,
}: {
  readonly network: number
  readonly epoch: bigint
  readonly postedBlock: bigint
}): Hex {
  const types = [{ type: 'string' }, { type: 'uint8' }, { type: 'uint64' }, { type: 'uint48' }] as const
  return keccak256(encodeAbiParameters(types, ['post', network, epoch, Number(postedBlock)]))
}

export function chainDesk({ context, account }: ChainDeskOptions): ChainDesk {
  const { chain, index, advance } = context
  const { deployment } = chain
  const self = account.address.toLowerCase() as Address
  const pendingOf = (network: number): PostRecord | undefined => {
    const last = postsIn(index, network).at(-1)
    return last?.outcome === 'pending' ? last : undefined
  }
  const report = async (
    lock: Parameters<typeof posterLockId>[0],
  ): Promise<{ lockId: Hex; salt: Hex; commitment: Hex }> => {
    const lockId = posterLockId(lock)
    const salt = await saltOf(account, lockId)
    return { lockId, salt, commitment: reportCommitment({ reporter: account.address, lockId, salt }) }
  }

  return {
    self,
    timing: timingOf(deployment),
    async view(network, { signal }) {
      const tip = await advance({ signal })
      const pending = pendingOf(network)
      return {
        network,
        block: tip,
        next: headIn(index, network).next,
        sealed: new Map([...sealsIn(index, network)].map(([epoch, { blockHash }]) => [epoch, blockHash])),
        rejectedOwn: rejectedOf(index, { network, poster: self }),
        pending: pending && pendingView(pending),
      }
    },
    async isBonded(network) {
      const terms = { operator: account.address, network }
      const [stake, freeAtto] = await Promise.all([readStake(chain, terms), readFreeStake(chain, terms)])
      const { seatAtto, posterBondMinAtto } = deployment.parameters
      return stake.totalAtto >= seatAtto && freeAtto >= posterBondMinAtto
    },
    pendingPost: async (network, digest) => {
      const pending = pendingOf(network)
      return pending !== undefined && digestOfPost(pending.post) === digest ? pending.post : undefined
    },
    async committee(network) {
      try {
        return (await readCommittee(chain, { network })).map((address) => address.toLowerCase() as Address)
      } catch (error) {
        if (isRefused(error, ['NothingPending'])) return []
        throw error
      }
    },
    seal: (target, { signal }) => written(sealEpochSync(chain, target, { signal }), ['NotYet', 'TooLate']),
    post: (target, { signal }) =>
      written(postEpochSync(chain, target, { signal }), ['PendingExists', 'EpochOutOfOrder', 'NotYet', 'NotSealed']),
    attest: (target, { signal }) =>
      written(attestEpochSync(chain, target, { signal }), [
        'NothingPending',
        'WrongPost',
        'TooLate',
        'NotYet',
        'NotAvailable',
      ]),
    finalise: (target, { signal }) =>
      written(finaliseEpochSync(chain, target, { signal }), ['NothingPending', 'WrongPost', 'NotYet', 'NotAvailable']),
    lapse: (target, { signal }) =>
      written(lapseEpochSync(chain, target, { signal }), ['NothingPending', 'PendingExists', 'NotYet']),
    async isReported(lock) {
      const { commitment } = await report(lock)
      const block = await readCall(chain, {
        contract: 'bonds',
        abi: bondsAbi,
        functionName: 'reportBlock',
        args: [commitment],
      })
      return block > 0n
    },
    async commitReport(lock, { signal }) {
      const { commitment } = await report(lock)
      return written(commitReportSync(chain, { commitment }, { signal }), [])
    },
    async challenge({ network, post, postedBlock, fault }, { signal }) {
      const { salt } = await report({ network, epoch: post.epoch, postedBlock })
      const call = challengeCall(chain.deployment, fault, { network, post, reporter: account.address, salt })
      const sent = sendCall(chain, call, { signal }).then(async (hash) => waitForReceipt(chain, hash, { signal }))
      try {
        return await written(sent, ['WrongPost', 'NothingPending'])
      } catch (error) {
        if (error instanceof ChainRefused) return 'refused'
        throw error
      }
    },
  }
}

function pendingView({ epoch, post, poster, block, isAvailable }: PostRecord): PendingView {
  return { epoch, digest: digestOfPost(post), poster, postedBlock: block, isAvailable }
}

/** The fault as its judge's function takes it, the case first. */
function challengeCall({ addresses }: Deployment, { judge, functionName, args }: Challenge, shown: Case): Call {
  const [to, abi] = judge === 'sum' ? [addresses.sumJudge, sumJudgeAbi] : [addresses.receiptJudge, receiptJudgeAbi]
  return { to, abi, functionName, args: [shown, ...args] }
}

/** Secret until it is revealed, and the same after every restart: derived from a signature that is never published. */
async function saltOf(account: LocalAccount, lockId: Hex): Promise<Hex> {
  const sign = account.sign
  if (sign === undefined) throw new TypeError('a local account signs digests')
  const hash = keccak256(concatBytes(bytesOfText('groundwork/watch/salt/1'), fromHex(lockId, 32)))
  return keccak256(await sign({ hash }))
}

async function written(sent: Promise<unknown>, lateNames: readonly string[]): Promise<Written> {
  try {
    await sent
    return 'done'
  } catch (error) {
    // Mined without effect, or lost by the chain: the next look says what there is to do.
    if (isRefused(error, lateNames) || error instanceof TransactionFailed || error instanceof TransactionLost)
      return 'late'
    throw error
  }
}

function isRefused(error: unknown, names: readonly string[]): boolean {
  return error instanceof ChainRefused && names.includes(error.errorName)
}
