/**
 * Goal: a frame never holds more than it may, answers always go, and neither payloads nor requests wait for ever.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { MacRequest } from '../../model/session.ts'
import { writeCommands, type DownlinkCommand } from '../../wire/mac-commands.ts'
import { chooseContent } from './choose-content.ts'

const item = (sizeBytes: number) => ({
  id: 'q',
  devEui: '70b3d57ed0000001',
  fPort: 1,
  payload: new Uint8Array(sizeBytes),
  isConfirmed: false,
})
const request = (command: DownlinkCommand): MacRequest => ({
  name: command.name,
  commands: [command],
  sentCount: 0,
  refusedCount: 0,
  refusedTotal: 0,
})
const adr = (count: number): MacRequest => ({
  ...request({ name: 'LinkADRReq', dataRate: 1, txPower: 0, chMask: 1, chMaskCntl: 0, nbTrans: 1 }),
  commands: Array.from({ length: count }, () => ({
    name: 'LinkADRReq',
    dataRate: 1,
    txPower: 0,
    chMask: 1,
    chMaskCntl: 0,
    nbTrans: 1,
  })),
})
const reply: DownlinkCommand = { name: 'LinkCheckAns', marginDb: 1, gatewayCount: 1 }
const status = request({ name: 'DevStatusReq' })

test('payload and commands go together where both fit', () => {
  const content = chooseContent({
    replies: [reply],
    held: [],
    wanted: [status],
    item: item(40),
    roomBytes: 51,
    isRequestsTurn: true,
  })
  assert.deepEqual(
    content.commands.map(({ name }) => name),
    ['LinkCheckAns', 'DevStatusReq'],
  )
  assert.equal(content.item?.id, 'q')
  assert.equal(content.isMore, false)
  assert.equal(content.bodyBytes, 4 + 1 + 40)
})

test('an answer goes before a payload that does not fit beside it', () => {
  const content = chooseContent({
    replies: [reply],
    held: [],
    wanted: [],
    item: item(50),
    roomBytes: 51,
    isRequestsTurn: false,
  })
  assert.equal(content.item, undefined)
  assert.deepEqual(content.commands, [reply])
  assert.equal(content.isMore, true)
})

test('requests and payload take turns where both do not fit', () => {
  const facts = { replies: [], held: [], wanted: [adr(4)], item: item(10), roomBytes: 51 }
  const payloadFirst = chooseContent({ ...facts, isRequestsTurn: false })
  assert.equal(payloadFirst.item?.id, 'q')
  assert.equal(payloadFirst.commands.length, 0)
  assert.equal(payloadFirst.isMore, true)
  const requestsFirst = chooseContent({ ...facts, isRequestsTurn: true })
  assert.equal(requestsFirst.item, undefined)
  assert.equal(requestsFirst.commands.length, 4, 'on port 0')
  assert.equal(requestsFirst.bodyBytes, 21)
})

test('whatever is to be said, the frame keeps to its room, and a payload that fits alone is not lost', () => {
  const anyRequest = fc.constantFrom(
    adr(1),
    adr(3),
    adr(5),
    status,
    request({ name: 'RXTimingSetupReq', delaySeconds: 3 }),
  )
  fc.assert(
    fc.property(
      fc.nat(60),
      fc.nat(60),
      fc.uniqueArray(anyRequest, { selector: ({ name }) => name }),
      fc.array(fc.constantFrom<DownlinkCommand>(reply, { name: 'RekeyConf', minor: 1 }), { maxLength: 4 }),
      fc.boolean(),
      (roomBytes, sizeBytes, wanted, replies, isRequestsTurn) => {
        const fits = sizeBytes <= roomBytes
        const content = chooseContent({
          replies,
          held: [],
          wanted,
          item: fits ? item(sizeBytes) : undefined,
          roomBytes,
          isRequestsTurn,
        })
        const options = writeCommands(content.commands, { isUp: false }).length
        const payload = content.item?.payload.length ?? 0
        assert.ok(options + payload <= roomBytes)
        if (content.item !== undefined) assert.ok(options <= 15, 'options stand beside a payload')
        if (fits && content.item === undefined)
          assert.ok(content.isMore && content.commands.length > 0, 'it waits for something that goes')
        if (fits && replies.length === 0 && !isRequestsTurn) assert.ok(content.item !== undefined)
        const port = content.item !== undefined || options > 15 ? 1 : 0
        assert.equal(content.bodyBytes, options + payload + port)
      },
    ),
  )
})
