/**
 * Publishing the sender's route: which packets it buys, where, and for how much. It replaces the one before.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { routesAbi } from './abi/routes.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type Done, sendCall, syncCall } from './send-call.ts'

/** As `struct Route` of IRoutes.sol has it. */
export type PublishRoute = {
  readonly router: Address
  readonly nodeKey: Hex
  readonly voucherSigner: Address
  /** nano-credits for 24 bytes of a packet */
  readonly priceNano: bigint
  /** of one packet, 1 to 8 */
  readonly copies: number
  readonly open: boolean
  readonly endpoint: string
  /** inclusive, at most 32: first << 32 | last */
  readonly devAddrs: readonly bigint[]
  /** inclusive, at most 32: first << 64 | last */
  readonly joinEuis: readonly bigint[]
}

/** The call as a value. */
export function publishRouteCall({ addresses }: Deployment, route: PublishRoute): Call {
  return makeCall({ to: addresses.routes, abi: routesAbi, functionName: 'publish', args: [route] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function publishRoute(chain: Chain, route: PublishRoute, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, publishRouteCall(chain.deployment, route), { signal })
}

/** The same, and waits for the block; returns RoutePublished. */
export async function publishRouteSync(
  chain: Chain,
  route: PublishRoute,
  { signal }: Waiting,
): Promise<Done<typeof routesAbi, 'RoutePublished'>> {
  return syncCall(chain, publishRouteCall(chain.deployment, route), {
    abi: routesAbi,
    eventName: 'RoutePublished',
    signal,
  })
}
