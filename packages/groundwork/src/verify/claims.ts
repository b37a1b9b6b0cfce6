/**
 * The claims of a first light, as its JSON has them: read strictly, for a verifier believes nothing.
 *
 * @module
 */

import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { z } from 'zod'
import { plainIssues } from '../cli/plain-issues.ts'

export class ClaimsMalformed extends GroundworkError {
  readonly code = 'GW_CLAIMS_MALFORMED'
  readonly blame = 'caller'

  constructor(facts: { why: string }, options?: ErrorOptions) {
    super(`This is not the JSON of a first light: ${facts.why}.`, facts, options)
  }
}

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/)
const amount = z
  .union([z.string().regex(/^\d{1,78}$/), z.number().int().nonnegative()])
  .transform((text) => BigInt(text))
const cid = z.string().regex(/^b[a-z2-7]{20,127}$/)

const schema = z.object({
  // Strict: a network that this verifier does not know would stand there unverified.
  firstLight: z.strictObject({
    storage: z.strictObject({
      ok: z.literal(true),
      cid,
      pieceCids: z
        .array(cid)
        .min(1)
        .max(10_000)
        .refine((cids) => new Set(cids).size === cids.length, 'a list without repetitions'),
      copies: z.number().int().min(1).max(100),
      killedProvider: address,
      servedBy: z
        .array(z.object({ provider: address, latencyRank: z.number().int().min(1) }))
        .min(1)
        .max(1_000),
      repairedTo: address,
      slashedAtto: amount,
      spentCredits: amount,
      mintedAtto: amount,
      evidenceCid: cid,
      epoch: amount,
      balancesBlock: amount,
      balances: z
        .array(z.object({ provider: address, workAtto: amount, mintedAtto: amount, claimedAtto: amount }))
        .min(1)
        .max(1_000),
      txs: z
        .array(z.string().regex(/^0x[0-9a-f]{64}$/))
        .min(1)
        .max(10_000),
    }),
    wireless: z.strictObject({
      ok: z.literal(true),
      router: address,
      hotspots: z
        .array(z.strictObject({ owner: address, redeemedCredits: amount }))
        .min(1)
        .max(1_000),
      block: amount,
      evidenceCid: cid,
      epoch: amount,
      units: amount,
      txs: z
        .array(z.string().regex(/^0x[0-9a-f]{64}$/))
        .min(1)
        .max(1_000),
      private: z.looseObject({}),
    }),
  }),
  rpc: z.url({ protocol: /^(https?|wss?)$/ }),
  deployment: z.looseObject({ addresses: z.record(z.string(), address) }),
  dataDir: z.string().max(4_096).optional(),
})

export interface Claims {
  readonly firstLight: {
    readonly storage: {
      readonly cid: string
      readonly pieceCids: readonly string[]
      readonly copies: number
      readonly killedProvider: string
      readonly servedBy: readonly { readonly provider: string; readonly latencyRank: number }[]
      readonly repairedTo: string
      readonly slashedAtto: bigint
      readonly spentCredits: bigint
      readonly mintedAtto: bigint
      readonly evidenceCid: string
      readonly epoch: bigint
      readonly balancesBlock: bigint
      readonly balances: readonly {
        readonly provider: string
        readonly workAtto: bigint
        readonly mintedAtto: bigint
        readonly claimedAtto: bigint
      }[]
      readonly txs: readonly string[]
    }
    readonly wireless: {
      readonly router: string
      readonly hotspots: readonly { readonly owner: string; readonly redeemedCredits: bigint }[]
      /** up to which what was redeemed is counted */
      readonly block: bigint
      readonly evidenceCid: string
      readonly epoch: bigint
      readonly units: bigint
      readonly txs: readonly string[]
      /** what nobody else can derive */
      readonly private: Readonly<Record<string, unknown>>
    }
  }
  readonly rpc: string
  /** as the deployment file has it */
  readonly deployment: Readonly<Record<string, unknown>>
  /** where the network lies when it ran on this machine */
  readonly dataDir?: string | undefined
}

/** @throws ClaimsMalformed */
export function parseClaims(text: string): Claims {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ClaimsMalformed({ why: 'it is not JSON' }, { cause })
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new ClaimsMalformed({ why: plainIssues(parsed.error, (key) => (key === '' ? 'it' : key)) })
  return parsed.data
}
