/**
 * Sends the calls of an outbox, each until it stands in a block that is deep enough, and again after a rollback.
 *
 * A call is signed once and written down before the node sees it. As long as its nonce is free, the very same bytes are
 * handed in again, so it cannot count twice; it is signed anew only when the chain has spent that nonce on something
 * else. What contracts must refuse twice for themselves (vouchers, converts, claims, keyed batches) they do.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import type { Outbox, OutboxEntry } from '@groundwork/core/ports/outbox.ts'
import type { Hex } from 'viem'
import type { Call } from '../call.ts'
import { type Connection, transactionOrUndefined, type Waiting } from '../connection.ts'
import { translated } from '../decode-error.ts'
import { AccountMissing, ChainRefused, GasMissing } from '../errors.ts'
import { submit, submitRaw } from '../submit-call.ts'
import { receiptOrUndefined } from '../wait-for-receipt.ts'
import { decodeCall, decodeSent, encodeCall, encodeRefusal, encodeSent, type SentNote } from './outgoing-call.ts'

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
  /** went back from done, or were handed in again */
  readonly resubmitted: readonly string[]
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
    for (const entry of await outbox.list({ topic, state: 'pending', limit: entriesPerPassMax }, { signal })) {
      const step = await send({ connection, outbox, signal }, entry)
      if (step === 'sent') sent.push(entry.key)
      else refused.push(entry.key)
    }
    await forgetOld({ signal })
    return { sent, done, refused, resubmitted: [...new Set(resubmitted)] }
  }
}

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
    await outbox.mark({ key, state: 'refused', note: encodeRefusal(reasonOf(error)) }, { signal })
    return 'refused'
  }
}

/** Where a call stands that was sent. */
async function watch(
  { connection, outbox, confirmations, signal }: At & { readonly confirmations: number },
  { key, note }: OutboxEntry,
): Promise<'waits' | 'done' | 'refused' | 'again'> {
  const sent = decodeSent(note)
  const receipt = await receiptOrUndefined(connection, sent.hash)
  if (receipt === undefined) return handInAgain({ connection, outbox, signal }, key, sent)
  const { blockNumber, blockHash } = receipt
  const depth = (await connection.client.getBlockNumber({ cacheTime: 0 })) - blockNumber + 1n
  if (depth < BigInt(confirmations)) return 'waits'
  if (receipt.status === 'success') {
    await outbox.mark({ key, state: 'done', note: encodeSent({ ...sent, blockNumber, blockHash }) }, { signal })
    return 'done'
  }
  await outbox.mark(
    { key, state: 'refused', note: encodeRefusal(`transaction ${sent.hash} failed in block ${blockNumber}`) },
    { signal },
  )
  return 'refused'
}

/** Not in a block: pooled, lost while its nonce is free, or its nonce went to something else. */
async function handInAgain(
  { connection, outbox, signal }: At,
  key: string,
  sent: SentNote,
): Promise<'waits' | 'again'> {
  if ((await transactionOrUndefined(connection.client, sent.hash)) !== undefined) return 'waits'
  const { account } = connection
  if (account === undefined) throw new AccountMissing({ functionName: 'send' })
  const count = await connection.client.getTransactionCount({ address: account.address, blockTag: 'latest' })
  if (count <= sent.nonce) {
    await resubmit(connection, sent)
    return 'again'
  }
  // Mined between the two looks: the next pass sees its receipt.
  if ((await receiptOrUndefined(connection, sent.hash)) !== undefined) return 'waits'
  await outbox.mark({ key, state: 'pending', note: new Uint8Array(0) }, { signal })
  return 'again'
}

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
