/**
 * Goal: a library gives only blocks that are what their name says, asks a dead peer no more than its bound, and says what it
 * could not have.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeBlock, type Block } from '@groundwork/core/evidence/block.ts'
import { PeerSilent, type EvidencePeer } from './evidence-peer.ts'
import { openLibrary } from './library.ts'

const signal = new AbortController().signal
const blocks: readonly Block[] = Array.from({ length: 40 }, (_, index) => encodeBlock({ index }))
const cids = blocks.map(({ cid }) => cid)

interface Counting extends EvidencePeer {
  asked: number
}

function peer(name: string, answer: (block: Block | undefined) => Uint8Array | undefined): Counting {
  const self: Counting = {
    name,
    asked: 0,
    batches: async () => cids.slice(0, 2),
    block: async (cid) => {
      self.asked += 1
      return answer(blocks.find((block) => block.cid.equals(cid)))
    },
  }
  return self
}

const honest = (): Counting => peer('honest', (block) => block?.bytes)
const liar = (): Counting => peer('liar', () => Uint8Array.of(0xf6))
const empty = (): Counting => peer('empty', () => undefined)
const dead = (): Counting =>
  peer('dead', () => {
    throw new PeerSilent({ peer: 'dead', reason: 'refused' })
  })

test('every block comes from whoever has it, past liars and those without it', async () => {
  const library = openLibrary({ peers: [liar(), empty(), honest()] })
  await library.fetch(cids, { signal })
  for (const { cid, bytes } of blocks) assert.deepEqual(library.get(cid.toString()), bytes)
  assert.deepEqual(library.complaints(), ['liar gives other bytes than were asked for'])
})

test('a dead peer is asked few times, however many blocks there are', async () => {
  const silent = dead()
  const library = openLibrary({ peers: [silent, honest()] })
  await library.fetch(cids, { signal })
  assert.ok(silent.asked <= 17, `asked ${silent.asked} times`)
  await library.fetch([encodeBlock('another').cid], { signal })
  assert.ok(silent.asked <= 17)
  assert.ok(library.complaints().some((line) => line.startsWith('dead is silent')))
})

test('what nobody has is named, until somebody has it', async () => {
  const peers = [empty()]
  const library = openLibrary({ peers })
  await library.fetch(cids.slice(0, 1), { signal })
  assert.deepEqual(library.complaints(), [`nobody has ${String(cids[0])}`])
  peers[0] = honest()
  await library.fetch(cids.slice(0, 1), { signal })
  assert.deepEqual(library.complaints(), [])
})

test('what the own store has is asked of nobody', async () => {
  const other = honest()
  const store = new Map(blocks.map(({ cid, bytes }) => [cid.toString(), bytes]))
  await openLibrary({ store, peers: [other] }).fetch(cids, { signal })
  assert.equal(other.asked, 0)
})

test('it holds no more bytes than its bound', async () => {
  const bytesMax = (blocks[0]?.bytes.length ?? 0) * 3
  const library = openLibrary({ peers: [honest()], bytesMax })
  await library.fetch(cids, { signal })
  assert.equal(cids.filter((cid) => library.get(cid.toString()) !== undefined).length, 3)
})

test('lists of several peers are one list without doubles', async () => {
  const library = openLibrary({ peers: [honest(), honest(), dead()] })
  const names = await library.batches({ network: 1, epoch: 0n }, { signal })
  assert.deepEqual(names.map(String), cids.slice(0, 2).map(String))
})

test('an aborted signal ends the fetching with its own reason', async () => {
  const stopped = new AbortController()
  stopped.abort(new Error('enough'))
  await assert.rejects(openLibrary({ peers: [honest()] }).fetch(cids, { signal: stopped.signal }), /enough/)
})
