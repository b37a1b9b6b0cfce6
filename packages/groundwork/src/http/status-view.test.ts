/**
 * Goal: an epoch is shown with what it added, not with the sums over all epochs that its post carries.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Deployment } from '@groundwork/chain/deployment.ts'
import type { ChainEvent } from '@groundwork/chain/indexer/decode-log.ts'
import { openIndex, type ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { EpochPost } from '@groundwork/core/epoch/post.ts'
import { packLanes } from '@groundwork/core/merkle/lanes.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { epochViews } from './status-view.ts'

const poster: Hex = `0x${'aa'.repeat(20)}`
const word = (byte: string): Hex => `0x${byte.repeat(32)}`
const work = 10n ** 18n

type Said = Pick<ChainEvent, 'contract' | 'event' | 'args'>

const posted = (epoch: bigint, totals: bigint): Said => ({
  contract: 'epochs',
  event: 'EpochPosted',
  args: {
    network: 1,
    epoch,
    poster,
    post: {
      epoch,
      root: word('01'),
      totals,
      linesRoot: word('02'),
      linesTotal: 5n,
      lineCount: 1,
      batchesRoot: word('03'),
      batchCount: 1,
      evidence: word('04'),
      rules: 1n,
    } satisfies EpochPost,
  },
})
const finalised = (epoch: bigint, totals: bigint): Said => ({
  contract: 'epochs',
  event: 'EpochFinalised',
  args: { network: 1, epoch, root: word('01'), totals, evidence: word('04') },
})

function indexOf(events: readonly Said[]): ChainIndex {
  const deployment = { chainId: 1, startBlock: 1n, addresses: { guard: poster } } as unknown as Deployment
  const index = openIndex({ path: ':memory:', deployment })
  for (const [at, event] of events.entries()) {
    const number = BigInt(at + 1)
    index.append({
      blocks: [{ number, hash: `0x${number}`, parentHash: '0x', atSeconds: Number(number) }],
      events: [{ ...event, block: number, logIndex: 0, tx: `0x${number}` }],
    })
  }
  return index
}

test('an epoch shows what it added to the last final totals, whatever was posted and rejected between', () => {
  const [first, wrong, second] = [
    packLanes(2n * work, 20n * work),
    packLanes(90n * work, 90n * work),
    packLanes(5n * work, 40n * work),
  ]
  using index = indexOf([
    posted(0n, first),
    finalised(0n, first),
    posted(1n, wrong),
    posted(1n, second),
    finalised(1n, second),
  ])
  assert.deepEqual(
    epochViews(index, 'storage').map(({ epoch, state, rebate, bootstrap }) => ({ epoch, state, rebate, bootstrap })),
    [
      { epoch: '1', state: 'finalised', rebate: '3 WORK', bootstrap: '20 WORK' },
      { epoch: '0', state: 'finalised', rebate: '2 WORK', bootstrap: '20 WORK' },
    ],
  )
})
