/**
 * One thing that somebody did and wants to be paid for, as it stands in an evidence batch.
 *
 * What kind, subject and detail mean is the network's; here they are numbers and hashes. docs/protocol/evidence.md#entry
 *
 * @module
 */

import type { Address } from '../identity/address.ts'
import { leafHash, type SumNode } from '../merkle/sum-node.ts'
import { bytesOfBigint } from '../units/bytes.ts'
import { fromHex, type Hex } from '../units/hex.ts'
import { addressWord, bytes32Word, hashWords, uintWord } from './abi.ts'

export interface Entry {
  /** 0 to 255, the network's */
  readonly kind: number
  /** who earns */
  readonly account: Address
  /** 32 bytes: what it is about, such as a data set's id */
  readonly subject: Hex
  /** in the kind's unit, below 2^128 */
  readonly quantity: bigint
  /** 32 bytes: hash of what the network needs to re-check it */
  readonly detail: Hex
}

/** Where an entry stands: in which batch, at which index. */
export interface EntryPlace {
  /** EIP-712 digest of the batch's header */
  readonly batchDigest: Hex
  readonly index: number
}

/** @returns keccak256(abi.encode(Entry)) */
export function hashEntry({ kind, account, subject, quantity, detail }: Entry): Hex {
  return hashWords(uintWord(kind), addressWord(account), bytes32Word(subject), uintWord(quantity), bytes32Word(detail))
}

/** The entry in its batch: keccak256(0x00, "entry", hashEntry), sum = quantity. */
export function entryLeaf(entry: Entry): SumNode {
  return { hash: leafHash('entry', fromHex(hashEntry(entry), 32)), sum: entry.quantity }
}

/** The entry in a line: keccak256(0x00, "used", batchDigest, uint32 index, hashEntry), sum = quantity. */
export function usedLeaf({ batchDigest, index }: EntryPlace, entry: Entry): SumNode {
  const indexBytes = bytesOfBigint(BigInt(index), 4)
  return {
    hash: leafHash('used', fromHex(batchDigest, 32), indexBytes, fromHex(hashEntry(entry), 32)),
    sum: entry.quantity,
  }
}

/** The order of places: by digest, then by index. */
export function comparePlaces(left: EntryPlace, right: EntryPlace): number {
  if (left.batchDigest !== right.batchDigest) return left.batchDigest < right.batchDigest ? -1 : 1
  return left.index - right.index
}
