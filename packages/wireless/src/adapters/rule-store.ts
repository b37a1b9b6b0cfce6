/**
 * Rules between devices, in memory and on disk, with the engine that they make.
 *
 * @module
 */

import type { DatabaseSync } from 'node:sqlite'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { ruleEngine, rulesMax, type RuleEngine, type RuleWorld } from '../rules/device-rules.ts'
import type { DeviceRule } from '../rules/device-rule.ts'
import { readStoredRule, writeStoredRule } from '../rules/stored-rule.ts'
import { ProvisionRefused } from './network-errors.ts'

export interface RuleStore extends RuleEngine {
  rules(): readonly DeviceRule[]
  /** @throws ProvisionRefused; then nothing is changed */
  put(rule: DeviceRule): void
  remove(id: string): void
}

export function openRuleStore({
  database,
  world,
  domain,
}: {
  readonly database: DatabaseSync
  readonly world: RuleWorld
  readonly domain: Domain
}): RuleStore {
  const rules = new Map<string, DeviceRule>()
  for (const { json } of database.prepare('SELECT json FROM wireless_rules ORDER BY id').all()) {
    const read = readStoredRule(String(json))
    if ('rule' in read) rules.set(read.rule.id, read.rule)
  }
  let engine = ruleEngine(rules.values(), world, domain)
  const changed = (): void => {
    engine = ruleEngine(rules.values(), world, domain)
  }
  return {
    rules: () => [...rules.values()],
    evaluate: (uplink) => engine.evaluate(uplink),
    sent: (downlink) => engine.sent(downlink),
    put(rule) {
      if (!rules.has(rule.id) && rules.size >= rulesMax)
        throw new ProvisionRefused({ what: `rule ${rule.id}`, why: `there are ${rulesMax} already` })
      database.prepare('INSERT OR REPLACE INTO wireless_rules VALUES (?, ?)').run(rule.id, writeStoredRule(rule))
      rules.set(rule.id, rule)
      changed()
    },
    remove(id) {
      database.prepare('DELETE FROM wireless_rules WHERE id = ?').run(id)
      rules.delete(id)
      changed()
    },
  }
}
