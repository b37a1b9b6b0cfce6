/**
 * The 32-bit frame counter from the 16 bits that a frame carries. LoRaWAN 1.0.4 section 4.3.1.5.
 *
 * @module
 */

const span16 = 65_536
const span32 = 4_294_967_296

/**
 * @param nextExpected 32 bits: one above the last accepted
 * @param wire 16 bits
 * @returns the last accepted one when the frame is it again; else the nearest at or above what is expected, modulo 2^32
 */
export function fullFrameCounter(nextExpected: number, wire: number): number {
  const last = (nextExpected + span32 - 1) % span32
  if (nextExpected > 0 && wire === last % span16) return last
  const ahead = (((wire - nextExpected) % span16) + span16) % span16
  return (nextExpected + ahead) % span32
}
