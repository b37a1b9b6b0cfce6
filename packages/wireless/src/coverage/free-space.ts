/**
 * How strong a signal can be at best: Friis' free-space loss between two antennas.
 *
 * Levels are estimates that filter; no money is computed from them, so they may be floats. Terrain and buildings only ever
 * take away; reflections add a few dB, for which a policy leaves room.
 *
 * @module
 */

/** Metres per second, in air as the Helium network rounds it; 0.002 dB from the value in vacuum. */
export const lightMPerS = 2.998e8

/**
 * @param distanceM 0 or more; at 0 the loss is minus infinity, so every signal is possible
 * @returns dB
 */
export function freeSpaceLossDb({
  distanceM,
  frequencyHz,
}: {
  readonly distanceM: number
  readonly frequencyHz: number
}): number {
  return 20 * Math.log10((4 * Math.PI * distanceM * frequencyHz) / lightMPerS)
}
