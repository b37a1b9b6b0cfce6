/**
 * The wireless role of a gateway: a customer's LoRaWAN network. It buys packets from strangers' hotspots, reads them, hands them to
 * applications, and pays by voucher.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import type { Chain } from '@groundwork/chain/client.ts'
import { publishRouteSync } from '@groundwork/chain/publish-route.ts'
import { parseWork } from '@groundwork/core/units/work.ts'
import { epochAt } from '@groundwork/core/epoch/timing.ts'
import { softwareNodeSigner } from '@groundwork/core/identity/node-signer.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import {
  applicationServer,
  eventRing,
  networkServer,
  type ApplicationServer,
  type EventRing,
  type GatewayStatus,
  type HotspotRecord,
  type MulticastGroups,
  type NetworkServer,
  type Radio,
  type RadioListener,
  type Route,
} from '@groundwork/wireless'
import {
  carryServer,
  keyWrap,
  openCarryLedger,
  openCodecSandbox,
  openDeviceStore,
  openMqttBroker,
  openMulticastStore,
  openNetworkDatabase,
  openQueueStore,
  openRuleStore,
  openSessionStore,
  openWebhookEndpointStore,
  openWebhooks,
  wirelessChain,
  type CarryServer,
  type DeviceStore,
  type MqttBroker,
  type RuleStore,
  type WebhookEndpointStore,
  type Webhooks,
} from '@groundwork/wireless/adapters'
import type { Logger } from 'pino'
import { openDeviceKek, type NodeKey } from '../account/open-account.ts'
import { machineClock, machineRandom, machineTimers } from '../compose.ts'
import type { Config } from '../config.ts'
import { again } from '../supervise/again.ts'
import type { Part } from '../supervise/run-together.ts'
import type { AuditContext } from '../watch/audit-context.ts'
import { hotspotsIn } from '../watch/carriage-history.ts'
import { timingOf } from '../watch/chain-desk.ts'
import { gatewayRegister, type GatewayRegister } from './gateway-register.ts'
import { addressesOf, policyFor } from './network-policy.ts'
import { firstInReach, openForwarders } from './open-forwarders.ts'
import { publishable, routesIn } from './routes-in.ts'
import { trustFrom, trustWatch, type TrustWatch } from './trust-watch.ts'
import { rangesOf, wantedRoute } from './wanted-route.ts'

/** Path of the carry endpoint on the gateway's server. */
export const carryPath = '/carry'
const routeMs = 1_000
const directoryMs = 1_000
const allotmentMs = 1_000
const trustMs = 5_000
/** Credits of which an allotment is filled at once: some weeks of a busy hotspot. */
const allotmentCredits = 2_000n
/** The most WORK that filling one allotment may cost without anyone being asked. */
const allotmentWorkMax = parseWork('1000')

export interface RouterRole extends AsyncDisposable {
  readonly devices: DeviceStore
  readonly sessions: ReturnType<typeof openSessionStore>
  readonly queue: ReturnType<typeof openQueueStore>
  readonly network: NetworkServer
  readonly applications: ApplicationServer
  readonly ring: EventRing
  readonly carry: CarryServer
  readonly mqtt: MqttBroker
  readonly gateways: GatewayRegister
  readonly rules: RuleStore
  readonly groups: MulticastGroups
  readonly endpoints: WebhookEndpointStore
  readonly webhooks: Webhooks
  readonly parts: readonly Part[]
  readonly policyOf: ReturnType<typeof policyFor>
  readonly trust: TrustWatch
  /** where the customer's own radios speak to us, when they may */
  readonly own: { readonly udpPort: number; readonly stationPort: number } | undefined
  /** our route as it should stand on the chain */
  route(): Route
  /** @returns whether the path is ours */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Once the server listens: where hotspots dial. */
  listensAt(url: string): void
}

export interface RouterRoleOptions {
  readonly config: Config
  readonly context: AuditContext
  readonly chain: Chain
  readonly signer: { readonly address: Hex; sign(digest: Hex): Promise<Hex> }
  readonly nodeKey: NodeKey
  readonly log: Logger
}

