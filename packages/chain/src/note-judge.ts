/**
 * Telling Epochs what Guard says of a judge, for posts from the next block on. Anyone may.
 *
 * docs/protocol/epochs.md#judges
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { type Call, makeCall } from './call.ts'
import type { Chain, Waiting } from './client.ts'
import type { Deployment } from './deployment.ts'
import { type DoneMany, sendCall, syncMany } from './send-call.ts'

export type NoteJudge = {
  /** 1 storage, 2 wireless, 3 render, 4 sensing */
  readonly network: number
  /** sum or receipt judge */
  readonly judge: Address
}

/** The call as a value. */
export function noteJudgeCall({ addresses }: Deployment, { network, judge }: NoteJudge): Call {
  return makeCall({ to: addresses.epochs, abi: epochsAbi, functionName: 'noteJudge', args: [network, judge] })
}

/** Simulates and sends; returns the transaction's hash. */
export async function noteJudge(chain: Chain, terms: NoteJudge, { signal }: Waiting): Promise<Hex> {
  return sendCall(chain, noteJudgeCall(chain.deployment, terms), { signal })
}

/** The same, and waits for the block; returns the JudgeNoted events: none when there was nothing to do. */
export async function noteJudgeSync(
  chain: Chain,
  terms: NoteJudge,
  { signal }: Waiting,
): Promise<DoneMany<typeof epochsAbi, 'JudgeNoted'>> {
  return syncMany(chain, noteJudgeCall(chain.deployment, terms), { abi: epochsAbi, eventName: 'JudgeNoted', signal })
}
