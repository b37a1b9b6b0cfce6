/**
 * How a Helium epoch's emissions are shared: beacons, witnesses and data by fixed parts, data at its price in dollars, and
 * what data leaves over to beacons and witnesses.
 *
 * Fractions are exact; a rate per share is rounded at 15 decimals, an amount is cut to whole bones (the token's smallest
 * unit), and what is left is unallocated.
 *
 * @module
 */

import {
  add,
  compare,
  divide,
  multiply,
  ratio,
  round,
  smaller,
  subtract,
  truncate,
  zero,
  type Ratio,
} from '../ratio.ts'
import type { HeliumProofVerdict } from './judge-proof.ts'
import {
  dataCreditUsd,
  dataRemainderParts,
  emissionParts,
  rateDecimals,
  type HeliumParts,
} from './helium-parameters.ts'

/** What one gateway earned in an epoch. */
export interface HeliumShares {
  readonly beacons: Ratio
  readonly witnesses: Ratio
  readonly dataCredits: bigint
}

/** One rewarded half of one proof. */
export interface HeliumProofShare {
  readonly gateway: string
  /** A gateway has one share in a proof; a later one replaces it. */
  readonly proof: string
  readonly side: 'beacon' | 'witness'
  readonly receivedMs: number
  readonly hexScale: Ratio
  readonly unit: Ratio
}

/** Credits that one packet burned. */
export interface HeliumDataShare {
  readonly gateway: string
  readonly packet: string
  readonly receivedMs: number
  readonly dataCredits: bigint
}

/** After `startMs`, up to and including `endMs`. */
export interface HeliumPeriod {
  readonly startMs: number
  readonly endMs: number
}

/** Whole bones of one gateway. */
export interface HeliumReward {
  readonly beaconBones: bigint
  readonly witnessBones: bigint
  readonly dataBones: bigint
}

export interface HeliumEpochRewards {
  /** Only gateways that get something. */
  readonly rewards: ReadonlyMap<string, HeliumReward>
  readonly operationsBones: bigint
  readonly oraclesBones: bigint
  /** Of beacons, witnesses and data together. */
  readonly unallocatedBones: bigint
  /** Of what data was to get. */
  readonly dataUnallocatedBones: bigint
}

/** @returns dollars per token and per bone of a price given in bones of a dollar */
export function heliumPrice({ priceInBones, decimals }: { readonly priceInBones: bigint; readonly decimals: number }): {
  readonly perToken: Ratio
  readonly perBone: Ratio
} {
  const scale = 10n ** BigInt(decimals)
  return { perToken: ratio(priceInBones, scale), perBone: ratio(priceInBones, scale * scale) }
}

/** @param emissions of the epoch, in bones @param dataRemainder what data transfer left over, in bones */
export function heliumBuckets(emissions: Ratio, dataRemainder: Ratio = zero): HeliumParts {
  const part = (share: Ratio): Ratio => multiply(emissions, share)
  return {
    beacons: add(part(emissionParts.beacons), multiply(dataRemainder, dataRemainderParts.beacons)),
    witnesses: add(part(emissionParts.witnesses), multiply(dataRemainder, dataRemainderParts.witnesses)),
    data: part(emissionParts.data),
    operations: part(emissionParts.operations),
    oracles: part(emissionParts.oracles),
  }
}

/** @param bonePrice dollars per bone, above zero @returns bones that the credits are worth, up at the 15th decimal */
export function dataCreditsToBones(dataCredits: Ratio, bonePrice: Ratio): Ratio {
  const bones = divide(multiply(dataCredits, dataCreditUsd), bonePrice)
  return round(bones, { decimals: rateDecimals, rounding: 'up' })
}

/** @returns the shares of a judged proof; none of an invalid one */
export function sharesOfProof(
  proof: { readonly id: string; readonly beaconer: string; readonly receivedMs: number },
  { hexScale, beaconerUnit, witnessUnit, selected }: HeliumProofVerdict,
): HeliumProofShare[] {
  const isSome = (unit: Ratio): boolean => compare(multiply(unit, hexScale), zero) > 0
  const { id, beaconer, receivedMs } = proof
  const ofBeaconer = { gateway: beaconer, proof: id, side: 'beacon', receivedMs, hexScale, unit: beaconerUnit } as const
  const ofWitnesses = selected.map(
    ({ report }) =>
      ({
        gateway: report.gateway,
        proof: id,
        side: 'witness',
        receivedMs: report.receivedMs,
        hexScale,
        unit: witnessUnit,
      }) as const,
  )
  return [ofBeaconer, ...ofWitnesses].filter(({ unit }) => isSome(unit))
}

