/**
 * Goal: what wireless-kill.test.ts shows for three kills holds for sixteen.
 */

import { test } from 'node:test'
import { walkThroughKills } from './wireless-kill-walk.ts'

test('sixteen kills in one network of hotspots', async (t) => {
  await walkThroughKills(
    Array.from({ length: 16 }, (_, index) => 11 + index),
    (text) => t.diagnostic(text),
  )
})
