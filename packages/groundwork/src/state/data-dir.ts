/**
 * A program's folder: made private, and held by one writer at a time.
 *
 * The lock is a file with the holder's process id. A holder that died (its id is gone, or belongs to a later start of another
 * process) is replaced; a living one is respected.
 *
 * @module
 */

import { mkdirSync, openSync, closeSync, readFileSync, rmSync, writeSync, fsyncSync } from 'node:fs'
import path from 'node:path'
import { DataDirHeld } from './data-dir-errors.ts'

const lockName = 'writer.lock'
const attemptsMax = 3

export interface DataDir {
  readonly path: string
  [Symbol.dispose](): void
}

/** @throws DataDirHeld GW_DATA_DIR_HELD when a living process writes here */
export function openDataDir(folder: string): DataDir {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const lockPath = path.join(folder, lockName)
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    if (tryLock(lockPath)) {
      return { path: folder, [Symbol.dispose]: () => rmSync(lockPath, { force: true }) }
    }
    const holder = readHolder(lockPath)
    if (holder !== undefined && isSameProcess(holder)) throw new DataDirHeld({ folder, pid: holder.pid })
    rmSync(lockPath, { force: true })
  }
  throw new DataDirHeld({ folder, pid: 0 })
}

interface Holder {
  readonly pid: number
  readonly startedTicks: string
}

function tryLock(lockPath: string): boolean {
  let file: number
  try {
    file = openSync(lockPath, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  writeSync(file, JSON.stringify({ pid: process.pid, startedTicks: startedTicks(process.pid) ?? '' }))
  fsyncSync(file)
  closeSync(file)
  return true
}

function readHolder(lockPath: string): Holder | undefined {
  try {
    const { pid, startedTicks } = JSON.parse(readFileSync(lockPath, 'utf8')) as Partial<Holder>
    return typeof pid === 'number' && pid > 0 ? { pid, startedTicks: startedTicks ?? '' } : undefined
  } catch {
    return undefined
  }
}

/** When the process started, in clock ticks since boot, where the system tells (Linux); process ids come round again. */
function startedTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

function isSameProcess({ pid, startedTicks: ticks }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const now = startedTicks(pid)
  return now === undefined || ticks === '' || now === ticks
}
