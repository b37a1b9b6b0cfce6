/**
 * What a router owes a hotspot's owner: a receipt for each bought packet, a tally of an epoch's receipts, a voucher.
 *
 * A receipt is not signed by itself: it travels under the stream's MAC, and the tally's root commits to it. What tally and
 * voucher are in bytes is in wire/.
 *
 * @see docs/protocol/wireless.md#receipts
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Modulation } from './modulation.ts'
import type { Eui } from './radio.ts'

/** One bought copy of one packet. Signal, frequency and time are what the hotspot said. */
export interface Receipt {
  /** sha256 of the PHYPayload */
  readonly packet: Hex
  readonly sizeBytes: number
  readonly gatewayEui: Eui
  /** Unix milliseconds */
  readonly heardAtMs: number
  readonly frequencyHz: number
  readonly modulation: Modulation
  /** in tenths of dBm */
  readonly rssiDeciDbm: number
  /** in tenths of dB; absent for FSK */
  readonly snrDeciDb?: number
  /** how many copies of the packet were bought */
  readonly copies: number
  /** this copy's share of the packet's price */
  readonly priceNano: bigint
}

/** All receipts of one router to one owner in one epoch, under one root. It grows until the epoch is over. */
export interface Tally {
  readonly router: Hex
  readonly owner: Hex
  readonly epoch: bigint
  readonly packets: number
  readonly units: bigint
  readonly nanoCredits: bigint
  /** sum tree over the receipts in their order; the sum of a leaf is its units */
  readonly root: Hex
}

export interface SignedTally {
  readonly tally: Tally
  /** of the router's voucher signer */
  readonly signature: Hex
}

/** A claim on an allotment, cumulative for ever. docs/protocol/money.md#allotment */
export interface Voucher {
  readonly payer: Hex
  readonly payee: Hex
  /** whole credits */
  readonly total: bigint
}

export interface SignedVoucher {
  readonly voucher: Voucher
  readonly signature: Hex
}

/** Most receipts of one router to one owner in one epoch that evidence is kept of; what is bought beyond is paid all the same. */
export const receiptsPerEpochMax: number = 2 ** 20
