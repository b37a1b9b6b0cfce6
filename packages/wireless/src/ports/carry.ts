/**
 * What the market between hotspots and routers needs from the world: a ledger, the chain, an account that signs.
 *
 * Types only.
 *
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import type { AllotmentView, CreditState } from '../carry/credit.ts'
import type { DeviceBudget, PacketVerdict } from '../model/packet-verdict.ts'
import type { HotspotRecord } from '../model/hotspot-record.ts'
import type { Eui } from '../model/radio.ts'
import type { SignedTally } from '../model/receipt.ts'
import type { Waiting } from '../ports.ts'

/** Signs with an account's secp256k1 key; keys stay behind it. */
export interface AccountSigner {
  /** in lower case */
  readonly address: Hex
  /** @param digest 32 bytes of EIP-712 */
  sign(digest: Hex): Promise<Hex>
}

/** What is kept of a router by a hotspot, or of a hotspot's owner by a router. */
export interface CarryAccount extends CreditState {
  /** of the voucher of `total`, where it is held (the hotspot's side) */
  readonly voucherSignature?: Hex
}

/**
 * Where receipts and totals are kept. Reads are synchronous and see every write; a write is on disk once `commit` returned,
 * and nothing that follows from it may leave before.
 */
export interface CarryLedger {
  /** @param peer the router for a hotspot, the owner for a router */
  account(peer: Hex): CarryAccount | undefined
  peers(): readonly Hex[]
  setAccount(peer: Hex, account: CarryAccount): void
  addReceipt(at: {
    readonly peer: Hex
    readonly epoch: bigint
    readonly index: number
    readonly receipt: Uint8Array
  }): void
  /** Receipts from an index on, in their order, at most `countMax`. */
  receipts(at: {
    readonly peer: Hex
    readonly epoch: bigint
    readonly fromIndex: number
    readonly countMax: number
  }): readonly Uint8Array[]
  /** Epochs of which receipts of this peer are kept, in order. */
  epochsOf(peer: Hex): readonly bigint[]
  setTally(signed: SignedTally, peer: Hex): void
  tally(at: { readonly peer: Hex; readonly epoch: bigint }): SignedTally | undefined
  /** The draw's secret of an epoch; made from `fresh` when there is none. On disk once committed. */
  drawSecret(epoch: bigint, fresh: () => Uint8Array): Uint8Array
  /** Units that were bought of a device on a UTC day (counted from 1970), as far as they are kept; days before the last one are not. */
  spentUnits(devEui: Eui, day: number): number
  setSpentUnits(devEui: Eui, day: number, units: number): void
  /** Drops receipts, tallies and secrets of older epochs. Totals stay for ever. */
  forgetBefore(epoch: bigint): void
  /** Flushes all writes so far, as one group. */
  commit(): void
}

/** The router's view of strangers: who stands behind an owner's address. From memory, kept fresh by whoever follows the chain. */
export interface HotspotDirectory {
  /** undefined: not registered, no open offer, or not bonded */
  hotspotOf(owner: Hex): HotspotRecord | undefined
}

/** How the network server tells what a frame was; see carry/buy.ts. */
export interface PacketJudge {
  /** Before a frame of a device with a budget is accepted. @returns false: it is over, and must not be delivered */
  admit(phyPayload: Uint8Array, budget: DeviceBudget): boolean
  judged(phyPayload: Uint8Array, verdict: PacketVerdict): void
}

/** The chain as the market uses it. Writes are level-triggered: done again they change nothing. */
export interface CarryChain {
  /** of Rails, in lower case */
  readonly railsAddress: Hex
  /** of Registry, in lower case */
  readonly registryAddress: Hex
  readonly chainId: bigint
  /** undefined: it is not open */
  allotment(pair: { readonly router: Hex; readonly owner: Hex }, waiting: Waiting): Promise<AllotmentView | undefined>
  /** The router's: opens its allotment for an owner, or tops it up, so that `total` is covered. */
  ensureAllotment(
    terms: { readonly owner: Hex; readonly voucherSigner: Hex; readonly total: bigint },
    waiting: Waiting,
  ): Promise<void>
  /** The owner's: redeems vouchers whose total is above what was redeemed. */
  redeem(
    vouchers: readonly { readonly router: Hex; readonly total: bigint; readonly signature: Hex }[],
    waiting: Waiting,
  ): Promise<void>
  /** The owner's: turns credits of its earned pocket into WORK. */
  convert(credits: bigint, waiting: Waiting): Promise<void>
}
