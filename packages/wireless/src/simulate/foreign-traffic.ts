/**
 * Frames of networks that are not ours: they take demodulators and disturb, at a set rate.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'
import { airtimeUs } from '../region/airtime.ts'
import type { Emission } from './radio-model.ts'
import { hashOf, randomStream } from './seeded-random.ts'

export interface ForeignTraffic {
  readonly framesPerSecond: number
  /** the corners of where its devices are */
  readonly from: { readonly eastM: number; readonly northM: number }
  readonly to: { readonly eastM: number; readonly northM: number }
  readonly channelsHz: readonly number[]
  /** as often as it stands here */
  readonly modulations: readonly Modulation[]
  readonly phyPayloadBytes: number
  readonly eirpDbm: number
}

/** More than this in one second is not asked for: it would fill the air of a country. */
export const foreignFramesPerSecondMax = 10_000

const purpose = 0xf012
const secondUs = 1_000_000

/**
 * The frames that begin in a stretch of time, in order. Each second is drawn on its own, so that it does not matter how time is cut.
 *
 * @returns at most `foreignFramesPerSecondMax` for each second
 */
export function foreignFrames(
  traffic: ForeignTraffic,
  seed: number,
  { fromUs, untilUs }: { readonly fromUs: number; readonly untilUs: number },
): Emission<undefined>[] {
  const frames: Emission<undefined>[] = []
  for (let second = Math.floor(fromUs / secondUs); second * secondUs < untilUs; second += 1)
    frames.push(...framesOf(traffic, seed, second))
  return frames.filter(({ startUs }) => startUs >= fromUs && startUs < untilUs)
}

function framesOf(
  { framesPerSecond, ...traffic }: ForeignTraffic,
  seed: number,
  second: number,
): Emission<undefined>[] {
  const random = randomStream(hashOf(seed, second, purpose))
  const frames: Emission<undefined>[] = []
  const rate = Math.min(framesPerSecond, foreignFramesPerSecondMax)
  if (rate <= 0) return frames
  // Between two frames of a Poisson process an exponential time passes.
  for (let at = random.exponential() / rate; at < 1; at += random.exponential() / rate) {
    if (frames.length >= foreignFramesPerSecondMax) break
    const { from, to, channelsHz, modulations, phyPayloadBytes, eirpDbm } = traffic
    const modulation = modulations[random.index(modulations.length)]!
    frames.push({
      sender: {
        kind: 'stranger',
        place: {
          eastM: from.eastM + random.unit() * (to.eastM - from.eastM),
          northM: from.northM + random.unit() * (to.northM - from.northM),
        },
      },
      startUs: Math.floor((second + at) * secondUs),
      airtimeUs: airtimeUs({ phyPayloadBytes, modulation, hasCrc: true }),
      hz: channelsHz[random.index(channelsHz.length)]!,
      modulation,
      eirpDbm,
      payload: undefined,
    })
  }
  return frames
}
