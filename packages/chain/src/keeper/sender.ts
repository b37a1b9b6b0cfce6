/**
 * Sends the calls of an outbox, each until it stands in a block that is deep enough, and again after a rollback.
 *
 * A call is signed once and written down before the node sees it. As long as its nonce is free, the very same bytes are
 * handed in again, so it cannot count twice; with higher fees it keeps the nonce, and it is signed anew only when the chain
 * has spent that nonce on something else. What contracts must refuse twice for themselves (vouchers, converts, claims, keyed batches) they do.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import type { Outbox, OutboxEntry } from '@groundwork/core/ports/outbox.ts'
import type { Hex } from 'viem'
import type { Call } from '../call.ts'
import { type Connection, transactionOrUndefined, type Waiting } from '../connection.ts'
import { translated } from '../decode-error.ts'
import { AccountMissing, ChainFaulty, ChainRefused, GasMissing } from '../errors.ts'
import { replaceStuck } from '../replace-stuck.ts'
import { submit, submitRaw } from '../submit-call.ts'
import { anyReceipt, replacementsMax } from '../wait-for-receipt.ts'
import {
  decodeCall,
  decodeRefusal,
  decodeSent,
  encodeCall,
  encodeRefusal,
  encodeSent,
  type SentNote,
} from './outgoing-call.ts'

/** A call and the key under which it is promised. */
export type Promised = { readonly key: string; readonly call: Call }

export type SenderOptions = {
  readonly connection: Connection
  readonly outbox: Outbox
  /** of the outbox; one sender a topic */
  readonly topic: string
  /** blocks until a call is done; 1 is its own block */
  readonly confirmations: number
  /** `rememberedBlocks` when left out */
  readonly rememberBlocks?: bigint | undefined
}

/** What one pass did, by key. */
export type Pass = {
  readonly sent: readonly string[]
  readonly done: readonly string[]
  readonly refused: readonly string[]
  /** went back from done or refused, or were handed in again */
  readonly resubmitted: readonly string[]
  /** could not be sent for a reason that may pass, and stay pending; nobody waits behind them */
  readonly failed: readonly { readonly key: string; readonly error: unknown }[]
}

export type Sender = {
  /** Promises calls: when it resolves they are on disk, and will be sent. A known key is not sent again. */
  readonly promise: (calls: readonly Promised[], options: Waiting) => Promise<readonly OutboxEntry[]>
  /** One pass over what is pending, under way or undone by a rollback. @throws ChainUnreachable, GasMissing */
  readonly pass: (options: Waiting) => Promise<Pass>
}

/** Blocks for which what is done is remembered, and looked at again after a rollback. */
export const rememberedBlocks = 50_000n
/** Entries of one state that one pass handles. */
export const entriesPerPassMax = 256

