/**
 * An owner's word for the node key of its daemon, which stops counting by itself, and is given anew in time.
 *
 * @see docs/protocol/wireless.md#hello
 * @module
 */

import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Clock } from '../ports.ts'
import type { CarryNode } from '../wire/voucher.ts'

/** A node key that is lost stops counting by itself after so long. */
export const nodeTermMs: number = 90 * 86_400_000

export interface NodeCredentials {
  readonly node: CarryNode
  /** the owner's, over `node` */
  readonly ownerSignature: Hex
}

export interface NodeCredentialsOptions {
  readonly owner: Hex
  readonly nodeKey: Hex
  readonly signNode: (node: CarryNode) => Promise<Hex>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** @returns what is good for at least half of the term from now on */
export function nodeCredentials({
  owner,
  nodeKey,
  signNode,
  clock,
}: NodeCredentialsOptions): () => Promise<NodeCredentials> {
  let given: NodeCredentials | undefined
  return async () => {
    const nowMs = clock.nowMs()
    if (given !== undefined && given.node.validUntilMs - nowMs >= nodeTermMs / 2) return given
    const node = { owner, nodeKey, validUntilMs: nowMs + nodeTermMs }
    given = { node, ownerSignature: await signNode(node) }
    return given
  }
}
