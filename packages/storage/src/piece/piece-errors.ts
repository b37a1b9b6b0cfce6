/**
 * What hashing a piece throws: bytes that make no piece.
 *
 * Not for names that do not parse; those give undefined (`wire/piece-cid.ts`).
 *
 * @module
 */

import { GroundworkError, type Blame } from '@groundwork/core/errors/groundwork-error.ts'

/** A piece of no bytes has no leaf that could be proven. */
export class PieceEmpty extends GroundworkError {
  readonly code = 'GW_PIECE_EMPTY'
  readonly blame: Blame = 'caller'

  constructor() {
    super('A piece has at least one byte.')
  }
}

/** More bytes came than one piece may have; cut them into several pieces. */
export class PieceTooLarge extends GroundworkError {
  readonly code = 'GW_PIECE_TOO_LARGE'
  readonly blame: Blame = 'caller'

  constructor(facts: { readonly rawSizeBytesMax: number }) {
    super(`A piece has at most ${facts.rawSizeBytesMax} bytes here.`, facts)
  }
}
