/**
 * Goal: whoever gave a wrong value reads which one and what it should have been, in no schema's language.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { plainIssues } from './plain-issues.ts'

const schema = z.strictObject({
  epoch: z.coerce.bigint(),
  port: z.coerce.number().int().max(65_535),
  network: z.enum(['storage']),
  gateway: z.url(),
})
const good = { epoch: '1', port: '2', network: 'storage', gateway: 'http://127.0.0.1:1' }

function issuesOf(wrong: Record<string, unknown>): string {
  const parsed = schema.safeParse({ ...good, ...wrong })
  assert.ok(!parsed.success)
  return plainIssues(parsed.error, (key) => (key === '' ? 'the file' : `--${key}`))
}

test('each wrong value is named with what it should be', () => {
  assert.equal(issuesOf({ epoch: 'x' }), '--epoch is not a whole number')
  assert.equal(issuesOf({ port: 'x' }), '--port is not a number')
  assert.equal(issuesOf({ port: 70_000 }), '--port is more than 65535')
  assert.equal(issuesOf({ network: 'disk' }), '--network is not storage')
  assert.equal(issuesOf({ gateway: 'x' }), '--gateway is not an address like http://host:port')
  assert.equal(issuesOf({ prot: 1 }), 'the file has no setting prot')
})
