/**
 * The denylist that the configuration names, as the gate that storage asks. Read once, at the start.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { contentGate, type ContentGate } from '@groundwork/core/policy/content-gate.ts'
import { parseDenylist } from '@groundwork/core/policy/denylist.ts'
import type { Logger } from 'pino'
import { ConfigWrong } from '../config-errors.ts'
import type { Config } from '../config.ts'

/** @returns undefined when no list is named @throws ConfigWrong when the list that is named cannot be followed */
export function openContentGate({ denylist: file }: Pick<Config, 'denylist'>, log: Logger): ContentGate | undefined {
  if (file === undefined) return undefined
  const parsed = parseDenylist(textOf(file))
  if (parsed.tag === 'refused')
    throw new ConfigWrong({ where: file, why: 'it is a denylist of another version than 1' })
  const { list } = parsed
  const { name, author, ruleCount, skipped } = list
  log.info({ file, name, author, ruleCount }, 'a denylist is followed')
  if (skipped.count > 0) log.warn({ file, skipped }, 'lines of the denylist are no rules and are skipped')
  return contentGate([list])
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new ConfigWrong({ where: file, why: 'the denylist cannot be read' }, { cause })
  }
}
