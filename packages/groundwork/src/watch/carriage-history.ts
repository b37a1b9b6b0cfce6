/**
 * What the chain's logs say of carriage: which vouchers were redeemed when, whose signature they bore, and who offered coverage.
 *
 * @module
 */

import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { asCell } from '@groundwork/core/geography/cell.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { antennaGainOf, wirelessNetwork, type HotspotRecord, type Redemption } from '@groundwork/wireless'
import { logsOf } from './event-logs.ts'
import { stakesIn } from './epoch-history.ts'

const lower = (value: unknown): Hex => String(value).toLowerCase() as Hex

/** What was redeemed from a block to a block, both included, by pair, with the signer of the allotment that was open last. */
export function redemptionsIn(
  index: ChainIndex,
  { from, until }: { readonly from: bigint; readonly until: bigint },
): Redemption[] {
  const signers = new Map<string, Hex>()
  for (const { args } of logsOf(index, { contract: 'rails', event: 'AllotmentOpened', until }))
    signers.set(`${lower(args['payer'])} ${lower(args['payee'])}`, lower(args['signer']))
  const found = new Map<string, Redemption>()
  for (const { args } of logsOf(index, { contract: 'rails', event: 'Redeemed', from, until })) {
    const [router, owner] = [lower(args['payer']), lower(args['payee'])]
    const pair = `${router} ${owner}`
    const signer = signers.get(pair)
    if (signer === undefined) continue
    const credits = (found.get(pair)?.credits ?? 0n) + BigInt(String(args['credits']))
    found.set(pair, { router, owner, credits, signer })
  }
  return [...found.values()]
}

/** Owners of hotspots as they stood after a block: registered, with an offer on the wireless network. */
export function hotspotsIn(index: ChainIndex, { until }: { readonly until: bigint }): HotspotRecord[] {
  const stakes = stakesIn(index, { network: wirelessNetwork, until })
  const cells = new Map<Hex, bigint>()
  for (const { args } of logsOf(index, { contract: 'registry', event: 'OperatorRegistered', until }))
    cells.set(lower(args['operator']), BigInt(String(args['cell'])))
  const offers = new Map<Hex, Readonly<Record<string, unknown>>>()
  for (const { args } of logsOf(index, { contract: 'registry', event: 'OfferPosted', until }))
    if (Number(args['network']) === wirelessNetwork) offers.set(lower(args['operator']), args)
  return [...offers].flatMap(([owner, { priceNano, terms, open }]) => {
    const cell = asCell(cells.get(owner) ?? 0n)
    const antennaGainDbi = antennaGainOf(String(terms) as Hex)
    if (cell === undefined || antennaGainDbi === undefined) return []
    const stakeAtto = stakes.get(owner) ?? 0n
    return [{ owner, cell, antennaGainDbi, unitPriceNano: BigInt(String(priceNano)), stakeAtto, isOpen: open === true }]
  })
}
