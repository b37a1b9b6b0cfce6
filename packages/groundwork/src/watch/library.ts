/**
 * Blocks of evidence by name, from the own store and from whoever has them, each checked against its CID.
 *
 * One library serves one audit: it holds what it fetched in memory, within a bound, and remembers which peers are silent so
 * that a dead one costs one wait, not one for every block.
 *
 * @module
 */

import { isNamed, type BlockSource } from '@groundwork/core/evidence/block.ts'
import { bundleBytesMax } from '@groundwork/core/evidence/bundle-car.ts'
import type { CID } from 'multiformats/cid'
import { PeerSilent, type EvidencePeer } from './evidence-peer.ts'

/** Blocks that are asked for at once. */
const fetchesAtOnceMax = 16

/** A peer that failed this often is not asked again by this library. */
const failuresMax = 2

export interface Library extends BlockSource {
  /** Tries to have these blocks; afterwards `get` gives those that anyone has. */
  fetch(cids: readonly CID[], waiting: { readonly signal: AbortSignal }): Promise<void>
  /** Names of the batches that anyone knows of an epoch. */
  batches(
    wanted: { readonly network: number; readonly epoch: bigint },
    waiting: { readonly signal: AbortSignal },
  ): Promise<readonly CID[]>
  /** What could not be had, in words: silent peers, missing and oversized blocks. */
  complaints(): readonly string[]
}

export interface LibraryOptions {
  /** looked up first; what it gives is right */
  readonly store?: BlockSource | undefined
  readonly peers: readonly EvidencePeer[]
  /** most bytes held */
  readonly bytesMax?: number
}

export function openLibrary({ store, peers, bytesMax = bundleBytesMax }: LibraryOptions): Library {
  const held = new Map<string, Uint8Array>()
  const failuresOf = new Map<EvidencePeer, string[]>()
  const liars = new Set<string>()
  const missing = new Set<string>()
  let sizeBytes = 0

  const isAsked = (peer: EvidencePeer): boolean => (failuresOf.get(peer) ?? []).length < failuresMax
  const ask = async <T>(peer: EvidencePeer, question: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await question()
    } catch (error) {
      if (!(error instanceof PeerSilent)) throw error
      failuresOf.set(peer, [...(failuresOf.get(peer) ?? []), String(error.facts['reason'])])
      return undefined
    }
  }
  const keep = (name: string, bytes: Uint8Array): void => {
    if (held.has(name) || sizeBytes + bytes.length > bytesMax) return
    held.set(name, bytes)
    sizeBytes += bytes.length
  }
  const fetchOne = async (cid: CID, offset: number, signal: AbortSignal): Promise<void> => {
    const name = cid.toString()
    // Every block begins its round with another peer, so that the load is shared.
    for (let turn = 0; turn < peers.length; turn += 1) {
      const peer = peers[(offset + turn) % peers.length]
      if (peer === undefined || !isAsked(peer)) continue
      const bytes = await ask(peer, () => peer.block(cid, { signal }))
      if (bytes === undefined) continue
      if (isNamed(cid, bytes)) return keep(name, bytes)
      liars.add(peer.name)
    }
  }

  return {
    get: (name) => held.get(name) ?? store?.get(name),
    async fetch(cids, { signal }) {
      const wanted = [...new Map(cids.map((cid) => [cid.toString(), cid])).values()].filter((cid) => {
        const name = cid.toString()
        const stored = held.has(name) ? undefined : store?.get(name)
        if (stored !== undefined) keep(name, stored)
        return !held.has(name)
      })
      for (let start = 0; start < wanted.length; start += fetchesAtOnceMax) {
        signal.throwIfAborted()
        const some = wanted.slice(start, start + fetchesAtOnceMax)
        await Promise.all(some.map(async (cid, index) => fetchOne(cid, start + index, signal)))
      }
      for (const cid of wanted) {
        if (held.has(cid.toString())) missing.delete(cid.toString())
        else missing.add(cid.toString())
      }
    },
    async batches(wanted, { signal }) {
      const lists = await Promise.all(
        peers.filter(isAsked).map(async (peer) => (await ask(peer, () => peer.batches(wanted, { signal }))) ?? []),
      )
      return [...new Map(lists.flat().map((cid) => [cid.toString(), cid])).values()]
    },
    complaints: () => [
      ...[...failuresOf].map(([{ name }, reasons]) => `${name} is silent: ${reasons.at(-1) ?? ''}`),
      ...[...liars].map((name) => `${name} gives other bytes than were asked for`),
      ...[...missing].map((name) => `nobody has ${name}`),
    ],
  }
}
