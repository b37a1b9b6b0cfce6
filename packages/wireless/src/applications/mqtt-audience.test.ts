/**
 * Goal: a message reaches exactly those who listen, in order; a client that does not keep up costs nobody else anything.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import mqtt from 'mqtt-packet'
import { mqttAudience, type ClientFilter, type MqttAudience } from './mqtt-audience.ts'
import { inFlightMax, linkBytesMax, linkWaitingMax, mqttLink, stallMsMax, type MqttLink } from './mqtt-link.ts'
import { isFilterAllowed, isTopicMatch, parseCommandTopic, parseTopicFilter } from './topic.ts'

function fakeSocket() {
  const packets: { topic: string; payload: string; id: number | undefined }[] = []
  const parser = mqtt.parser()
  parser.on('packet', (packet) => {
    assert.ok(packet.cmd === 'publish')
    packets.push({ topic: packet.topic, payload: packet.payload.toString(), id: packet.messageId })
  })
  const socket = {
    packets,
    writes: 0,
    writableLength: 0,
    isDestroyed: false,
    write(bytes: Uint8Array) {
      socket.writes += 1
      parser.parse(Buffer.from(bytes))
    },
    destroy() {
      socket.isDestroyed = true
    },
  }
  return socket
}

function stage() {
  const deferred: (() => void)[] = []
  const counts = { sent: 0, lost: 0, cutOff: 0 }
  const time = { nowMs: 0 }
  const audience = mqttAudience((run) => deferred.push(run))
  return {
    audience,
    counts,
    time,
    turn: () => deferred.splice(0).forEach((run) => run()),
    client() {
      const socket = fakeSocket()
      return { socket, link: mqttLink({ socket, counts, elapsedMs: () => time.nowMs }) }
    },
  }
}

const filters = (...given: readonly [string, 0 | 1][]): ReadonlyMap<string, ClientFilter> =>
  new Map(given.map(([filter, qos]) => [filter, { levels: parseTopicFilter(filter) ?? [], qos }]))

const up = (audience: MqttAudience, applicationId: string, payload: string): number =>
  audience.publish({ applicationId, topic: `application/${applicationId}/device/0102030405060708/event/up`, payload })

test('filters match as in section 4.7 of MQTT 3.1.1', () => {
  const cases: readonly [string, string, boolean][] = [
    ['#', 'a/b', true],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['a/+', 'a', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['+/b', 'a/b', true],
    ['a', 'a/b', false],
    ['a/b', 'a', false],
  ]
  for (const [filter, topic, expected] of cases)
    assert.equal(isTopicMatch(parseTopicFilter(filter) ?? [], topic.split('/')), expected, `${filter} ${topic}`)
  for (const filter of ['', 'a/#/b', 'a#', 'a/b+', 'x'.repeat(257), 'a\0'])
    assert.equal(parseTopicFilter(filter), undefined)
})

test('a filter that names another application is refused; one that names none is not', () => {
  const allowed = (filter: string): boolean => isFilterAllowed(parseTopicFilter(filter) ?? [], 'mine')
  for (const filter of ['#', 'application/#', 'application/+/device/#', 'application/mine/#', '+/mine/#', '+/+/#'])
    assert.ok(allowed(filter), filter)
  for (const filter of [
    'application/other/#',
    '+/other/#',
    '$SYS/#',
    'application',
    'gateway/#',
    '$share/g/application/mine/#',
  ])
    assert.ok(!allowed(filter), filter)
})

test('a command topic names application, device and command, in their exact form', () => {
  assert.deepEqual(parseCommandTopic('application/a-1/device/0102030405060708/command/down'), {
    applicationId: 'a-1',
    devEui: '0102030405060708',
    command: 'down',
  })
  for (const topic of [
    'application/a/device/0102030405060708/event/up',
    'application/a/device/010203040506070/command/down',
    'application/a/device/010203040506070G/command/down',
    'application/a/b/device/0102030405060708/command/down',
    'application/a/device/0102030405060708/command/down/',
  ])
    assert.equal(parseCommandTopic(topic), undefined, topic)
})

test('clients hear their own application alone, once each, in order and in one write per turn', () => {
  const { audience, turn, counts, client } = stage()
  const [one, two, narrow, other] = [client(), client(), client(), client()]
  audience.listen('a', one.link, filters(['#', 0]))
  audience.listen('a', two.link, filters(['application/a/#', 0], ['application/+/device/+/event/up', 0]))
  audience.listen('a', narrow.link, filters(['application/a/device/+/event/join', 0]))
  audience.listen('b', other.link, filters(['#', 0]))
  assert.deepEqual([up(audience, 'a', '1'), up(audience, 'a', '2'), up(audience, 'none', '3')], [2, 2, 0])
  assert.equal(one.socket.writes, 0)
  turn()
  for (const { socket } of [one, two]) {
    assert.deepEqual(
      socket.packets.map(({ payload }) => payload),
      ['1', '2'],
    )
    assert.equal(socket.writes, 1)
  }
  assert.equal(narrow.socket.writes + other.socket.writes, 0)
  assert.deepEqual(counts, { sent: 4, lost: 0, cutOff: 0 })
})

test('who comes or goes in the middle of a turn gets what is sent while it listens', () => {
  const { audience, turn, client } = stage()
  const [goes, comes] = [client(), client()]
  audience.listen('a', goes.link, filters(['#', 0]))
  up(audience, 'a', '1')
  audience.listen('a', comes.link, filters(['#', 0]))
  up(audience, 'a', '2')
  audience.listen('a', goes.link, new Map())
  up(audience, 'a', '3')
  turn()
  assert.deepEqual(
    goes.socket.packets.map(({ payload }) => payload),
    ['1', '2'],
  )
  assert.deepEqual(
    comes.socket.packets.map(({ payload }) => payload),
    ['2', '3'],
  )
})

test('a full socket loses messages, which are counted; the others get theirs; a stalled client is cut off', () => {
  const { audience, turn, counts, time, client } = stage()
  const [slow, quick] = [client(), client()]
  audience.listen('a', slow.link, filters(['#', 0]))
  audience.listen('a', quick.link, filters(['#', 0]))
  slow.socket.writableLength = linkBytesMax
  up(audience, 'a', '1')
  turn()
  assert.deepEqual([slow.socket.packets.length, quick.socket.packets.length, counts.lost], [0, 1, 1])
  time.nowMs = stallMsMax
  up(audience, 'a', '2')
  turn()
  assert.equal(slow.socket.isDestroyed, false)
  slow.link.drained()
  time.nowMs += stallMsMax
  up(audience, 'a', '3')
  turn()
  assert.equal(slow.socket.isDestroyed, false, 'it moved in between')
  time.nowMs += 1
  up(audience, 'a', '4')
  turn()
  assert.equal(slow.socket.isDestroyed, true)
  assert.equal(quick.socket.isDestroyed, false)
  assert.equal(counts.cutOff, 1)
})

test('at QoS 1 every packet has its own identifier, and a window is unacknowledged at most', () => {
  const { audience, turn, counts, client } = stage()
  const { socket, link } = client()
  audience.listen('a', link, filters(['#', 0], ['application/a/#', 1]))
  const acknowledge = (): void => {
    for (const { id } of socket.packets.splice(0)) link.acknowledge(id ?? 0)
    audience.wake(link)
    turn()
  }
  for (let index = 0; index < inFlightMax + 5; index += 1) up(audience, 'a', String(index))
  turn()
  assert.equal(socket.packets.length, inFlightMax)
  assert.equal(new Set(socket.packets.map(({ id }) => id)).size, inFlightMax)
  assert.equal(link.waitingCount, 5)
  acknowledge()
  assert.deepEqual(
    socket.packets.map(({ payload }) => payload),
    ['512', '513', '514', '515', '516'],
  )
  acknowledge()
  assert.deepEqual([link.inFlightCount, link.waitingCount, counts.lost], [0, 0, 0])
  link.acknowledge(7)
  assert.equal(link.inFlightCount, 0, 'an acknowledgement of nothing changes nothing')
})

test('behind a full window the oldest waiting message is lost, and identifiers go round', () => {
  const { audience, turn, counts, client } = stage()
  const { socket, link } = client()
  audience.listen('a', link, filters(['#', 1]))
  for (let index = 0; index < inFlightMax + linkWaitingMax * 2 + 3; index += 1) up(audience, 'a', String(index))
  turn()
  assert.equal(link.waitingCount, linkWaitingMax)
  assert.equal(counts.lost, linkWaitingMax + 3)
  for (let round = 0; round < 200; round += 1) {
    const given = socket.packets.splice(0)
    for (const { id } of given) {
      assert.ok(id !== undefined && id >= 1 && id <= 0xffff)
      link.acknowledge(id)
    }
    up(audience, 'a', 'more')
    audience.wake(link)
    turn()
  }
  assert.deepEqual([link.inFlightCount, link.waitingCount], [1, 0])
})

test('a client that leaves is held no longer', () => {
  const { audience, client } = stage()
  const links: MqttLink[] = Array.from({ length: 50 }, () => client().link)
  for (const link of links) audience.listen('a', link, filters(['#', 0]))
  for (const link of links) audience.listen('a', link, new Map())
  assert.equal(up(audience, 'a', '1'), 0)
})
