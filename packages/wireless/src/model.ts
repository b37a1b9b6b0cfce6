/**
 * The nouns of the wireless network that all its verbs share: its number, its units, its bounds.
 *
 * What a gateway hears and sends is in model/radio.ts, what a customer provisions in model/device.ts, what a device and the
 * network agreed on in model/session.ts, what an application gets in model/message.ts.
 *
 * @module
 */

/** Number of this network on chain and in evidence. */
export const wirelessNetwork = 2

/** A unit of carriage is 24 bytes of the PHYPayload, at least one. docs/protocol/wireless.md#unit */
export const unitBytes = 24

/** Packets that a gateway carries before an allotment stands. docs/protocol/wireless.md#credit */
export const creditPacketsMax = 64

/** @returns what carrying a frame costs, in units: ceil(max(size, 24) / 24) */
export function unitsOf(phyPayloadBytes: number): number {
  return Math.max(1, Math.ceil(phyPayloadBytes / unitBytes))
}
