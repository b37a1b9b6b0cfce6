/**
 * The accused's word, however it gets to the chain: with its own gas, or signed and handed in by a gateway.
 *
 * @module
 */

import { holdsAbi } from '@groundwork/chain/abi/holds.ts'
import { appealHoldCall } from '@groundwork/chain/appeal-hold.ts'
import { appealHoldForCall } from '@groundwork/chain/appeal-hold-for.ts'
import type { Chain } from '@groundwork/chain/client.ts'
import { signAppeal } from '@groundwork/chain/sign-typed.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { LocalAccount } from 'viem'
import type { Submit } from '../provider/submit.ts'

export interface AnswerHoldOptions {
  readonly chain: Chain
  /** of the accused */
  readonly account: LocalAccount
  readonly submit: Submit
  readonly signal: AbortSignal
}

export interface HoldAnswer {
  readonly id: Hex
  /** 1: an answer to the accusation; 2: an appeal from the first verdict, or more to it */
  readonly instance: number
  readonly statement: Hex
}

/** @returns the block in which the hold is over now, or undefined when somebody else had said the very same before */
export async function answerHold(
  { chain, account, submit, signal }: AnswerHoldOptions,
  { id, instance, statement }: HoldAnswer,
): Promise<number | undefined> {
  const [event] = await submit.perform(
    {
      own: appealHoldCall(chain.deployment, { id, statement }),
      anyones: async () => {
        const signature = await signAppeal(chain.deployment, account, { id, instance, statement })
        return appealHoldForCall(chain.deployment, { id, statement, signature })
      },
      abi: holdsAbi,
      eventName: 'HoldAppealed',
      args: { id },
    },
    { signal },
  )
  return event?.endBlock
}
