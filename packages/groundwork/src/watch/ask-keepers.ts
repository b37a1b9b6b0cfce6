/**
 * Asking drawn operators to keep a bundle: each gets it as a CAR, audits it for itself and answers with its signature.
 *
 * A signature counts only when it recovers to the operator that was asked; whatever else comes back counts as none.
 *
 * @module
 */

import { digestOfAvailable, type Available } from '@groundwork/core/evidence/availability.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { recover } from '@groundwork/core/identity/secp256k1.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { Waiting } from './desks.ts'
import { readBody } from './read-body.ts'

/** An operator recomputes the whole epoch before it answers. */
export const keepMsMax = 20_000

const answerBytesMax = 4_096

export interface Keeper {
  readonly operator: Address
  readonly endpoint: string
}

export interface KeepRequest {
  readonly available: Available
  readonly domain: Domain
  readonly car: Uint8Array
}

/** @returns the operator's signature, or undefined when it gave none that counts */
export async function askKeeper(
  { operator, endpoint }: Keeper,
  { available, domain, car }: KeepRequest,
  { signal }: Waiting,
): Promise<Hex | undefined> {
  const { network, epoch, evidence, post } = available
  const url = `${endpoint.replace(/\/+$/, '')}/v1/evidence/bundles?network=${network}&epoch=${epoch}&evidence=${evidence}&post=${post}`
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.ipld.car' },
      body: car as Uint8Array<ArrayBuffer>,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(keepMsMax)]),
    })
    const body = await readBody(response, { bytesMax: answerBytesMax })
    const signature = response.ok && body !== undefined ? signatureIn(body) : undefined
    const signer = signature === undefined ? undefined : recover(digestOfAvailable(available, domain), signature)
    return signer === operator.toLowerCase() ? signature : undefined
  } catch {
    // Whoever was drawn may be gone, slow or hostile: that is what the quorum is for.
    signal.throwIfAborted()
    return undefined
  }
}

function signatureIn(body: Uint8Array): Hex | undefined {
  try {
    const { signature } = JSON.parse(new TextDecoder().decode(body)) as { signature?: unknown }
    return typeof signature === 'string' && /^0x[0-9a-f]{130}$/.test(signature) ? (signature as Hex) : undefined
  } catch {
    return undefined
  }
}
