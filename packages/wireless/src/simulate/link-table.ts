/**
 * What is left of a signal between a place and each gateway that it can reach, computed once for whatever does not move.
 *
 * @module
 */

import { fadingHeadroomDb } from './fading.ts'
import { pathLossDb, reachM } from './path-loss.ts'
import { antennaHeightM, distanceM, type Place } from './place.ts'
import type { GatewayRadio, RadioModel } from './radio-model.ts'
import { hashOf } from './seeded-random.ts'
import { mutualShadowDb, shadowField } from './shadowing.ts'

/** The gateways within reach of one place. */
export interface Links {
  readonly gateways: Uint32Array
  /** dB from EIRP to the gateway's receiver: negative */
  readonly gainDb: Float32Array
  readonly distanceM: Float32Array
}

export interface LinkTable {
  /** @param indoorLossDb walls around the place */
  from(place: Place, indoorLossDb?: number): Links
  /** From one gateway to the others: the same both ways but for their antennas. */
  fromGateway(index: number): Links
}

/** Shadows that help more than this many sigma do not happen. */
const shadowSigmas = 4
const purpose = 0x5ad0

export interface LinkTableOptions {
  readonly seed: number
  readonly model: RadioModel
  readonly gateways: readonly GatewayRadio[]
  /** a link that loses more than this carries nothing */
  readonly lossDbMax: number
}

export function linkTable({ seed, model, gateways, lossDbMax }: LinkTableOptions): LinkTable {
  const { pathLoss, shadowing, hz, terrainLossDb } = model
  const fields = gateways.map((_, index) => shadowField(shadowing, hashOf(seed, index, purpose)))
  const gainsDbi = gateways.map(({ antennaGainDbi = 0 }) => antennaGainDbi)
  const heightsM = gateways.map(({ place }) => place.heightM ?? antennaHeightM)
  const eastM = Float64Array.from(gateways, ({ place }) => place.eastM)
  const northM = Float64Array.from(gateways, ({ place }) => place.northM)
  const headroomDb = fadingHeadroomDb(model.fading) + shadowSigmas * shadowing.sigmaDb
  // The best antenna, mast and luck of all gateways bound how far any of them can hear.
  const bestDb =
    headroomDb + gainsDbi.reduce((best, gain) => Math.max(best, gain), 0) + mastGainDb(model, Math.max(1, ...heightsM))
  const farM = reachM(pathLoss, { lossDb: lossDbMax + bestDb, hz })

  const collect = (
    place: Place,
    own: number | undefined,
    shadowDb: (index: number) => number,
    extraLossDb: number,
  ): Links => {
    const [indices, gains, distances]: [number[], number[], number[]] = [[], [], []]
    for (let index = 0; index < gateways.length; index += 1) {
      if (Math.abs(eastM[index]! - place.eastM) > farM || Math.abs(northM[index]! - place.northM) > farM) continue
      if (index === own) continue
      const gateway = gateways[index]!
      const metres = distanceM(place, gateway.place)
      if (metres > farM) continue
      const gatewayHeightM = Math.max(heightsM[index]!, own === undefined ? 0 : heightsM[own]!)
      const meanDb = gainsDbi[index]! - extraLossDb - pathLossDb(pathLoss, { distanceM: metres, hz, gatewayHeightM })
      if (meanDb + headroomDb < -lossDbMax) continue
      const gainDb = meanDb - shadowDb(index) - (terrainLossDb?.(place, gateway.place) ?? 0)
      if (gainDb + fadingHeadroomDb(model.fading) < -lossDbMax) continue
      indices.push(index)
      gains.push(gainDb)
      distances.push(metres)
    }
    return {
      gateways: Uint32Array.from(indices),
      gainDb: Float32Array.from(gains),
      distanceM: Float32Array.from(distances),
    }
  }

  return {
    from: (place, indoorLossDb = 0) => collect(place, undefined, (index) => fields[index]!(place), indoorLossDb),
    fromGateway(index) {
      const [field, place] = [fields[index]!, gateways[index]!.place]
      const shadowDb = (other: number): number =>
        mutualShadowDb({ field, place }, { field: fields[other]!, place: gateways[other]!.place })
      return collect(place, index, shadowDb, 0)
    },
  }
}

function mastGainDb({ pathLoss }: RadioModel, heightM: number): number {
  if (pathLoss.kind === 'free-space' || pathLoss.referenceHeightM === undefined) return 0
  return Math.max(0, 20 * Math.log10(heightM / pathLoss.referenceHeightM))
}
