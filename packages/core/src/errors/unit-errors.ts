/**
 * Errors of reading amounts and hex that a person or a configuration gave us.
 *
 * Bytes from the network never throw: `parseHex` returns `undefined`.
 *
 * @module
 */

import { GroundworkError } from './groundwork-error.ts'

/** The text is no decimal amount, or has more decimals than the unit has. */
export class AmountMalformed extends GroundworkError {
  readonly code = 'GW_AMOUNT_MALFORMED'
  readonly blame = 'caller'

  constructor(facts: { text: string; unit: string; decimalsMax: number }) {
    super(
      `'${facts.text.slice(0, 80)}' is no amount of ${facts.unit}: write digits with at most ${facts.decimalsMax} decimals.`,
      facts,
    )
  }
}

/** The text is no hex of the size asked for. */
export class HexMalformed extends GroundworkError {
  readonly code = 'GW_HEX_MALFORMED'
  readonly blame = 'caller'

  constructor(facts: { text: string; sizeBytes?: number | undefined }) {
    const size = facts.sizeBytes === undefined ? 'an even number of digits' : `${facts.sizeBytes} bytes`
    super(`'${facts.text.slice(0, 80)}' is not 0x and ${size} in hex.`, facts)
  }
}
