/**
 * What a hotspot must send, drawn where neither it nor anyone else could choose: from a sealed block hash and a secret that
 * it committed to before that block.
 *
 * The sender knows its beacon when the block is sealed; all others learn it from the air, or at the reveal. Content,
 * moment, channel, spreading and power are drawn, so that a witness who did not hear cannot guess any of them.
 *
 * @module
 */

import { sha256 } from '@noble/hashes/sha2.js'
import { chachaWords } from './chacha.ts'

/** Bytes of a beacon's content. */
export const drawnDataBytes = 32

/** What a region lets a beacon be; no list is empty. */
export interface BeaconChoices {
  readonly frequenciesHz: readonly number[]
  readonly spreadingFactors: readonly number[]
  readonly powersDbm: readonly number[]
  readonly bandwidthHz: number
  /** Within the window it starts at a whole millisecond from 0 to one before this. */
  readonly windowMs: number
}

/** What the draw came to. */
export interface DrawnBeacon {
  readonly data: Uint8Array
  readonly frequencyHz: number
  readonly spreadingFactor: number
  readonly bandwidthHz: number
  readonly powerDbm: number
  /** After the window's start. */
  readonly offsetMs: number
}

const drawTag = new TextEncoder().encode('groundwork/wireless/beacon/1')
const commitTag = new TextEncoder().encode('groundwork/wireless/beacon-secret/1')

/** @param secret 32 bytes that nobody else knows @returns what to publish before the block whose hash draws */
export function commitBeaconSecret(secret: Uint8Array): Uint8Array {
  return sha256.create().update(commitTag).update(secret).digest()
}

/**
 * @param sealed 32 bytes: the hash of a block after the commitment
 * @param secret 32 bytes
 * @param hotspot who sends; hotspots with one secret still draw differently
 */
export function drawBeacon(
  { sealed, secret, hotspot }: { readonly sealed: Uint8Array; readonly secret: Uint8Array; readonly hotspot: string },
  choices: BeaconChoices,
): DrawnBeacon {
  const hash = sha256.create().update(drawTag).update(sealed).update(secret)
  const seed = hash.update(new TextEncoder().encode(hotspot)).digest()
  const words = chachaWords(seed, { rounds: 12, words: drawnDataBytes + 4 })
  return {
    data: Uint8Array.from(words.subarray(4), (word) => word & 0xff),
    frequencyHz: pick(choices.frequenciesHz, words[0] ?? 0),
    spreadingFactor: pick(choices.spreadingFactors, words[1] ?? 0),
    bandwidthHz: choices.bandwidthHz,
    powerDbm: pick(choices.powersDbm, words[2] ?? 0),
    offsetMs: (words[3] ?? 0) % choices.windowMs,
  }
}

/** The remainder favours early choices by less than one in a million, which is no help in guessing. */
function pick(choices: readonly number[], word: number): number {
  return choices[word % choices.length] ?? 0
}
