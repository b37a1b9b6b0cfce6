/**
 * The keeper: does for others what anyone may do, and pays the gas for it.
 *
 * It settles streams, hands in what providers signed (registrations, offers, converts, evidence) and what pays only whom it
 * names, claims, seals epochs while the chain still knows their block, and finalises or drops pending ones. Everything is simulated first and promised in the
 * outbox under a key, so a crash or a rollback repeats nothing. It holds no right that others lack.
 *
 * @module
 */

import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'
import { type Hex, keccak256, stringToHex, zeroAddress } from 'viem'
import { type Call, dataOf } from '../call.ts'
import { claimManyCall } from '../claim-many.ts'
import type { Chain, Waiting } from '../client.ts'
import { translated } from '../decode-error.ts'
import { NotRelayed } from '../errors.ts'
import { finaliseEpochCall } from '../finalise-epoch.ts'
import type { ChainIndex } from '../indexer/open-index.ts'
import { openStreamsIn, postIn, sealedEpochsIn } from '../indexer/index-queries.ts'
import { lapseEpochCall } from '../lapse-epoch.ts'
import type { LeafClaim } from '../leaf-claim.ts'
import { readGot } from '../read-balances.ts'
import { readHeldBefore } from '../read-holds.ts'
import { readPending } from '../read-pending.ts'
import { readPayable } from '../read-stream.ts'
import { sealEpochCall } from '../seal-epoch.ts'
import { settleManyCall } from '../settle-many.ts'
import { sleep } from '../sleep.ts'
import type { Pass, Promised, Sender } from './sender.ts'

export type KeeperOptions = {
  readonly chain: Chain
  readonly index: ChainIndex
  readonly sender: Sender
  /** whose epochs are sealed and finalised */
  readonly networks: readonly number[]
  /** least credits for which a stream is settled */
  readonly settleMinCredits: bigint
}

export type Keeper = {
  /** Promises all that is due now, and sends. @throws ChainUnreachable, GasMissing */
  readonly pass: (options: Waiting) => Promise<Pass>
  /**
   * Hands in a call that another signed, once for ever, or one that anyone may send, once an epoch.
   *
   * @returns the key under which it is promised: function and hash of the calldata
   * @throws ChainRefused when it would fail, NotRelayed when it is no such call
   */
  readonly relay: (call: Call, options: Waiting) => Promise<string>
  /** Promises the claims that have something to gain; leaves are those of the finalised head. */
  readonly claim: (
    leaves: readonly LeafClaim[],
    options: Waiting & { readonly epoch: bigint },
  ) => Promise<readonly string[]>
}

/** Streams of one settling transaction. */
export const settleBatchMax = 50
/** Claims of one transaction. */
export const claimBatchMax = 20
/** Blocks of which a chain still gives the hash (EIP-2935). */
const sealableBlocks = 8_000n
/** Epochs that one pass seals at most. */
const sealsPerPassMax = 8

/** What a keeper hands in for others: the functions that take the signature of whom they are for. */
const signedFunctions: ReadonlySet<string> = new Set([
  'registerFor',
  'postOfferFor',
  'convertFor',
  'redeem',
  'postMany',
  'registerBatch',
  'attest',
  'vouchBatch',
  'bindManyFor',
  'appealFor',
  'decide',
])

/**
 * Functions without a signature that a keeper hands in all the same, as whoever sends them gains no power by it: claims,
 * settlements and ends of holds that are over pay only the accounts that the chain has in its books, and an answer only helps the provider that is asked
 * (its deposit falls to the sender, here the keeper: that is its pay for the gas). Worth doing again as time goes on, so they
 * count once an epoch instead of once for ever.
 */
const openFunctions: ReadonlySet<string> = new Set(['claim', 'claimMany', 'settleMany', 'answer', 'release'])

export function makeKeeper({ chain, index, sender, networks, settleMinCredits }: KeeperOptions): Keeper {
  return {
    async pass({ signal }) {
      const context = { rpcUrl: chain.rpcUrl, functionName: 'eth_blockNumber' }
      const head = await translated(context, () => chain.client.getBlockNumber({ cacheTime: 0 }))
      const epochs = await Promise.all(
        networks.map(async (network) => [
          ...sealsDue({ chain, index }, { network, head }),
          ...(await endingsDue({ chain, index }, { network, head })),
        ]),
      )
      const settles = await settlesDue({ chain, index }, { head, settleMinCredits })
      await sender.promise([...epochs.flat(), ...settles], { signal })
      return sender.pass({ signal })
    },

    async relay(call, { signal }) {
      const { functionName } = call
      const isOpen = openFunctions.has(functionName)
      if (!isOpen && !signedFunctions.has(functionName)) throw new NotRelayed({ functionName })
      await simulate(chain, call)
      const epoch = isOpen ? `${await currentEpoch(chain)}/` : ''
      const key = `relay/${functionName}/${epoch}${keccak256(dataOf(call))}`
      await sender.promise([{ key, call }], { signal })
      return key
    },

    async claim(leaves, { epoch, signal }) {
      const gaining = await gainingOf(chain, leaves)
      const promised = portions(gaining, claimBatchMax).map((claims) => ({
        key: `claim/${epoch}/${hashOf(claims.map(({ network, account }) => `${network}/${account}`))}`,
        call: claimManyCall(chain.deployment, { claims }),
      }))
      await sender.promise(promised, { signal })
      return promised.map(({ key }) => key)
    },
  }
}

