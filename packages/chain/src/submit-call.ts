/**
 * Sending one call: simulated first, then signed with an explicit nonce and handed to the node.
 *
 * It does not wait for the block; `wait-for-receipt.ts` does. The signed bytes come back too, so that an outbox can
 * hand the very same transaction in again after a rollback.
 *
 * @module
 */

import { type Address, type Hex, keccak256, type LocalAccount } from 'viem'
import { type Call, dataOf, gasMax } from './call.ts'
import { type Connection, transactionOrUndefined, type Waiting } from './connection.ts'
import { decodeError, isNonceConflict, translated } from './decode-error.ts'
import { AccountMissing, ChainUnreachable } from './errors.ts'

export type Submitted = { readonly hash: Hex; readonly nonce: number; readonly raw: Hex }

/** What a transaction carries, named for messages. */
export type Outgoing = {
  readonly functionName: string
  readonly to: Address
  readonly data: Hex
  readonly valueWei?: bigint | undefined
}

export type SubmitOptions = Waiting & {
  /** sees the signed bytes before the node does: where an outbox writes them down */
  readonly onSigned?: ((submitted: Submitted) => void | Promise<void>) | undefined
}

/**
 * Simulates, signs and sends a call.
 *
 * @throws ChainRefused with the contract's error, GasMissing, AccountMissing, NonceContested, ChainUnreachable
 */
export async function submitCall(connection: Connection, call: Call, options: SubmitOptions): Promise<Submitted> {
  const { to, functionName } = call
  return submit(connection, { functionName, to, data: dataOf(call) }, options)
}

/** As submitCall, for anything that a transaction can carry. */
export async function submit(
  connection: Connection,
  outgoing: Outgoing,
  { signal, onSigned }: SubmitOptions,
): Promise<Submitted> {
  const { account, nonces } = connection
  if (account === undefined || nonces === undefined) throw new AccountMissing({ functionName: outgoing.functionName })
  const context = { rpcUrl: connection.rpcUrl, functionName: outgoing.functionName, account: account.address }
  return translated(context, () =>
    nonces.run(async (nonce) => {
      signal.throwIfAborted()
      const submitted = await sign(connection, outgoing, { account, nonce })
      await onSigned?.(submitted)
      await submitRaw(connection, submitted.raw)
      return submitted
    }),
  )
}

type Signer = { readonly account: LocalAccount; readonly nonce: number }

async function sign(connection: Connection, outgoing: Outgoing, { account, nonce }: Signer): Promise<Submitted> {
  const { to, data, valueWei: value = 0n } = outgoing
  const { chainId } = connection
  const [gas, fees] = await Promise.all([gasOf(connection, outgoing, account.address), readFees(connection)])
  const raw = await account.signTransaction({ type: 'eip1559', chainId, to, data, value, nonce, gas, ...fees })
  return { hash: keccak256(raw), nonce, raw }
}

/**
 * Hands signed bytes to the node. Bytes that it has already are no error.
 *
 * An answer may be lost on the way, and then nobody knows whether the node has them: so the very same bytes are handed in again,
 * a few times, and a nonce that they themselves have spent meanwhile is a success. Signing anew instead could pay twice.
 */
export async function submitRaw(connection: Connection, raw: Hex): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await handIn(connection, raw)
    } catch (error) {
      if (!(error instanceof ChainUnreachable) || attempt === handInsMax) throw error
      await new Promise((resolve) => setTimeout(resolve, handInPauseMs * attempt))
    }
  }
}

const handInsMax = 3
const handInPauseMs = 200

async function handIn({ client, rpcUrl }: Connection, raw: Hex): Promise<void> {
  const context = { rpcUrl, functionName: 'eth_sendRawTransaction' }
  try {
    await client.sendRawTransaction({ serializedTransaction: raw })
  } catch (error) {
    if (error instanceof Error && /already known|already imported/i.test(error.message)) return
    if (!isNonceConflict(error)) throw decodeError(error, context)
    const isOurs = await translated(context, () => transactionOrUndefined(client, keccak256(raw)))
    if (isOurs === undefined) throw error
  }
}

/**
 * Simulates on the pending state, so that what was sent before counts, and gives a margin for what moves until the block.
 * Batches that skip failing entries give each a fixed gas and revert for less, so an estimate cannot starve an entry.
 */
async function gasOf({ client }: Connection, { to, data, valueWei }: Outgoing, account: Address): Promise<bigint> {
  const estimate = await client.estimateGas({ account, to, data, value: valueWei ?? 0n, blockTag: 'pending' })
  const gas = (estimate * 13n) / 10n + 20_000n
  return gas < gasMax ? gas : gasMax
}

/** Room for the base fee to double. */
export async function readFees({
  client,
}: Connection): Promise<{ maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }> {
  const [block, tip] = await Promise.all([
    client.getBlock({ blockTag: 'latest' }),
    client.estimateMaxPriorityFeePerGas(),
  ])
  return { maxFeePerGas: 2n * (block.baseFeePerGas ?? 0n) + tip, maxPriorityFeePerGas: tip }
}
