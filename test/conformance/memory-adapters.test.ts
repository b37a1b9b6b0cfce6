/**
 * Goal: the in-memory adapters, which all other tests stand on, keep the contracts of their ports.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryBus } from '@groundwork/core/ports/memory/memory-bus.ts'
import { memoryClock } from '@groundwork/core/ports/memory/memory-clock.ts'
import { memoryEvidenceLog } from '@groundwork/core/ports/memory/memory-evidence-log.ts'
import { memoryKeyValue } from '@groundwork/core/ports/memory/memory-key-value.ts'
import { memoryOutbox } from '@groundwork/core/ports/memory/memory-outbox.ts'
import { memoryRandom } from '@groundwork/core/ports/memory/memory-random.ts'
import type { Adapter } from './adapter.ts'
import { conformBus } from './bus.ts'
import { conformClock } from './clock.ts'
import { conformEvidenceLog } from './evidence-log.ts'
import { conformKeyValue } from './key-value.ts'
import { conformOutbox } from './outbox.ts'
import { conformRandom } from './random.ts'

const inMemory =
  <Port>(make: () => Port) =>
  async (): Promise<Adapter<Port>> => ({ port: make(), close: async () => undefined })

conformBus('memory', inMemory(memoryBus))
conformEvidenceLog('memory', inMemory(memoryEvidenceLog))
conformKeyValue('memory', inMemory(memoryKeyValue))
conformOutbox('memory', inMemory(memoryOutbox))
conformRandom(
  'memory',
  inMemory(() => memoryRandom('conformance')),
)
conformClock(
  'memory',
  inMemory(() => {
    const clock = memoryClock(1_700_000_000_000)
    return { clock, pass: async (durationMs: number) => clock.advance(durationMs) }
  }),
)

test('a memory clock forgets a sleeper that gave up', async () => {
  const clock = memoryClock(1)
  const controller = new AbortController()
  const sleeping = clock.sleep(10, { signal: controller.signal })
  assert.equal(clock.sleeperCount, 1)
  controller.abort(new Error('enough'))
  await assert.rejects(sleeping)
  assert.equal(clock.sleeperCount, 0)
})

test('memory randomness repeats with its seed, however it is cut into calls', () => {
  const [whole, cut] = [memoryRandom('seed').bytes(100), memoryRandom('seed')]
  const parts = [1, 40, 0, 59].flatMap((sizeBytes) => [...cut.bytes(sizeBytes)])
  assert.deepEqual([...whole], parts)
  assert.notDeepEqual([...memoryRandom('other').bytes(100)], parts)
})
