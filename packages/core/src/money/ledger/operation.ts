/**
 * Every operation of money as data: who calls (`by`), and the arguments of the contract's function of that name.
 *
 * Signatures appear as who signed what; a claim's proof as the leaf that it proves.
 *
 * @module
 */

import type { Hex } from '../../units/hex.ts'
import type { Lanes } from './ledger-state.ts'

interface By {
  readonly by: Hex
}
interface OnRail extends By {
  readonly id: Hex
}
interface Funding {
  /** moved from the payer's bought pocket */
  readonly credits: bigint
  /** WORK that the payer lets us burn to reach full cover */
  readonly coverMaxAtto: bigint
}

export type FeedOperation =
  | ({ readonly kind: 'post'; readonly priceUsd8: bigint } & By)
  | ({ readonly kind: 'proposePosters'; readonly posters: readonly Hex[] } & By)
  | ({ readonly kind: 'changePosters'; readonly posters: readonly Hex[] } & By)
  | ({ readonly kind: 'pause'; readonly seconds: bigint } & By)

export type CreditsOperation =
  | ({ readonly kind: 'transfer'; readonly to: Hex; readonly amountAtto: bigint } & By)
  | ({ readonly kind: 'burn'; readonly amountAtto: bigint } & By)
  | ({ readonly kind: 'buy'; readonly workAtto: bigint; readonly creditsMin: bigint } & By)
  | ({ readonly kind: 'cover'; readonly workAtto: bigint } & By)

export interface OpenStream extends By, Funding {
  readonly kind: 'open'
  readonly payee: Hex
  readonly judge: Hex
  readonly rateNano: bigint
  /** 0n: the default term */
  readonly termSeconds: bigint
  readonly salt: Hex
}

export type StreamOperation =
  | OpenStream
  | ({ readonly kind: 'topUp' } & OnRail & Funding)
  | ({ readonly kind: 'renew'; readonly termSeconds: bigint } & OnRail & Funding)
  | ({ readonly kind: 'raise'; readonly rateNano: bigint } & OnRail & Funding)
  | ({
      readonly kind: 'cut'
      readonly rateNano: bigint
      /** who signed Cut{id, rateNano, start}, and for which segment */
      readonly signedBy: Hex
      readonly signedStart: bigint
    } & OnRail)
  | ({ readonly kind: 'coverStream'; readonly workAtto: bigint } & OnRail)
  | ({ readonly kind: 'notice' } & OnRail)
  | ({ readonly kind: 'settle' } & OnRail)
  | ({ readonly kind: 'settleMany'; readonly ids: readonly Hex[] } & By)
  | ({ readonly kind: 'finish' } & OnRail)
  | ({ readonly kind: 'hold' } & OnRail)
  | ({ readonly kind: 'release' } & OnRail)
  | ({ readonly kind: 'fault'; readonly faultSeconds: bigint } & OnRail)

/** A voucher, and who signed it. */
export interface SignedVoucher {
  readonly payer: Hex
  readonly payee: Hex
  readonly total: bigint
  readonly signedBy: Hex
}

export type AllotmentOperation =
  | ({ readonly kind: 'openAllotment'; readonly payee: Hex; readonly signer: Hex } & By & Funding)
  | ({ readonly kind: 'topUpAllotment'; readonly payee: Hex } & By & Funding)
  | ({ readonly kind: 'coverAllotment'; readonly payee: Hex; readonly workAtto: bigint } & By)
  | ({ readonly kind: 'redeem' } & By & SignedVoucher)
  | ({ readonly kind: 'redeemMany'; readonly vouchers: readonly SignedVoucher[] } & By)
  | ({ readonly kind: 'noticeAllotment'; readonly payer: Hex; readonly payee: Hex } & By)
  | ({ readonly kind: 'finishAllotment'; readonly payer: Hex; readonly payee: Hex } & By)

export interface OpenEscrow extends By, Funding {
  readonly kind: 'openEscrow'
  readonly payee: Hex
  readonly judge: Hex
  readonly workDeadline: bigint
  readonly verdictDeadline: bigint
  readonly salt: Hex
}

export type EscrowOperation =
  | OpenEscrow
  | ({ readonly kind: 'coverEscrow'; readonly workAtto: bigint } & OnRail)
  | ({ readonly kind: 'submit' } & OnRail)
  | ({ readonly kind: 'accept' } & OnRail)
  | ({ readonly kind: 'decline' } & OnRail)
  | ({ readonly kind: 'verdict'; readonly creditsToPayee: bigint } & OnRail)
  | ({ readonly kind: 'finishEscrow' } & OnRail)

export type OutOperation =
  | ({ readonly kind: 'convert'; readonly credits: bigint; readonly minOutAtto: bigint } & By)
  | ({
      readonly kind: 'convertFor'
      readonly account: Hex
      readonly credits: bigint
      readonly minOutAtto: bigint
      readonly deadline: bigint
      readonly signedBy: Hex
    } & By)
  | ({ readonly kind: 'payFee'; readonly fromEarned: boolean; readonly credits: bigint } & By)

export interface Batch extends By {
  readonly kind: 'batch'
  /** each runs as the caller; its `key` is used up only by success */
  readonly entries: readonly { readonly key: Hex; readonly operation: RailsOperation }[]
}

export type RailsOperation = StreamOperation | AllotmentOperation | EscrowOperation | OutOperation

export type EpochOperation =
  | ({
      readonly kind: 'finaliseEpoch'
      readonly network: bigint
      readonly epoch: bigint
      /** cumulative */
      readonly leaves: ReadonlyMap<Hex, Lanes>
      /** of the posted root; a wrong root may claim anything here within the allowance */
      readonly totals: Lanes
    } & By)
  | ({ readonly kind: 'claim'; readonly network: bigint; readonly account: Hex } & By & Lanes)

export type BondsOperation =
  | ({ readonly kind: 'deposit'; readonly operator: Hex; readonly network: bigint; readonly amountAtto: bigint } & By)
  | ({ readonly kind: 'withdraw'; readonly network: bigint; readonly amountAtto: bigint } & By)
  | ({
      readonly kind: 'lock'
      readonly lockId: Hex
      readonly operator: Hex
      readonly network: bigint
      readonly amountAtto: bigint
      readonly judge: Hex
    } & By)
  | ({ readonly kind: 'raiseLock'; readonly lockId: Hex; readonly amountAtto: bigint } & By)
  | ({ readonly kind: 'thaw'; readonly lockId: Hex } & By)
  | ({ readonly kind: 'unlock'; readonly lockId: Hex } & By)
  | ({ readonly kind: 'releaseThawed'; readonly lockId: Hex } & By)
  | ({ readonly kind: 'commitReport'; readonly lockId: Hex; readonly salt: Hex } & By)
  | ({ readonly kind: 'slash'; readonly lockId: Hex; readonly reporter: Hex; readonly salt: Hex } & By)
  | ({ readonly kind: 'openDeposit'; readonly demandId: Hex; readonly amountAtto: bigint } & By)
  | ({ readonly kind: 'payDeposit'; readonly demandId: Hex; readonly answerer: Hex } & By)
  | ({ readonly kind: 'returnDeposit'; readonly demandId: Hex } & By)

export type Operation = FeedOperation | CreditsOperation | RailsOperation | Batch | EpochOperation | BondsOperation

export type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { readonly kind: Kind }>
