/**
 * One line of an epoch: what an account earned by one kind of work, and from which entries that follows.
 *
 * A line has at most 16 entries, so that a contract can be shown all of them. An account with more has more lines, at most 16
 * of one kind. docs/protocol/evidence.md#line
 *
 * @module
 */

import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Address } from '../identity/address.ts'
import { laneMax, packLanes } from '../merkle/lanes.ts'
import type { SumNode } from '../merkle/sum-node.ts'
import { bytesOfBigint, bytesOfText, concatBytes } from '../units/bytes.ts'
import { fromHex, toHex, type Hex } from '../units/hex.ts'
import { comparePlaces, type EntryPlace } from './entry.ts'

/** Most entries of one line. */
export const lineEntriesMax = 16

/** Most lines of one account and one kind in one epoch of one network: so at most 256 entries. */
export const accountLinesMax = 16

/** rebate: paid within what the account's own conversions retired. bootstrap: from the network's allowance. */
export type Lane = 'rebate' | 'bootstrap'

export interface Line {
  readonly account: Address
  readonly kind: number
  readonly quantity: bigint
  /** atto-WORK for one unit of quantity */
  readonly unitPriceAtto: bigint
  /** sum tree over its used entries */
  readonly entriesRoot: Hex
  /** the used entries in order of place; 1 to `lineEntriesMax` */
  readonly entries: readonly EntryPlace[]
}

/** The lane of a line's kind: odd kinds are rebate, even ones bootstrap. */
export function laneOf(kind: number): Lane {
  return kind % 2 === 1 ? 'rebate' : 'bootstrap'
}

/** @returns quantity * unitPriceAtto in atto-WORK, or undefined when it is over a lane */
export function amountOf({ quantity, unitPriceAtto }: Pick<Line, 'quantity' | 'unitPriceAtto'>): bigint | undefined {
  const amountAtto = quantity * unitPriceAtto
  return amountAtto > laneMax ? undefined : amountAtto
}

/** The amount in its lane, or undefined when it is over the lane. */
export function lineSum(line: Pick<Line, 'kind' | 'quantity' | 'unitPriceAtto'>): bigint | undefined {
  const amountAtto = amountOf(line)
  if (amountAtto === undefined) return undefined
  return laneOf(line.kind) === 'rebate' ? packLanes(amountAtto, 0n) : packLanes(0n, amountAtto)
}

/** Which epoch a line is of. */
export interface LineEpoch {
  readonly network: number
  readonly epoch: bigint
}

/**
 * The 100 bytes that the leaf of a line hashes: 0x00, "line", uint8 network, uint64 epoch, account, uint8 kind, uint128
 * quantity, uint128 unitPriceAtto, entriesRoot, uint8 entryCount.
 */
export function linePreimage(line: Line, { network, epoch }: LineEpoch): Uint8Array {
  return concatBytes(
    Uint8Array.of(0),
    bytesOfText('line'),
    bytesOfBigint(BigInt(network), 1),
    bytesOfBigint(epoch, 8),
    fromHex(line.account, 20),
    bytesOfBigint(BigInt(line.kind), 1),
    bytesOfBigint(line.quantity, 16),
    bytesOfBigint(line.unitPriceAtto, 16),
    fromHex(line.entriesRoot, 32),
    bytesOfBigint(BigInt(line.entries.length), 1),
  )
}

/** The line in its tree: keccak256(linePreimage), sum = the amount in its lane; undefined when the amount is over it. */
export function lineLeaf(line: Line, epoch: LineEpoch): SumNode | undefined {
  const sum = lineSum(line)
  return sum === undefined ? undefined : { hash: toHex(keccak_256(linePreimage(line, epoch))), sum }
}

/** The order of lines: by account, kind, then the place of the first entry. */
export function compareLines(left: Line, right: Line): number {
  if (left.account !== right.account) return left.account < right.account ? -1 : 1
  if (left.kind !== right.kind) return left.kind - right.kind
  const [leftFirst] = left.entries
  const [rightFirst] = right.entries
  if (leftFirst === undefined || rightFirst === undefined) return left.entries.length - right.entries.length
  return comparePlaces(leftFirst, rightFirst)
}
