/**
 * A client of one gateway's /v1: what first light and the storage commands call.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { GatewayFailed } from './gateway-errors.ts'
import { apiTokenPath } from '../http/api-token.ts'

export interface StoredPiece {
  readonly pieceCid: string
  readonly rawSizeBytes: number
  readonly providers: readonly string[]
}

export interface StoredObject {
  readonly cid: string
  readonly sizeBytes: string
  readonly fileCount: number
  readonly pieces: readonly StoredPiece[]
}

export interface ServedBy {
  readonly provider: string
  /** 1 is the nearest by measured latency */
  readonly latencyRank: number
  readonly latencyMs: number
  readonly blockCount: number
  readonly sizeBytes: number
}

export interface ReadReport {
  readonly servedBy: readonly ServedBy[]
  readonly wrongBytes: readonly { readonly provider: string; readonly cid: string }[]
  readonly failed: readonly string[]
}

export interface RepairReport {
  readonly replaced: readonly { readonly lost: string; readonly by: string }[]
}

export interface GatewayClient {
  readonly url: string
  get<Answer>(path: string, options: { readonly signal: AbortSignal }): Promise<Answer>
  post<Answer>(
    path: string,
    options: { readonly body?: BodyInit; readonly contentType?: string; readonly signal: AbortSignal },
  ): Promise<Answer>
  delete<Answer>(path: string, options: { readonly signal: AbortSignal }): Promise<Answer>
  /** @param options with `json` it is posted; `lastEventId` resumes a stream of events */
  open(
    path: string,
    options: { readonly json?: object; readonly lastEventId?: string; readonly signal: AbortSignal },
  ): Promise<Response>
}

/** Names the report of a read, also of one that failed: `/v1/storage/reads/<it>`. */
export const readHeader = 'x-groundwork-read'

/** @param dataDir of the gateway, when this machine may control it */
export async function gatewayClient({
  url,
  dataDir,
}: {
  url: string
  dataDir?: string | undefined
}): Promise<GatewayClient> {
  const token = dataDir === undefined ? undefined : (await readFile(apiTokenPath(dataDir), 'utf8')).trimEnd()
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }

  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    let response: Response
    try {
      response = await fetch(new URL(path, url), init)
    } catch (cause) {
      init.signal?.throwIfAborted()
      // A body that cannot be had is not the gateway's failure.
      if (cause instanceof Error && cause.cause instanceof GroundworkError) throw cause.cause
      throw new GatewayFailed({ url, path, code: 'GW_GATEWAY_UNREACHABLE', why: 'it does not answer' }, { cause })
    }
    if (response.ok) return response
    const said = (await response.json().catch(() => ({}))) as { code?: string; message?: string; blame?: string }
    const read = response.headers.get(readHeader)
    const { code = `HTTP ${response.status}`, message: why = response.statusText, blame } = said
    const facts = { url, path, code, why, ...(blame === undefined ? {} : { blame }) }
    throw new GatewayFailed(read === null ? facts : { ...facts, read })
  }
  return {
    url,
    get: async <Answer>(path: string, { signal }: { readonly signal: AbortSignal }) =>
      (await (await ask(path, { headers: authorization, signal })).json()) as Answer,
    post: async <Answer>(
      path: string,
      {
        body,
        contentType,
        signal,
      }: { readonly body?: BodyInit; readonly contentType?: string; readonly signal: AbortSignal },
    ) => {
      const headers = { ...authorization, ...(contentType === undefined ? {} : { 'content-type': contentType }) }
      // Node wants to be told that a streamed body is sent before the answer is read.
      const init = { method: 'POST', headers, signal, duplex: 'half', ...(body === undefined ? {} : { body }) }
      return (await (await ask(path, init)).json()) as Answer
    },
    delete: async <Answer>(path: string, { signal }: { readonly signal: AbortSignal }) =>
      (await (await ask(path, { method: 'DELETE', headers: authorization, signal })).json()) as Answer,
    open: async (path, { json, lastEventId, signal }) =>
      json === undefined
        ? ask(path, {
            headers: lastEventId === undefined ? authorization : { ...authorization, 'last-event-id': lastEventId },
            signal,
          })
        : ask(path, {
            method: 'POST',
            headers: { ...authorization, 'content-type': 'application/json' },
            body: JSON.stringify(json),
            signal,
          }),
  }
}
