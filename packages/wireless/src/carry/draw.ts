/**
 * The draw: which of the owners that sent a copy of a packet sells it.
 *
 * An owner's ticket is sha256(packet, secret, owner); the lowest win. Neither signal nor speed counts inside the window, for
 * both are self-reported or bought; accounts are not free, for only bonded owners are drawn. The router commits to its secret
 * before the epoch and reveals it after, so a loser can check that the winner it was told had the lower ticket.
 *
 * @see docs/protocol/wireless.md#draw
 * @module
 */

import { bytesOfText, compareBytes, concatBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { sha256 } from '@noble/hashes/sha2.js'

/** Bytes of a secret. */
export const drawSecretBytes = 32

interface Drawn {
  /** sha256 of the PHYPayload */
  readonly packet: Hex
  readonly secret: Uint8Array
}

/** @returns the owners in the order of their tickets, the first sells first; owners must be distinct */
export function drawOwners({ packet, secret, owners }: Drawn & { readonly owners: readonly Hex[] }): Hex[] {
  const only = owners[0]
  if (owners.length === 1 && only !== undefined) return [only]
  const tickets = owners.map((owner) => ({ owner, ticket: ticketOf({ packet, secret, owner }) }))
  return tickets.toSorted((a, b) => compareBytes(a.ticket, b.ticket)).map(({ owner }) => owner)
}

/** @returns 32 bytes; the lower wins */
export function ticketOf({ packet, secret, owner }: Drawn & { readonly owner: Hex }): Uint8Array {
  return sha256(concatBytes(fromHex(packet, 32), secret, fromHex(owner, 20)))
}

/** What a router says of its secret before the epoch in which it draws with it. */
export function drawCommitment(secret: Uint8Array): Hex {
  return toHex(sha256(concatBytes(bytesOfText('groundwork/wireless/draw/1'), secret)))
}

/** Whether the winner that a loser was told of had the lower ticket. */
export function isFairlyDrawn({
  packet,
  secret,
  winner,
  loser,
}: Drawn & { readonly winner: Hex; readonly loser: Hex }): boolean {
  const [won, lost] = [winner, loser].map((owner) => ticketOf({ packet, secret, owner }))
  return won !== undefined && lost !== undefined && compareBytes(won, lost) < 0
}
