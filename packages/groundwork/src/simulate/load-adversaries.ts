/**
 * Who plays false on wireless: they stand among the tests of the source tree, not in the program.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Adversary } from '@groundwork/wireless'
import { UsageWrong } from '../cli/usage-errors.ts'

const file = path.join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  '..',
  'test',
  'adversaries',
  'wireless',
  'all-adversaries.ts',
)

/** @returns makes them anew, for some remember what they did @throws UsageWrong where the program runs without its sources */
export async function loadAdversaries(): Promise<() => readonly Adversary[]> {
  if (!existsSync(file))
    throw new UsageWrong({
      why: 'who plays false is not part of the installed program',
      tip: 'the same in a checkout of the sources',
    })
  const { allAdversaries } = (await import(pathToFileURL(file).href)) as { allAdversaries: () => readonly Adversary[] }
  return allAdversaries
}
