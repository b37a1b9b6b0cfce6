/**
 * Goal: what a list names is refused by its rule, under 451 or, where the rule says so, 410; nothing else is.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CID } from 'multiformats/cid'
import { outcomeOf } from '../errors/http-status.ts'
import type { GroundworkError } from '../errors/groundwork-error.ts'
import { contentGate } from './content-gate.ts'
import { parseDenylist } from './denylist.ts'

const deniedName = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
const goneName = 'bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e'
const denied = CID.parse(deniedName)
const gone = CID.parse(goneName)
const other = CID.parse('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')

function gateOf(text: string): (cid: CID) => void {
  const parsed = parseDenylist(text)
  assert.ok(parsed.tag === 'denylist')
  return contentGate([parsed.list])
}

function refusalOf(gate: (cid: CID) => void, cid: CID): GroundworkError | undefined {
  try {
    gate(cid)
    return undefined
  } catch (error) {
    return error as GroundworkError
  }
}

test('a listed block is refused with list, author, line and reason; another codec of it too; others pass', () => {
  const gate = gateOf(
    `version: 1\nname: house\nauthor: '@us'\n---\n/ipfs/${deniedName} reason:dmca\n/ipfs/${goneName} gateway_status:410\n`,
  )
  const refusal = refusalOf(gate, denied)
  assert.equal(refusal?.code, 'GW_CONTENT_DENIED')
  assert.equal(outcomeOf(refusal).httpStatus, 451)
  assert.deepEqual(refusal.facts, {
    content: deniedName,
    list: 'house',
    author: '@us',
    line: 5,
    reason: 'dmca',
  })
  assert.equal(refusalOf(gate, CID.createV1(0x55, denied.multihash))?.code, 'GW_CONTENT_DENIED')
  assert.equal(outcomeOf(refusalOf(gate, gone)).httpStatus, 410)
  assert.equal(refusalOf(gate, gone)?.code, 'GW_CONTENT_GONE')
  assert.equal(refusalOf(gate, other), undefined)
  assert.equal(refusalOf(contentGate([]), denied), undefined)
})

test('a rule for a path below a root does not refuse the root’s block, one for all that is below does', () => {
  assert.equal(refusalOf(gateOf(`/ipfs/${deniedName}/secret`), denied), undefined)
  assert.equal(refusalOf(gateOf(`/ipfs/${deniedName}/*`), denied)?.code, 'GW_CONTENT_DENIED')
  assert.equal(refusalOf(gateOf(`/ipfs/${deniedName}/*\n!/ipfs/${deniedName}`), denied), undefined)
})
