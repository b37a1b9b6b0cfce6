/**
 * The nonces of one account: handed out one at a time, in order, and read anew from the chain before each use.
 *
 * Not a lock against other programs with the same key: those show as conflicts, and the sender tries again.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { isNonceConflict } from './decode-error.ts'
import { NonceContested } from './errors.ts'

/** What the nonces need to know of the chain. */
export type NonceSource = {
  /** Nonce after all that the node has mined or pooled. */
  readonly countPending: () => Promise<number>
  /** Whether the node has this transaction, pooled or mined. */
  readonly knows: (hash: Hex) => Promise<boolean>
}

export type Nonces = {
  /** Runs `send` with a nonce that is ours alone in this process; again, with another, when the node takes it as spent. */
  readonly run: <result extends { readonly hash: Hex }>(send: (nonce: number) => Promise<result>) => Promise<result>
  /** Forgets what was sent: after a transaction was lost, the chain's own count is the truth. */
  readonly forget: () => void
}

const triesMax = 8

export function makeNonces({ account, source }: { account: Address; source: NonceSource }): Nonces {
  let tail: Promise<unknown> = Promise.resolve()
  let last: { readonly nonce: number; readonly hash: Hex } | undefined

  /** A count below what we sent is either a node that lags or a rollback: the node knows our last one, or not. */
  async function next(): Promise<number> {
    const count = await source.countPending()
    if (last === undefined || count > last.nonce) return count
    return (await source.knows(last.hash)) ? last.nonce + 1 : count
  }

  async function attempt<result extends { readonly hash: Hex }>(
    send: (nonce: number) => Promise<result>,
  ): Promise<result> {
    let cause: unknown
    for (let tries = 0; tries < triesMax; tries += 1) {
      const nonce = await next()
      try {
        const sent = await send(nonce)
        last = { nonce, hash: sent.hash }
        return sent
      } catch (error) {
        if (!isNonceConflict(error)) throw error
        cause = error
        last = undefined
      }
    }
    throw new NonceContested({ account, tries: triesMax }, { cause })
  }

  return {
    run: (send) => {
      const mine = tail.then(() => attempt(send))
      tail = mine.catch(() => undefined)
      return mine
    },
    forget: () => {
      last = undefined
    },
  }
}

const shared = new Map<string, Nonces>()
const accountsMax = 10_000

/** One set of nonces for an account and endpoint, however many clients of this process use it. */
export function sharedNonces(key: string, make: () => Nonces): Nonces {
  const found = shared.get(key)
  if (found !== undefined) return found
  const oldest = shared.size >= accountsMax ? shared.keys().next().value : undefined
  if (oldest !== undefined) shared.delete(oldest)
  const made = make()
  shared.set(key, made)
  return made
}
