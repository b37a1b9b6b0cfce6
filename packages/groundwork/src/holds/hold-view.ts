/**
 * A hold as people and programs outside see it: reason and statements decoded, and whether it stands.
 *
 * @module
 */

import { decodeStatement, type Statement } from '@groundwork/core/evidence/statement.ts'
import { readHoldReason } from '@groundwork/core/policy/hold-reason.ts'
import { standsAt, type HoldRecord, type HoldState } from '@groundwork/core/policy/hold-record.ts'
import { fromHex, type Hex } from '@groundwork/core/units/hex.ts'

/** What was said: decoded where it is a statement, else as its bytes. */
export interface SaidView {
  readonly text: string | null
  readonly epochs: { readonly from: bigint; readonly to: bigint } | null
  readonly exhibits: readonly { readonly cid: string; readonly entry: number | null; readonly note: string }[]
  readonly bytes: Hex
}

export interface HoldView {
  readonly id: Hex
  readonly network: number
  readonly account: Hex
  readonly accuser: Hex
  readonly reason: string
  readonly state: HoldState
  /** whether it puts claims off at the block that was asked for */
  readonly stands: boolean
  /** the first block in which it does not stand any more */
  readonly endBlock: number
  readonly evidence: Hex
  readonly accusation: SaidView
  readonly answers: readonly (SaidView & { readonly instance: number })[]
  readonly verdicts: readonly (SaidView & {
    readonly instance: number
    readonly upheld: boolean
    readonly signers: readonly Hex[]
  })[]
}

export function holdView(record: HoldRecord, block: bigint): HoldView {
  const { id, network, account, accuser, reason, state, endBlock, evidence, statement, answers, verdicts } = record
  return {
    id,
    network,
    account,
    accuser,
    reason: readHoldReason(reason) ?? reason,
    state,
    stands: standsAt(record, block),
    endBlock,
    evidence,
    accusation: said(statement),
    answers: answers.map(({ instance, statement: answer }) => ({ instance, ...said(answer) })),
    verdicts: verdicts.map(({ instance, upheld, signers, opinion }) => ({
      instance,
      upheld,
      signers,
      ...said(opinion),
    })),
  }
}

/** Anyone's bytes: what is no statement stays bytes. */
function said(bytes: Hex): SaidView {
  const statement: Statement | undefined = decodeStatement(fromHex(bytes))
  if (statement === undefined) return { text: null, epochs: null, exhibits: [], bytes }
  const { text, epochs, exhibits } = statement
  return { text, epochs, exhibits: exhibits.map(({ cid, ...exhibit }) => ({ cid: cid.toString(), ...exhibit })), bytes }
}
