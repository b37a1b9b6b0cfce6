/**
 * What an operator signs that was drawn to keep an epoch's evidence: EIP-712 struct `Available`.
 *
 * It signs after it has recomputed the audit and holds every block. The struct names the post that was audited, for another
 * post may name the same evidence. docs/protocol/epochs.md#availability
 *
 * @module
 */

import { hashTypedData, type Domain, type TypedField } from '../identity/eip712.ts'
import type { Hex } from '../units/hex.ts'

export interface Available {
  readonly network: number
  readonly epoch: bigint
  /** sha256 of the bundle's root block; of a batch that is vouched for: its digest */
  readonly evidence: Hex
  /** digest of the post that was audited, see `digestOfPost`; `noPost` for a batch */
  readonly post: Hex
}

/** What stands for the post where a batch is vouched for. */
export const noPost: Hex = `0x${'00'.repeat(32)}`

/** The struct that is signed. */
export const availableFields: readonly TypedField[] = [
  { name: 'network', type: 'uint8' },
  { name: 'epoch', type: 'uint64' },
  { name: 'evidence', type: 'bytes32' },
  { name: 'post', type: 'bytes32' },
]

/** @param domain verifyingContract is Epochs */
export function digestOfAvailable(available: Available, domain: Domain): Hex {
  return hashTypedData({
    domain,
    types: { Available: availableFields },
    primaryType: 'Available',
    message: { ...available },
  })
}
