/**
 * prove(): a provider answers an epoch's draws over a whole set. verify(): anyone judges the answer.
 *
 * One multiproof for the set, at most 64 KiB, from the drawn leaves up to the caps of their pieces. verify() is pure and
 * needs public evidence only: the set's manifest, the caps, the sealed hash. What the chain can be shown of it are the
 * expanded answers, each for itself; `answersRoot` commits to all of them in draw order.
 *
 * @see docs/protocol/storage-proofs.md
 * @module
 */

import { invariant } from '@groundwork/core/invariant.ts'
import { buildSumTree, leafHash, pathOf, type SumNode, type SumTree } from '@groundwork/core/merkle/sum-tree.ts'
import { concatBytes } from '@groundwork/core/units/bytes.ts'
import { fromHex, toHex, type Hex } from '@groundwork/core/units/hex.ts'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { proofBytesMax, type Piece } from './model.ts'
import type { PieceReader } from './ports.ts'
import { nodeSizeBytes, type Hasher } from './ports/hasher.ts'
import { siblingsOf, type BinaryTree } from './possession/binary-tree.ts'
import { drawnLeaves } from './possession/draws.ts'
import {
  blockAnswers,
  checkMultiproof,
  multiproofNodes,
  type BlockAnswer,
  type NodeSource,
} from './possession/multiproof.ts'
import { blockHeightOf, blockTree, capTree, rangeOfBlock } from './possession/piece-block.ts'
import { placeOfLeaf, setLayout, setTree, type SetLayout } from './possession/set-tree.ts'
import { encodeNamedAnswer, type Answer, type NamedAnswer } from './wire/answer-abi.ts'
import { decodeProofBlock, encodeProofBlock } from './wire/proof-block.ts'

/** A set as it is proven: who is drawn from is its id, what is drawn from are its pieces. */
export interface ProvableSet {
  readonly id: Hex
  readonly pieces: readonly Piece[]
}

export interface Challenge {
  readonly epoch: bigint
  /** Epochs.sealOf(storage, epoch).blockHash */
  readonly sealedHash: Hex
}

/** A whole answer: the block to publish, and what an evidence entry says of it. */
export interface Possession {
  readonly proof: Uint8Array
  /** in draw order */
  readonly answers: readonly NamedAnswer[]
  readonly answersRoot: Hex
  /** root of the set's sum tree */
  readonly setRoot: Hex
  readonly leafCount: number
}

/** Why a proof is not one. */
export type ProofFault =
  | 'set-root-differs'
  | 'set-empty'
  | 'proof-malformed'
  | 'proof-of-another-set'
  | 'proof-of-another-epoch'
  | 'cap-missing'
  | 'cap-differs'
  | 'leaf-differs'
  | 'proof-too-long'

export type Verdict =
  | { readonly ok: true; readonly answers: readonly NamedAnswer[]; readonly answersRoot: Hex }
  | { readonly ok: false; readonly fault: ProofFault; readonly pieceIndex?: number }

/**
 * Answers the draws of an epoch from the provider's own disk.
 *
 * @throws what the reader throws; a missing or damaged piece ends the whole answer
 */
export async function prove({
  set,
  challenge,
  reader,
  hasher,
  signal,
}: {
  readonly set: ProvableSet
  readonly challenge: Challenge
  readonly reader: PieceReader
  readonly hasher: Hasher
  readonly signal: AbortSignal
}): Promise<Possession> {
  const view = viewOf(set)
  const drawn = drawnIn(view, challenge)
  const leaves: Uint8Array[] = []
  const nodes: Uint8Array[] = []
  const answers = new Map<number, Answer>()
  for (const touched of touchedPieces(view, drawn)) {
    signal.throwIfAborted()
    const above = await capTreeOf({ piece: touched.piece, reader, hasher, signal })
    const ranges = touched.blocks.map(({ blockIndex }) => rangeOfBlock(touched.piece, blockIndex))
    const raws = await reader.readRanges({ piece: touched.piece, ranges }, { signal })
    for (const [place, block] of touched.blocks.entries()) {
      const raw = raws[place]
      invariant(raw !== undefined, 'the reader gives a range for each one asked')
      const tree = blockTree({ piece: touched.piece, raw, hasher })
      const found = blockAnswers({ tree, indices: block.indices, hasher })
      leaves.push(...found.map(({ leaf }) => leaf))
      nodes.push(...multiproofNodes({ tree, indices: block.indices, hasher }))
      for (const one of expand({ view, touched, blockIndex: block.blockIndex, found, above, hasher })) {
        answers.set(Number(one.leafIndex), one.answer)
      }
    }
  }
  const proof = encodeProofBlock({
    dataSet: set.id,
    epoch: challenge.epoch,
    leaves: concatBytes(...leaves),
    nodes: concatBytes(...nodes),
  })
  invariant(proof.length <= proofBytesMax, 'a proof takes at most 64 KiB')
  const inOrder = inDrawOrder(drawn, answers)
  const { hash: setRoot } = view.tree.root
  return { proof, answers: inOrder, answersRoot: answersRootOf(inOrder), setRoot, leafCount: view.layout.leafCount }
}

