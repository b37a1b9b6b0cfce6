/**
 * What is going on in the customer's network: gateways, counts, and where it is covered.
 *
 * @module
 */

import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { asCell } from '@groundwork/core/geography/cell.ts'
import { coverageMap, type CarriedTraffic } from '@groundwork/wireless'
import { hotspotsIn } from '../../watch/carriage-history.ts'
import { logsOf } from '../../watch/event-logs.ts'
import type { RouterRole } from '../../wireless/router-role.ts'
import type { Api } from '../make-server.ts'
import { asCustomer } from './shapes.ts'

export interface RadioNetworkApiOptions {
  readonly wireless: RouterRole
  readonly index: ChainIndex
  /** the account that buys carriage */
  readonly customer: string
}

export function radioNetworkApi(app: Api, { wireless, index, customer }: RadioNetworkApiOptions): void {
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
    async () => coverageMap(carriedTraffic(index, customer)),
  )
}

/** What owners were paid for carrying, at the cells where they stand. */
function carriedTraffic(index: ChainIndex, customer: string): CarriedTraffic[] {
  const tip = index.tip()?.number ?? 0n
  const cells = new Map(hotspotsIn(index, { until: tip }).map(({ owner, cell }) => [owner, cell]))
  return logsOf(index, { contract: 'rails', event: 'Redeemed' }).flatMap(({ args }) => {
    const owner = String(args['payee']).toLowerCase()
    const cell = asCell(cells.get(owner as `0x${string}`) ?? 0n)
    if (cell === undefined || customer === owner) return []
    const credits = BigInt(String(args['credits']))
    const units = Number(credits)
    return [{ cell, owner, packets: units, units, paidNanoCredits: credits * 1_000_000_000n, lastMs: 0 }]
  })
}
