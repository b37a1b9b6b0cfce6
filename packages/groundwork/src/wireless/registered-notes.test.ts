/**
 * Goal: the note that was registered first counts, however a batch is served, and nobody chooses between several of its own.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildBatch, type Batch } from '@groundwork/core/evidence/batch.ts'
import type { Block } from '@groundwork/core/evidence/block.ts'
import { addressOf, sign } from '@groundwork/core/identity/secp256k1.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { noteEntry, wirelessNetwork, type CoverageNote } from '@groundwork/wireless'
import { registeredNotes, type RegisteredBatch, type RegisteredNotes } from './registered-notes.ts'

const domain = { chainId: 31_337, verifyingContract: `0x${'ee'.repeat(20)}` } as const
const key = new Uint8Array(32).fill(7)
const owner = addressOf(key)
const epoch = 12n

const noteWith = (byte: string): CoverageNote => ({
  owner,
  epoch,
  planned: [],
  heard: [`0x${byte.repeat(32)}`],
  revealed: [],
  opened: [],
})
const [one, two] = [noteWith('01'), noteWith('02')]

interface Made {
  readonly batch: Batch
  readonly block: Block
  readonly registered: RegisteredBatch
}

function made(note: CoverageNote, { counter = 0, by = key }: { counter?: number; by?: Uint8Array } = {}): Made {
  const { entry, block } = noteEntry(note)
  const previous =
    counter === 0 ? undefined : { header: { counter: BigInt(counter) - 1n }, digest: `0x${'dd'.repeat(32)}` as const }
  const draft = {
    network: wirelessNetwork,
    epoch: note.epoch,
    signer: addressOf(by),
    entries: [entry],
    details: [block.cid],
    previous: previous as Parameters<typeof buildBatch>[0]['previous'],
  }
  const batch = buildBatch(draft, { domain, sign: (digest: Hex) => sign(digest, by) })
  return { batch, block, registered: { signer: addressOf(by), epoch: note.epoch, digest: batch.digest } }
}

const [first, second] = [made(one), made(two, { counter: 1 })]
const blocks = new Map([first, second].map(({ block }) => [block.cid.toString(), block.bytes]))
const read = (registered: readonly Made[], batches: readonly Batch[]): RegisteredNotes =>
  registeredNotes({ registered: registered.map((each) => each.registered), batches, blocks, domain })

test('the note that stands first on chain counts, in whatever order batches are found', () => {
  for (const batches of [
    [first.batch, second.batch],
    [second.batch, first.batch],
  ])
    assert.deepEqual(read([first, second], batches), { notes: [one], withheld: [] })
  assert.deepEqual(read([second, first], [first.batch, second.batch]).notes, [two])
})

test('a note that was not registered does not count', () => {
  assert.deepEqual(read([], [first.batch]), { notes: [], withheld: [] })
})

test('who registers two notes and serves the one that came out better has none', () => {
  assert.deepEqual(read([first, second], [second.batch]), { notes: [], withheld: [first.registered] })
  assert.deepEqual(read([first, second], [first.batch]).notes, [one], 'what came later does not matter')
})

test('a batch that is served without its note, or with other blocks beside it, hides no note', () => {
  const bare: Batch = { ...first.batch, details: [] }
  const other: Batch = { ...first.batch, details: [second.block.cid] }
  for (const batches of [
    [bare, first.batch, other],
    [first.batch, other, bare],
  ])
    assert.deepEqual(read([first], batches).notes, [one])
  assert.deepEqual(read([first], [bare]), { notes: [], withheld: [first.registered] })
})

test('a batch whose signature or entries are not those that were registered is none', () => {
  const forged: Batch = { ...first.batch, signature: second.batch.signature }
  assert.deepEqual(read([first], [forged]), { notes: [], withheld: [first.registered] })
  const changed: Batch = { ...first.batch, entries: second.batch.entries, details: second.batch.details }
  assert.deepEqual(read([first], [changed]).notes, [])
})

test('an owner’s carriage is no note, and stands in the way of none', () => {
  const entries = first.batch.entries.map((entry) => ({ ...entry, kind: 1 }))
  const draft = { network: wirelessNetwork, epoch, signer: owner, entries, details: [], previous: undefined }
  const carriage = buildBatch(draft, { domain, sign: (digest: Hex) => sign(digest, key) })
  const registered = [{ signer: owner, epoch, digest: carriage.digest }, first.registered]
  const found = (batches: readonly Batch[]): RegisteredNotes => registeredNotes({ registered, batches, blocks, domain })
  assert.deepEqual(found([carriage, first.batch]).notes, [one])
  assert.deepEqual(found([first.batch]).notes, [], 'nobody knows that it was carriage')
})

test('notes of other owners and epochs are judged by themselves', () => {
  const strange = new Uint8Array(32).fill(9)
  const theirs = { ...one, owner: addressOf(strange) }
  const next = { ...two, epoch: epoch + 1n }
  const [b, c] = [made(theirs, { by: strange }), made(next, { counter: 2 })]
  for (const { block } of [b, c]) blocks.set(block.cid.toString(), block.bytes)
  assert.deepEqual(read([second, b, c], [b.batch, c.batch]), { notes: [theirs, next], withheld: [second.registered] })
})
