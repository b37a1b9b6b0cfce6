/**
 * What a stranger does: recompute the epoch from another folder with nothing but an RPC address, then change one byte of the evidence
 * and see the first line that differs named.
 *
 * @module
 */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LocalNetwork } from '../up/local-network.ts'
import { StepFailed } from './first-light-errors.ts'
import { runProgram } from './run-program.ts'

interface AuditSaid {
  readonly agrees?: boolean
  readonly root?: string
  /** the first line that differs */
  readonly difference?: Readonly<Record<string, unknown>>
}

const differs = 1

export async function auditElsewhere({
  network,
  epoch,
  tell,
  signal,
}: {
  readonly network: LocalNetwork
  readonly epoch: bigint
  readonly tell: (text: string) => void
  readonly signal: AbortSignal
}): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'groundwork-stranger-'))
  const words = ['audit', 'storage', String(epoch), '--rpc', network.rpcUrl]
  try {
    const saved = path.join(folder, 'bundle.car')
    const honest = await runProgram<AuditSaid>({ words: [...words, '--save', saved], cwd: folder, signal })
    if (honest.agrees !== true)
      throw new StepFailed({ step: 'audit', why: 'the recomputed root differs from the finalised one' })
    tell(`root ${honest.root ?? ''} agrees`)

    const bytes = await readFile(saved)
    // The last byte of a CAR is the last byte of its last block: content, never structure.
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    await writeFile(saved, bytes)
    const changed = await runProgram<AuditSaid>({
      words: [...words, '--bundle', saved],
      cwd: folder,
      signal,
      codesAllowed: [differs],
    })
    if (changed.agrees === true || changed.difference === undefined)
      throw new StepFailed({ step: 'audit', why: 'a changed byte was not noticed' })
    return `it agrees; with one byte changed the first difference is ${JSON.stringify(changed.difference)}`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
