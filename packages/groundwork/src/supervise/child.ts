/**
 * Starting a program of ours as a child, knowing when it is ready, and ending it for certain.
 *
 * A child prints one JSON line `{"ready":{...}}` on stdout when it serves; its log goes to a file. Where util-linux is there, the
 * kernel ends the child when we die, however we die.
 *
 * @module
 */

import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { ChildFailed } from './child-errors.ts'

export interface StartChildOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly logPath: string
  readonly readyMsMax: number
  readonly signal: AbortSignal
}

export interface Child {
  readonly name: string
  readonly pid: number
  /** What the child said of itself when it was ready. */
  readonly ready: Readonly<Record<string, unknown>>
  readonly exited: Promise<{ code: number | null; signal: string | null }>
  isAlive(): boolean
  kill(signal: NodeJS.Signals): void
  /** SIGTERM, and SIGKILL when that did not end it in time. */
  stop(): Promise<void>
}

const stopMsMax = 5_000
const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))

/** The words that start a command so that it ends with us. */
export function tied(command: string, args: readonly string[]): { command: string; args: string[] } {
  if (setpriv === undefined) return { command, args: [...args] }
  return { command: setpriv, args: ['--pdeathsig', 'TERM', command, ...args] }
}

/** @throws ChildFailed GW_CHILD_FAILED when it ends, or stays silent, before it is ready */
export async function startChild(options: StartChildOptions): Promise<Child> {
  const log = await open(options.logPath, 'a')
  const { command, args } = tied(options.command, options.args)
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', log.fd], env: { ...options.environment } })
  await log.close()
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: null }))
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const ready = await readyLine(child, exited, options)
  return {
    name: options.name,
    pid: child.pid ?? 0,
    ready,
    exited,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    kill: (signal) => void child.kill(signal),
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
      await exited
      clearTimeout(timer)
    },
  }
}

async function readyLine(
  child: ChildProcess,
  exited: Child['exited'],
  { name, logPath, readyMsMax, signal }: StartChildOptions,
): Promise<Record<string, unknown>> {
  const lines = createInterface({ input: child.stdout ?? process.stdin })
  let timer: NodeJS.Timeout | undefined
  const fail = (why: string): never => {
    child.kill('SIGKILL')
    throw new ChildFailed({ name, why, logPath })
  }
  try {
    return await new Promise<Record<string, unknown>>((resolve, reject) => {
      timer = setTimeout(
        () => reject(new ChildFailed({ name, why: `it was not ready within ${readyMsMax} ms`, logPath })),
        readyMsMax,
      )
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      void exited.then(({ code, signal: by }) =>
        reject(new ChildFailed({ name, why: `it ended early (${by ?? `exit code ${code}`})`, logPath })),
      )
      lines.on('line', (line) => {
        const said = readyIn(line)
        if (said !== undefined) resolve(said)
      })
    })
  } catch (error) {
    child.kill('SIGKILL')
    if (error instanceof ChildFailed) throw error
    signal.throwIfAborted()
    return fail(String(error))
  } finally {
    clearTimeout(timer)
    lines.removeAllListeners('line')
    child.stdout?.resume()
  }
}

function readyIn(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{"ready":')) return undefined
  try {
    return (JSON.parse(line) as { ready: Record<string, unknown> }).ready
  } catch {
    return undefined
  }
}
