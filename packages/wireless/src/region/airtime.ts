/**
 * How long a frame is on the air. Semtech AN1200.13 and SX1276 datasheet section 4.1.1.7; FSK: LoRaWAN regional parameters.
 *
 * @module
 */

import type { Modulation } from '../model/modulation.ts'

export interface FrameOnAir {
  readonly phyPayloadBytes: number
  readonly modulation: Modulation
  /** 5 to 8, of 4/5 to 4/8; 5 when left out */
  readonly codingDenominator?: number
  /** symbols; 8 for data, 10 for the beacon of class B */
  readonly preambleSymbols?: number
  /** uplinks have one; downlinks and beacons have none */
  readonly hasCrc: boolean
  /** beacons leave it out */
  readonly hasHeader?: boolean
  /** optimisation for long symbols; where a symbol takes 16 ms or more when left out */
  readonly lowDataRate?: boolean
}

/** Microseconds of one LoRa symbol. */
export function symbolUs(spreadingFactor: number, bandwidthHz: number): number {
  return (2 ** spreadingFactor * 1_000_000) / bandwidthHz
}

/** @returns microseconds, whole */
export function airtimeUs(frame: FrameOnAir): number {
  const { modulation, phyPayloadBytes } = frame
  if (modulation.kind === 'lora') return loraUs(frame, modulation)
  if (modulation.kind === 'lr-fhss') return lrFhssUs(phyPayloadBytes, modulation.codingRate)
  // Preamble 5, sync word 3, length 1, CRC 2.
  return Math.round(((phyPayloadBytes + 11) * 8 * 1_000_000) / modulation.bitRate)
}

function loraUs(
  { phyPayloadBytes, codingDenominator = 5, preambleSymbols = 8, hasCrc, hasHeader = true, lowDataRate }: FrameOnAir,
  { spreadingFactor, bandwidthHz }: Extract<Modulation, { kind: 'lora' }>,
): number {
  const tSymbolUs = symbolUs(spreadingFactor, bandwidthHz)
  const isSlow = lowDataRate ?? tSymbolUs >= 16_000
  const bits = 8 * phyPayloadBytes - 4 * spreadingFactor + 28 + (hasCrc ? 16 : 0) - (hasHeader ? 0 : 20)
  const bitsPerGroup = 4 * (spreadingFactor - (isSlow ? 2 : 0))
  const payloadSymbols = 8 + Math.max(Math.ceil(bits / bitsPerGroup) * codingDenominator, 0)
  return Math.round((preambleSymbols + 4.25 + payloadSymbols) * tSymbolUs)
}

/** LR-FHSS: headers of 233.472 ms each (three at rate 1/3, two at 2/3), then fragments of 48 bits in 102.4 ms. */
function lrFhssUs(phyPayloadBytes: number, codingRate: '1/3' | '2/3'): number {
  const headerCount = codingRate === '1/3' ? 3 : 2
  const codedBits = (phyPayloadBytes + 2) * 8 + 6
  const bits = codingRate === '1/3' ? codedBits * 3 : Math.ceil((codedBits * 3) / 2)
  const fragments = Math.ceil(bits / 48)
  const lastBits = bits % 48 === 0 ? 48 : bits % 48
  return Math.round(headerCount * 233_472 + (fragments - 1) * 102_400 + ((lastBits + 2) / 50) * 102_400)
}

/** The weakest signal that is decoded, in dBm. */
export function sensitivityDbm({
  bandwidthHz,
  noiseFigureDb,
  snrDb,
}: {
  readonly bandwidthHz: number
  readonly noiseFigureDb: number
  readonly snrDb: number
}): number {
  return -174 + 10 * Math.log10(bandwidthHz) + noiseFigureDb + snrDb
}

/** The least SNR at which each spreading factor is decoded, in dB; the floor of the demodulator. */
export const snrFloorDb: Readonly<Record<number, number>> = {
  5: -2.5,
  6: -5,
  7: -7.5,
  8: -10,
  9: -12.5,
  10: -15,
  11: -17.5,
  12: -20,
}
