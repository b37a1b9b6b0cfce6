/**
 * A route: which frames a router buys, where it takes them, and what it pays. Published by the router on chain.
 *
 * Plain facts; who reads them from the contract hands them in. Ranges are inclusive, and those of several routers may
 * overlap, for nobody owns an address of LoRaWAN.
 *
 * @see docs/protocol/wireless.md#routes
 * @module
 */

import type { NodeKey } from '@groundwork/core/identity/node-signer.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Eui } from './radio.ts'

/** Device addresses, unsigned 32 bits. */
export interface DevAddrRange {
  readonly first: number
  readonly last: number
}

export interface EuiRange {
  readonly first: Eui
  readonly last: Eui
}

export interface Route {
  /** the account that pays, in lower case */
  readonly router: Hex
  readonly nodeKey: NodeKey
  /** WebSocket URL of its carry endpoint */
  readonly endpoint: string
  /** signs vouchers and tallies; the signer of the allotments that it opens, in lower case */
  readonly voucherSigner: Hex
  readonly devAddrs: readonly DevAddrRange[]
  readonly joinEuis: readonly EuiRange[]
  /** nano-credits for one unit of a packet, whatever the number of copies; below 2^63 */
  readonly unitPriceNano: bigint
  /** copies of a packet that it buys, 1 or more */
  readonly copies: number
  readonly isOpen: boolean
}

/** Most copies of one packet that a route buys. */
export const copiesMax = 8

/** Highest price of a unit: with it the price of the longest packet still fits 8 bytes. */
export const unitPriceNanoMax: bigint = 2n ** 56n
