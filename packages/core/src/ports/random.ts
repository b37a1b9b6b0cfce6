/**
 * Randomness, as something that is handed in. Draws that anyone must be able to repeat use `epoch/draw-seed.ts` instead.
 *
 * @module
 */

/** Most bytes of one call. */
export const randomBytesMax = 65_536

export interface Random {
  /** @param sizeBytes 0 to `randomBytesMax`; unpredictable to everyone else, except in the in-memory adapter */
  bytes(sizeBytes: number): Uint8Array
}
