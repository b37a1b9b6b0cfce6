/**
 * What the chain says of a hotspot's owner: where it stands, its antenna, what it asks, what it has staked.
 *
 * Where it stands and its antenna are its own word, and only ever filter.
 *
 * @module
 */

import type { Cell } from '@groundwork/core/geography/cell.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'

export interface HotspotRecord {
  /** the account that is paid, in lower case */
  readonly owner: Hex
  readonly cell: Cell
  readonly antennaGainDbi: number
  /** least nano-credits that it carries a unit for */
  readonly unitPriceNano: bigint
  readonly stakeAtto: bigint
  readonly isOpen: boolean
}
