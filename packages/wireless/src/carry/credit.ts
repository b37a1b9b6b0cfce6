/**
 * How much a hotspot carries for a router without being paid: a state machine that only says yes within its bounds.
 *
 * Until an allotment stands, `creditPacketsMax` packets in all, whatever the router says of them. After that what is open is
 * bounded, in packets (`openPacketsFor`) and by what the allotment still covers: packets without a decision, bought ones beyond the last voucher,
 * and packets whose decision was lost with the stream. Lost ones are forgiven only by vouchers, packet for packet, so breaking
 * the stream buys nothing. Asked before every packet; signatures are checked here, what the chain says comes in.
 *
 * @see docs/protocol/wireless.md#credit
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { nanoPerCredit } from '@groundwork/core/units/credits.ts'
import { creditPacketsMax } from '../model.ts'

/** Packets that may be open at once as soon as an allotment stands. */
export const openPacketsMin = 256

/** Most packets that are open at once, whatever a router has paid for. */
export const openPacketsMax = 4096

/** Of so many units that its vouchers paid for a router is trusted with one more packet. */
const paidUnitsPerPacket = 16n

/**
 * Packets that may be open at once while an allotment stands: a router is trusted with a sixteenth of what it has paid for, so that
 * whoever pays much need not sign often, and whoever stops paying was worth its while. Both sides count it from the last voucher.
 *
 * @param total of the voucher that is held, in whole credits
 */
export function openPacketsFor({
  total,
  unitPriceNano,
}: {
  readonly total: bigint
  readonly unitPriceNano: bigint
}): number {
  if (unitPriceNano <= 0n) return openPacketsMin
  const trusted = (total * nanoPerCredit) / unitPriceNano / paidUnitsPerPacket
  return trusted > BigInt(openPacketsMax - openPacketsMin) ? openPacketsMax : openPacketsMin + Number(trusted)
}

/** The router's allotment for the owner, as the chain has it. */
export interface AllotmentView {
  /** in lower case */
  readonly signer: Hex
  /** whole credits that are left in it */
  readonly credits: bigint
  /** whole credits, cumulative for ever */
  readonly redeemed: bigint
  readonly isNoticed: boolean
}

/** Why a router is not carried for. */
export type CreditRefusal = 'no-allotment' | 'unpaid' | 'allotment-spent' | 'allotment-ending' | 'voucher-bad'

export interface CreditTerms {
  readonly unitPriceNano: bigint
  /** who has to sign the router's vouchers, in lower case */
  readonly voucherSigner: Hex
}

/** What a hotspot's ledger keeps of it over a restart. */
export interface CreditState {
  /** packets that were carried while no allotment stood */
  readonly packetsBefore: number
  /** all receipts so far */
  readonly earnedNano: bigint
  /** of the best voucher that is held, in whole credits; 0n: none */
  readonly total: bigint
}

export const freshCredit: CreditState = { packetsBefore: 0, earnedNano: 0n, total: 0n }

export interface CarryCredit {
  /** @returns why the next packet of so many units is not carried, or undefined: carry it, and say so by `carried` */
  refusal(units: number): CreditRefusal | undefined
  carried(units: number): void
  /** A decision on one packet; `priceNano` when it was bought. */
  decided(decision: { readonly units: number; readonly priceNano?: bigint }): void
  /** The stream broke; what had no decision yet is lost. */
  broke(): void
  /** Receipts that came after the fact, for packets of an earlier stream. */
  recovered(priceNano: bigint): void
  /** A voucher came. @returns whether it is worth more than the one that is held */
  vouched(voucher: { readonly total: bigint; readonly signer: Hex | undefined }): boolean
  /** What the chain says; undefined: there is no allotment. */
  seen(allotment: AllotmentView | undefined): void
  readonly state: CreditState
  readonly openPackets: number
}

export function carryCredit(terms: CreditTerms, kept: CreditState = freshCredit): CarryCredit {
  let { packetsBefore, earnedNano, total } = kept
  let allotment: AllotmentView | undefined
  let isVoucherBad = false
  let undecided = 0
  let undecidedUnits = 0
  let lost = 0
  let lostUnits = 0
  /** packets bought beyond the last voucher */
  let unpaid = earnedNano > total * nanoPerCredit ? 1 : 0
  let openMax = openPacketsMin

  const openPackets = (): number => undecided + unpaid + lost
  /** A voucher beyond what the allotment covers has paid for nothing. */
  const trust = (): void => {
    const covered = allotment === undefined ? 0n : allotment.redeemed + allotment.credits
    openMax = openPacketsFor({ total: total < covered ? total : covered, unitPriceNano: terms.unitPriceNano })
  }

  return {
    refusal(units) {
      if (isVoucherBad) return 'voucher-bad'
      if (allotment === undefined) return packetsBefore >= creditPacketsMax ? 'no-allotment' : undefined
      if (allotment.signer !== terms.voucherSigner)
        return packetsBefore >= creditPacketsMax ? 'no-allotment' : undefined
      if (allotment.isNoticed) return 'allotment-ending'
      if (openPackets() >= openMax) return 'unpaid'
      const openUnits = BigInt(undecidedUnits + lostUnits + units)
      const coveredNano = (allotment.redeemed + allotment.credits) * nanoPerCredit
      return earnedNano + openUnits * terms.unitPriceNano > coveredNano ? 'allotment-spent' : undefined
    },
    carried(units) {
      if (allotment === undefined || allotment.signer !== terms.voucherSigner) packetsBefore += 1
      undecided += 1
      undecidedUnits += units
    },
    decided({ units, priceNano }) {
      invariant(undecided >= 1, 'a decision is on a packet that was carried')
      undecided -= 1
      undecidedUnits -= units
      if (priceNano === undefined) return
      earnedNano += priceNano
      unpaid += 1
    },
    broke() {
      lost += undecided
      lostUnits += undecidedUnits
      undecided = 0
      undecidedUnits = 0
    },
    recovered(priceNano) {
      earnedNano += priceNano
      if (lost > 0) {
        lostUnits -= Math.floor(lostUnits / lost)
        lost -= 1
      }
      unpaid += 1
    },
    vouched({ total: claimed, signer }) {
      isVoucherBad = signer !== terms.voucherSigner
      if (isVoucherBad || claimed <= total) return false
      total = claimed
      trust()
      if (total * nanoPerCredit >= earnedNano) {
        const forgiven = Math.min(lost, unpaid)
        if (lost > 0) lostUnits -= Math.floor((lostUnits * forgiven) / lost)
        lost -= forgiven
        unpaid = 0
      }
      return true
    },
    seen(view) {
      allotment = view
      trust()
    },
    get state() {
      return { packetsBefore, earnedNano, total }
    },
    get openPackets() {
      return openPackets()
    },
  }
}
