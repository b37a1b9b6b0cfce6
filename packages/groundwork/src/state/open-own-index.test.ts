/**
 * Goal: an index of another deployment, or a damaged one, is replaced; one of ours is kept.
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { Deployment } from '@groundwork/chain/deployment.ts'
import { IndexForeign } from '@groundwork/chain/errors.ts'
import { openIndex } from '@groundwork/chain/indexer/open-index.ts'
import { openOwnIndex } from './open-own-index.ts'

const deploymentFrom = (startBlock: bigint): Deployment =>
  ({ chainId: 31_337, startBlock, addresses: { guard: `0x${'11'.repeat(20)}` } }) as unknown as Deployment
const block = { number: 5n, hash: `0x${'22'.repeat(32)}`, parentHash: `0x${'33'.repeat(32)}`, atSeconds: 7 }

test('a program begins a new index when the chain was rolled back past its deployment, and keeps it otherwise', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-index-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'index.sqlite')
  const before = openOwnIndex({ path: file, deployment: deploymentFrom(1n) })
  before.append({ blocks: [block], events: [] })
  before[Symbol.dispose]()

  const kept = openOwnIndex({ path: file, deployment: deploymentFrom(1n) })
  assert.equal(kept.tip()?.number, 5n)
  kept[Symbol.dispose]()

  assert.throws(() => openIndex({ path: file, deployment: deploymentFrom(2n) }), IndexForeign)
  const anew = openOwnIndex({ path: file, deployment: deploymentFrom(2n) })
  assert.equal(anew.tip(), undefined)
  anew[Symbol.dispose]()
})

test('a damaged index is begun anew: it is a cache', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-index-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'index.sqlite')
  writeFileSync(file, 'no database at all '.repeat(400))
  using anew = openOwnIndex({ path: file, deployment: deploymentFrom(1n) })
  assert.equal(anew.tip(), undefined)
})
