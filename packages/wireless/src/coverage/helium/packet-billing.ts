/**
 * What a Helium packet costs its payer, and which payers run dry: one data credit for each 24 bytes of the PHYPayload begun.
 *
 * Credits are bigint. Not our own billing, which counts the same unit but pays by voucher.
 *
 * @module
 */

import { bytesPerDataCredit } from './helium-parameters.ts'

/** A packet as a router reports it. */
export interface HeliumPacket {
  /** Of whom it was carried for. */
  readonly organisation: number
  /** Of the whole PHYPayload. */
  readonly sizeBytes: number
  readonly isFree: boolean
  /** Only uplinks are billed. */
  readonly isUplink: boolean
}

/** What an organisation has, and what this run took of it. */
export interface HeliumAccount {
  readonly balance: bigint
  readonly burned: bigint
  /** False after its balance fell under the minimum or did not suffice, until somebody refills it. */
  readonly isEnabled: boolean
}

export interface HeliumBill {
  readonly packet: HeliumPacket
  readonly dataCredits: bigint
}

export interface HeliumBilling {
  readonly valid: readonly HeliumBill[]
  readonly invalid: readonly HeliumPacket[]
  readonly accounts: ReadonlyMap<number, HeliumAccount>
}

/** @returns credits for a payload; an empty one costs 1 */
export function payloadDataCredits(sizeBytes: number): bigint {
  return BigInt(Math.ceil(Math.max(sizeBytes, bytesPerDataCredit) / bytesPerDataCredit))
}

/**
 * Bills packets in their order. A packet of a disabled organisation is still billed when its balance suffices: that it is
 * not carried any more is the router's business.
 *
 * @param balances what each organisation can still burn; one that is missing has nothing
 * @param minimum under which an organisation is disabled, after the packet that led there was paid
 */
export function billPackets(
  packets: readonly HeliumPacket[],
  { balances, minimum }: { readonly balances: ReadonlyMap<number, bigint>; readonly minimum: bigint },
): HeliumBilling {
  const accounts = new Map<number, HeliumAccount>()
  for (const [organisation, balance] of balances) accounts.set(organisation, { balance, burned: 0n, isEnabled: true })
  const valid: HeliumBill[] = []
  const invalid: HeliumPacket[] = []
  for (const packet of packets) {
    if (!packet.isUplink) continue
    const account = accounts.get(packet.organisation) ?? { balance: 0n, burned: 0n, isEnabled: true }
    const dataCredits = packet.isFree ? 0n : payloadDataCredits(packet.sizeBytes)
    const left = account.balance - dataCredits
    if (left < 0n) {
      invalid.push(packet)
      accounts.set(packet.organisation, { ...account, isEnabled: false })
      continue
    }
    valid.push({ packet, dataCredits })
    const isEnabled = account.isEnabled && left >= minimum
    accounts.set(packet.organisation, { balance: left, burned: account.burned + dataCredits, isEnabled })
  }
  return { valid, invalid, accounts }
}

/** @returns the account with what its payer now has, enabled again when that is the minimum or more */
export function refillAccount(
  account: HeliumAccount,
  { balance, minimum }: { readonly balance: bigint; readonly minimum: bigint },
): HeliumAccount {
  if (account.isEnabled || balance < minimum) return account
  return { ...account, balance, isEnabled: true }
}
