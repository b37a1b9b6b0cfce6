/**
 * Goal: a signed request is accepted once, by its receiver, in time and unchanged; and in no other case.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, sign as signWithNode, verify as verifyWithNode } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { toHex, type Hex } from '../units/hex.ts'
import {
  expiryMsMax,
  signNodeRequest,
  verifyNodeRequest,
  type NodeRequest,
  type RequestVerdict,
  type VerifyRequestInput,
} from './node-request.ts'
import { softwareNodeSigner, verifyNode, type NodeSigner, type VerifyNode } from './node-signer.ts'
import { replayWindow, type ReplayWindow } from './replay-window.ts'

const signer = softwareNodeSigner(new Uint8Array(32).fill(1))
const receiver = softwareNodeSigner(new Uint8Array(32).fill(2)).nodeKey
const nowMs = 1_700_000_000_000
const request: NodeRequest = {
  method: 'PUT',
  path: '/pieces/1?size=2',
  body: `0x${'ab'.repeat(32)}`,
  nonce: `0x${'01'.repeat(16)}`,
  expiresAtMs: nowMs + 60_000,
  audience: receiver,
}
const header = await signNodeRequest(request, signer)
const window = (): ReplayWindow => replayWindow({ countMax: 100, countPerKeyMax: 10 })

function verdictOf(
  change: Partial<VerifyRequestInput> = {},
  replays = window(),
  verify: VerifyNode = verifyNode,
): RequestVerdict {
  return verifyNodeRequest(
    { method: 'PUT', path: '/pieces/1?size=2', header, audience: receiver, nowMs, ...change },
    { replays, verify },
  )
}

const reasonOf = (verdict: RequestVerdict): string => (verdict.tag === 'refused' ? verdict.reason : verdict.tag)

test('a good request says who asks and which body was signed', () => {
  assert.deepEqual(verdictOf(), { tag: 'authenticated', nodeKey: signer.nodeKey, body: request.body })
})

test('a request of other method, path, body, time or receiver is refused with its reason', async () => {
  assert.equal(reasonOf(verdictOf({ method: 'GET' })), 'bad-signature')
  assert.equal(reasonOf(verdictOf({ path: '/pieces/2' })), 'bad-signature')
  assert.equal(reasonOf(verdictOf({ audience: signer.nodeKey })), 'bad-signature')
  assert.equal(reasonOf(verdictOf({ header: header.replace('ab', 'ac') })), 'bad-signature')
  assert.equal(reasonOf(verdictOf({ header: header.replace(/body=0x[0-9a-f]+/, 'body=UNSIGNED') })), 'bad-signature')
  assert.equal(reasonOf(verdictOf({ header: undefined })), 'header-missing')
  assert.equal(reasonOf(verdictOf({ header: `${header};more=1` })), 'header-malformed')
  assert.equal(reasonOf(verdictOf({ nowMs: request.expiresAtMs })), 'expired')
  const late = await signNodeRequest({ ...request, expiresAtMs: nowMs + expiryMsMax + 1 }, signer)
  assert.equal(reasonOf(verdictOf({ header: late })), 'expires-too-late')
})

test('a request counts once, and a forged one does not use up its nonce', () => {
  const replays = window()
  assert.equal(reasonOf(verdictOf({ method: 'GET' }, replays)), 'bad-signature')
  assert.equal(reasonOf(verdictOf({}, replays)), 'authenticated')
  assert.equal(reasonOf(verdictOf({}, replays)), 'replayed')
})

test('no header makes the check throw', () => {
  fc.assert(fc.property(fc.string(), (some) => assert.equal(reasonOf(verdictOf({ header: some })), 'header-malformed')))
  const bytes = (sizeBytes: number): fc.Arbitrary<Hex> =>
    fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map((some) => toHex(some))
  fc.assert(
    fc.property(bytes(32), bytes(64), (key, signature) => {
      const forged = `key=${key};nonce=${request.nonce};expires=${request.expiresAtMs};body=UNSIGNED;signature=${signature}`
      assert.equal(reasonOf(verdictOf({ header: forged })), 'bad-signature')
    }),
    { numRuns: 20 },
  )
})

test('signatures of the machine and of the default are the same, and each checks the other', async () => {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), new Uint8Array(32).fill(1)])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  const machine: NodeSigner = {
    nodeKey: signer.nodeKey,
    sign: async (message) => signWithNode(null, message, privateKey),
  }
  const byMachine: VerifyNode = ({ message, signature }) => verifyWithNode(null, message, publicKey, signature)
  assert.equal(await signNodeRequest(request, machine), header)
  assert.equal(reasonOf(verdictOf({}, window(), byMachine)), 'authenticated')
})

test('a full window refuses new nonces, and takes them again when old ones expired', () => {
  const replays = replayWindow({ countMax: 3, countPerKeyMax: 2 })
  const accept = (key: string, nonce: string, atMs: number): string =>
    replays.accept({ key, nonce, expiresAtMs: 5000 }, atMs)
  assert.deepEqual(
    [accept('a', '1', 0), accept('a', '1', 0), accept('a', '2', 0), accept('a', '3', 0)],
    ['new', 'seen', 'new', 'full'],
  )
  assert.deepEqual([accept('b', '1', 0), accept('b', '2', 0), replays.count], ['new', 'full', 3])
  assert.equal(replays.accept({ key: 'b', nonce: '2', expiresAtMs: 9000 }, 5000), 'new')
  assert.equal(replays.count, 1)
})

test('a window never holds more than its bound, and never takes a living nonce twice', () => {
  const use = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    nonce: fc.nat(9).map(String),
    lifeMs: fc.integer({ min: 1, max: 5000 }),
    stepMs: fc.nat(2000),
  })
  fc.assert(
    fc.property(fc.array(use, { maxLength: 60 }), (uses) => {
      const replays = replayWindow({ countMax: 6, countPerKeyMax: 3 })
      const living = new Map<string, number>()
      let atMs = 0
      for (const { key, nonce, lifeMs, stepMs } of uses) {
        atMs += stepMs
        const id = `${key} ${nonce}`
        const verdict = replays.accept({ key, nonce, expiresAtMs: atMs + lifeMs }, atMs)
        assert.ok(verdict !== 'new' || (living.get(id) ?? 0) <= atMs)
        if (verdict === 'new') living.set(id, atMs + lifeMs)
        assert.ok(replays.count <= 6)
      }
    }),
  )
})
