/**
 * Reading every event of one kind that a contract of the deployment ever told: what one without an index reads.
 *
 * @module
 */

import type { Abi, ContractEventName } from 'viem'
import type { Chain } from './client.ts'
import { decodeError } from './decode-error.ts'
import type { ContractName } from './deployment.ts'
import type { At } from './read-call.ts'
import type { EventArgs } from './send-call.ts'

/** Blocks that are asked for at once. */
export const logBlocksMax = 2_000n

/** In the order of the chain, up to a block when one is named. @throws ChainUnreachable */
export async function readEvents<const abi extends Abi, name extends ContractEventName<abi>>(
  { client, deployment, rpcUrl }: Chain,
  { contract, abi, eventName }: { readonly contract: ContractName; readonly abi: abi; readonly eventName: name },
  { blockNumber }: At = {},
): Promise<EventArgs<abi, name>[]> {
  try {
    const head = blockNumber ?? (await client.getBlockNumber({ cacheTime: 0 }))
    const plain: { readonly abi: Abi; readonly eventName: string } = { abi, eventName }
    const found: EventArgs<abi, name>[] = []
    for (let from = deployment.startBlock; from <= head; from += logBlocksMax) {
      const last = from + logBlocksMax - 1n
      const logs = await client.getContractEvents({
        address: deployment.addresses[contract],
        ...plain,
        fromBlock: from,
        toBlock: last < head ? last : head,
        strict: true,
      })
      found.push(...logs.map(({ args }) => args as EventArgs<abi, name>))
    }
    return found
  } catch (error) {
    throw decodeError(error, { rpcUrl, functionName: 'eth_getLogs' })
  }
}

/** The last row of each key, by key. */
export function lastOf<row>(rows: readonly row[], keyOf: (row: row) => string): row[] {
  const last = new Map(rows.map((row) => [keyOf(row), row]))
  return [...last.entries()].toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)).map(([, row]) => row)
}
