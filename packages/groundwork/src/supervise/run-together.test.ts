/**
 * Goal: a part that fails ends the others before the program fails, and with its own reason.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '@groundwork/chain/sleep.ts'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'
import { again } from './again.ts'
import { runTogether, type Part } from './run-together.ts'

const signal = AbortSignal.timeout(20_000)
const endless: Part = async ({ signal: until }) => sleep(60_000, { signal: until })

test('when one part fails, every other has ended before that is said', async () => {
  const ended: string[] = []
  const slow: Part = async (options) => {
    await endless(options).catch(() => undefined)
    await new Promise((resolve) => setImmediate(resolve))
    ended.push('slow')
  }
  const failing: Part = async () => {
    throw new RangeError('the disk is damaged')
  }
  await assert.rejects(runTogether([slow, failing, endless], { signal }), /the disk is damaged/)
  assert.deepEqual(ended, ['slow'])
})

test('being told to stop is no failure, whatever the parts throw then', async () => {
  const stop = new AbortController()
  const running = runTogether([endless, endless], { signal: AbortSignal.any([signal, stop.signal]) })
  stop.abort(new Error('stopped by SIGTERM'))
  await running
})

test('what failed is done again, and said; a mistake of our own ends the work', async () => {
  const said: unknown[] = []
  let runs = 0
  const work = async (): Promise<void> => {
    runs += 1
    if (runs === 3) throw new InvariantBroken('what is paid was never due')
    throw new Error(`run ${runs}`)
  }
  await assert.rejects(again({ work, everyMs: 1, onError: (error) => said.push(error), signal }), InvariantBroken)
  assert.deepEqual(
    said.map((error) => (error as Error).message),
    ['run 1', 'run 2'],
  )
})
