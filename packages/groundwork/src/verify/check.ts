/**
 * What every check of a first light is given, and what it says.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { Claims } from './claims.ts'

export type StorageClaims = Claims['firstLight']['storage']

export interface Source {
  readonly chain: Chain
  readonly index: ChainIndex
  readonly said: StorageClaims
  /** accounts whose pay the claims of another network are about */
  readonly paidElsewhere: readonly string[]
}

export interface Check {
  readonly name: string
  readonly isTrue: boolean
  /** what was found, when it differs or is worth saying */
  readonly found: string
}
