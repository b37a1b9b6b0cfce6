/**
 * A connection to a chain's endpoint: a viem client, and the account that signs, if any.
 *
 * What an action needs of a chain is `Chain`: a connection and the contracts on it. `client.ts` opens one.
 *
 * @module
 */

import { createPublicClient, type Hex, type LocalAccount, type PublicClient } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { decodeError } from './decode-error.ts'
import type { Deployment } from './deployment.ts'
import { makeNonces, type Nonces, sharedNonces } from './nonces.ts'
import { openTransport } from './transport.ts'

/** Whatever waits takes a signal and rejects with its reason. */
export type Waiting = { readonly signal: AbortSignal }

/** A connection to an endpoint, before any deployment is known. */
export type Connection = {
  readonly rpcUrl: string
  readonly chainId: number
  readonly client: PublicClient
  readonly account: LocalAccount | undefined
  readonly nonces: Nonces | undefined
  readonly pollingIntervalMs: number
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** A connection and the contracts on it. */
export type Chain = Connection & { readonly deployment: Deployment }

export type ConnectOptions = {
  /** http(s) or ws(s) */
  readonly rpcUrl: string
  /** signs and pays gas; without it the connection only reads */
  readonly account?: LocalAccount | undefined
  /** how often waits look at the chain; 50 ms on a devnet, 2 s elsewhere */
  readonly pollingIntervalMs?: number | undefined
}

/** anvil's chain id; its blocks are quick and its endpoint near. */
export const devnetChainId = 31_337

/** Opens an endpoint. @throws ChainUnreachable */
export async function connect(
  { rpcUrl, account, pollingIntervalMs }: ConnectOptions,
  { signal }: Waiting,
): Promise<Connection> {
  signal.throwIfAborted()
  const { transport, close } = openTransport(rpcUrl)
  const client = createPublicClient({ transport, cacheTime: 0, pollingInterval: pollingIntervalMs ?? 50 })
  try {
    const chainId = await client.getChainId()
    signal.throwIfAborted()
    return {
      rpcUrl,
      chainId,
      client,
      account,
      nonces: account && noncesOf({ rpcUrl, client, account }),
      pollingIntervalMs: pollingIntervalMs ?? (chainId === devnetChainId ? 50 : 2_000),
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw decodeError(error, { rpcUrl, functionName: 'eth_chainId' })
  }
}

function noncesOf({
  rpcUrl,
  client,
  account,
}: {
  rpcUrl: string
  client: PublicClient
  account: LocalAccount
}): Nonces {
  const { address } = account
  return sharedNonces(`${rpcUrl} ${address}`, () =>
    makeNonces({
      account: address,
      source: {
        countPending: () => client.getTransactionCount({ address, blockTag: 'pending' }),
        knows: async (hash) => (await transactionOrUndefined(client, hash)) !== undefined,
      },
    }),
  )
}

/** A transaction by hash, or undefined where the node has none. */
export async function transactionOrUndefined(
  client: PublicClient,
  hash: Hex,
): Promise<{ readonly nonce: number; readonly from: Hex; readonly blockNumber: bigint | null } | undefined> {
  try {
    return await client.getTransaction({ hash })
  } catch (error) {
    if (error instanceof Error && error.name === 'TransactionNotFoundError') return undefined
    throw error
  }
}

/** The same chain for another signer; the connection stays the first one's to close. */
export function withAccount<connection extends Connection>(connection: connection, account: LocalAccount): connection {
  const { rpcUrl, client } = connection
  return { ...connection, account, nonces: noncesOf({ rpcUrl, client, account }) }
}

/** The account of a secp256k1 key, 32 bytes in hex. */
export function accountOf(privateKey: Hex): LocalAccount {
  return privateKeyToAccount(privateKey)
}
