/**
 * GPS time, which class B and DeviceTimeAns count in: seconds since 6 January 1980, without leap seconds.
 *
 * @module
 */

const gpsEpochUnixMs = 315_964_800_000
/** Leap seconds between GPS and UTC since 2017; none is announced. */
const leapMs = 18_000

export function gpsMsOf(unixMs: number): number {
  return unixMs - gpsEpochUnixMs + leapMs
}

export function unixMsOf(gpsMs: number): number {
  return gpsMs + gpsEpochUnixMs - leapMs
}
