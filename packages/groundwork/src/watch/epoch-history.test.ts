/**
 * Goal: heads, seals, stakes and what became of posts follow from the logs alone, as of any block, and after a rollback.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Deployment } from '@groundwork/chain/deployment.ts'
import type { ChainEvent } from '@groundwork/chain/indexer/decode-log.ts'
import { openIndex, type ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { EpochPost } from '@groundwork/core/epoch/post.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { contradictedIn, headIn, noHead, postsIn, rejectedOf, sealsIn, stakesIn, vouchedIn } from './epoch-history.ts'

const poster: Hex = `0x${'Aa'.repeat(20)}`
const other: Hex = `0x${'bb'.repeat(20)}`
const word = (byte: string): Hex => `0x${byte.repeat(32)}`
const deployment = { chainId: 1, startBlock: 1n, addresses: { guard: other } } as unknown as Deployment

const postOf = (epoch: bigint): EpochPost => ({
  epoch,
  root: word('01'),
  totals: epoch + 5n,
  linesRoot: word('02'),
  linesTotal: 5n,
  lineCount: 1,
  batchesRoot: word('03'),
  batchCount: 1,
  evidence: word(`1${epoch}`),
  rules: 1n,
})

type Said = Pick<ChainEvent, 'contract' | 'event' | 'args'>

/** An index to which each list of events is one block. */
function indexOf(blocks: readonly (readonly Said[])[]): ChainIndex {
  const index = openIndex({ path: ':memory:', deployment })
  for (const [at, events] of blocks.entries()) append(index, BigInt(at + 1), events)
  return index
}

function append(index: ChainIndex, number: bigint, events: readonly Said[], fork = '0'): void {
  const hash = `0x${number}${fork}`
  index.append({
    blocks: [{ number, hash, parentHash: '0x', atSeconds: Number(number) }],
    events: events.map((event, logIndex) => ({
      ...event,
      block: number,
      logIndex,
      tx: `0x${number}${fork}${logIndex}`,
    })),
  })
}

const posted = (epoch: bigint): Said => ({
  contract: 'epochs',
  event: 'EpochPosted',
  args: { network: 1, epoch, poster, post: postOf(epoch) },
})
const became = (event: string, epoch: bigint): Said => ({
  contract: 'epochs',
  event,
  args: {
    network: 1,
    epoch,
    poster,
    judge: other,
    reason: word('00'),
    root: word('01'),
    totals: 1n,
    evidence: word('04'),
  },
})
const sealed = (epoch: bigint, blockHash: Hex): Said => ({
  contract: 'epochs',
  event: 'Sealed',
  args: { network: 1, epoch, blockHash, highUsd8: 7n },
})
const bond = (event: string, amountAtto: bigint, operator = poster): Said => ({
  contract: 'bonds',
  event,
  args: { operator, network: 1, amountAtto },
})

test('each post has its own outcome, also when the epoch was posted before', () => {
  using index = indexOf([
    [posted(0n)],
    [became('EpochRejected', 0n)],
    [posted(0n)],
    [became('EpochAvailable', 0n)],
    [became('EpochFinalised', 0n)],
    [posted(2n)],
    [became('EpochLapsed', 2n), posted(3n)],
  ])
  const outcomes = postsIn(index, 1).map(({ epoch, outcome, isAvailable }) => [epoch, outcome, isAvailable])
  assert.deepEqual(outcomes, [
    [0n, 'rejected', false],
    [0n, 'finalised', true],
    [2n, 'lapsed', false],
    [3n, 'pending', false],
  ])
  assert.deepEqual(postsIn(index, 2), [])
  assert.deepEqual([...rejectedOf(index, { network: 1, poster: poster.toLowerCase() as Hex })], [0n])
  assert.deepEqual([...rejectedOf(index, { network: 1, poster: other })], [])
})

test('the head that a post adds to is the one before it, not the one that it became', () => {
  using index = indexOf([[posted(0n)], [became('EpochFinalised', 0n)], [posted(1n)], [became('EpochFinalised', 1n)]])
  const [first, second] = postsIn(index, 1)
  assert.deepEqual(headIn(index, 1, { before: first ?? assert.fail() }), noHead)
  assert.equal(headIn(index, 1, { before: second ?? assert.fail() }).next, 1n)
  assert.equal(headIn(index, 1).next, 2n)
  assert.equal(headIn(index, 1).evidence, postOf(1n).evidence)
})

test('after a rollback the branch that stands is told, not the one before', () => {
  using index = indexOf([[sealed(0n, word('0a'))], [posted(0n)], [became('EpochFinalised', 0n)]])
  assert.equal(headIn(index, 1).next, 1n)
  index.rewind(0n)
  append(index, 1n, [sealed(0n, word('0b'))], 'f')
  assert.equal(headIn(index, 1).next, 0n)
  assert.deepEqual(sealsIn(index, 1).get(0n), { blockHash: word('0b'), highUsd8: 7n })
})

test('a stake is what was deposited less what left and what was slashed, as of a block', () => {
  const locked: Said = {
    contract: 'bonds',
    event: 'Locked',
    args: { lockId: word('0c'), operator: poster, network: 1, amountAtto: 30n, judge: other },
  }
  const elsewhere: Said = {
    contract: 'bonds',
    event: 'Locked',
    args: { lockId: word('0d'), operator: poster, network: 2, amountAtto: 9n, judge: other },
  }
  const slashed = (lockId: Hex, amountAtto: bigint): Said => ({
    contract: 'bonds',
    event: 'Slashed',
    args: { lockId, operator: poster, reporter: other, amountAtto, rewardAtto: 1n },
  })
  using index = indexOf([
    [bond('Deposited', 100n), bond('Deposited', 8n, other)],
    [locked, elsewhere],
    [bond('Withdrawn', 20n), bond('Withdrawn', 8n, other)],
    [slashed(word('0c'), 30n), slashed(word('0d'), 9n)],
  ])
  const key = poster.toLowerCase() as Hex
  const stakeAt = (until: bigint): bigint | undefined => stakesIn(index, { network: 1, until }).get(key)
  assert.deepEqual([0n, 1n, 2n, 3n, 4n].map(stakeAt), [undefined, 100n, 100n, 80n, 50n])
  assert.equal(stakesIn(index, { network: 1, until: 3n }).has(other), false)
})

test('vouched and contradicted batches are told by epoch and by block', () => {
  const vouched = (epoch: bigint, digest: Hex): Said => ({
    contract: 'epochs',
    event: 'BatchVouched',
    args: { network: 1, epoch, digest, signers: [] },
  })
  const contradicted: Said = {
    contract: 'receiptJudge',
    event: 'Equivocated',
    args: { network: 1, signer: poster, counter: 0n, one: word('0e'), other: word('0f') },
  }
  using index = indexOf([[vouched(1n, word('01'))], [vouched(2n, word('02')), contradicted], [vouched(3n, word('03'))]])
  assert.deepEqual(
    vouchedIn(index, { network: 1, from: 2n, to: 3n }).map(({ digest }) => digest),
    [word('02'), word('03')],
  )
  assert.deepEqual(contradictedIn(index, { until: 1n }), [])
  assert.deepEqual(contradictedIn(index, { until: 2n }), [word('0e'), word('0f')])
})
