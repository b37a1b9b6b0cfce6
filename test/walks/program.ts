/**
 * Our program as a child of a test, in a process group of its own, so that whatever it started can be counted and ended.
 *
 * It says what the program printed and how it ended; what that means is for the walk to say.
 *
 * @module
 */

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const source = path.join(import.meta.dirname, '..', '..', 'packages', 'groundwork', 'src')
export const bin: string = path.join(source, 'bin.ts')
export const verifier: string = path.join(source, 'verify-light.ts')
export const examples: string = path.join(import.meta.dirname, '..', '..', 'examples')

const pollMs = 100

/** How a program ended, and what it had said by then. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Program extends AsyncDisposable {
  /** also the id of its process group */
  readonly pid: number
  readonly ended: Promise<Ended>
  said(): { readonly stdout: string; readonly stderr: string }
  kill(signal: NodeJS.Signals): void
}

export interface ProgramOptions {
  /** in place of bin.ts */
  readonly file?: string
  /** words before the program's own, such as those that enter another network namespace; the last of them starts what follows */
  readonly within?: readonly string[]
  /** for its data and its temporary files */
  readonly folder: string
}

/** Starts it; disposing ends its whole group, however the test went. */
export function startProgram(words: readonly string[], { file = bin, within = [], folder }: ProgramOptions): Program {
  const env = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: folder,
    TMPDIR: folder,
    GROUNDWORK_DATA_DIR: path.join(folder, 'data'),
  }
  const [command = process.execPath, ...args] = [...within, process.execPath, file, ...words]
  const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout = collected(child, 'stdout')
  const stderr = collected(child, 'stderr')
  const said = (): { stdout: string; stderr: string } => ({ stdout: stdout(), stderr: stderr() })
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null, ...said() }))
    child.once('close', (code, signal) => resolve({ code, signal, ...said() }))
  })
  const pid = child.pid ?? 0
  return {
    pid,
    ended,
    said,
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      for (const one of groupOf(pid)) killOne(one)
      await ended
    },
  }
}

function collected(child: ChildProcess, name: 'stdout' | 'stderr'): () => string {
  const chunks: Buffer[] = []
  child[name]?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself between two looks.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Runs it to its end. @throws Error when it takes longer than the bound; its group is ended then */
export async function runProgramToEnd(
  words: readonly string[],
  options: ProgramOptions & { readonly secondsMax: number },
): Promise<Ended> {
  await using program = startProgram(words, options)
  const late = delay(options.secondsMax * 1000, 'late' as const, { ref: false })
  const end = await Promise.race([program.ended, late])
  if (end === 'late')
    throw new Error(
      `${words.join(' ')} did not end within ${options.secondsMax} s; it said: ${program.said().stderr.slice(-2_000)}`,
    )
  return end
}

/** The last line of what a program printed, as JSON. */
export function lastJson(stdout: string): unknown {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

/** The living processes of a group, by /proc; a zombie does not count. */
export function groupOf(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const [state, , its] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return state !== 'Z' && Number(its) === group
      } catch {
        return false
      }
    })
}

/** Whether someone listens there. */
export async function isListening(url: string): Promise<boolean> {
  const { hostname: host, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** Looks until something is there. @throws Error naming what was waited for */
export async function until<Found>(
  what: string,
  secondsMax: number,
  look: () => Promise<Found | undefined> | Found | undefined,
): Promise<Found> {
  const endMs = performance.now() + secondsMax * 1000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > endMs) throw new Error(`within ${secondsMax} s this did not happen: ${what}`)
    await delay(pollMs)
  }
}

/** A folder that goes with the test. */
export function scratchFolder(): { readonly path: string } & Disposable {
  const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-walk-'))
  return { path: folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) }
}
