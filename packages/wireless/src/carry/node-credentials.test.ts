/**
 * Goal: a daemon that runs for years has its owner's word at any time, and asks for it seldom.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CarryNode } from '../wire/voucher.ts'
import { nodeCredentials, nodeTermMs } from './node-credentials.ts'

test('the owner’s word never ends while the daemon runs, and is asked for a few times a year', async () => {
  const asked: CarryNode[] = []
  let nowMs = 1_800_000_000_000
  const credentials = nodeCredentials({
    owner: `0x${'01'.repeat(20)}`,
    nodeKey: `0x${'02'.repeat(32)}`,
    signNode: async (node) => {
      asked.push(node)
      return `0x${asked.length.toString(16).padStart(130, '0')}`
    },
    clock: { nowMs: () => nowMs },
  })
  for (let day = 0; day < 365; day += 1) {
    const { node, ownerSignature } = await credentials()
    assert.ok(node.validUntilMs - nowMs >= nodeTermMs / 2)
    assert.equal(node, asked.at(-1), 'what was signed last')
    assert.equal(BigInt(ownerSignature), BigInt(asked.length))
    nowMs += 86_400_000
  }
  assert.equal(asked.length, 8)
})

test('a signer that fails once is asked again', async () => {
  let tries = 0
  const credentials = nodeCredentials({
    owner: `0x${'01'.repeat(20)}`,
    nodeKey: `0x${'02'.repeat(32)}`,
    signNode: async () => {
      tries += 1
      if (tries === 1) throw new Error('locked')
      return '0x00'
    },
    clock: { nowMs: () => 0 },
  })
  await assert.rejects(credentials(), /locked/)
  assert.equal((await credentials()).ownerSignature, '0x00')
})
