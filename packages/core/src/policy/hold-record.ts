/**
 * Holds as a list, from the events of the contract: where each is on its way, and what was said.
 *
 * Pure: whoever has the events up to a block has the holds as of that block, from a node or from an index.
 * docs/protocol/holds.md#states
 *
 * @module
 */

import type { Address } from '../identity/address.ts'
import type { Hex } from '../units/hex.ts'

/** As `enum HoldState` of IHolds.sol has them, without None. */
export const holdStates = ['placed', 'upheld', 'appealed', 'final', 'ended'] as const
export type HoldState = (typeof holdStates)[number]

export interface HoldPlaced {
  readonly id: Hex
  readonly network: number
  readonly account: Address
  readonly accuser: Address
  /** 32 bytes, as on chain */
  readonly reason: Hex
  readonly evidence: Hex
  readonly endBlock: number
  readonly statement: Hex
}

export interface HoldAppealed {
  readonly id: Hex
  /** 1: an answer to the accusation; 2: an appeal from the first verdict, or more to it */
  readonly instance: number
  readonly endBlock: number
  readonly statement: Hex
}

export interface HoldDecided {
  readonly id: Hex
  readonly instance: number
  readonly upheld: boolean
  readonly signers: readonly Address[]
  readonly endBlock: number
  readonly opinion: Hex
}

export interface HoldReleased {
  readonly id: Hex
}

/** All that the contract ever said, each kind in the order of the chain. */
export interface HoldEvents {
  readonly placed: readonly HoldPlaced[]
  readonly appealed: readonly HoldAppealed[]
  readonly decided: readonly HoldDecided[]
  readonly released: readonly HoldReleased[]
}

export interface HoldRecord extends HoldPlaced {
  readonly state: HoldState
  /** the first block in which it does not stand any more */
  readonly endBlock: number
  readonly answers: readonly HoldAppealed[]
  readonly verdicts: readonly HoldDecided[]
}

/** Every hold, oldest first. */
export function foldHolds({ placed, appealed, decided, released }: HoldEvents): readonly HoldRecord[] {
  const answersOf = groupById(appealed)
  const verdictsOf = groupById(decided)
  const over = new Set(released.map(({ id }) => id))
  return placed.map((hold): HoldRecord => {
    const answers = answersOf.get(hold.id) ?? []
    const verdicts = verdictsOf.get(hold.id) ?? []
    const where = over.has(hold.id)
      ? { state: 'ended' as const, endBlock: hold.endBlock }
      : whereOf(hold, answers, verdicts)
    return { ...hold, ...where, answers, verdicts }
  })
}

/** The last word said about a hold says where it is: a verdict after an appeal, an appeal after a verdict. */
function whereOf(
  hold: HoldPlaced,
  answers: readonly HoldAppealed[],
  verdicts: readonly HoldDecided[],
): { readonly state: HoldState; readonly endBlock: number } {
  const dismissal = verdicts.find(({ upheld }) => !upheld)
  if (dismissal !== undefined) return { state: 'ended', endBlock: dismissal.endBlock }
  const second = verdicts.find(({ instance }) => instance === 2)
  if (second !== undefined) return { state: 'final', endBlock: second.endBlock }
  const appeal = answers.find(({ instance }) => instance === 2)
  if (appeal !== undefined) return { state: 'appealed', endBlock: appeal.endBlock }
  const [first] = verdicts
  if (first !== undefined) return { state: 'upheld', endBlock: first.endBlock }
  return { state: 'placed', endBlock: hold.endBlock }
}

/** Whether a hold puts claims off at a block. */
export function standsAt({ state, endBlock }: Pick<HoldRecord, 'state' | 'endBlock'>, block: bigint): boolean {
  return state !== 'ended' && block < BigInt(endBlock)
}

function groupById<T extends { readonly id: Hex }>(events: readonly T[]): ReadonlyMap<Hex, readonly T[]> {
  const groups = new Map<Hex, T[]>()
  for (const event of events) {
    const group = groups.get(event.id) ?? []
    groups.set(event.id, group)
    group.push(event)
  }
  return groups
}