export function makeSender({
  connection,
  outbox,
  topic,
  confirmations,
  rememberBlocks = rememberedBlocks,
}: SenderOptions): Sender {
  let seen: { readonly number: bigint; readonly hash: Hex } | undefined

  /** At the start, and whenever the block that we saw last is gone. */
  async function chainWentBack(): Promise<boolean> {
    const before = seen
    const { number, hash } = await connection.client.getBlock({ blockTag: 'latest' })
    seen = { number, hash }
    return before === undefined || (await blockHashAt(connection, before.number)) !== before.hash
  }

  async function undoneByRollback({ signal }: Waiting): Promise<string[]> {
    const undone: string[] = []
    let after = 0
    for (;;) {
      const entries = await outbox.list({ topic, state: 'done', after, limit: entriesPerPassMax }, { signal })
      for (const { key, note, sequence } of entries) {
        after = sequence
        const { blockNumber, blockHash, ...sent } = decodeSent(note)
        if (blockNumber !== undefined && (await blockHashAt(connection, blockNumber)) === blockHash) continue
        await outbox.mark({ key, state: 'sent', note: encodeSent(sent) }, { signal })
        undone.push(key)
      }
      if (entries.length < entriesPerPassMax) return [...undone, ...(await unrefusedByRollback({ signal }))]
    }
  }

  /** What the contracts refused by a block that is gone may be due again. What was mined then goes on as the same bytes. */
  async function unrefusedByRollback({ signal }: Waiting): Promise<string[]> {
    const undone: string[] = []
    let after = 0
    for (;;) {
      const entries = await outbox.list({ topic, state: 'refused', after, limit: entriesPerPassMax }, { signal })
      for (const { key, note, sequence } of entries) {
        after = sequence
        const { block, sent } = decodeRefusal(note)
        // At the head itself it may have been refused for what was only pooled then, and is gone.
        const isOld = block === undefined || block.number < (seen?.number ?? 0n)
        if (isOld && (block === undefined || (await blockHashAt(connection, block.number)) === block.hash)) continue
        const next =
          sent === undefined
            ? ({ state: 'pending', note: nothing } as const)
            : ({ state: 'sent', note: encodeSent(sent) } as const)
        await outbox.mark({ key, ...next }, { signal })
        undone.push(key)
      }
      if (entries.length < entriesPerPassMax) return undone
    }
  }

  /** Forgets the oldest of what is done, once no rollback reaches it. */
  async function forgetOld({ signal }: Waiting): Promise<void> {
    const entries = await outbox.list({ topic, state: 'done', limit: entriesPerPassMax }, { signal })
    if (entries.length < entriesPerPassMax || seen === undefined) return
    const oldest = seen.number - rememberBlocks
    const kept = entries.find(({ note }) => (decodeSent(note).blockNumber ?? oldest) >= oldest)
    await outbox.prune({ topic, below: kept?.sequence ?? (entries.at(-1)?.sequence ?? 0) + 1 }, { signal })
  }

  return {
    promise: (calls, { signal }) =>
      outbox.put(
        calls.map(({ key, call }) => ({ topic, key, body: encodeCall(call) })),
        { signal },
      ),

    pass: ({ signal }) => translated({ rpcUrl: connection.rpcUrl, functionName: 'send' }, () => pass({ signal })),
  }

  async function pass({ signal }: Waiting): Promise<Pass> {
    const resubmitted = (await chainWentBack()) ? await undoneByRollback({ signal }) : []
    const [done, refused, sent]: [string[], string[], string[]] = [[], [], []]
    for (const entry of await outbox.list({ topic, state: 'sent', limit: entriesPerPassMax }, { signal })) {
      const step = await watch({ connection, outbox, confirmations, signal }, entry)
      if (step === 'done') done.push(entry.key)
      if (step === 'refused') refused.push(entry.key)
      if (step === 'again') resubmitted.push(entry.key)
    }
    const failed: { key: string; error: unknown }[] = []
    for (const entry of await outbox.list({ topic, state: 'pending', limit: entriesPerPassMax }, { signal })) {
      try {
        const step = await send({ connection, outbox, signal }, entry)
        if (step === 'sent') sent.push(entry.key)
        else refused.push(entry.key)
      } catch (error) {
        // A call over which the node stumbles is one call; an endpoint that is away, or no coin, is all of them.
        if (!(error instanceof ChainFaulty)) throw error
        failed.push({ key: entry.key, error })
      }
    }
    await forgetOld({ signal })
    return { sent, done, refused, resubmitted: [...new Set(resubmitted)], failed }
  }
}

const nothing = new Uint8Array(0)

type At = { readonly connection: Connection; readonly outbox: Outbox } & Waiting

/** Simulates, signs, writes down, hands in. A call that the contracts refuse is given up with its reason. */
async function send({ connection, outbox, signal }: At, { key, body }: OutboxEntry): Promise<'sent' | 'refused'> {
  try {
    await submit(connection, decodeCall(body), {
      signal,
      onSigned: (submitted) => outbox.mark({ key, state: 'sent', note: encodeSent(submitted) }, { signal }),
    })
    return 'sent'
  } catch (error) {
    if (!(error instanceof ChainRefused)) throw error
    const { number, hash } = await connection.client.getBlock({ blockTag: 'latest' })
    const note = encodeRefusal({ reason: reasonOf(error), block: { number, hash } })
    await outbox.mark({ key, state: 'refused', note }, { signal })
    return 'refused'
  }
}

