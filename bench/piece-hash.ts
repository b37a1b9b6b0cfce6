/**
 * How quickly a piece commitment is computed: ours, native and WebAssembly, against the two packages that others use,
 * with OpenSSL's sha256 as the measure of the machine.
 *
 * One thread. Rounds are interleaved, so that whatever else the machine does falls on all alike; figures are raw bytes
 * per second of processor time, ratios are taken within a round, and medians are printed. All four must first agree on a
 * root. Goals are those of docs/architecture.md, scaled by what OpenSSL gives here.
 *
 * @module
 */

import { createHash, randomFillSync } from 'node:crypto'
import { parseArgs } from 'node:util'
import { calculate } from '@filoz/synapse-core/piece'
import { create } from 'fr32-sha2-256-trunc254-padded-binary-tree-multihash'
import { hashtreeHasher } from '../packages/storage/src/adapters/hashtree-hasher.ts'
import { wasmHasher } from '../packages/storage/src/hasher/wasm-hasher.ts'
import { pieceHasher } from '../packages/storage/src/piece/piece-hasher.ts'
import type { Hasher } from '../packages/storage/src/ports/hasher.ts'

interface Contestant {
  readonly name: string
  /** as much as takes some tens of milliseconds */
  readonly sizeBytes: number
  /** at the speed where OpenSSL's sha256 gives 1770 MB/s */
  readonly goalMBPerSecond?: number
  readonly hash: (raw: Uint8Array) => string
}

const mib = 2 ** 20
const chunkBytes = 64 * 1024
const opensslBlockBytes = 16 * 1024
const goalOpensslMBPerSecond = 1770

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

function inChunks(raw: Uint8Array, sizeBytes: number, take: (chunk: Uint8Array) => void): void {
  for (let at = 0; at < raw.length; at += sizeBytes) take(raw.subarray(at, at + sizeBytes))
}

function ours(hasher: Hasher): (raw: Uint8Array) => string {
  return (raw) => {
    const piece = pieceHasher({ hasher })
    inChunks(raw, chunkBytes, (chunk) => piece.update(chunk))
    return hex(piece.digest().root)
  }
}

function rustWasm(raw: Uint8Array): string {
  const piece = create()
  inChunks(raw, chunkBytes, (chunk) => piece.write(chunk))
  const digest = new Uint8Array(piece.digestByteLength())
  piece.digestInto(digest, 0, false)
  piece.free()
  return hex(digest.subarray(-32))
}

function openssl(raw: Uint8Array): string {
  inChunks(raw, opensslBlockBytes, (chunk) => createHash('sha256').update(chunk).digest())
  return ''
}

const reference: Contestant = { name: 'openssl sha256, 16 KiB blocks', sizeBytes: 64 * mib, hash: openssl }
const contestants: readonly Contestant[] = [
  { name: 'groundwork, hashtree', sizeBytes: 48 * mib, goalMBPerSecond: 450, hash: ours(hashtreeHasher()) },
  { name: 'groundwork, wasm-simd', sizeBytes: 16 * mib, goalMBPerSecond: 140, hash: ours(wasmHasher()) },
  { name: 'fr32-sha2-256-trunc254-… 3.3.0', sizeBytes: 3 * mib, hash: rustWasm },
  { name: '@filoz/synapse-core 0.5.2', sizeBytes: mib / 2, hash: (raw) => hex(calculate(raw).bytes.slice(-32)) },
]

function speedOf({ hash, sizeBytes }: Contestant, raw: Uint8Array): number {
  const start = process.cpuUsage()
  hash(raw.subarray(0, sizeBytes))
  const { user, system } = process.cpuUsage(start)
  return sizeBytes / (user + system)
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function agreeOnRoot(raw: Uint8Array): boolean {
  const roots = contestants.map(({ name, hash }) => ({ name, root: hash(raw) }))
  if (new Set(roots.map(({ root }) => root)).size === 1) return true
  for (const { name, root } of roots) console.error(`${root}  ${name}`)
  return false
}

function measure(raw: Uint8Array, roundCount: number): ReadonlyMap<Contestant, readonly number[]> {
  const all = [reference, ...contestants]
  const speeds = new Map<Contestant, number[]>(all.map((one) => [one, []]))
  for (const one of all) speedOf(one, raw)
  for (let round = 0; round < roundCount; round++) {
    for (const one of round % 2 === 0 ? all : all.toReversed()) speeds.get(one)?.push(speedOf(one, raw))
  }
  return speeds
}

function show(speeds: ReadonlyMap<Contestant, readonly number[]>): boolean {
  const referenceSpeeds = speeds.get(reference) ?? []
  const slowestSpeeds = [...speeds.values()].at(-1) ?? []
  const scale = medianOf(referenceSpeeds) / goalOpensslMBPerSecond
  const ratio = (own: readonly number[], other: readonly number[]): number =>
    medianOf(own.map((speed, round) => speed / (other[round] ?? Number.NaN)))
  let allMet = true
  console.log(`${'MB/s per core'.padStart(47)}${'x openssl'.padStart(12)}${'x synapse'.padStart(12)}   goal here`)
  for (const [{ name, goalMBPerSecond }, own] of speeds) {
    const speed = medianOf(own)
    const goal = goalMBPerSecond === undefined ? undefined : goalMBPerSecond * scale
    allMet &&= goal === undefined || speed >= goal
    const met = goal === undefined ? '' : `   ${goal.toFixed(0)} ${speed >= goal ? 'met' : 'MISSED'}`
    const ratios = [ratio(own, referenceSpeeds).toFixed(3), ratio(own, slowestSpeeds).toFixed(1)]
    console.log(
      `${name.padEnd(34)}${speed.toFixed(1).padStart(13)}${ratios.map((one) => one.padStart(12)).join('')}${met}`,
    )
  }
  return allMet
}

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '11' } } })
const roundCount = Number(values.rounds)
const raw = randomFillSync(new Uint8Array(Math.max(...[reference, ...contestants].map(({ sizeBytes }) => sizeBytes))))

console.log(`node bench/piece-hash.ts --rounds ${roundCount}   (Node ${process.version}, median of interleaved rounds)`)
if (!agreeOnRoot(raw.subarray(0, 300_001))) {
  console.error('The implementations give different roots.')
  process.exitCode = 1
} else if (!show(measure(raw, roundCount))) {
  process.exitCode = 2
}
