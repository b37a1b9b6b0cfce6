/**
 * Where radios are: metres on a plane, for a world of some hundred kilometres.
 *
 * @module
 */

export interface Place {
  readonly eastM: number
  readonly northM: number
  /** of the antenna above ground; 2 when left out */
  readonly heightM?: number
}

export interface Degrees {
  readonly latitude: number
  readonly longitude: number
}

export const antennaHeightM = 2

const mPerDegree = 111_195

/** Metres between two antennas, their height counted. */
export function distanceM(a: Place, b: Place): number {
  return Math.hypot(
    a.eastM - b.eastM,
    a.northM - b.northM,
    (a.heightM ?? antennaHeightM) - (b.heightM ?? antennaHeightM),
  )
}

/** Degrees to the plane that touches the earth at `origin`; a hundred kilometres away it is wrong by some metres in a thousand. */
export function placeOf(origin: Degrees, { latitude, longitude }: Degrees, heightM: number = antennaHeightM): Place {
  const metresPerDegreeEast = mPerDegree * Math.cos((origin.latitude * Math.PI) / 180)
  return {
    eastM: (longitude - origin.longitude) * metresPerDegreeEast,
    northM: (latitude - origin.latitude) * mPerDegree,
    heightM,
  }
}

/** The other way. */
export function degreesOf(origin: Degrees, { eastM, northM }: Place): Degrees {
  const metresPerDegreeEast = mPerDegree * Math.cos((origin.latitude * Math.PI) / 180)
  return {
    latitude: origin.latitude + northM / mPerDegree,
    longitude: origin.longitude + eastM / metresPerDegreeEast,
  }
}
