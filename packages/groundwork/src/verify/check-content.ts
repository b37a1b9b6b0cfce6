/**
 * The bytes themselves: the pieces are on the sets' manifests, hash to their names, and hold the whole content under its CID.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { dataSetsAsOf, operatorsIn } from '@groundwork/chain/indexer/index-queries.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import {
  carReader,
  decodeManifest,
  formatPieceCid,
  parsePieceCid,
  pieceHasher,
  sizesOfPieceCid,
} from '@groundwork/storage'
import { fastestHasher } from '@groundwork/storage/adapters'
import { exporter, recursive } from 'ipfs-unixfs-exporter'
import { CID } from 'multiformats/cid'
import { pieceCidOf } from '../http/storage-api.ts'
import { httpEvidencePeer } from '../watch/evidence-peer.ts'
import { readBody } from '../watch/read-body.ts'
import type { Check, Source } from './check.ts'

interface Waiting {
  readonly signal: AbortSignal
}

const answerMsMax = 30_000
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

export async function checkContent(source: Source, { signal }: Waiting): Promise<Check[]> {
  const { index, said } = source
  const endpoints = operatorsIn(index)
    .filter(({ operator }) => operator.toLowerCase() !== said.killedProvider.toLowerCase())
    .map(({ operator, endpoint }) => ({ operator: operator.toLowerCase(), endpoint: endpoint.replace(/\/+$/, '') }))
  const holders = await holdersByPiece(source, endpoints, { signal })
  const ofKilled = await piecesOf(source, said.killedProvider, endpoints, { signal })
  const isTakenOver = [...ofKilled].some((pieceCid) => isHolder(holders, pieceCid, said.repairedTo))
  const short = said.pieceCids.filter((pieceCid) => (holders.get(pieceCid)?.size ?? 0) !== said.copies)
  const blocks = new Map<string, Uint8Array>()
  const broken: string[] = []
  for (const pieceCid of said.pieceCids) {
    const bytes = await fetchPiece(pieceCid, endpoints, { signal })
    if (bytes === undefined) broken.push(pieceCid)
    else readBlocks(bytes, blocks)
  }
  return [
    {
      name: 'every piece is on the manifests of exactly as many operators as copies',
      isTrue: short.length === 0,
      found: short.join(' '),
    },
    {
      name: 'the operator of the repair holds what the killed one held',
      isTrue: isTakenOver,
      found: isTakenOver ? '' : [...ofKilled].join(' '),
    },
    { name: 'every piece hashes to its name', isTrue: broken.length === 0, found: broken.join(' ') },
    await checkTree(said.cid, blocks, { signal }),
  ]
}

type Endpoints = readonly { readonly operator: string; readonly endpoint: string }[]

type Holders = ReadonlyMap<string, ReadonlySet<string>>

const isHolder = (holders: Holders, pieceCid: string, operator: string): boolean =>
  holders.get(pieceCid)?.has(operator.toLowerCase()) === true

/** Who has to prove which piece at that block, by the manifests whose hashes stand on the chain, whoever hands them out. */
async function holdersByPiece({ index, said }: Source, endpoints: Endpoints, { signal }: Waiting): Promise<Holders> {
  const holders = new Map<string, Set<string>>()
  for (const { provider, manifest } of dataSetsAsOf(index, { block: said.balancesBlock })) {
    for (const name of await piecesOn(manifest, endpoints, { signal }))
      holders.set(name, (holders.get(name) ?? new Set()).add(provider.toLowerCase()))
  }
  return holders
}

/** The pieces that one operator ever signed for. */
async function piecesOf(
  { index, said }: Source,
  operator: string,
  endpoints: Endpoints,
  { signal }: Waiting,
): Promise<ReadonlySet<string>> {
  const posted = index.database
    .prepare('SELECT DISTINCT provider, manifest FROM data_sets WHERE manifest IS NOT NULL AND block <= ?')
    .all(Number(said.balancesBlock)) as unknown as readonly { provider: string; manifest: Hex }[]
  const pieces: string[] = []
  for (const { provider, manifest } of posted)
    if (provider.toLowerCase() === operator.toLowerCase())
      pieces.push(...(await piecesOn(manifest, endpoints, { signal })))
  return new Set(pieces)
}

async function piecesOn(manifest: Hex, endpoints: Endpoints, { signal }: Waiting): Promise<readonly string[]> {
  const bytes = await fetchEvidence(manifest, endpoints, { signal })
  return ((bytes && decodeManifest(bytes)) ?? []).map(pieceCidOf)
}

async function fetchEvidence(digest: Hex, endpoints: Endpoints, { signal }: Waiting): Promise<Uint8Array | undefined> {
  for (const { endpoint } of endpoints) {
    const bytes = await httpEvidencePeer(endpoint)
      .block(cidOfDigest(digest), { signal })
      .catch(() => undefined)
    if (bytes !== undefined && `0x${Buffer.from(sha256(bytes)).toString('hex')}` === digest) return bytes
  }
  return undefined
}

async function fetchPiece(
  pieceCid: string,
  endpoints: Endpoints,
  { signal }: Waiting,
): Promise<Uint8Array | undefined> {
  const hasher = await fastestHasher()
  const parsed = parsePieceCid(pieceCid)
  const bytesMax = parsed === undefined ? undefined : sizesOfPieceCid(parsed)?.rawSizeBytes
  if (bytesMax === undefined) return undefined
  for (const { endpoint } of endpoints) {
    const response = await fetch(`${endpoint}/v1/pieces/${pieceCid}`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)]),
    }).catch(() => undefined)
    if (response?.ok !== true) continue
    // Nobody who is asked decides how much we take.
    const bytes = await readBody(response, { bytesMax }).catch(() => undefined)
    if (bytes === undefined) continue
    const hashing = pieceHasher({ hasher })
    hashing.update(bytes)
    if (formatPieceCid(hashing.digest()) === pieceCid) return bytes
  }
  return undefined
}

function readBlocks(car: Uint8Array, into: Map<string, Uint8Array>): void {
  const reader = carReader({
    sha256,
    onBlock: ({ cid, bytes }) => void into.set(cid.toString(), Uint8Array.from(bytes)),
  })
  reader.push(car)
  reader.end()
}

/** The whole tree under the CID is in the pieces. */
async function checkTree(cid: string, blocks: ReadonlyMap<string, Uint8Array>, { signal }: Waiting): Promise<Check> {
  const blockstore = {
    async *get(wanted: CID): AsyncGenerator<Uint8Array> {
      const bytes = blocks.get(wanted.toString())
      if (bytes === undefined) throw new Error(`block ${wanted.toString()} is in no piece`)
      yield bytes
    },
  }
  let sizeBytes = 0
  try {
    for await (const entry of recursive(CID.parse(cid), blockstore, { signal })) {
      const found = await exporter(entry.cid, blockstore, { signal })
      if (found.type === 'directory') continue
      const { content } = found as typeof found & { content(options: Waiting): AsyncIterable<Uint8Array> }
      for await (const chunk of content({ signal })) sizeBytes += chunk.length
    }
    return { name: 'the whole content is under its CID', isTrue: sizeBytes > 0, found: `${sizeBytes} bytes` }
  } catch (error) {
    return {
      name: 'the whole content is under its CID',
      isTrue: false,
      found: error instanceof Error ? error.message : String(error),
    }
  }
}
