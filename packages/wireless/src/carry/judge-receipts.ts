/**
 * Receipts held against what can be: keeps the possible, drops the rest, each with its reason.
 *
 * Pure, the same for the device owner who checks what was bought in its name, the hotspot, and an auditor. Knows signals, prices
 * and repetitions; who signed is prove.ts verify()'s.
 *
 * @see docs/protocol/wireless.md#plausible
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import { unitsOf } from '../model.ts'
import type { HotspotRecord } from '../model/hotspot-record.ts'
import type { Receipt } from '../model/receipt.ts'
import { areNearEnough, signalFault, type HeardSignal, type SignalReason } from './plausible.ts'

export type ReceiptFault = 'gateway-unknown' | 'replayed' | 'duplicate' | 'price-above-route' | 'too-far' | SignalReason

export interface ReceiptsContext {
  /** whose receipts these are, as registered; undefined: nobody knows it */
  readonly hotspot: HotspotRecord | undefined
  /** the route's price of a unit; left out: not judged, for routes change */
  readonly unitPriceNano?: bigint
  /** packets that were paid in earlier epochs */
  readonly earlier?: ReadonlySet<Hex>
  /** who else sold a copy of a packet */
  readonly others?: (packet: Hex) => readonly { readonly hotspot: HotspotRecord; readonly receipt: Receipt }[]
}

export interface JudgedReceipts {
  readonly kept: readonly Receipt[]
  readonly dropped: readonly { readonly receipt: Receipt; readonly reason: ReceiptFault }[]
}

/** @param receipts of one router to one owner */
export function judgeReceipts(receipts: Iterable<Receipt>, context: ReceiptsContext): JudgedReceipts {
  const seen = new Set<Hex>()
  const kept: Receipt[] = []
  const dropped: { receipt: Receipt; reason: ReceiptFault }[] = []
  for (const receipt of receipts) {
    const reason = seen.has(receipt.packet) ? 'duplicate' : faultOf(receipt, context)
    seen.add(receipt.packet)
    if (reason === undefined) kept.push(receipt)
    else dropped.push({ receipt, reason })
  }
  return { kept, dropped }
}

function faultOf(
  receipt: Receipt,
  { hotspot, unitPriceNano, earlier, others }: ReceiptsContext,
): ReceiptFault | undefined {
  if (hotspot === undefined) return 'gateway-unknown'
  if (earlier?.has(receipt.packet) === true) return 'replayed'
  const priceMax = unitPriceNano === undefined ? undefined : BigInt(unitsOf(receipt.sizeBytes)) * unitPriceNano
  if (priceMax !== undefined && receipt.priceNano > priceMax) return 'price-above-route'
  const signal = signalOf(receipt)
  const rivals = others?.(receipt.packet) ?? []
  const isApart = rivals.some(
    (rival) => !areNearEnough({ hotspot, signal }, { ...rival, signal: signalOf(rival.receipt) }),
  )
  if (isApart) return 'too-far'
  return signalFault({ ...signal, antennaGainDbi: hotspot.antennaGainDbi })
}

/** The signal that a receipt states. */
export function signalOf({ frequencyHz, modulation, rssiDeciDbm, snrDeciDb }: Receipt): HeardSignal {
  const signal = { frequencyHz, modulation, rssiDbm: rssiDeciDbm / 10 }
  return snrDeciDb === undefined ? signal : { ...signal, snrDb: snrDeciDb / 10 }
}
