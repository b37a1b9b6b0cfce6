/**
 * `npm run verify-light -- <JSON>`: re-derives every claim of a first light from the chain and the published evidence alone.
 *
 * A program of its own: it knows the RPC address and the JSON, nothing else of the run. Exit 0 when all holds, 1 when
 * anything differs (each difference is named), 2 when the JSON is none of ours.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { outcomeOf } from '@groundwork/core/errors/http-status.ts'
import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { parseClaims } from './verify/claims.ts'
import { verifyLight } from './verify/verify-light.ts'

const given = process.argv.slice(2).filter((word) => word !== '--json')
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)))

/** The JSON itself, or a file that holds it; a file may hold a whole log whose last line is the JSON. */
function textOf(word: string): string {
  const text = word.trimStart().startsWith('{') ? word : readFileSync(word === '-' ? 0 : word, 'utf8')
  return text.trimEnd().split('\n').at(-1) ?? ''
}

try {
  const claims = parseClaims(textOf(given.join(' ') || '-'))
  const checks = await verifyLight(claims, { signal: stopping.signal })
  for (const { name, isTrue, found } of checks)
    process.stderr.write(`${isTrue ? 'holds ' : 'DIFFERS'} ${name}${found === '' ? '' : `: ${found}`}\n`)
  const isWhole = checks.every(({ isTrue }) => isTrue)
  process.stdout.write(`${JSON.stringify({ ok: isWhole, checks })}\n`)
  process.exitCode = isWhole ? 0 : 1
} catch (error) {
  const code = error instanceof GroundworkError ? error.code : 'GW_UNEXPECTED'
  process.stderr.write(`${error instanceof Error ? error.message : String(error)} [${code}]\n`)
  process.stdout.write(`${JSON.stringify({ ok: false, code })}\n`)
  process.exitCode = error instanceof GroundworkError ? outcomeOf(error).exitCode : 1
}
