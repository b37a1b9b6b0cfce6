/**
 * How the costs of proof and epoch grow: a set from 10^3 to 10^6 pieces, an epoch from 10^3 to 10^5 sets, each decade
 * against the one before.
 *
 * A set of n pieces of 127 bytes, each with its real tree: building the set's tree, prove() and verify() once the tree is
 * known, the bytes of the proof. An epoch of n sets, as many an operator as the rules allow: closing it, auditing its
 * bundle, the bundle's bytes. Proofs are left out of the epoch, for they are measured before: an audit takes n times
 * verify() more. Last the gas of an answer by the length of its path, from contracts/snapshots.
 *
 * Times are of the processor, so that whatever else the machine does is not counted; on an idle machine they are what a
 * clock shows. A decade that would not end within the seconds given is left out and named. Nothing is compared with a goal.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Audit, EpochFacts, LineDraft } from '../packages/core/src/epoch/audit.ts'
import { closeBundle } from '../packages/core/src/epoch/close-bundle.ts'
import { closeEpoch } from '../packages/core/src/epoch/close-epoch.ts'
import { compareBundle } from '../packages/core/src/epoch/compare-bundle.ts'
import { buildBatch, type Batch } from '../packages/core/src/evidence/batch.ts'
import { bundleBytesMax, decodeBundleCar } from '../packages/core/src/evidence/bundle-car.ts'
import type { PreviousEpoch } from '../packages/core/src/evidence/bundle.ts'
import { lineEntriesMax } from '../packages/core/src/evidence/line.ts'
import { addressOf, sign } from '../packages/core/src/identity/secp256k1.ts'
import { bytesOfBigint } from '../packages/core/src/units/bytes.ts'
import { toHex, type Hex } from '../packages/core/src/units/hex.ts'
import { fastestHasher } from '../packages/storage/src/adapters/fastest-hasher.ts'
import { piecesPerSetMax, storageNetwork, type Piece } from '../packages/storage/src/model.ts'
import { possessionKind, setsPerOperatorMax } from '../packages/storage/src/pay.ts'
import type { Hasher } from '../packages/storage/src/ports/hasher.ts'
import type { PieceReader } from '../packages/storage/src/ports.ts'
import { binaryTree } from '../packages/storage/src/possession/binary-tree.ts'
import { setTree } from '../packages/storage/src/possession/set-tree.ts'
import { prove, verify } from '../packages/storage/src/prove.ts'
import { leavesOf } from '../packages/storage/src/wire/fr32.ts'

const setCounts = [1e3, 1e4, 1e5, 1e6] as const
/** 10^6 is left out: with its proofs it is some fifty times what a bundle may hold. */
const epochCounts = [1e3, 1e4, 1e5] as const
const pieceBytes = 127
const pieceHeight = 2
const leavesPerPiece = 4
const proofRounds = 7
/** A decade takes about ten times as long as the one before; a little more, for memory grows too. */
const decadeFactor = 11
const warmUpCount = 300

interface Row {
  readonly count: number
  readonly figures: readonly number[]
}

interface Column {
  readonly name: string
  readonly show: (value: number) => string
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '330' } } })
const endMs = Number(values.seconds) * 1000

/** Processor time of this process so far. */
function spentMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function timed<T>(work: () => T | Promise<T>): Promise<{ readonly ms: number; readonly result: T }> {
  const start = spentMs()
  const result = await work()
  return { ms: spentMs() - start, result }
}

function medianOf(some: readonly number[]): number {
  return some.toSorted((a, b) => a - b)[Math.floor(some.length / 2)] ?? Number.NaN
}

