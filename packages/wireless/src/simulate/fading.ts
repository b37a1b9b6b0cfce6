/**
 * What reflections do to one frame: its power is multiplied by a random number of mean 1.
 *
 * @module
 */

import { hashOf, randomStream } from './seeded-random.ts'

export type FadingModel =
  | { readonly kind: 'none' }
  /** no line of sight: the power is exponential */
  | { readonly kind: 'rayleigh' }
  /** between the two: the power is a gamma of this shape; 1 is Rayleigh */
  | { readonly kind: 'nakagami'; readonly shape: number }

/** Names the draw among those of one seed. */
const purpose = 0xfade

/** @returns dB to add to the mean power of this frame at this receiver */
export function fadingDb(
  model: FadingModel,
  draw: { readonly seed: number; readonly frame: number; readonly receiver: number },
): number {
  if (model.kind === 'none') return 0
  const random = randomStream(hashOf(draw.seed, draw.frame, draw.receiver, purpose))
  return 10 * Math.log10(model.kind === 'rayleigh' ? random.exponential() : random.gamma(model.shape))
}

/** How much a frame can gain: beyond this a signal that is too weak on average is given up. One in e^10 would gain more. */
export function fadingHeadroomDb(model: FadingModel): number {
  return model.kind === 'none' ? 0 : 10
}
