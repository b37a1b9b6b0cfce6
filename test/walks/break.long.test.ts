/**
 * Goal: whoever lies is caught. Each way to break a run makes it end with 1 and with the code of exactly that lie.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastJson, runProgramToEnd, scratchFolder } from './program.ts'

const codes = {
  'skip-proof': 'GW_PROOF_MISSING',
  overpay: 'GW_EPOCH_OVERPAID',
  'drop-line': 'GW_EPOCH_LINE_DROPPED',
  'serve-wrong-byte': 'GW_WRONG_BYTE',
} as const

const secondsMax = 360

for (const [how, code] of Object.entries(codes)) {
  test(`a run broken by ${how} ends with 1 and ${code}`, async () => {
    using folder = scratchFolder()
    const {
      code: exitCode,
      stdout,
      stderr,
    } = await runProgramToEnd(['up', '--once', '--json', '--seed', '3', '--break', how], {
      folder: folder.path,
      secondsMax,
    })
    assert.equal(exitCode, 1, stderr)
    const { firstLight } = lastJson(stdout) as { firstLight: { storage: { ok: boolean; code: string } } }
    assert.deepEqual({ ok: firstLight.storage.ok, code: firstLight.storage.code }, { ok: false, code }, stderr)
  })
}