/**
 * Judges a proof from public evidence: pure, the same verdict on every machine.
 *
 * @param setRoot the root that stood on chain at the close
 * @param capOf the nodes of a piece's cap block, of a piece higher than a cap; undefined when nobody has it
 */
export function verify({
  set,
  setRoot,
  challenge,
  proof,
  capOf,
  hasher,
}: {
  readonly set: ProvableSet
  readonly setRoot: Hex
  readonly challenge: Challenge
  readonly proof: Uint8Array
  readonly capOf: (piece: Piece) => Uint8Array | undefined
  readonly hasher: Hasher
}): Verdict {
  if (set.pieces.length === 0) return { ok: false, fault: 'set-empty' }
  const view = viewOf(set)
  if (view.tree.root.hash !== setRoot) return { ok: false, fault: 'set-root-differs' }
  const block = decodeProofBlock(proof)
  if (block === undefined) return { ok: false, fault: 'proof-malformed' }
  if (block.dataSet !== set.id) return { ok: false, fault: 'proof-of-another-set' }
  if (block.epoch !== challenge.epoch) return { ok: false, fault: 'proof-of-another-epoch' }

  const drawn = drawnIn(view, challenge)
  const leaves = nodeSource(block.leaves)
  const nodes = nodeSource(block.nodes)
  const answers = new Map<number, Answer>()
  for (const touched of touchedPieces(view, drawn)) {
    const { piece, pieceIndex } = touched
    const capNodes = piece.capDigest === undefined ? fromHex(piece.root, nodeSizeBytes) : capOf(piece)
    if (capNodes === undefined) return { ok: false, fault: 'cap-missing', pieceIndex }
    const above = capTree({ piece, nodes: capNodes, hasher })
    if (above === undefined) return { ok: false, fault: 'cap-differs', pieceIndex }
    for (const { blockIndex, indices } of touched.blocks) {
      const root = capNodes.subarray(blockIndex * nodeSizeBytes, (blockIndex + 1) * nodeSizeBytes)
      const found = checkMultiproof({ indices, height: blockHeightOf(piece), root, leaves, nodes, hasher })
      if (found === undefined) return { ok: false, fault: 'leaf-differs', pieceIndex }
      for (const one of expand({ view, touched, blockIndex, found, above, hasher })) {
        answers.set(Number(one.leafIndex), one.answer)
      }
    }
  }
  if (leaves.take() !== undefined || nodes.take() !== undefined) return { ok: false, fault: 'proof-too-long' }
  const inOrder = inDrawOrder(drawn, answers)
  return { ok: true, answers: inOrder, answersRoot: answersRootOf(inOrder) }
}

/** The answer to one named leaf, for a demand on chain. */
export async function answerLeaf({
  pieces,
  leafIndex,
  reader,
  hasher,
  signal,
}: {
  readonly pieces: readonly Piece[]
  readonly leafIndex: number
  readonly reader: PieceReader
  readonly hasher: Hasher
  readonly signal: AbortSignal
}): Promise<Answer> {
  const view = viewOf({ id: '0x', pieces })
  const [touched] = touchedPieces(view, [leafIndex])
  const block = touched?.blocks[0]
  invariant(touched !== undefined && block !== undefined, 'one leaf touches one block')
  const above = await capTreeOf({ piece: touched.piece, reader, hasher, signal })
  const range = rangeOfBlock(touched.piece, block.blockIndex)
  const [raw] = await reader.readRanges({ piece: touched.piece, ranges: [range] }, { signal })
  invariant(raw !== undefined, 'the reader gives a range for each one asked')
  const found = blockAnswers({ tree: blockTree({ piece: touched.piece, raw, hasher }), indices: block.indices, hasher })
  const [one] = expand({ view, touched, blockIndex: block.blockIndex, found, above, hasher })
  invariant(one !== undefined, 'one leaf has one answer')
  return one.answer
}

/** The root that commits to answers in draw order: leaves "answer" of keccak_256(abi.encode(leafIndex, answer)), sum 1. */
export function answersRootOf(answers: readonly NamedAnswer[]): Hex {
  return answersTree(answers).root.hash
}

/** The tree under `answersRootOf`, for a path to one answer. */
export function answersTree(answers: readonly NamedAnswer[]): SumTree {
  return buildSumTree(answers.map(answerNode))
}