const showMs = (value: number): string => (value < 1000 ? `${value.toFixed(1)} ms` : `${(value / 1000).toFixed(2)} s`)
const showBytes = (value: number): string =>
  value < 2 ** 20 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 2 ** 20).toFixed(1)} MiB`
const peakBytes = (): number => process.resourceUsage().maxRSS * 1024

/** Runs decade after decade as long as the next one is likely to end in time, and prints each beside its ratios. */
async function decades(
  title: string,
  counts: readonly number[],
  columns: readonly Column[],
  measure: (count: number) => Promise<readonly number[]>,
): Promise<readonly Row[]> {
  console.log(`\n${title}\n${['n', ...columns.map(({ name }) => name)].map((name) => name.padStart(20)).join('')}`)
  const rows: Row[] = []
  let lastMs = 0
  await measure(warmUpCount)
  for (const count of counts) {
    if (spentMs() + lastMs * decadeFactor > endMs) {
      console.log(
        `${String(count).padStart(20)}  left out: it would not end within ${values.seconds} s of processor time`,
      )
      break
    }
    const { ms, result: figures } = await timed(async () => measure(count))
    lastMs = ms
    const before = rows.at(-1)
    const cells = columns.map(({ show }, place) => {
      const value = figures[place] ?? Number.NaN
      const ratio = before === undefined ? '' : ` x${(value / (before.figures[place] ?? Number.NaN)).toFixed(1)}`
      return `${show(value)}${ratio}`.padStart(20)
    })
    console.log(`${String(count).padStart(20)}${cells.join('')}`)
    rows.push({ count, figures })
  }
  return rows
}

// ---- a set of n pieces ----

function rawOf(index: number): Uint8Array {
  const raw = new Uint8Array(pieceBytes).fill(index & 0xff)
  new DataView(raw.buffer).setUint32(0, index)
  return raw
}

/** Pieces with real roots; their bytes are made anew whenever they are read. */
function makePieces(
  count: number,
  hasher: Hasher,
): { readonly pieces: readonly Piece[]; readonly reader: PieceReader } {
  const indexOf = new Map<Hex, number>()
  const pieces = Array.from({ length: count }, (_, index): Piece => {
    const root = toHex(binaryTree({ nodes: leavesOf(rawOf(index)), baseHeight: 0, height: pieceHeight, hasher }).root)
    indexOf.set(root, index)
    return { root, height: pieceHeight, rawSizeBytes: pieceBytes, leafCount: leavesPerPiece }
  })
  const reader: PieceReader = {
    readRanges: ({ piece, ranges }) => {
      const raw = rawOf(indexOf.get(piece.root) ?? Number.NaN)
      return Promise.resolve(
        ranges.map(({ startBytes, sizeBytes }) => raw.subarray(startBytes, startBytes + sizeBytes)),
      )
    },
    cap: () => Promise.reject(new TypeError('a piece this small has no cap')),
  }
  return { pieces, reader }
}

const sealedHash: Hex = `0x${'5e'.repeat(32)}`
const challenge = { epoch: 7n, sealedHash }

async function measureSet(count: number, hasher: Hasher): Promise<readonly number[]> {
  const { signal } = new AbortController()
  const { pieces, reader } = makePieces(count, hasher)
  const { ms: treeMs, result: tree } = await timed(() => setTree(pieces))
  const setRoot = tree.root.hash
  const proveMs: number[] = []
  const verifyMs: number[] = []
  let proofBytes = 0
  // The first round builds the tree that prove() and verify() keep for a list of pieces: it is not counted.
  for (let round = 0; round <= proofRounds; round += 1) {
    const set = { id: toHex(bytesOfBigint(BigInt(round), 32)), pieces }
    const proven = await timed(async () => prove({ set, challenge, reader, hasher, signal }))
    const { proof, answersRoot } = proven.result
    const judged = await timed(() => verify({ set, setRoot, challenge, proof, capOf: () => undefined, hasher }))
    if (!judged.result.ok || judged.result.answersRoot !== answersRoot) throw new Error('a right proof was refused')
    if (round === 0) continue
    proveMs.push(proven.ms)
    verifyMs.push(judged.ms)
    proofBytes = Math.max(proofBytes, proof.length)
  }
  return [treeMs, medianOf(proveMs), proofBytes, medianOf(verifyMs), peakBytes()]
}

// ---- an epoch of n sets ----

const domain = { chainId: 31337, verifyingContract: toHex(new Uint8Array(20).fill(7)) }
const epoch = 7n
const facts: EpochFacts = {
  domain,
  rules: 1n,
  closeBlock: 1000n,
  sealedHash,
  highUsd8: 10n ** 8n,
  allowanceAtto: 0n,
  excluded: new Map(),
  state: undefined,
}
const previous: PreviousEpoch = { next: 0n, root: `0x${'00'.repeat(32)}`, totals: 0n, evidence: `0x${'00'.repeat(32)}` }

/** Every entry is paid, 16 a line: what storage's audit does once it has verified the proofs. */
const payAll: Audit = ({ batches }) => ({
  refusedBatches: [],
  lines: batches.flatMap(({ digest, header, entries }) =>
    Array.from({ length: Math.ceil(entries.length / lineEntriesMax) }, (_, turn): LineDraft => {
      const start = turn * lineEntriesMax
      const group = entries.slice(start, start + lineEntriesMax)
      return {
        account: header.signer,
        kind: possessionKind,
        quantity: group.reduce((sum, { quantity }) => sum + quantity, 0n),
        unitPriceAtto: 1_000n,
        lane: 'rebate',
        entries: group.map((_entry, place) => ({ batchDigest: digest, index: start + place })),
      }
    }),
  ),
})
const audits = { [storageNetwork]: payAll }

function makeBatches(count: number): Batch[] {
  return Array.from({ length: Math.ceil(count / setsPerOperatorMax) }, (_, operator) => {
    const secretKey = bytesOfBigint(BigInt(operator + 1), 32)
    const account = addressOf(secretKey)
    const start = operator * setsPerOperatorMax
    const entries = Array.from({ length: Math.min(setsPerOperatorMax, count - start) }, (_entry, place) => {
      const subject = toHex(bytesOfBigint(BigInt(start + place), 32))
      return { kind: possessionKind, account, subject, quantity: BigInt(leavesPerPiece), detail: subject }
    })
    const draft = { network: storageNetwork, epoch, signer: account, entries, details: [] }
    const { header, signature, details } = buildBatch(draft, { domain, sign: (digest) => sign(digest, secretKey) })
    return { header, signature, entries, details }
  })
}

async function measureEpoch(count: number): Promise<readonly number[]> {
  const network = storageNetwork
  const none = new Map<string, Uint8Array>()
  const batches = makeBatches(count)
  const closing = await timed(() =>
    closeEpoch({ network, epoch, audits, batches, blocks: none, facts, previousLeaves: [] }),
  )
  const { car, post } = closeBundle(closing.result, { previous, blocks: none })
  const decoded = decodeBundleCar(car)
  if (decoded.tag !== 'car') throw new Error(`the bundle is ${decoded.reason}`)
  const { blocks } = decoded.car
  const judged = await timed(() => compareBundle({ network, post, blocks, audits, facts, previous }))
  if (judged.result.tag !== 'agrees') throw new Error(`a right bundle ${judged.result.tag}`)
  return [closing.ms, judged.ms, car.length, batches.length, peakBytes()]
}

// ---- gas ----

/** Siblings of an answer: from the leaf to the piece's root, and on to the set's. */
const answerPaths = [
  { snapshot: 'StorageJudge.answer 1 x 1 GiB', siblings: 25 },
  { snapshot: 'StorageJudge.answer 16 x 1 GiB', siblings: 29 },
] as const

function showGas(): void {
  const file = path.join(import.meta.dirname, '..', 'contracts', 'snapshots', 'Nodes.json')
  if (!existsSync(file)) return
  const gas = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>
  const found = answerPaths.map(({ snapshot, siblings }) => ({ snapshot, siblings, gas: Number(gas[snapshot]) }))
  const [short, long] = found
  if (short === undefined || long === undefined || found.some((one) => Number.isNaN(one.gas))) return
  const each = (long.gas - short.gas) / (long.siblings - short.siblings)
  console.log('\nGas of one answer on chain, as last measured by forge (contracts/snapshots)')
  for (const one of found) console.log(`${String(one.gas).padStart(20)}  ${one.siblings} siblings: ${one.snapshot}`)
  console.log(
    `${each.toFixed(0).padStart(20)}  each sibling more in the set's tree; ten times the pieces are 3 or 4 of them`,
  )
}