export type RunKeeperOptions = Waiting & {
  readonly everyMs: number
  readonly onPass?: ((pass: Pass) => void) | undefined
  /** told of a pass, or of one call of a pass, that failed; the next one follows all the same */
  readonly onError: (error: unknown) => void
}

/** Keeps until the signal is aborted. @throws InvariantBroken: a mistake of our own stops the work */
export async function runKeeper(keeper: Keeper, { everyMs, onPass, onError, signal }: RunKeeperOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      // The pass first: the arguments of an optional call that is not made are not evaluated.
      const pass = await keeper.pass({ signal })
      onPass?.(pass)
      for (const { error } of pass.failed) onError(error)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof InvariantBroken) throw error
      onError(error)
    }
    await sleep(everyMs, { signal }).catch(() => undefined)
  }
}

type Sources = { readonly chain: Chain; readonly index: ChainIndex }
type AtNetwork = { readonly network: number; readonly head: bigint }

/** Epochs that closed, are not sealed, and whose block is not forgotten; newest first, for those matter most. */
function sealsDue({ chain, index }: Sources, { network, head }: AtNetwork): Promised[] {
  const { startBlock, epochBlocks } = chain.deployment.parameters
  const length = BigInt(epochBlocks)
  const sealed = new Set(sealedEpochsIn(index, { network }))
  const due: Promised[] = []
  // An epoch can be sealed from the second block after its closing block on; the next block to be mined counts.
  for (let epoch = (head - 1n - startBlock) / length - 1n; epoch >= 0n; epoch -= 1n) {
    const sealedBlock = startBlock + (epoch + 1n) * length + 1n
    if (head - sealedBlock > sealableBlocks || due.length === sealsPerPassMax) break
    if (head < sealedBlock || sealed.has(epoch)) continue
    due.push({ key: `seal/${network}/${epoch}`, call: sealEpochCall(chain.deployment, { network, epoch }) })
  }
  return due
}

/** A pending epoch whose window passed: finalised when it is available, dropped when it never became so. */
async function endingsDue({ chain, index }: Sources, { network, head }: AtNetwork): Promise<Promised[]> {
  const { poster, available, windowEnd, epoch, digest, postedBlock } = await readPending(chain, { network })
  if (poster === zeroAddress || head < BigInt(windowEnd)) return []
  if (!available) {
    const isOver = head >= BigInt(windowEnd + chain.deployment.parameters.windowBlocks)
    const key = `lapse/${network}/${epoch}/${postedBlock}`
    return isOver ? [{ key, call: lapseEpochCall(chain.deployment, { network }) }] : []
  }
  const post = postIn(index, { network, epoch })
  if (post === undefined) return []
  return [
    { key: `finalise/${network}/${epoch}/${digest}`, call: finaliseEpochCall(chain.deployment, { network, post }) },
  ]
}

/** Streams that would pay enough now; the same batch at most once an epoch. */
async function settlesDue(
  { chain, index }: Sources,
  { head, settleMinCredits }: { head: bigint; settleMinCredits: bigint },
): Promise<Promised[]> {
  const epoch = epochOf(chain, head)
  // Streams of one payee side by side: their pay is booked at once.
  const streams = openStreamsIn(index).toSorted((a, b) => (a.payee < b.payee ? -1 : 1))
  const payable = await Promise.all(streams.map(async ({ id }) => ({ id, credits: await readPayable(chain, { id }) })))
  const ids = payable.filter(({ credits }) => credits > 0n && credits >= settleMinCredits).map(({ id }) => id)
  return portions(ids, settleBatchMax).map((batch) => ({
    key: `settle/${epoch}/${hashOf(batch)}`,
    call: settleManyCall(chain.deployment, { ids: batch }),
  }))
}

/** Leaves that a claim would pay something of; those on hold are put off. */
async function gainingOf(chain: Chain, leaves: readonly LeafClaim[]): Promise<LeafClaim[]> {
  const context = { rpcUrl: chain.rpcUrl, functionName: 'eth_blockNumber' }
  const head = await translated(context, () => chain.client.getBlockNumber({ cacheTime: 0 }))
  const gains = await Promise.all(
    leaves.map(async (leaf) => {
      if ((await readHeldBefore(chain, leaf)) > head) return []
      const got = await readGot(chain, leaf)
      return leaf.rebateAtto > got.rebateAtto || leaf.bootstrapAtto > got.bootstrapAtto ? [leaf] : []
    }),
  )
  return gains.flat()
}

async function simulate({ client, account, rpcUrl }: Chain, call: Call): Promise<void> {
  const { to, functionName } = call
  await translated({ rpcUrl, functionName }, () =>
    client.call({ to, data: dataOf(call), blockTag: 'pending', ...(account && { account: account.address }) }),
  )
}

function epochOf({ deployment }: Chain, head: bigint): bigint {
  const { startBlock, epochBlocks } = deployment.parameters
  return head < startBlock ? 0n : (head - startBlock) / BigInt(epochBlocks)
}

async function currentEpoch(chain: Chain): Promise<bigint> {
  const context = { rpcUrl: chain.rpcUrl, functionName: 'eth_blockNumber' }
  return epochOf(chain, await translated(context, () => chain.client.getBlockNumber({ cacheTime: 0 })))
}

function portions<item>(items: readonly item[], size: number): (readonly item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}

function hashOf(names: readonly string[]): Hex {
  return keccak256(stringToHex(names.join(' ')))
}
