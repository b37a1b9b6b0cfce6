/**
 * Reading all operators and all offers from the Registry's logs: what a customer without an index matches among.
 *
 * The last word of each stands; closed offers are left out.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { registryAbi } from './abi/registry.ts'
import type { Chain } from './client.ts'
import { lastOf, readEvents } from './read-events.ts'

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

/** Every registered operator as it last registered, by address. @throws ChainUnreachable */
export async function readOperators(chain: Chain): Promise<readonly OperatorRecord[]> {
  const logs = await readEvents(chain, { contract: 'registry', abi: registryAbi, eventName: 'OperatorRegistered' })
  return lastOf(logs, ({ operator }) => operator)
}

/** Every open offer of a network, by operator. @throws ChainUnreachable */
export async function readOffers(chain: Chain, { network }: { network: number }): Promise<readonly OfferRecord[]> {
  const logs = await readEvents(chain, { contract: 'registry', abi: registryAbi, eventName: 'OfferPosted' })
  const own = logs.filter((offer) => offer.network === network)
  return lastOf(own, ({ operator }) => operator).filter(({ open }) => open)
}
