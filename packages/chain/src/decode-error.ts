/**
 * Turning what viem throws into our errors: a contract's custom error by name, a dead endpoint, missing gas.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { type Abi, type AbiItem, BaseError, decodeErrorResult, type Hex } from 'viem'
import { bondsAbi } from './abi/bonds.ts'
import { creditsAbi } from './abi/credits.ts'
import { dataSetsAbi } from './abi/data-sets.ts'
import { epochsAbi } from './abi/epochs.ts'
import { guardAbi } from './abi/guard.ts'
import { holdsAbi } from './abi/holds.ts'
import { priceFeedAbi } from './abi/price-feed.ts'
import { railsAbi } from './abi/rails.ts'
import { receiptJudgeAbi } from './abi/receipt-judge.ts'
import { registryAbi } from './abi/registry.ts'
import { routesAbi } from './abi/routes.ts'
import { storageJudgeAbi } from './abi/storage-judge.ts'
import { sumJudgeAbi } from './abi/sum-judge.ts'
import { workTokenAbi } from './abi/work-token.ts'
import { ChainFaulty, ChainRefused, ChainUnreachable, GasMissing } from './errors.ts'

/** Every custom error of every contract: a call into one may revert with the error of another. */
export const errorsAbi: Abi = [
  guardAbi,
  workTokenAbi,
  priceFeedAbi,
  creditsAbi,
  railsAbi,
  bondsAbi,
  registryAbi,
  dataSetsAbi,
  epochsAbi,
  storageJudgeAbi,
  sumJudgeAbi,
  receiptJudgeAbi,
  routesAbi,
  holdsAbi,
].flatMap((abi): AbiItem[] => (abi as Abi).filter((item) => item.type === 'error'))

export type Context = { readonly rpcUrl: string; readonly functionName: string; readonly account?: string | undefined }

/** The name and arguments of a revert; unknown selectors keep their bytes. */
export function decodeRevert(data: Hex): { errorName: string; args: readonly unknown[] } {
  if (data === '0x') return { errorName: 'Reverted', args: [] }
  try {
    const { errorName, args = [] } = decodeErrorResult({ abi: errorsAbi, data })
    return { errorName, args }
  } catch {
    return { errorName: 'Unknown', args: [data] }
  }
}

/** Our error for anything that viem threw; what is ours already stays as it is. */
export function decodeError(error: unknown, { rpcUrl, functionName, account }: Context): unknown {
  if (isSocketEvent(error))
    return new ChainUnreachable({ rpcUrl, reason: 'the socket does not open' }, { cause: error })
  if (error instanceof GroundworkError || !(error instanceof Error)) return error
  const data = revertDataOf(error)
  if (data !== undefined) return new ChainRefused({ functionName, ...decodeRevert(data) }, { cause: error })
  const text = messagesOf(error)
  if (/insufficient funds|exceeds the balance/i.test(text))
    return new GasMissing({ account: account ?? 'unknown' }, { cause: error })
  if (/execution reverted|InvalidFEOpcode|OutOfGas/i.test(text)) {
    return new ChainRefused({ functionName, errorName: 'Reverted', args: [] }, { cause: error })
  }
  if (
    /HttpRequestError|WebSocketRequestError|SocketClosedError|TimeoutError/.test(namesOf(error)) &&
    !isRefusal(error)
  ) {
    return new ChainUnreachable({ rpcUrl, reason: firstLine(error) }, { cause: error })
  }
  // A refused nonce stays as it is: whoever holds the nonces tries again with another.
  if (!(error instanceof BaseError) || isNonceConflict(error)) return error
  return new ChainFaulty({ rpcUrl, functionName, reason: firstLine(error) }, { cause: error })
}

/**
 * Asks the endpoint something whose answer only viem reads: whatever goes wrong in there, also over an answer that is no
 * answer, is the endpoint's, and another try may pass.
 *
 * @throws ChainRefused, ChainUnreachable, ChainFaulty, else the signal's reason
 */
export async function asked<result>(context: Context, question: () => Promise<result>): Promise<result> {
  try {
    return await question()
  } catch (error) {
    const decoded = decodeError(error, context)
    if (decoded instanceof GroundworkError || !(decoded instanceof Error) || decoded.name === 'AbortError')
      throw decoded
    const { rpcUrl, functionName } = context
    throw new ChainFaulty({ rpcUrl, functionName, reason: firstLine(decoded) }, { cause: error })
  }
}

/** True when the endpoint is to blame and may answer a moment later. */
export function isPassing(error: unknown): error is ChainUnreachable | ChainFaulty {
  return error instanceof ChainUnreachable || error instanceof ChainFaulty
}

/** Runs `work` and throws our error for whatever viem throws in it. */
export async function translated<result>(context: Context, work: () => Promise<result>): Promise<result> {
  try {
    return await work()
  } catch (error) {
    throw decodeError(error, context)
  }
}

/** True when the node refused a transaction for its nonce: used already, or a rival stands in the pool. */
export function isNonceConflict(error: unknown): boolean {
  return (
    error instanceof Error &&
    /nonce too low|nonce too high|already known|already imported|replacement transaction underpriced|NonceTooLow/i.test(
      messagesOf(error),
    )
  )
}

/** An HTTP status with which an endpoint refuses this very question: malformed to it, or too much at once. */
function isRefusal(error: Error): boolean {
  return causesOf(error).some((cause) => [400, 413, 422].includes(Number((cause as { status?: unknown }).status)))
}

/** A WebSocket that fails to open rejects with its event, which is no Error. */
function isSocketEvent(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    !(error instanceof Error) &&
    (error as { type?: unknown }).type === 'error'
  )
}

function causesOf(error: Error): Error[] {
  const causes: Error[] = []
  for (let at: unknown = error; at instanceof Error && causes.length < 16; at = at.cause) causes.push(at)
  return causes
}

function revertDataOf(error: Error): Hex | undefined {
  for (const cause of causesOf(error)) {
    const data = (cause as { data?: unknown }).data
    const inner = typeof data === 'object' && data !== null ? (data as { data?: unknown }).data : data
    if (typeof inner === 'string' && /^0x([0-9a-f]{2})*$/i.test(inner)) return inner as Hex
  }
  return undefined
}

const messagesOf = (error: Error): string =>
  causesOf(error)
    .map((cause) => `${cause.message} ${cause instanceof BaseError ? cause.details : ''}`)
    .join('\n')
/** Only viem's own names: a signal's reason may be a TimeoutError too. */
const namesOf = (error: Error): string =>
  causesOf(error)
    .filter((cause) => cause instanceof BaseError)
    .map(({ name }) => name)
    .join(' ')
const firstLine = (error: Error): string =>
  ((error instanceof BaseError ? error.shortMessage : error.message).split('\n')[0] ?? '').replace(/\.$/, '')
