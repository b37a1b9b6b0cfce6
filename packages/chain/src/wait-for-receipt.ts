/**
 * Waiting until a transaction stands in a block, or is known to be lost.
 *
 * A mined transaction may still fall to a rollback; who needs more asks for more confirmations.
 *
 * @module
 */

import type { Hex, TransactionReceipt } from 'viem'
import { type Connection, transactionOrUndefined, type Waiting } from './connection.ts'
import { decodeError, isNonceConflict, isPassing } from './decode-error.ts'
import { ChainRefused, TransactionFailed, TransactionLost } from './errors.ts'
import { sleep } from './sleep.ts'
import { replaceStuck } from './replace-stuck.ts'
import { submitRaw } from './submit-call.ts'

/** How long a node may not know a transaction, or leave a gap before it, until we call it lost. */
export const lostAfterMs = 12_000
/** How long the endpoint may be away while we wait: a chain that is started again takes seconds. */
export const awayMsMax = 30_000
/** How often one transaction is signed again with higher fees, inclusive. */
export const replacementsMax = 8
const looksPerCheck = 10

export type WaitOptions = Waiting & {
  /** 1: its own block; more: that many blocks deep */
  readonly confirmations?: number | undefined
  /**
   * the signed bytes: handed in again when the chain has lost them and their nonce is still free, and signed again with
   * higher fees when they offer too little to be mined
   */
  readonly raw?: Hex | undefined
  /** `lostAfterMs` when left out */
  readonly lostMs?: number | undefined
}

/**
 * @returns the receipt of a transaction that succeeded
 * @throws TransactionFailed when it reverted, TransactionLost when the chain lost it, ChainUnreachable or ChainFaulty when the
 * endpoint stays away or talks nonsense for long, else the signal's reason
 */
export async function waitForReceipt(
  connection: Connection,
  hash: Hex,
  options: WaitOptions,
): Promise<TransactionReceipt> {
  const { signal, confirmations = 1, lostMs = lostAfterMs } = options
  let { raw } = options
  const hashes = [hash]
  let [missingSince, awaySince]: (number | undefined)[] = []
  for (let look = 1; ; look += 1) {
    signal.throwIfAborted()
    try {
      const receipt = await anyReceipt(connection, hashes)
      if (receipt?.status === 'reverted') throw await failureOf(connection, receipt)
      if (receipt !== undefined && (await isDeep(connection, receipt, confirmations))) return receipt
      awaySince = undefined
      if (look % looksPerCheck === 0) {
        const isLost = receipt === undefined && (await isMissing(connection, hashes.at(-1) ?? hash))
        missingSince = isLost ? (missingSince ?? Date.now()) : undefined
        const canRise = receipt === undefined && hashes.length <= replacementsMax
        const replacement = canRise && raw !== undefined ? await replaceStuck(connection, raw) : undefined
        if (replacement !== undefined) {
          hashes.push(replacement.hash)
          raw = replacement.raw
        }
        if (raw !== undefined && (isLost || replacement !== undefined)) await handInAgain(connection, raw)
      }
    } catch (error) {
      const decoded = decodeError(error, { rpcUrl: connection.rpcUrl, functionName: 'eth_getTransactionReceipt' })
      awaySince ??= Date.now()
      if (!isPassing(decoded) || Date.now() - awaySince >= awayMsMax) throw decoded
    }
    if (missingSince !== undefined && Date.now() - missingSince >= lostMs) {
      connection.nonces?.forget()
      throw new TransactionLost({ hash, waitedMs: Date.now() - missingSince })
    }
    await sleep(connection.pollingIntervalMs, { signal })
  }
}

/** The receipt of whichever of several transactions at one nonce was mined, the newest looked for first. */
export async function anyReceipt(
  connection: Connection,
  hashes: readonly Hex[],
): Promise<TransactionReceipt | undefined> {
  for (const hash of hashes.toReversed()) {
    const receipt = await receiptOrUndefined(connection, hash)
    if (receipt !== undefined) return receipt
  }
  return undefined
}

/** The receipt of a mined transaction, or undefined. @throws ChainUnreachable */
export async function receiptOrUndefined(
  { client, rpcUrl }: Connection,
  hash: Hex,
): Promise<TransactionReceipt | undefined> {
  try {
    return await client.getTransactionReceipt({ hash })
  } catch (error) {
    if (error instanceof Error && error.name === 'TransactionReceiptNotFoundError') return undefined
    throw decodeError(error, { rpcUrl, functionName: 'eth_getTransactionReceipt' })
  }
}

async function isDeep(
  { client }: Connection,
  { blockNumber }: TransactionReceipt,
  confirmations: number,
): Promise<boolean> {
  return (
    confirmations <= 1 || (await client.getBlockNumber({ cacheTime: 0 })) - blockNumber + 1n >= BigInt(confirmations)
  )
}

/** The very same bytes: they count once at most. A nonce that was spent meanwhile shows as a loss later. */
async function handInAgain(connection: Connection, raw: Hex): Promise<void> {
  try {
    await submitRaw(connection, raw)
  } catch (error) {
    if (!isNonceConflict(error)) throw error
  }
}

/** Unknown to the node, or pooled behind a nonce that nobody will fill. */
async function isMissing({ client }: Connection, hash: Hex): Promise<boolean> {
  const transaction = await transactionOrUndefined(client, hash)
  if (transaction === undefined) return true
  if (transaction.blockNumber !== null) return false
  return (await client.getTransactionCount({ address: transaction.from, blockTag: 'pending' })) <= transaction.nonce
}

/** Runs the failed call again on its block to learn why. */
async function failureOf(
  { client, rpcUrl }: Connection,
  { transactionHash: hash, blockNumber }: TransactionReceipt,
): Promise<TransactionFailed> {
  try {
    const { from, to, input, gas, value } = await client.getTransaction({ hash })
    await client.call({ account: from, to, data: input, gas, value, blockNumber })
    return new TransactionFailed({ hash, blockNumber, reason: 'the same call passes now' })
  } catch (error) {
    const cause = decodeError(error, { rpcUrl, functionName: 'call' })
    const reason =
      cause instanceof ChainRefused ? `${cause.errorName}(${cause.args.map(String).join(', ')})` : 'reason unknown'
    return new TransactionFailed({ hash, blockNumber, reason }, { cause })
  }
}
