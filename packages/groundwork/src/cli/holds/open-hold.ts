/**
 * The hold that a command is about.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import { readHold } from '@groundwork/chain/read-holds.ts'
import { holdStates, type HoldState } from '@groundwork/core/policy/hold-record.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { NotFound } from '../../http/http-errors.ts'

export interface OpenHold {
  readonly network: number
  readonly account: Address
  readonly state: HoldState
  /** the epoch whose seal draws those who decide */
  readonly decideEpoch: bigint
}

/** @throws NotFound when there is none */
export async function openHold(chain: Chain, id: Hex): Promise<OpenHold> {
  const { network, account, state: code, decideEpoch } = await readHold(chain, { id })
  if (code === 0) throw new NotFound({ what: `hold ${id}` })
  const state = holdStates[code - 1]
  invariant(state !== undefined, 'the contract knows the states that we know')
  return { network, account, state, decideEpoch: BigInt(decideEpoch) }
}
