/**
 * The `Hasher` port: the one hot operation of piece hashing, in batches, synchronous.
 *
 * Implementations: `adapters/hashtree-hasher.ts` (native) and `hasher/wasm-hasher.ts` (anywhere). It knows nothing of
 * pieces, levels or fr32; `piece/` does. One conformance suite, `test/conformance/hasher.ts`, holds them equal.
 *
 * @module
 */

/** One node of a piece tree. */
export const nodeSizeBytes = 32

/** Two sibling nodes, the input of one hash. */
export const pairSizeBytes = 64

export interface Hasher {
  /** What it is, for a person: 'hashtree', 'wasm-simd'. */
  readonly name: string

  /**
   * sha2-256-trunc254 of each 64-byte pair: SHA-256 with the two top bits of the last byte cleared (FRC-0069).
   *
   * @param input whole pairs, one after another; any number of them, also none
   * @param output half as many bytes as `input`; must not overlap it
   * @throws InvariantBroken when the sizes do not fit
   */
  hashPairs(input: Uint8Array, output: Uint8Array): void
}
