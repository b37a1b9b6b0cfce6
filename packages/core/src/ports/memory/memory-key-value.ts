/**
 * The KeyValue port in memory: for tests, simulations and the browser. Nothing survives the process.
 *
 * @module
 */

import { KeyValueRefused } from '../../errors/port-errors.ts'
import { equalBytes } from '../../units/bytes.ts'
import {
  keyCharactersMax,
  keyPattern,
  pairsMax,
  valueBytesMax,
  type KeyValue,
  type KeyValueChange,
} from '../key-value.ts'

export function memoryKeyValue(): KeyValue {
  const values = new Map<string, Uint8Array>()

  const apply = (changes: readonly KeyValueChange[]): void => {
    if (changes.length > pairsMax) throw new KeyValueRefused({ count: changes.length })
    for (const change of changes) assertChange(change)
    for (const { key, value } of changes) {
      if (value === undefined) values.delete(key)
      else values.set(key, value.slice())
    }
  }

  return {
    async get(key, { signal }) {
      signal.throwIfAborted()
      return values.get(key)?.slice()
    },
    async write(changes, { signal }) {
      signal.throwIfAborted()
      apply(changes)
    },
    async compareAndSet({ key, value, expected }, { signal }) {
      signal.throwIfAborted()
      assertChange({ key, value })
      const present = values.get(key)
      const isAsExpected =
        present === undefined || expected === undefined ? present === expected : equalBytes(present, expected)
      if (isAsExpected) apply([{ key, value }])
      return isAsExpected
    },
    async scan({ prefix, after, limit }, { signal }) {
      signal.throwIfAborted()
      if (!Number.isInteger(limit) || limit < 1 || limit > pairsMax) throw new KeyValueRefused({ count: limit })
      return [...values.keys()]
        .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
        .toSorted((a, b) => (a < b ? -1 : 1))
        .slice(0, limit)
        .map((key) => ({ key, value: values.get(key)?.slice() ?? new Uint8Array(0) }))
    },
  }
}

function assertChange({ key, value }: KeyValueChange): void {
  if (key.length > keyCharactersMax || !keyPattern.test(key)) throw new KeyValueRefused({ key })
  if (value !== undefined && value.length > valueBytesMax) throw new KeyValueRefused({ key, sizeBytes: value.length })
}
