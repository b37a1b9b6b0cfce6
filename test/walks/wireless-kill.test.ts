/**
 * Goal: the network server and a hotspot are killed in the middle of traffic, and no counter goes back, nothing that was acknowledged
 * is lost, and everyone is paid once.
 */

import { test } from 'node:test'
import { walkThroughKills } from './wireless-kill-walk.ts'

test('three kills: counters never go back, queued payloads arrive, and hotspots are paid what they are owed, once', async (t) => {
  await walkThroughKills([1, 2, 3], (text) => t.diagnostic(text))
})
