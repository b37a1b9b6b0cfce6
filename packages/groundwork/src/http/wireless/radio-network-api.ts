/**
 * What is going on in the customer's network: gateways, counts, and where it is covered.
 *
 * @module
 */

import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { coverageMap } from '@groundwork/wireless'
import { carriedTraffic } from '../../wireless/carried-traffic.ts'
import type { RouterRole } from '../../wireless/router-role.ts'
import type { Api } from '../make-server.ts'
import { asCustomer } from './shapes.ts'

export interface RadioNetworkApiOptions {
  readonly wireless: RouterRole
  readonly index: ChainIndex
}

export function radioNetworkApi(app: Api, { wireless, index }: RadioNetworkApiOptions): void {
  const { network, applications } = wireless

  app.get(
    '/v1/wireless/gateways',
    { schema: { summary: 'Radio gateways that this network heard from' }, config: asCustomer },
    async () => wireless.gateways.list(),
  )
  app.get(
    '/v1/wireless/status',
    { schema: { summary: 'Counts and what was dropped, by reason' }, config: asCustomer },
    async () => ({
      route: wireless.route(),
      network: network.counts(),
      dropped: Object.fromEntries(network.drops()),
      applications: applications.counts,
      carry: wireless.carry.counts(),
      hotspots: wireless.carry.sessionCount,
      owed: wireless.carry.owed(),
      mqtt: wireless.mqtt.counts,
    }),
  )
  app.get(
    '/v1/wireless/coverage',
    { schema: { summary: 'Where paid traffic was carried, as GeoJSON by H3 cell' } },
    async () => coverageMap(carriedTraffic(index), { trustOf: (owner) => wireless.trust.of(owner) }),
  )
  app.get(
    '/v1/wireless/trust',
    { schema: { summary: 'How far owners are believed about where they stand, of 1000, by their beacons' } },
    async () => ({ epoch: wireless.trust.epoch(), owners: wireless.trust.all() }),
  )
}
