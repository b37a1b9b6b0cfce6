/** One entry of an evidence batch, as the judges take it. docs/protocol/evidence.md */

import type { Address, Hex } from 'viem'

export type EvidenceEntry = {
  readonly kind: number
  readonly account: Address
  readonly subject: Hex
  readonly quantity: bigint
  /** hash of what the entry stands on */
  readonly detail: Hex
}
