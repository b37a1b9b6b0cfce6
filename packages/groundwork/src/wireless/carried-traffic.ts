/**
 * What the chain says of paid carriage: credits that owners of hotspots redeemed, at the cells where they stand.
 *
 * @module
 */

import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { asCell } from '@groundwork/core/geography/cell.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { CarriedTraffic } from '@groundwork/wireless'
import { hotspotsIn } from '../watch/carriage-history.ts'
import { logsOf } from '../watch/event-logs.ts'
import { routesIn } from './routes-in.ts'

const nanoPerCredit = 1_000_000_000n

/**
 * One row for each redemption of a voucher of a router that has, or had, a route. What an owner pays itself is no coverage.
 *
 * Units are those that the credits buy at the route's price now: a price that changed since makes them an estimate.
 */
export function carriedTraffic(index: ChainIndex): CarriedTraffic[] {
  const until = index.tip()?.number ?? 0n
  const cells = new Map(hotspotsIn(index, { until }).map(({ owner, cell }) => [owner, cell]))
  const prices = new Map(routesIn(index).map(({ router, unitPriceNano }) => [router, unitPriceNano]))
  return logsOf(index, { contract: 'rails', event: 'Redeemed' }).flatMap(({ block, args }) => {
    const [payer, owner] = [args['payer'], args['payee']].map((one) => String(one).toLowerCase() as Hex)
    const cell = asCell((owner === undefined ? undefined : cells.get(owner)) ?? 0n)
    const price = payer === undefined ? undefined : prices.get(payer)
    if (cell === undefined || owner === undefined || payer === owner || price === undefined || price === 0n) return []
    const paidNanoCredits = BigInt(String(args['credits'])) * nanoPerCredit
    return [{ cell, owner, units: Number(paidNanoCredits / price), paidNanoCredits, lastBlock: Number(block) }]
  })
}
