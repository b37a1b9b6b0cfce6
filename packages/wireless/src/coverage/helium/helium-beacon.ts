/**
 * What a Helium gateway sends as its beacon: content, frequency, data rate and power all follow from two entropies, so that
 * nobody can choose them and anybody can check them.
 *
 * On air the content is the payload of a proprietary frame (MHDR 0xe0), not inverted. Only the content, frequency and data
 * rate are compared; the network never compared the power.
 *
 * @module
 * @see https://github.com/helium/proto beacon
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { chachaWords } from '../chacha.ts'

/** Bytes of a beacon's content. */
export const beaconDataBytes = 51

/** The newest layout of a beacon; 0 and 1 are the same. */
export const beaconVersionMax = 1

/** Randomness with the second it is from. */
export interface Entropy {
  readonly data: Uint8Array
  /** Unix seconds, whole; 0 for a gateway's own. */
  readonly atS: number
}

/** One channel of a region, as far as a beacon needs it. */
export interface BeaconChannel {
  readonly frequencyHz: number
  readonly bandwidthHz: number
  readonly maxEirpDdbm: number
  /** In the order of preference. */
  readonly spreadings: readonly { readonly spreadingFactor: number; readonly payloadBytesMax: number }[]
}

/** What is sent. */
export interface HeliumBeacon {
  readonly data: Uint8Array
  readonly frequencyHz: number
  readonly spreadingFactor: number
  readonly bandwidthHz: number
  readonly powerDbm: number
}

function digestOf(entropies: readonly Entropy[]): Uint8Array {
  const hash = sha256.create()
  for (const { data, atS } of entropies) {
    const at = new Uint8Array(8)
    new DataView(at.buffer).setBigInt64(0, BigInt(atS), true)
    hash.update(data).update(at)
  }
  return hash.digest()
}

/** @returns the content: the low byte of each of the first words that ChaCha12 draws from the hash of both entropies */
export function heliumBeaconData({ remote, local }: { readonly remote: Entropy; readonly local: Entropy }): Uint8Array {
  const words = chachaWords(digestOf([remote, local]), { rounds: 12, words: beaconDataBytes })
  return Uint8Array.from(words, (word) => word & 0xff)
}

/**
 * @param channels the region's, in its own order; the first decides bandwidth and spreading, the strongest the power
 * @param gainDdb of the antenna, in tenths of a dB
 * @returns the beacon, or undefined when the region or the version allows none
 */
export function makeHeliumBeacon({
  remote,
  local,
  version,
  channels,
  gainDdb,
}: {
  readonly remote: Entropy
  readonly local: Entropy
  readonly version: number
  readonly channels: readonly BeaconChannel[]
  readonly gainDdb: number
}): HeliumBeacon | undefined {
  if (version < 0 || version > beaconVersionMax) return undefined
  const data = heliumBeaconData({ remote, local })
  const channel = channels[((data[0] ?? 0) | ((data[1] ?? 0) << 8)) % channels.length]
  const [first] = channels
  const spreading = first?.spreadings.find(({ payloadBytesMax }) => payloadBytesMax >= beaconDataBytes)
  const powerDbm = Math.trunc((Math.max(...channels.map(({ maxEirpDdbm }) => maxEirpDdbm)) - gainDdb) / 10)
  if (channel === undefined || first === undefined || spreading === undefined || powerDbm < 0) return undefined
  return {
    data,
    frequencyHz: channel.frequencyHz,
    spreadingFactor: spreading.spreadingFactor,
    bandwidthHz: first.bandwidthHz,
    powerDbm,
  }
}
