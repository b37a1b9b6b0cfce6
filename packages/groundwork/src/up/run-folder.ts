/**
 * Folders of single runs (`up --once`): each run has its own, and the last ones stay, so that what a run claims can be
 * verified after it has ended.
 *
 * @module
 */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { openDataDir } from '../state/data-dir.ts'

/** Folders of runs that are kept, the present one among them. */
export const runsKeptMax = 12

/** Makes the folder of a new run, and removes those of the oldest that have ended. @returns its path */
export function makeRunFolder(dataDir: string): string {
  const runs = path.join(dataDir, 'runs')
  mkdirSync(runs, { recursive: true, mode: 0o700 })
  const before = readdirSync(runs)
    .map((name) => path.join(runs, name))
    .map((folder) => ({ folder, madeMs: statSync(folder).mtimeMs }))
    .toSorted((a, b) => b.madeMs - a.madeMs)
  for (const { folder } of before.slice(runsKeptMax - 1)) if (!isHeld(folder)) rmSync(folder, { recursive: true })
  return mkdtempSync(path.join(runs, 'run-'))
}

function isHeld(folder: string): boolean {
  try {
    openDataDir(folder)[Symbol.dispose]()
    return false
  } catch {
    return true
  }
}
