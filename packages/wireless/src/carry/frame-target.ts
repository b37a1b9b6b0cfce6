/**
 * Whom a frame is for, as far as it says so itself: the address of a data frame, the JoinEUI of a join.
 *
 * Looks at a few bytes and believes none of them; the codec in wire/ reads frames for the network server. Rejoin-requests of
 * types 0 and 2 name a NetID and a device only, so no route can be found for them.
 *
 * @see LoRaWAN 1.1, sections 4.2, 4.3.1, 6.2.2 and 6.2.4
 * @module
 */

export type FrameTarget =
  | { readonly kind: 'data'; readonly devAddr: number }
  | { readonly kind: 'join'; readonly joinEui: bigint }

const joinRequest = 0
const unconfirmedUp = 2
const confirmedUp = 4
const rejoinRequest = 6
/** MHDR, FHDR without options, MIC. */
const dataBytesMin = 12
const joinBytes = 23
const rejoin1Bytes = 24

/** @returns undefined for what is no uplink that a route can be found for */
export function frameTarget(phyPayload: Uint8Array): FrameTarget | undefined {
  const header = phyPayload[0] ?? 0xff
  if ((header & 0x03) !== 0) return undefined
  const type = header >> 5
  if ((type === unconfirmedUp || type === confirmedUp) && phyPayload.length >= dataBytesMin)
    return { kind: 'data', devAddr: littleEndian32(phyPayload, 1) }
  if (type === joinRequest && phyPayload.length === joinBytes)
    return { kind: 'join', joinEui: littleEndian64(phyPayload, 1) }
  if (type === rejoinRequest && phyPayload.length === rejoin1Bytes && phyPayload[1] === 1)
    return { kind: 'join', joinEui: littleEndian64(phyPayload, 2) }
  return undefined
}

function littleEndian32(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
}

function littleEndian64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(littleEndian32(bytes, at + 4)) << 32n) | BigInt(littleEndian32(bytes, at))
}
