/**
 * `npm run verify-light -- <JSON>`: re-derives every claim of a first light from the chain and the published evidence alone.
 *
 * A program of its own: it knows the RPC address and the JSON, nothing else of the run. When that run has ended and lies on
 * this machine, its network is started again from its folder first; what is believed is the same. Exit 0 when all holds, 1
 * when anything differs (each difference is named), 2 when the JSON is none of ours.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs'
import { ChainUnreachable } from '@groundwork/chain/errors.ts'
import { outcomeOf } from '@groundwork/core/errors/http-status.ts'
import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { UsageWrong } from './cli/usage-errors.ts'
import { reviveNetwork } from './up/revive-network.ts'
import { parseClaims, type Claims } from './verify/claims.ts'
import type { Check } from './verify/check.ts'
import { verifyLight } from './verify/verify-light.ts'

const usage = `npm run verify-light -- <file | JSON | ->

Checks every claim of a first light against its chain and the published evidence. The file may hold a whole log of
\`npm start -- --json\`: its last line counts. Exit 0: all holds. 1: something differs. 2: not the JSON of a first light.
`

const given = process.argv.slice(2).filter((word) => word !== '--json')
const stopping = new AbortController()
const { signal } = stopping
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => stopping.abort(new Error(`stopped by ${name}`)))

/** The JSON itself, or a file that holds it; a file may hold a whole log whose last line is the JSON. */
function textOf(word: string): string {
  const text = word.trimStart().startsWith('{') ? word : contentOf(word)
  return text.trimEnd().split('\n').at(-1) ?? ''
}

function contentOf(file: string): string {
  if (file === '-') return readFileSync(0, 'utf8')
  if (!existsSync(file))
    throw new UsageWrong({ why: `there is no file ${file}`, tip: 'npm run verify-light -- --help' })
  return readFileSync(file, 'utf8')
}

async function verify(claims: Claims): Promise<readonly Check[]> {
  try {
    return await verifyLight(claims, { signal })
  } catch (error) {
    const { dataDir } = claims
    if (!(error instanceof ChainUnreachable) || dataDir === undefined || !existsSync(dataDir)) throw error
    process.stderr.write(`That run has ended: its network is started again from ${dataDir} ...\n`)
    await using network = await reviveNetwork(dataDir, { host: new URL(claims.rpc).hostname, signal })
    return await verifyLight({ ...claims, rpc: network.rpcUrl }, { signal })
  }
}

function report(checks: readonly Check[]): void {
  for (const { name, isTrue, found } of checks)
    process.stderr.write(`${isTrue ? 'holds  ' : 'DIFFERS'} ${name}${found === '' ? '' : `: ${found}`}\n`)
  const isWhole = checks.every(({ isTrue }) => isTrue)
  process.stdout.write(`${JSON.stringify({ ok: isWhole, checks })}\n`)
  process.exitCode = isWhole ? 0 : 1
}

if (given.includes('--help')) {
  process.stdout.write(usage)
} else {
  try {
    report(await verify(parseClaims(textOf(given.join(' ') || '-'))))
  } catch (error) {
    const code = error instanceof GroundworkError ? error.code : 'GW_UNEXPECTED'
    process.stderr.write(`${error instanceof Error ? error.message : String(error)} [${code}]\n`)
    process.stdout.write(`${JSON.stringify({ ok: false, code })}\n`)
    process.exitCode = error instanceof GroundworkError ? outcomeOf(error).exitCode : 1
  }
}
