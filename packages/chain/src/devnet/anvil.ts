/**
 * Starts and stops anvil, the chain of the devnet, as a child process that ends with us.
 *
 * The platform's own program from npm is started directly, so that signals reach it; where npm has none for this
 * platform, `anvil` from the PATH. Killed hard, it loses the blocks since its last dump: that is what rewinding is for.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { AnvilFailed, AnvilMissing } from '../errors.ts'
import { keepStateCopies, restoreState } from './state-copies.ts'

export type AnvilOptions = {
  readonly port: number
  readonly host?: string | undefined
  /** where blocks and state are kept; in memory when left out */
  readonly statePath?: string | undefined
  /** a block every so many seconds; left out: one for each transaction */
  readonly blockSeconds?: number | undefined
  readonly signal: AbortSignal
}

export type Anvil = {
  readonly rpcUrl: string
  readonly wsUrl: string
  /** of anvil itself */
  readonly pid: number
  /** settles when the process ended, for whatever reason */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>
  /** SIGTERM: anvil writes its state and ends; SIGKILL when it does not within five seconds */
  readonly stop: () => Promise<void>
  /** SIGKILL: what was not dumped is lost */
  readonly kill: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Roomy: anvil drops a transaction whose predecessor did not fit into the block. */
const blockGas = 300_000_000
const startMsMax = 20_000
const stopMsMax = 5_000
const outputCharsMax = 4_000

/** The program to start: npm's for this platform, or the name to look up on the PATH. */
export function anvilBinary(): string {
  try {
    const require = createRequire(import.meta.url)
    const manifest = require.resolve(`@foundry-rs/anvil-${process.platform}-${cpuName()}/package.json`)
    const binary = path.join(path.dirname(manifest), 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil')
    return existsSync(binary) ? binary : 'anvil'
  } catch {
    return 'anvil'
  }
}

const cpuName = (): string => (process.arch === 'x64' ? 'amd64' : process.arch)

/**
 * Starts anvil and waits until it listens.
 *
 * @throws AnvilMissing, AnvilFailed, else the signal's reason
 */
export async function startAnvil({
  port,
  host = '127.0.0.1',
  statePath,
  blockSeconds,
  signal,
}: AnvilOptions): Promise<Anvil> {
  signal.throwIfAborted()
  const args = [
    '--host',
    host,
    '--port',
    String(port),
    '--enable-tx-gas-limit',
    '--gas-limit',
    String(blockGas),
    ...(blockSeconds === undefined ? [] : ['--block-time', String(blockSeconds)]),
    ...(statePath === undefined ? [] : ['--state', statePath, '--state-interval', '2']),
  ]
  const binary = anvilBinary()
  if (statePath !== undefined) restoreState(statePath)
  const child = spawnBound(binary, args)
  const stopCopies = statePath === undefined ? () => undefined : keepStateCopies(statePath)
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, name) => resolve({ code, signal: name }))
    child.once('error', () => resolve({ code: null, signal: null }))
  })
  void ended.then(stopCopies)
  try {
    await listening(child, { binary, signal })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  const end = async (name: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(name)
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
    await ended
    clearTimeout(timer)
  }
  return {
    rpcUrl: `http://${host}:${port}`,
    wsUrl: `ws://${host}:${port}`,
    pid: child.pid ?? 0,
    ended,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  }
}

/** setpriv ends the child when we are killed ourselves; it becomes the program, so the process id stays. */
function spawnBound(binary: string, args: readonly string[]): ChildProcess {
  const setpriv = '/usr/bin/setpriv'
  const stdio = ['ignore', 'pipe', 'pipe'] as const
  return existsSync(setpriv)
    ? spawn(setpriv, ['--pdeathsig', 'TERM', binary, ...args], { stdio: [...stdio] })
    : spawn(binary, args, { stdio: [...stdio] })
}

async function listening(
  child: ChildProcess,
  { binary, signal }: { binary: string; signal: AbortSignal },
): Promise<void> {
  let output = ''
  let timer: NodeJS.Timeout | undefined
  let aborted: (() => void) | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (reason: string): void => reject(new AnvilFailed({ reason, output: output.trim() }))
      aborted = () => reject(signal.reason)
      signal.addEventListener('abort', aborted, { once: true })
      timer = setTimeout(() => fail(`it did not listen within ${startMsMax} ms`), startMsMax)
      child.once('error', (cause) => reject(new AnvilMissing({ tried: [binary] }, { cause })))
      child.once('exit', (code) => {
        if (code === 127 || /No such file or directory/.test(output)) reject(new AnvilMissing({ tried: [binary] }))
        else fail(`it ended with code ${code}`)
      })
      const read = (chunk: Buffer): void => {
        if (output.length < outputCharsMax) output += chunk.toString('utf8')
        if (/Listening on/.test(chunk.toString('utf8'))) resolve()
      }
      child.stdout?.on('data', read)
      child.stderr?.on('data', read)
    })
  } finally {
    clearTimeout(timer)
    if (aborted !== undefined) signal.removeEventListener('abort', aborted)
  }
}
