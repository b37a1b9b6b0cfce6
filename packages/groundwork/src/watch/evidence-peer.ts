/**
 * Another operator as a source of evidence, over HTTP: what batches of an epoch it knows, and blocks by CID.
 *
 * Nothing that it says is believed: blocks are checked against their CID by whoever asks. It answers `undefined` for what a
 * peer does not have and throws PeerSilent when the peer does not answer within its bounds.
 *
 * @module
 */

import { blockBytesMax, digestOfCid } from '@groundwork/core/evidence/block.ts'
import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { CID } from 'multiformats/cid'
import { readBody } from './read-body.ts'

/** How long one answer may take. */
export const answerMsMax = 4_000

/** Longest list of batches that is read, in bytes. */
const listBytesMax = 2 ** 20

/** Most batches of one epoch that one operator is believed to have. */
export const batchesPerPeerMax = 4_096

export interface EvidencePeer {
  /** its endpoint */
  readonly name: string
  /** names of the batches that it knows of an epoch */
  batches(
    wanted: { readonly network: number; readonly epoch: bigint },
    waiting: { readonly signal: AbortSignal },
  ): Promise<readonly CID[]>
  /** bytes that it gives for a name, unchecked */
  block(cid: CID, waiting: { readonly signal: AbortSignal }): Promise<Uint8Array | undefined>
}

/** An operator did not answer, or not as one does. */
export class PeerSilent extends GroundworkError {
  readonly code = 'GW_PEER_SILENT'
  readonly blame = 'peer'

  constructor(facts: { peer: string; reason: string }, options?: ErrorOptions) {
    super(`${facts.peer} did not answer: ${facts.reason}.`, facts, options)
  }
}

/** @param endpoint base URL of an operator's server, direct or through a relay */
export function httpEvidencePeer(endpoint: string): EvidencePeer {
  const base = endpoint.replace(/\/+$/, '')
  const get = async (path: string, bytesMax: number, signal: AbortSignal): Promise<Uint8Array | undefined> => {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(answerMsMax)])
    try {
      const response = await fetch(`${base}${path}`, { signal: bounded, redirect: 'error' })
      if (response.status === 404 || response.status === 410) {
        await response.body?.cancel()
        return undefined
      }
      if (!response.ok) throw new PeerSilent({ peer: base, reason: `HTTP ${response.status}` })
      const body = await readBody(response, { bytesMax })
      if (body === undefined) throw new PeerSilent({ peer: base, reason: `more than ${bytesMax} bytes` })
      return body
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof PeerSilent) throw cause
      throw new PeerSilent({ peer: base, reason: reasonOf(cause) }, { cause })
    }
  }
  return {
    name: base,
    async batches({ network, epoch }, { signal }) {
      const body = await get(`/v1/evidence/batches?network=${network}&epoch=${epoch}`, listBytesMax, signal)
      return body === undefined ? [] : readNames(body)
    },
    block: (cid, { signal }) => get(`/v1/evidence/${cid.toString()}`, blockBytesMax, signal),
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  const inner = cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message
  return inner.slice(0, 200)
}

/** The names in a list; what is no name of a block of evidence is passed over. */
function readNames(body: Uint8Array): CID[] {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(body))
  } catch {
    return []
  }
  const list = Array.isArray(value) ? value : (value as { batches?: unknown } | null)?.batches
  if (!Array.isArray(list)) return []
  return list.slice(0, batchesPerPeerMax).flatMap((item: unknown) => {
    const cid = typeof item === 'string' ? parseCid(item) : undefined
    return cid === undefined ? [] : [cid]
  })
}

/** @returns the CID of a block of evidence, or undefined when the text is none */
export function parseCid(text: string): CID | undefined {
  try {
    const cid = CID.parse(text)
    return digestOfCid(cid) === undefined ? undefined : cid
  } catch {
    return undefined
  }
}
