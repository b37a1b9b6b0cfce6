/**
 * Running one of our own commands as a program of its own, as a stranger would, and reading its one JSON object.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { programPath } from '../program-path.ts'
import { StepFailed } from './first-light-errors.ts'

export interface RunProgramOptions {
  readonly words: readonly string[]
  readonly cwd: string
  readonly signal: AbortSignal
  /** Codes besides 0 that are an answer, not a failure. */
  readonly codesAllowed?: readonly number[]
}

const outputBytesMax = 16 * 1024 * 1024

/** @throws StepFailed with what the program said on stderr */
export async function runProgram<Said>({ words, cwd, signal, codesAllowed = [] }: RunProgramOptions): Promise<Said> {
  return new Promise<Said>((resolve, reject) => {
    const options = { cwd, signal, maxBuffer: outputBytesMax, env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: cwd } }
    execFile(process.execPath, [programPath, ...words, '--json'], options, (error, stdout, stderr) => {
      if (signal.aborted) return reject(signal.reason as Error)
      const code = error === null ? 0 : Number(error.code ?? 1)
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      if (code !== 0 && !codesAllowed.includes(code)) {
        return reject(
          new StepFailed({
            step: `groundwork ${words.slice(0, 2).join(' ')}`,
            why: stderr.trim().slice(-500) || `exit code ${code}`,
          }),
        )
      }
      try {
        return resolve(JSON.parse(last) as Said)
      } catch {
        return reject(
          new StepFailed({
            step: `groundwork ${words.slice(0, 2).join(' ')}`,
            why: `it printed no JSON: ${last.slice(0, 200)}`,
          }),
        )
      }
    })
  })
}
