/**
 * Goal: a provider that has all the bytes always proves them within 64 KiB, and nothing else passes: not a changed leaf,
 * node or cap, not another epoch's proof, not a longer or shorter one. Whatever one piece is lost, it is drawn within
 * ceil(pieces / 12) epochs.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { foldPath } from '@groundwork/core/merkle/sum-tree.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import fc from 'fast-check'
import { hashtreeHasher } from './adapters/hashtree-hasher.ts'
import { capHeight, proofBytesMax, randomDrawCount, rotationDrawCount, type Piece } from './model.ts'
import { hashPiece } from './piece/piece-hasher.ts'
import type { PieceReader } from './ports.ts'
import { foldSiblings } from './possession/binary-tree.ts'
import { drawnLeaves, rotationEpochs, rotationPieces } from './possession/draws.ts'
import { placeOfLeaf, pieceNode, setLayout, setTree } from './possession/set-tree.ts'
import { answerLeaf, prove, verify, type Challenge, type Possession, type ProvableSet, type Verdict } from './prove.ts'
import { decodeProofBlock, encodeProofBlock } from './wire/proof-block.ts'

const hasher = hashtreeHasher()
const { signal } = new AbortController()
const id: Hex = `0x${'17'.repeat(32)}`

interface Kept {
  readonly set: ProvableSet
  readonly setRoot: Hex
  readonly reader: PieceReader
  readonly caps: Map<Hex, Uint8Array>
}

function bytesOf(seed: number, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  let state = seed + 1
  for (let index = 0; index < sizeBytes; index += 1) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    bytes[index] = state >>> 16
  }
  return bytes
}

function keep(sizes: readonly number[]): Kept {
  const raws = new Map<Hex, Uint8Array>()
  const caps = new Map<Hex, Uint8Array>()
  const pieces = sizes.map((sizeBytes, index): Piece => {
    const raw = bytesOf(index, sizeBytes)
    const { root, height, rawSizeBytes, leafCount, cap } = hashPiece({ raw, hasher })
    raws.set(toHex(root), raw)
    if (height <= capHeight) return { root: toHex(root), height, rawSizeBytes, leafCount }
    const capDigest = toHex(createHash('sha256').update(cap).digest())
    caps.set(capDigest, cap)
    return { root: toHex(root), height, rawSizeBytes, leafCount, capDigest }
  })
  const reader: PieceReader = {
    readRanges: ({ piece, ranges }) =>
      Promise.resolve(
        ranges.map(({ startBytes, sizeBytes }) =>
          (raws.get(piece.root) ?? new Uint8Array()).slice(startBytes, startBytes + sizeBytes),
        ),
      ),
    cap: ({ capDigest }) => Promise.resolve(caps.get(capDigest ?? '0x') ?? new Uint8Array()),
  }
  return { set: { id, pieces }, setRoot: setTree(pieces).root.hash, reader, caps }
}

const challengeOf = (epoch: number): Challenge => ({
  epoch: BigInt(epoch),
  sealedHash: toHex(createHash('sha256').update(`block ${epoch}`).digest()),
})

const proveAll = (kept: Kept, challenge: Challenge): Promise<Possession> =>
  prove({ set: kept.set, challenge, reader: kept.reader, hasher, signal })

const judge = (kept: Kept, challenge: Challenge, proof: Uint8Array): Verdict =>
  verify({
    set: kept.set,
    setRoot: kept.setRoot,
    challenge,
    proof,
    capOf: ({ capDigest }) => kept.caps.get(capDigest ?? '0x'),
    hasher,
  })

const sizesOfPieces = fc.array(fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 60_000, max: 300_000 })), {
  minLength: 1,
  maxLength: 20,
})

test('what is kept is proven, within 64 KiB, and every answer folds to the set by itself', async () => {
  await fc.assert(
    fc.asyncProperty(sizesOfPieces, fc.nat(1000), async (sizes, epoch) => {
      const kept = keep(sizes)
      const challenge = challengeOf(epoch)
      const possession = await proveAll(kept, challenge)
      assert.ok(possession.proof.length <= proofBytesMax)
      const verdict = judge(kept, challenge, possession.proof)
      assert.ok(verdict.ok)
      assert.equal(verdict.answersRoot, possession.answersRoot)
      assert.deepEqual(verdict.answers, possession.answers)
      const layout = setLayout(kept.set.pieces)
      for (const { leafIndex, answer } of verdict.answers) {
        const { pieceIndex, leafInPiece } = placeOfLeaf(layout, Number(leafIndex))
        const piece = kept.set.pieces[pieceIndex]
        assert.ok(piece !== undefined)
        assert.equal(answer.piecePath.length, piece.height)
        const root = foldSiblings({
          leaf: fromHex(answer.leaf),
          index: leafInPiece,
          siblings: answer.piecePath.map((node) => fromHex(node)),
          hasher,
        })
        assert.equal(toHex(root), piece.root)
        const folded = foldPath(pieceNode(piece), answer.setPath)
        assert.equal(folded?.root.hash, kept.setRoot)
        assert.equal(folded?.startOffset, BigInt(layout.startLeaves[pieceIndex] ?? -1))
      }
    }),
    { numRuns: 25 },
  )
})

test('a proof changed in any byte does not pass', async () => {
  const kept = keep([200_000, 500, 70_000, 127])
  const challenge = challengeOf(3)
  const { proof } = await proveAll(kept, challenge)
  fc.assert(
    fc.property(fc.nat(proof.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Uint8Array.from(proof)
      changed[at] = (changed[at] ?? 0) ^ flip
      assert.equal(judge(kept, challenge, changed).ok, false)
    }),
    { numRuns: 60 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => assert.equal(judge(kept, challenge, bytes).ok, false)),
  )
})

test('each fault has its name', async () => {
  const kept = keep([200_000, 500])
  const challenge = challengeOf(3)
  const { proof } = await proveAll(kept, challenge)
  const faultOf = (verdict: Verdict): string => (verdict.ok ? 'none' : verdict.fault)
  const block = decodeProofBlock(proof)
  assert.ok(block !== undefined)
  assert.equal(faultOf(judge(kept, challenge, proof)), 'none')
  assert.equal(faultOf(judge(kept, challengeOf(4), proof)), 'proof-of-another-epoch')
  assert.equal(
    faultOf(judge({ ...kept, set: { ...kept.set, id: `0x${'18'.repeat(32)}` } }, challenge, proof)),
    'proof-of-another-set',
  )
  assert.equal(faultOf(judge({ ...kept, set: { id, pieces: [] } }, challenge, proof)), 'set-empty')
  assert.equal(
    faultOf(judge({ ...kept, set: { id, pieces: kept.set.pieces.slice(1) } }, challenge, proof)),
    'set-root-differs',
  )
  assert.equal(faultOf(judge({ ...kept, caps: new Map() }, challenge, proof)), 'cap-missing')
  const wrongCaps = new Map([...kept.caps].map(([digest, cap]) => [digest, cap.map((byte) => byte ^ 1)]))
  assert.equal(faultOf(judge({ ...kept, caps: wrongCaps }, challenge, proof)), 'cap-differs')
  assert.equal(faultOf(judge(kept, challenge, new Uint8Array(proofBytesMax + 1))), 'proof-malformed')
  const longer = encodeProofBlock({ ...block, nodes: new Uint8Array([...block.nodes, ...new Uint8Array(32)]) })
  assert.equal(faultOf(judge(kept, challenge, longer)), 'proof-too-long')
  const shorter = encodeProofBlock({ ...block, nodes: block.nodes.subarray(32) })
  assert.equal(faultOf(judge(kept, challenge, shorter)), 'leaf-differs')
})

test('a set of many large pieces still fits 64 KiB', async () => {
  const kept = keep(Array.from({ length: 40 }, () => 400_000))
  const { proof, answers } = await proveAll(kept, challengeOf(1))
  assert.ok(answers.length > 150)
  assert.ok(proof.length <= proofBytesMax)
})

test('the longest proof that draws can ask for fits 64 KiB', () => {
  const leafCount = randomDrawCount + rotationDrawCount
  const block = encodeProofBlock({
    dataSet: id,
    epoch: 2n ** 60n,
    leaves: new Uint8Array(leafCount * 32),
    nodes: new Uint8Array(leafCount * 32 * capHeight),
  })
  assert.ok(block.length <= proofBytesMax)
})

test('the rotation visits the pieces that the contract says: the same cases stand in Draws.t.sol', () => {
  const cases: readonly (readonly [bigint, number, readonly number[]])[] = [
    [3n, 5, [1, 2, 3, 4, 0]],
    [7n, 12, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    [3n, 13, [4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2]],
    [5n, 50, [10, 11, 12, 13, 0, 1, 2, 3, 4, 5, 6, 7]],
    [7n, 50, [20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31]],
    [2n ** 64n - 1n, 64, [52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63]],
  ]
  for (const [epoch, pieceCount, visited] of cases)
    assert.deepEqual(rotationPieces({ epoch, pieceCount }), visited, `${epoch} ${pieceCount}`)
})

test('any one piece is drawn within the stated epochs, whenever one starts to look', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 }), fc.bigInt({ min: 0n, max: 2n ** 40n }), (pieceCount, firstEpoch) => {
      const visited = new Set<number>()
      for (let turn = 0; turn < rotationEpochs(pieceCount); turn += 1) {
        for (const piece of rotationPieces({ epoch: firstEpoch + BigInt(turn), pieceCount })) visited.add(piece)
      }
      assert.equal(visited.size, pieceCount)
    }),
  )
})

test('draws are the same for everyone, distinct, inside the set, and differ from epoch to epoch', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 50 }),
      fc.nat(1000),
      (leafCounts, epoch) => {
        const layout = setLayout(leafCounts.map((leafCount) => ({ leafCount })))
        const draw = (at: number): number[] => {
          const { epoch: epochAt, sealedHash } = challengeOf(at)
          return drawnLeaves({ sealedHash, dataSetId: id, epoch: epochAt, layout, leafCounts })
        }
        const drawn = draw(epoch)
        assert.deepEqual(drawn, draw(epoch))
        assert.equal(new Set(drawn).size, drawn.length)
        assert.ok(drawn.length <= randomDrawCount + rotationDrawCount)
        assert.ok(drawn.every((leaf) => leaf >= 0 && leaf < layout.leafCount))
        if (layout.leafCount > 100_000) assert.notDeepEqual(drawn, draw(epoch + 1))
      },
    ),
  )
})

test('one named leaf is answered as the whole proof answers it', async () => {
  const kept = keep([200_000, 500, 70_000])
  const { answers } = await proveAll(kept, challengeOf(9))
  for (const { leafIndex, answer } of answers.slice(0, 20)) {
    const alone = await answerLeaf({
      pieces: kept.set.pieces,
      leafIndex: Number(leafIndex),
      reader: kept.reader,
      hasher,
      signal,
    })
    assert.deepEqual(alone, answer)
  }
})
