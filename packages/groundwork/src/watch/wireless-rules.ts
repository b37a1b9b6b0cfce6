/**
 * How carriage is audited: its audit, and what that reads from the chain as of the close.
 *
 * @module
 */

import { closeBlockOf } from '@groundwork/core/epoch/timing.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { audit, wirelessNetwork, type OpenEpoch, type WirelessFacts } from '@groundwork/wireless'
import { hotspotsIn, redemptionsIn } from './carriage-history.ts'
import { timingOf } from './chain-desk.ts'
import { sealsIn, stakesIn } from './epoch-history.ts'
import { oldestOpen } from './gather.ts'
import type { NetworkRules, StateInput } from './network-rules.ts'

/** Version of the audit of carriage. */
export const wirelessRulesVersion = 1n

/** A unit of the basket: `PriceFeed.basket().packetNano`, fixed for good by the contract. docs/protocol/prices.md */
export const referenceNanoPerUnit = 1_000_000_000n

export function wirelessRules(): NetworkRules {
  return {
    network: wirelessNetwork,
    name: 'wireless',
    rules: wirelessRulesVersion,
    audit,
    stateOf: wirelessFacts,
    // No judge recomputes the price of a unit: a wrong one is seen by whoever audits, and the post lapses.
    judgedPriceOf: () => undefined,
  }
}

function wirelessFacts({ index, deployment, epoch, next }: StateInput): WirelessFacts {
  const { parameters, addresses, chainId } = deployment
  const timing = timingOf(deployment)
  const seals = sealsIn(index, wirelessNetwork)
  const epochs: OpenEpoch[] = []
  for (let open = oldestOpen({ epoch, next }); open <= epoch; open += 1n) {
    const seal = seals.get(open)
    if (seal === undefined) continue
    const until = closeBlockOf(timing, open)
    const from = open === 0n ? timing.startBlock : closeBlockOf(timing, open - 1n) + 1n
    epochs.push({
      epoch: open,
      sealedHash: seal.blockHash,
      redemptions: redemptionsIn(index, { from, until }),
      hotspots: hotspotsIn(index, { until }),
    })
  }
  const stakes = [...stakesIn(index, { network: wirelessNetwork, until: closeBlockOf(timing, epoch) })]
  return {
    referenceNanoPerUnit,
    seatAtto: parameters.seatAtto,
    railsDomain: { chainId, verifyingContract: addresses.rails.toLowerCase() as Address },
    stakes: stakes.map(([operator, totalAtto]) => ({ operator, totalAtto })),
    epochs,
  }
}