/** @returns what each gateway earned within the period */
export function sumShares(
  { proofs, data }: { readonly proofs: readonly HeliumProofShare[]; readonly data: readonly HeliumDataShare[] },
  { startMs, endMs }: HeliumPeriod,
): Map<string, HeliumShares> {
  const isWithin = ({ receivedMs }: { readonly receivedMs: number }): boolean =>
    receivedMs > startMs && receivedMs <= endMs
  const sums = new Map<string, HeliumShares>()
  const change = (gateway: string, by: (shares: HeliumShares) => Partial<HeliumShares>): void => {
    const shares = sums.get(gateway) ?? { beacons: zero, witnesses: zero, dataCredits: 0n }
    sums.set(gateway, { ...shares, ...by(shares) })
  }
  for (const share of lastOfEach(proofs, ({ gateway, proof }) => JSON.stringify([gateway, proof])).filter(isWithin)) {
    const earned = multiply(share.hexScale, share.unit)
    change(share.gateway, ({ beacons, witnesses }) =>
      share.side === 'beacon' ? { beacons: add(beacons, earned) } : { witnesses: add(witnesses, earned) },
    )
  }
  for (const share of lastOfEach(data, ({ packet }) => packet).filter(isWithin)) {
    change(share.gateway, ({ dataCredits }) => ({ dataCredits: dataCredits + share.dataCredits }))
  }
  return sums
}

function lastOfEach<Share>(shares: readonly Share[], nameOf: (share: Share) => string): Share[] {
  return [...new Map(shares.map((share) => [nameOf(share), share])).values()]
}

/**
 * @param emissions of the epoch, in bones
 * @param bonePrice dollars per bone, above zero
 * @param shares of each gateway
 */
export function shareHeliumEpoch({
  emissions,
  bonePrice,
  shares,
}: {
  readonly emissions: Ratio
  readonly bonePrice: Ratio
  readonly shares: ReadonlyMap<string, HeliumShares>
}): HeliumEpochRewards {
  const totals = totalOf([...shares.values()])
  const scheduled = heliumBuckets(emissions)
  const dataUsed = smaller(dataCreditsToBones(ratio(totals.dataCredits), bonePrice), scheduled.data)
  const paid = heliumBuckets(emissions, subtract(scheduled.data, dataUsed))
  const rates = {
    beacon: ratePerShare(paid.beacons, totals.beacons),
    witness: ratePerShare(paid.witnesses, totals.witnesses),
    data: ratePerShare(dataUsed, ratio(totals.dataCredits)),
  }
  const rewards = new Map<string, HeliumReward>()
  for (const [gateway, earned] of shares) {
    const reward = {
      beaconBones: truncate(multiply(rates.beacon, earned.beacons)),
      witnessBones: truncate(multiply(rates.witness, earned.witnesses)),
      dataBones: truncate(multiply(rates.data, ratio(earned.dataCredits))),
    }
    if (bonesOf(reward) > 0n) rewards.set(gateway, reward)
  }
  const given = [...rewards.values()]
  const pool = add(add(scheduled.beacons, scheduled.witnesses), scheduled.data)
  return {
    rewards,
    operationsBones: truncate(scheduled.operations),
    oraclesBones: truncate(scheduled.oracles),
    unallocatedBones: leftOf(pool, given.map(bonesOf)),
    dataUnallocatedBones: leftOf(
      dataUsed,
      given.map(({ dataBones }) => dataBones),
    ),
  }
}

function totalOf(shares: readonly HeliumShares[]): HeliumShares {
  return shares.reduce(
    (sum, share) => ({
      beacons: add(sum.beacons, share.beacons),
      witnesses: add(sum.witnesses, share.witnesses),
      dataCredits: sum.dataCredits + share.dataCredits,
    }),
    { beacons: zero, witnesses: zero, dataCredits: 0n },
  )
}

function ratePerShare(total: Ratio, shares: Ratio): Ratio {
  if (compare(shares, zero) <= 0) return zero
  return round(divide(total, shares), { decimals: rateDecimals, rounding: 'half-even' })
}

function bonesOf({ beaconBones, witnessBones, dataBones }: HeliumReward): bigint {
  return beaconBones + witnessBones + dataBones
}

/** What is left in whole bones; a rate that was rounded up can overdraw a pool by a fraction, and then nothing is. */
function leftOf(pool: Ratio, given: readonly bigint[]): bigint {
  const left = truncate(
    subtract(
      pool,
      given.reduce((sum, bones) => add(sum, ratio(bones)), zero),
    ),
  )
  return left < 0n ? 0n : left
}
