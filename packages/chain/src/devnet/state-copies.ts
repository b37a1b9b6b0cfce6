/**
 * A second copy of anvil's dump: anvil writes its file in place, so a hard kill may leave half of one.
 *
 * It judges only whether a dump is whole JSON. Losing both copies loses the chain, which is a rollback past everything.
 *
 * @module
 */

import {
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  closeSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'

/** How often the dump is copied, in milliseconds; about every other dump. */
const copyMs = 4_000

const copyOf = (statePath: string): string => `${statePath}.copy`

/** Puts the copy back when the dump is not whole; with neither whole, nothing is left and the chain begins anew. */
export function restoreState(statePath: string): void {
  if (isWhole(statePath)) return
  rmSync(statePath, { force: true })
  if (isWhole(copyOf(statePath))) copyFileSync(copyOf(statePath), statePath)
  else rmSync(copyOf(statePath), { force: true })
}

/** Copies the dump now and then, until it is stopped. @returns stops it */
export function keepStateCopies(statePath: string): () => void {
  let copiedMs = 0
  const timer = setInterval(() => {
    try {
      const writtenMs = existsSync(statePath) ? statSync(statePath).mtimeMs : copiedMs
      if (writtenMs === copiedMs) return
      const draft = `${copyOf(statePath)}.part`
      copyFileSync(statePath, draft)
      if (!endsWhole(draft)) return
      renameSync(draft, copyOf(statePath))
      copiedMs = writtenMs
    } catch {
      // The disk is full, or the folder is going away: the copy before stays the last one.
    }
  }, copyMs)
  timer.unref()
  return () => clearInterval(timer)
}

function isWhole(file: string): boolean {
  if (!existsSync(file)) return false
  try {
    JSON.parse(readFileSync(file, 'utf8'))
    return true
  } catch {
    return false
  }
}

/** A cheap look, for a dump that is being written; `isWhole` decides when it counts. */
function endsWhole(file: string): boolean {
  const { size } = statSync(file)
  if (size === 0) return false
  const handle = openSync(file, 'r')
  const last = Buffer.alloc(1)
  readSync(handle, last, 0, 1, size - 1)
  closeSync(handle)
  return last.toString('latin1') === '}'
}
