/**
 * The money contracts against the TypeScript model, over long histories and many seeds.
 *
 * Goal: as money-traces.test.ts, and every kind of operation of the model went through at least once on the chain.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comparedTrace } from './money-trace.ts'

const everyKind = [
  'accept', 'batch', 'burn', 'buy', 'changePosters', 'claim', 'commitReport', 'convert', 'convertFor', 'cover', 'coverAllotment', 'coverEscrow', 'coverStream',
  'cut', 'decline', 'deposit', 'fault', 'finaliseEpoch', 'finish', 'finishAllotment', 'finishEscrow', 'hold', 'lock', 'notice',
  'noticeAllotment', 'open', 'openAllotment', 'openEscrow', 'pause', 'payFee', 'post', 'proposePosters', 'raise', 'raiseLock',
  'redeem', 'redeemMany', 'release', 'releaseThawed', 'renew', 'settle', 'settleMany', 'slash', 'submit', 'thaw', 'topUp',
  'topUpAllotment', 'transfer', 'unlock', 'verdict', 'withdraw',
] // prettier-ignore

test('the contracts and the model agree on every number of 16 long random histories', async () => {
  const seen = new Set<string>()
  for (let seed = 1_001; seed <= 1_016; seed += 1) {
    const { kinds } = await comparedTrace({ seed, operationCount: 300 })
    for (const kind of kinds) seen.add(kind)
  }
  assert.deepEqual(
    everyKind.filter((kind) => !seen.has(kind)),
    [],
  )
})