const hasher = await fastestHasher()
console.log(`node bench/growth.ts --seconds ${values.seconds}   (Node ${process.version}, seconds of processor time)`)
const sets = await decades(
  `One set of n pieces of ${pieceBytes} bytes (a set on chain has at most ${piecesPerSetMax}; prove and verify: median of ${proofRounds})`,
  setCounts,
  [
    { name: 'tree', show: showMs },
    { name: 'prove', show: showMs },
    { name: 'proof', show: showBytes },
    { name: 'verify', show: showMs },
    { name: 'peak RSS so far', show: showBytes },
  ],
  async (count) => measureSet(count, hasher),
)
const epochs = await decades(
  `One epoch of n sets, at most ${setsPerOperatorMax} an operator, without their proofs`,
  epochCounts,
  [
    { name: 'close', show: showMs },
    { name: 'audit of bundle', show: showMs },
    { name: 'bundle', show: showBytes },
    { name: 'operators', show: String },
    { name: 'peak RSS so far', show: showBytes },
  ],
  measureEpoch,
)

const [small] = sets
const [, , proofBytes = Number.NaN, verifyMs = Number.NaN] = small?.figures ?? []
if (small !== undefined && epochs.length > 0) {
  console.log(`\nThe same epochs with the proofs of sets of ${small.count} pieces: computed, n times the figures above`)
  for (const { count, figures } of epochs) {
    const [, auditMs = Number.NaN, bundleBytes = Number.NaN] = figures
    const wholeBytes = bundleBytes + count * proofBytes
    const over = wholeBytes > bundleBytesMax ? `, over the ${showBytes(bundleBytesMax)} that a bundle may take` : ''
    console.log(
      `${String(count).padStart(20)}  audit ${showMs(auditMs + count * verifyMs)}, bundle ${showBytes(wholeBytes)}${over}`,
    )
  }
}
showGas()