/** The leaf of one answer in that tree. */
export function answerNode(answer: NamedAnswer): SumNode {
  return { hash: leafHash('answer', keccak_256(encodeNamedAnswer(answer))), sum: 1n }
}

interface SetView {
  readonly id: Hex
  readonly pieces: readonly Piece[]
  readonly layout: SetLayout
  readonly tree: SumTree
}

interface TouchedPiece {
  readonly piece: Piece
  readonly pieceIndex: number
  readonly blocks: readonly { readonly blockIndex: number; readonly indices: readonly number[] }[]
}

const views = new WeakMap<readonly Piece[], SetView>()

/** Layout and tree of a set; kept as long as the list of pieces lives, for building them costs more than a proof. */
function viewOf({ id, pieces }: ProvableSet): SetView {
  const known = views.get(pieces)
  if (known !== undefined) return { ...known, id }
  const view = { id, pieces, layout: setLayout(pieces), tree: setTree(pieces) }
  views.set(pieces, view)
  return view
}

function drawnIn(view: SetView, { epoch, sealedHash }: Challenge): number[] {
  const leafCounts = view.pieces.map(({ leafCount }) => leafCount)
  return drawnLeaves({ sealedHash, dataSetId: view.id, epoch, layout: view.layout, leafCounts })
}

/** The drawn leaves by piece and block, all ascending: the order of the proof's bytes. */
function touchedPieces(view: SetView, drawn: readonly number[]): TouchedPiece[] {
  const byPiece = new Map<number, Map<number, number[]>>()
  for (const leafIndex of drawn.toSorted((a, b) => a - b)) {
    const { pieceIndex, leafInPiece } = placeOfLeaf(view.layout, leafIndex)
    const blockLeaves = 2 ** blockHeightOf(pieceAt(view, pieceIndex))
    const blocks = byPiece.get(pieceIndex) ?? new Map<number, number[]>()
    byPiece.set(pieceIndex, blocks)
    const blockIndex = Math.floor(leafInPiece / blockLeaves)
    blocks.set(blockIndex, [...(blocks.get(blockIndex) ?? []), leafInPiece % blockLeaves])
  }
  return [...byPiece].map(([pieceIndex, blocks]) => ({
    piece: pieceAt(view, pieceIndex),
    pieceIndex,
    blocks: [...blocks].map(([blockIndex, indices]) => ({ blockIndex, indices })),
  }))
}

function expand({
  view,
  touched,
  blockIndex,
  found,
  above,
  hasher,
}: {
  readonly view: SetView
  readonly touched: TouchedPiece
  readonly blockIndex: number
  readonly found: readonly BlockAnswer[]
  readonly above: BinaryTree
  readonly hasher: Hasher
}): NamedAnswer[] {
  const upper = siblingsOf({ tree: above, index: blockIndex, hasher }).map(toHex)
  const setPath = pathOf(view.tree, touched.pieceIndex)
  const startLeaf = (view.layout.startLeaves[touched.pieceIndex] ?? 0) + blockIndex * 2 ** blockHeightOf(touched.piece)
  return found.map(({ index, leaf, siblings }) => ({
    leafIndex: BigInt(startLeaf + index),
    answer: {
      leaf: toHex(leaf),
      piecePath: [...siblings.map(toHex), ...upper],
      pieceLeafCount: BigInt(touched.piece.leafCount),
      setPath,
    },
  }))
}

async function capTreeOf({
  piece,
  reader,
  hasher,
  signal,
}: {
  readonly piece: Piece
  readonly reader: PieceReader
  readonly hasher: Hasher
  readonly signal: AbortSignal
}): Promise<BinaryTree> {
  const nodes = piece.capDigest === undefined ? fromHex(piece.root, nodeSizeBytes) : await reader.cap(piece, { signal })
  const tree = capTree({ piece, nodes, hasher })
  invariant(tree !== undefined, 'a cap that we keep folds to its piece')
  return tree
}

function inDrawOrder(drawn: readonly number[], answers: ReadonlyMap<number, Answer>): NamedAnswer[] {
  return drawn.map((leafIndex) => {
    const answer = answers.get(leafIndex)
    invariant(answer !== undefined, 'every drawn leaf has its answer')
    return { leafIndex: BigInt(leafIndex), answer }
  })
}

function nodeSource(bytes: Uint8Array): NodeSource {
  let start = 0
  return {
    take() {
      if (start + nodeSizeBytes > bytes.length) return undefined
      start += nodeSizeBytes
      return bytes.subarray(start - nodeSizeBytes, start)
    },
  }
}

function pieceAt({ pieces }: SetView, index: number): Piece {
  const piece = pieces[index]
  invariant(piece !== undefined, 'the piece is in the set')
  return piece
}
