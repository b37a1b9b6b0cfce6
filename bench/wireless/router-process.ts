/**
 * A process of the bench: the customer's gateway with its wireless role: market, network server, applications, MQTT.
 *
 * @module
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import {
  carryServer,
  keyWrap,
  openCarryLedger,
  openDeviceStore,
  openMqttBroker,
  openNetworkDatabase,
  openQueueStore,
  openSessionStore,
} from '../../packages/wireless/src/adapters/index.ts'
import { applicationServer } from '../../packages/wireless/src/applications/application-server.ts'
import { tokenHash } from '../../packages/wireless/src/applications/application-token.ts'
import { eventRing } from '../../packages/wireless/src/applications/event-ring.ts'
import { networkServer } from '../../packages/wireless/src/network-server/network-server.ts'
import type { NetworkServer } from '../../packages/wireless/src/network-server/network-server.ts'
import { answerMeasures } from './measures.ts'
import {
  chainId,
  clock,
  ownerAt,
  railsDomain,
  random,
  recordOf,
  registryDomain,
  routeAt,
  router,
  settledAccount,
  timers,
} from './market.ts'
import { applicationCount, deviceOf, policy, profile, sessionOf } from './traffic.ts'

const [folder = '', deviceCount = '1000', ownerCount = '1'] = process.argv.slice(2)
const troubles: unknown[] = []

const http = createServer()
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
const endpoint = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/carry`

const database = openNetworkDatabase({ path: path.join(folder, 'network.sqlite') })
const wrap = keyWrap(new Uint8Array(32).fill(9))
const devices = openDeviceStore({ database, wrap })
const sessions = openSessionStore({ database, wrap })
const queue = openQueueStore({ database })
devices.putProfile(profile)
for (let number = 0; number < applicationCount; number += 1) {
  devices.putApplication({ id: `app-${number}`, name: '', tags: {} })
  devices.addToken(`app-${number}`, tokenHash('bench'))
}
const batch = 10_000
for (let from = 0; from < Number(deviceCount); from += batch) {
  const numbers = Array.from({ length: Math.min(batch, Number(deviceCount) - from) }, (_, index) => from + index)
  devices.putDevices(numbers.map((number) => ({ device: deviceOf(number) })))
  await Promise.all(numbers.map(async (number) => sessions.put(sessionOf(number, Date.now()))))
}

const owners = new Map(
  Array.from({ length: Number(ownerCount) }, (_, number) => {
    const { address } = ownerAt(number)
    return [address, recordOf(address)]
  }),
)
const parts: { network?: NetworkServer } = {}
const ledger = openCarryLedger({ path: path.join(folder, 'router.sqlite') })
for (const owner of owners.keys()) ledger.setAccount(owner, settledAccount)
const carry = carryServer({
  route: routeAt(endpoint),
  chainId,
  railsDomain,
  registryDomain,
  nodeSigner: router.nodeSigner,
  voucherSigner: router,
  ledger,
  directory: { hotspotOf: (owner) => owners.get(owner) },
  listener: {
    heard: (uplink) => parts.network?.heard(uplink),
    outcome: (outcome) => parts.network?.outcome(outcome),
    status: () => undefined,
  },
  epoch: () => 7n,
  clock,
  timers,
  random,
  onTrouble: (error) => void troubles.push(error),
})
http.on('upgrade', (request, socket, head) => carry.upgrade(request, socket, head))
const mqtt = await openMqttBroker({
  host: '127.0.0.1',
  tcpPort: 0,
  tokenHashesOf: (application) => devices.tokenHashes(application),
  commands: { request: () => undefined, refused: () => undefined },
  elapsedMs: clock.elapsedMs,
})
const applications = applicationServer({
  tenant: { id: 'bench', name: 'bench' },
  devices,
  queue,
  codecs: { run: async () => ({ refused: 'threw', description: 'none' }) },
  sinks: [mqtt, eventRing({ birth: '00000001' })],
  onQueued: () => undefined,
  clock,
  random,
})
const network = networkServer({
  radio: carry.radio,
  broker: applications,
  devices,
  sessions,
  queue,
  clock,
  timers,
  random,
  policyOf: () => policy,
  judge: carry,
})
parts.network = network

answerMeasures({ endpoint, mqttPort: mqtt.tcpPort }, () => ({
  network: network.counts(),
  dropped: Object.fromEntries(network.drops()),
  carry: carry.counts(),
  applications: applications.counts,
  mqtt: mqtt.counts,
  sessions: carry.sessionCount,
  rssBytes: process.memoryUsage.rss(),
  owed: carry.owed().reduce((sum, { total }) => sum + total, 0n),
  troubles: troubles.slice(0, 3).map(String),
}))
