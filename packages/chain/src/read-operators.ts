/**
 * Reading all operators and all offers from the Registry's logs: what a customer without an index matches among.
 *
 * The last word of each stands; closed offers are left out.
 *
 * @module
 */

import type { Abi, Address, ContractEventName, Hex } from 'viem'
import { registryAbi } from './abi/registry.ts'
import type { Chain } from './client.ts'
import { decodeError } from './decode-error.ts'
import type { EventArgs } from './send-call.ts'

export type OperatorRecord = {
  readonly operator: Address
  readonly nodeKey: Hex
  readonly cell: bigint
  readonly endpoint: string
}

export type OfferRecord = {
  readonly operator: Address
  readonly network: number
  readonly capacity: bigint
  readonly priceNano: bigint
  readonly terms: Hex
}

/** Blocks that are asked for at once. */
export const logBlocksMax = 2_000n

/** Every registered operator as it last registered, by address. @throws ChainUnreachable */
export async function readOperators(chain: Chain): Promise<readonly OperatorRecord[]> {
  const logs = await registryEvents(chain, 'OperatorRegistered')
  return lastOf(logs, ({ operator }) => operator)
}

/** Every open offer of a network, by operator. @throws ChainUnreachable */
export async function readOffers(chain: Chain, { network }: { network: number }): Promise<readonly OfferRecord[]> {
  const logs = await registryEvents(chain, 'OfferPosted')
  const own = logs.filter((offer) => offer.network === network)
  return lastOf(own, ({ operator }) => operator).filter(({ open }) => open)
}

async function registryEvents<name extends ContractEventName<typeof registryAbi>>(
  { client, deployment, rpcUrl }: Chain,
  eventName: name,
): Promise<EventArgs<typeof registryAbi, name>[]> {
  try {
    const head = await client.getBlockNumber({ cacheTime: 0 })
    const plain: { readonly abi: Abi; readonly eventName: string } = { abi: registryAbi, eventName }
    const found: EventArgs<typeof registryAbi, name>[] = []
    for (let from = deployment.startBlock; from <= head; from += logBlocksMax) {
      const last = from + logBlocksMax - 1n
      const logs = await client.getContractEvents({
        address: deployment.addresses.registry,
        ...plain,
        fromBlock: from,
        toBlock: last < head ? last : head,
        strict: true,
      })
      found.push(...logs.map(({ args }) => args as EventArgs<typeof registryAbi, name>))
    }
    return found
  } catch (error) {
    throw decodeError(error, { rpcUrl, functionName: 'eth_getLogs' })
  }
}

function lastOf<row>(rows: readonly row[], keyOf: (row: row) => string): row[] {
  const last = new Map(rows.map((row) => [keyOf(row), row]))
  return [...last.entries()].toSorted(([a], [b]) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)).map(([, row]) => row)
}