export async function openRouterRole(options: RouterRoleOptions): Promise<RouterRole> {
  const { config, context, chain, signer, nodeKey, log } = options
  const { index } = context
  const { addresses, chainId } = chain.deployment
  const timing = timingOf(chain.deployment)
  const wrap = keyWrap(await openDeviceKek(config))
  const database = openNetworkDatabase({ path: path.join(config.dataDir, 'network.sqlite') })
  const devices = openDeviceStore({ database, wrap })
  const sessions = openSessionStore({ database, wrap })
  const queue = openQueueStore({ database })
  const groups = openMulticastStore({ database, wrap })
  const ledger = openCarryLedger({ path: path.join(config.dataDir, 'router.sqlite') })
  const codecs = openCodecSandbox()
  const gateways = gatewayRegister()
  const ring = eventRing({ birth: hexOf(machineRandom.bytes(4)) })
  const policyOf = policyFor(config, signer.address)
  const slab = addressesOf(config, signer.address)
  const domainOf = (contract: Hex): { chainId: number; verifyingContract: Hex } => ({
    chainId,
    verifyingContract: contract.toLowerCase() as Hex,
  })
  let hotspots: ReadonlyMap<Hex, HotspotRecord> = new Map()
  let endpoint = ''
  const routeNow = (): Route =>
    wantedRoute({
      router: signer.address,
      nodeKey: nodeKey.publicKey,
      endpoint,
      config,
      addresses: [slab, ...abpRanges()],
      joinEuis: devices.devices().map(({ joinEui }) => joinEui),
    })
  /** Devices that did not join have addresses of their own. */
  const abpRanges = (): { first: number; last: number }[] => {
    const others = [...sessions.table.values()].flatMap(({ devAddr }) =>
      devAddr >= slab.first && devAddr <= slab.last ? [] : [devAddr],
    )
    return rangesOf(others)
  }

  const parts_: { network?: NetworkServer; applications?: ApplicationServer } = {}
  const listener: RadioListener = {
    heard: (uplink) => {
      gateways.heard(uplink)
      parts_.network?.heard(uplink)
    },
    outcome: (outcome) => parts_.network?.outcome(outcome),
    status: (status: GatewayStatus) => gateways.status(status),
  }
  const carry = carryServer({
    route: routeNow(),
    chainId: BigInt(chainId),
    railsDomain: domainOf(addresses.rails),
    registryDomain: domainOf(addresses.registry),
    nodeSigner: softwareNodeSigner(nodeKey.seed),
    voucherSigner: signer,
    ledger,
    directory: { hotspotOf: (owner) => hotspots.get(owner) },
    listener,
    epoch: () => {
      const tip = index.tip()?.number ?? 0n
      return tip < timing.startBlock ? 0n : epochAt(timing, tip)
    },
    clock: machineClock,
    timers: machineTimers,
    random: machineRandom,
    onTrouble: (err) => log.warn({ err }, 'the carry endpoint was troubled; it goes on'),
  })
  const own = config.wirelessOwnRadio ? await openForwarders(config, listener) : undefined
  const radio: Radio = own === undefined ? carry.radio : firstInReach([own.radio, carry.radio])
  const mqtt = await openMqttBroker({
    host: config.host,
    tcpPort: config.wirelessMqttPort,
    ...(config.wirelessMqttWebSocketPort === undefined ? {} : { webSocketPort: config.wirelessMqttWebSocketPort }),
    tokenHashesOf: (applicationId) => devices.tokenHashes(applicationId),
    commands: {
      request: (command) => parts_.applications?.request(command),
      refused: (command) => parts_.applications?.refused(command),
    },
    elapsedMs: machineClock.elapsedMs,
  })
  const endpoints = openWebhookEndpointStore({ database })
  const webhooks = openWebhooks({
    path: path.join(config.dataDir, 'webhooks.sqlite'),
    endpointsOf: endpoints.endpointsOf,
    endpoint: endpoints.endpoint,
    clock: machineClock,
    timers: machineTimers,
    random: machineRandom,
    allowsPrivateAddresses: config.wirelessPrivateWebhooks,
  })
  const rules = openRuleStore({
    database,
    domain: domainOf(addresses.registry),
    world: {
      // Whose a device is follows from its application: a shared gateway names another account in the tag `owner`.
      ownerOf: (devEui) => {
        const application = devices.application(devices.device(devEui)?.applicationId ?? '')
        return application === undefined
          ? undefined
          : ((application.tags['owner']?.toLowerCase() as Hex | undefined) ?? signer.address)
      },
      queueCount: (devEui) => queue.count(devEui),
      isRevoked: () => false,
    },
  })
  const applications: ApplicationServer = applicationServer({
    devices,
    queue,
    codecs,
    rules,
    sinks: [mqtt, webhooks, ring],
    tenant: { id: signer.address, name: 'groundwork' },
    clock: machineClock,
    random: machineRandom,
    onQueued: (devEui) => parts_.network?.queueChanged(devEui),
  })
  const network = networkServer({
    radio,
    broker: applications,
    devices,
    sessions,
    queue,
    groups,
    clock: machineClock,
    timers: machineTimers,
    random: machineRandom,
    policyOf,
    judge: carry,
    onTrouble: (err) => log.warn({ err }, 'a frame could not be handled; the network server goes on'),
  })
  parts_.network = network
  parts_.applications = applications

  const trust = trustWatch(trustFrom(context))
  const market = wirelessChain({ chain, account: signer.address, allotmentCredits, workAttoMax: allotmentWorkMax })
  const onError = (err: unknown): void => log.warn({ err }, 'a pass of the wireless role failed; the next one follows')
  const parts: readonly Part[] = [
    async (until) =>
      again({
        work: async () => {
          await context.advance(until)
          const tip = index.tip()?.number ?? 0n
          hotspots = new Map(
            hotspotsIn(index, { until: tip })
              .filter(({ isOpen, stakeAtto }) => isOpen && stakeAtto > 0n)
              .map((one) => [one.owner, one]),
          )
        },
        everyMs: directoryMs,
        onError,
        ...until,
      }),
    async (until) =>
      again({
        work: async () => {
          const wanted = routeNow()
          if (endpoint === '' || (wanted.joinEuis.length === 0 && sessions.table.size === 0)) return
          const standing = routesIn(index).find(({ router }) => router === signer.address)
          if (
            standing !== undefined &&
            JSON.stringify(publishable(standing), bigintText) === JSON.stringify(publishable(wanted), bigintText)
          )
            return
          await publishRouteSync(chain, publishable(wanted), until)
          log.info({ endpoint, joinEuis: wanted.joinEuis.length }, 'the route is published')
        },
        everyMs: routeMs,
        onError,
        ...until,
      }),
    async (until) =>
      again({
        work: async () => {
          for (const { owner, total } of carry.owed())
            await market.ensureAllotment({ owner, voucherSigner: signer.address, total }, until)
        },
        everyMs: allotmentMs,
        onError,
        ...until,
      }),
    async (until) => again({ work: async () => trust.look(until), everyMs: trustMs, onError, ...until }),
  ]
  return {
    devices,
    sessions,
    queue,
    network,
    applications,
    ring,
    carry,
    mqtt,
    gateways,
    rules,
    groups,
    endpoints,
    webhooks,
    parts,
    policyOf,
    trust,
    own,
    route: routeNow,
    upgrade(request, socket, head) {
      if (new URL(request.url ?? '/', 'http://localhost').pathname !== carryPath) return false
      carry.upgrade(request, socket, head)
      return true
    },
    listensAt(url) {
      endpoint = `${(config.endpoint ?? url).replace(/^http/, 'ws').replace(/\/+$/, '')}${carryPath}`
    },
    async [Symbol.asyncDispose]() {
      await own?.[Symbol.asyncDispose]()
      network[Symbol.dispose]()
      await carry[Symbol.asyncDispose]()
      await network.settled()
      await applications.idle()
      await mqtt[Symbol.asyncDispose]()
      await webhooks[Symbol.asyncDispose]()
      await codecs[Symbol.asyncDispose]()
      await sessions[Symbol.asyncDispose]()
      ledger[Symbol.dispose]()
      database.close()
    },
  }
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bigintText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value)
