/**
 * Reading all routes from the logs of Routes: what a hotspot routes by. The last word of each router stands; closed ones are left out.
 *
 * @module
 */

import { routesAbi } from './abi/routes.ts'
import type { Chain } from './client.ts'
import type { PublishRoute } from './publish-route.ts'
import { lastOf, readEvents } from './read-events.ts'

/** By router. @throws ChainUnreachable */
export async function readRoutes(chain: Chain): Promise<readonly PublishRoute[]> {
  const published = await readEvents(chain, { contract: 'routes', abi: routesAbi, eventName: 'RoutePublished' })
  return lastOf(published, ({ router }) => router).filter(({ open }) => open)
}
