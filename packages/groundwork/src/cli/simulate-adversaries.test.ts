/**
 * Goal: the table of adversaries has each of them at each part of the population, by production's terms, against the same town.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateTown } from '@groundwork/wireless'
import { readConfig } from '../config.ts'
import { loadAdversaries } from '../simulate/load-adversaries.ts'
import { makeShow } from './show.ts'
import { scoreAdversaries, tellScores, townOptionsOf } from './simulate-adversaries.ts'

const options = {
  seed: 2,
  devices: 8,
  gateways: 6,
  sideKm: 2,
  interval: 120,
  owners: 10_000,
  bootstrap: 'equal',
  capital: 1_000,
} as const
const config = readConfig({ options: {} })

test('each adversary is played at 1, 10, 30 and 50%, and what it earns is told in WORK', async () => {
  const all = await loadAdversaries()
  const names = all().map(({ name }) => name)
  assert.ok(names.length >= 7 && new Set(names).size === names.length)
  const scores = await scoreAdversaries({
    options,
    config,
    all,
    play: async (adversary, share) => {
      const town = simulateTown({ ...townOptionsOf(options, config), play: adversary?.market, playShare: share })
      await town.pass(300)
      return town.report()
    },
  })
  assert.deepEqual(
    scores.map(({ adversary, share }) => `${adversary} ${share}`),
    ['nobody 0', ...names.flatMap((name) => [0.01, 0.1, 0.3, 0.5].map((share) => `${name} ${share}`))],
  )
  const [usual] = scores
  // A day's allowance of the first year, for 10,000 owners, less what a seat costs.
  assert.ok(usual !== undefined && Math.abs(Number(usual.usualAtto) / 1e18 - (6.85 - 0.27)) < 0.1)
  let text = ''
  tellScores(scores, makeShow({ json: false, write: (more) => (text += more) }))
  assert.equal(text.trimEnd().split('\n').length, scores.length + 2)
  assert.match(text, /^An honest owner's usual day leaves 6\.\d\d WORK\.\n/)
})
