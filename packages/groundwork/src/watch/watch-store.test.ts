/**
 * Goal: a kept bundle is there after a restart, whole; old ones go, and take only their own blocks with them.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { encodeBlock } from '@groundwork/core/evidence/block.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { bytesOfBigint } from '@groundwork/core/units/bytes.ts'
import { epochsKeptMax, openWatchStore, type KeptBundle } from './watch-store.ts'
import { WatchStoreForeign } from './watch-errors.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-watch-store-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const shared = encodeBlock('shared')
const evidenceOf = (epoch: bigint): Hex => toHex(bytesOfBigint(epoch + 1n, 32))

function bundle(epoch: bigint): KeptBundle {
  const own = encodeBlock({ epoch })
  return { network: 1, epoch, evidence: evidenceOf(epoch), blocks: [own, shared], batches: [{ cid: own.cid, epoch }] }
}

test('a bundle that was kept is there when the file is opened again', () => {
  const file = path.join(folder, 'again.sqlite')
  using first = openWatchStore(file)
  first.keep(bundle(3n))
  first.keep(bundle(3n))
  using second = openWatchStore(file)
  assert.equal(second.has(evidenceOf(3n)), true)
  assert.deepEqual(second.get(shared.cid.toString()), shared.bytes)
  assert.deepEqual(second.batches({ network: 1, epoch: 3n }), [encodeBlock({ epoch: 3n }).cid.toString()])
  assert.deepEqual(second.batches({ network: 1, epoch: 4n }), [])
  assert.equal(second.get('no name'), undefined)
})

test('a bundle too old to keep goes with the blocks that no other has', () => {
  using store = openWatchStore(':memory:')
  store.keep(bundle(0n))
  store.keep(bundle(epochsKeptMax))
  assert.equal(store.has(evidenceOf(0n)), true, 'the oldest of the bound is still there')
  store.keep(bundle(epochsKeptMax + 1n))
  assert.equal(store.has(evidenceOf(0n)), false)
  assert.equal(store.get(encodeBlock({ epoch: 0n }).cid.toString()), undefined)
  assert.deepEqual(store.batches({ network: 1, epoch: 0n }), [])
  assert.deepEqual(store.get(shared.cid.toString()), shared.bytes)
})

test('a file of a later version is refused and left as it is', () => {
  const file = path.join(folder, 'later.sqlite')
  openWatchStore(file)[Symbol.dispose]()
  const database = new DatabaseSync(file)
  database.exec("UPDATE watch_meta SET value = 9 WHERE key = 'version'")
  database.close()
  assert.throws(() => openWatchStore(file), WatchStoreForeign)
})
