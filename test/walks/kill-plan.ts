/**
 * Which program is killed at which moment of a walk, from a seed. The same seed makes the same plan.
 *
 * Choosing only; `killable-network.ts` does the killing.
 *
 * @module
 */

import { seeded, type Seeded } from '../../packages/groundwork/src/first-light/seeded.ts'

export const victims = ['provider', 'gateway', 'watcher', 'anvil'] as const
export type Victim = (typeof victims)[number]

/** What the customer does, and what then happens to an epoch on the chain. */
export const ownMoments = ['put', 'read'] as const
export const chainMoments = ['prove', 'post', 'pay'] as const
export type OwnMoment = (typeof ownMoments)[number]
export type ChainMoment = (typeof chainMoments)[number]

export interface Kill<Moment = OwnMoment | ChainMoment> {
  readonly victim: Victim
  readonly moment: Moment
  /** after the moment began */
  readonly delayMs: number
  /** which of several of its kind */
  readonly which: number
}

/** One kill while the customer acts, one while an epoch goes its way, and the bytes that are stored. */
export interface KillPlan {
  readonly seed: number
  readonly own: Kill<OwnMoment>
  readonly chain: Kill<ChainMoment>
  /** sizes of the files of this seed, in bytes */
  readonly fileSizes: readonly number[]
}

/** Within this a put of a few megabytes is at any of its steps. */
const putMsMax = 1_500
const readMsMax = 150
/** Two blocks: a transaction is under way, or just mined. */
const chainMsMax = 2_000
const fileBytesMax = 1_500_000
const filesMax = 3

export function killPlan(seed: number): KillPlan {
  const choose = seeded(seed)
  const first = choose.pick(victims)
  const second = choose.pick(victims.filter((victim) => victim !== first))
  const moment = choose.pick(ownMoments)
  return {
    seed,
    own: killAt(choose, { victim: first, moment, delayMsMax: moment === 'put' ? putMsMax : readMsMax }),
    chain: killAt(choose, { victim: second, moment: choose.pick(chainMoments), delayMsMax: chainMsMax }),
    fileSizes: Array.from({ length: 1 + choose.below(filesMax) }, () => 1 + choose.below(fileBytesMax)),
  }
}

function killAt<Moment>(
  choose: Seeded,
  { victim, moment, delayMsMax }: { readonly victim: Victim; readonly moment: Moment; readonly delayMsMax: number },
): Kill<Moment> {
  return { victim, moment, delayMs: choose.below(delayMsMax), which: choose.below(64) }
}
