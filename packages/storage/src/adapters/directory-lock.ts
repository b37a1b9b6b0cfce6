/**
 * One writer per directory: a lock file with the writer's process number, taken over only from a process that is gone.
 *
 * @module
 */

import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import path from 'node:path'
import { DirectoryLocked } from '../storage-errors.ts'

const lockName = 'writer.lock'

/** Directories that this very process holds: a number alone would not tell two writers of one process apart. */
const heldHere = new Set<string>()

/** @throws DirectoryLocked when another living writer has it */
export function lockDirectory(folder: string): Disposable {
  const file = path.resolve(folder, lockName)
  if (heldHere.has(file)) throw new DirectoryLocked({ path: folder, pid: process.pid })
  if (!tryCreate(file)) {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10)
    if (pid !== process.pid && isAlive(pid)) throw new DirectoryLocked({ path: folder, pid })
    unlinkSync(file)
    if (!tryCreate(file)) throw new DirectoryLocked({ path: folder, pid })
  }
  heldHere.add(file)
  return {
    [Symbol.dispose]() {
      if (!heldHere.delete(file)) return
      unlinkSync(file)
    },
  }
}

function tryCreate(file: string): boolean {
  try {
    const handle = openSync(file, 'wx', 0o600)
    writeSync(handle, `${process.pid}\n`)
    closeSync(handle)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Signal 0 asks without sending; a process of another user answers EPERM and is alive. */
function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
