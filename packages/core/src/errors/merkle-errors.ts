/**
 * Errors of building trees. Paths from strangers never throw: `foldPath` returns `undefined`.
 *
 * @module
 */

import { GroundworkError } from './groundwork-error.ts'

/** A lane of a sum would pass 2^128 - 1. docs/protocol/evidence.md#sum-tree */
export class LaneOverflow extends GroundworkError {
  readonly code = 'GW_LANE_OVERFLOW'
  readonly blame = 'caller'

  constructor(facts: { left: bigint; right: bigint }) {
    super('A sum is over 2^128 - 1 in one of its lanes.', facts)
  }
}
