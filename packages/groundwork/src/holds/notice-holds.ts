/**
 * Telling an operator of holds that ask something of it: it is accused and may answer, or it was drawn to decide.
 *
 * Each is told once, however many passes find it so. What is done about it is a person's: nobody is judged by a program.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { readDeciders } from '@groundwork/chain/read-holds.ts'
import { isSameAddress, type Address } from '@groundwork/core/identity/address.ts'
import { standsAt, type HoldRecord } from '@groundwork/core/policy/hold-record.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { holdsIn } from './holds-in.ts'
import { holdView } from './hold-view.ts'

/** Notices that are remembered; the oldest is forgotten, and told again if it is still so. */
export const noticesMax = 256

/** Open holds whose deciders are asked for in one pass. */
export const decidersAskedMax = 32

export interface NoticeHoldsOptions {
  /** every hold as of the newest block */
  readonly holds: () => readonly HoldRecord[]
  readonly block: () => bigint
  /** empty while nobody is drawn */
  readonly decidersOf: (id: Hex) => Promise<readonly Address[]>
  readonly self: Address
  readonly tell: (facts: Readonly<Record<string, unknown>>, text: string) => void
}

/** @returns a pass: looks, and tells what is new */
export function noticeHolds({ holds, block, decidersOf, self, tell }: NoticeHoldsOptions): () => Promise<void> {
  const told = new Set<string>()
  const tellOnce = (key: string, run: () => void): void => {
    if (told.has(key)) return
    told.add(key)
    const oldest = told.size > noticesMax ? told.values().next().value : undefined
    if (oldest !== undefined) told.delete(oldest)
    run()
  }

  return async () => {
    const standing = holds().filter((hold) => standsAt(hold, block()))
    for (const hold of standing.filter(({ account }) => isSameAddress(account, self))) {
      tellOnce(`accused ${hold.id} ${hold.state}`, () => tell(factsOf(hold, block()), textOf(hold)))
    }
    const undecided = standing.filter(
      ({ id, state, account, accuser }) =>
        (state === 'placed' || state === 'appealed') &&
        !isSameAddress(account, self) &&
        !isSameAddress(accuser, self) &&
        !told.has(drawnKey(id, state)),
    )
    for (const hold of undecided.slice(-decidersAskedMax)) {
      const drawn = await decidersOf(hold.id)
      if (!drawn.some((one) => isSameAddress(one, self))) continue
      tellOnce(drawnKey(hold.id, hold.state), () =>
        tell(factsOf(hold, block()), 'drawn to decide about a hold: `groundwork holds sign` says what you find'),
      )
    }
  }
}

/** What a daemon looks at: its index, and the contract for who is drawn. */
export function holdsOf({
  chain,
  index,
}: {
  readonly chain: Chain
  readonly index: ChainIndex
}): Pick<NoticeHoldsOptions, 'holds' | 'block' | 'decidersOf'> {
  return {
    holds: () => holdsIn(index),
    block: () => index.tip()?.number ?? 0n,
    decidersOf: async (id) => readDeciders(chain, { id }),
  }
}

const drawnKey = (id: Hex, state: string): string => `drawn ${id} ${state}`

function factsOf(hold: HoldRecord, block: bigint): Readonly<Record<string, unknown>> {
  const { id, network, account, accuser, reason, state, endBlock, accusation } = holdView(hold, block)
  return { id, network, account, accuser, reason, state, endBlock, accusation: accusation.text ?? accusation.bytes }
}

function textOf({ state }: HoldRecord): string {
  if (state === 'placed') return 'this account is accused and its claims are put off: `groundwork holds appeal` answers'
  if (state === 'upheld') return 'the accusation is upheld: `groundwork holds appeal` has others decide, once'
  return 'a hold puts the claims of this account off'
}
