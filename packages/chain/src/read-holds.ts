/**
 * Reading holds: all of them with what was said, one as the contract has it, who decides, and until when an account waits.
 *
 * Now, or as of an earlier block.
 *
 * @module
 */

import { foldHolds, type HoldRecord } from '@groundwork/core/policy/hold-record.ts'
import type { Address, ContractFunctionReturnType, Hex } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { holdsAbi } from './abi/holds.ts'
import type { Chain } from './client.ts'
import { type At, readCall } from './read-call.ts'
import { readEvents } from './read-events.ts'

/** Every hold that was ever placed, oldest first. @throws ChainUnreachable */
export async function readHolds(chain: Chain, at: At = {}): Promise<readonly HoldRecord[]> {
  const from = { contract: 'holds', abi: holdsAbi } as const
  const [placed, appealed, decided, released] = await Promise.all([
    readEvents(chain, { ...from, eventName: 'HoldPlaced' }, at),
    readEvents(chain, { ...from, eventName: 'HoldAppealed' }, at),
    readEvents(chain, { ...from, eventName: 'HoldDecided' }, at),
    readEvents(chain, { ...from, eventName: 'HoldReleased' }, at),
  ])
  return foldHolds({ placed, appealed, decided, released })
}

/** @returns the hold as `struct Hold` has it; state 0 when there is none */
export async function readHold(
  chain: Chain,
  { id }: { readonly id: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof holdsAbi, 'view', 'holdOf'>> {
  return readCall(chain, { contract: 'holds', abi: holdsAbi, functionName: 'holdOf', args: [id] }, at)
}

/** @returns the operators drawn to decide; empty while the deciding epoch is not sealed */
export async function readDeciders(
  chain: Chain,
  { id }: { readonly id: Hex },
  at: At = {},
): Promise<readonly Address[]> {
  return readCall(chain, { contract: 'holds', abi: holdsAbi, functionName: 'deciders', args: [id] }, at)
}

/** @returns 1 while the first drawn decide or have decided, 2 from the appeal on */
export async function readInstance(chain: Chain, { id }: { readonly id: Hex }, at: At = {}): Promise<number> {
  return readCall(chain, { contract: 'holds', abi: holdsAbi, functionName: 'instanceOf', args: [id] }, at)
}

/** @returns the first block in which an account may claim from a network; 0n, or one that is past, when nothing holds it */
export async function readHeldBefore(
  chain: Chain,
  { network, account }: { readonly network: number; readonly account: Address },
  at: At = {},
): Promise<bigint> {
  const args = [network, account] as const
  return BigInt(await readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'heldBefore', args }, at))
}

/** What an accuser has to allow `Holds` to take, in atto-WORK. */
export async function readHoldDeposit(chain: Chain): Promise<bigint> {
  return readCall(chain, { contract: 'holds', abi: holdsAbi, functionName: 'depositAtto', args: [] })
}