/** Where a call stands that was sent. */
async function watch(
  { connection, outbox, confirmations, signal }: At & { readonly confirmations: number },
  { key, note: sentNote }: OutboxEntry,
): Promise<'waits' | 'done' | 'refused' | 'again'> {
  const sent = decodeSent(sentNote)
  const receipt = await anyReceipt(connection, hashesOf(sent))
  if (receipt === undefined) return handInAgain({ connection, outbox, signal }, key, sent)
  const { blockNumber, blockHash } = receipt
  const depth = (await connection.client.getBlockNumber({ cacheTime: 0 })) - blockNumber + 1n
  if (depth < BigInt(confirmations)) return 'waits'
  if (receipt.status === 'success') {
    await outbox.mark({ key, state: 'done', note: encodeSent({ ...sent, blockNumber, blockHash }) }, { signal })
    return 'done'
  }
  const reason = `transaction ${receipt.transactionHash} failed in block ${blockNumber}`
  const note = encodeRefusal({ reason, block: { number: blockNumber, hash: blockHash }, sent })
  await outbox.mark({ key, state: 'refused', note }, { signal })
  return 'refused'
}

/** Not in a block: pooled, lost while its nonce is free, or its nonce went to something else. */
async function handInAgain(
  { connection, outbox, signal }: At,
  key: string,
  sent: SentNote,
): Promise<'waits' | 'again'> {
  const pooled = await transactionOrUndefined(connection.client, sent.hash)
  if (pooled !== undefined)
    return pooled.blockNumber === null ? raiseFees({ connection, outbox, signal }, key, sent) : 'waits'
  const { account } = connection
  if (account === undefined) throw new AccountMissing({ functionName: 'send' })
  const count = await connection.client.getTransactionCount({ address: account.address, blockTag: 'latest' })
  if (count <= sent.nonce) {
    if ((await raiseFees({ connection, outbox, signal }, key, sent)) === 'waits') await resubmit(connection, sent)
    return 'again'
  }
  // Mined between the two looks: the next pass sees its receipt.
  if ((await anyReceipt(connection, hashesOf(sent))) !== undefined) return 'waits'
  await outbox.mark({ key, state: 'pending', note: nothing }, { signal })
  return 'again'
}

/** Too cheap to be mined, whether the node still holds it or not: signed again at its nonce and written down before the node sees it. */
async function raiseFees({ connection, outbox, signal }: At, key: string, sent: SentNote): Promise<'waits' | 'again'> {
  const { hash, earlier = [] } = sent
  if (earlier.length >= replacementsMax) return 'waits'
  const replacement = await replaceStuck(connection, sent.raw)
  if (replacement === undefined) return 'waits'
  const note: SentNote = { ...replacement, earlier: [...earlier, hash] }
  await outbox.mark({ key, state: 'sent', note: encodeSent(note) }, { signal })
  await resubmit(connection, note)
  return 'again'
}

const hashesOf = ({ hash, earlier = [] }: SentNote): readonly Hex[] => [...earlier, hash]

/** A rival in the pool decides by itself: either it is mined and the nonce is spent, or ours is. */
async function resubmit(connection: Connection, { raw }: SentNote): Promise<void> {
  try {
    await submitRaw(connection, raw)
  } catch (error) {
    if (error instanceof GasMissing) throw error
    if (error instanceof GroundworkError && error.code === 'GW_CHAIN_UNREACHABLE') throw error
  }
}

async function blockHashAt({ client }: Connection, blockNumber: bigint): Promise<Hex | undefined> {
  try {
    return (await client.getBlock({ blockNumber })).hash
  } catch (error) {
    if (error instanceof Error && error.name === 'BlockNotFoundError') return undefined
    throw error
  }
}

const reasonOf = ({ errorName, args }: ChainRefused): string => `${errorName}(${args.map(String).join(', ')})`
