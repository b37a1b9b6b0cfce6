/**
 * A whole network on one machine: chain, deployment, prices, gateway, five providers of storage, two hotspots and two watchers,
 * each a process of its own with its own keys, folder and bond.
 *
 * It starts and stops things; it does no work itself. Everything that it started ends with it.
 *
 * @module
 */

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { connect, makeChain, type Chain } from '@groundwork/chain/client.ts'
import { deployerAccount } from '@groundwork/chain/devnet/accounts.ts'
import { startAnvil, type Anvil } from '@groundwork/chain/devnet/anvil.ts'
import { deployDevnet, type DeployOutcome } from '@groundwork/chain/devnet/deploy.ts'
import { fund } from '@groundwork/chain/devnet/faucet.ts'
import { keepPriceFresh } from '@groundwork/chain/devnet/feed-price.ts'
import { devnetParameters, devnetSupply, type ParameterValues } from '@groundwork/chain/devnet/parameters.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { storageNetwork } from '@groundwork/storage'
import { wirelessNetwork, type RegionName } from '@groundwork/wireless'
import type { Logger } from 'pino'
import { programPath } from '../program-path.ts'
import { startChild, type Child } from '../supervise/child.ts'
import { awaitOffers } from './await-offers.ts'
import { portsFor } from './free-port.ts'
import {
  localHotspotPlans,
  localProviderPlans,
  type LocalHotspotPlan,
  type LocalPlace,
  type LocalProviderPlan,
} from './local-providers.ts'

const work = 10n ** 18n
/** What a provider gets from the faucet: its bond, and something for demands and fees. */
const providerGiftAtto = 2_000n * work
const providerBondAtto = 1_000n * work
const watcherGiftAtto = 5_000n * work
const watcherBondAtto = 2_000n * work
const customerGiftAtto = 100_000n * work
const gasGiftWei = 10n ** 18n
/** Small pieces, so that a few megabytes are a set of several. */
const pieceBytes = 4 * 2 ** 20
const readyMsMax = 90_000

export interface LocalProvider {
  readonly plan: LocalProviderPlan
  readonly operator: Address
  readonly endpoint: string
  child: Child
}

/** A provider with a radio; its forwarder dials `udpPort` of this machine. */
export interface LocalHotspot {
  readonly plan: LocalHotspotPlan
  readonly operator: Address
  readonly udpPort: number
  child: Child
}

/** How parts of a run are made to misbehave, to show that it is noticed. */
export type Break = 'skip-proof' | 'overpay' | 'drop-line' | 'serve-wrong-byte'

export interface LocalNetworkOptions {
  readonly dataDir: string
  /** address that everything listens on and is reached at; loopback when left out */
  readonly host?: string | undefined
  /** the gateway's; the one of the last start, or a free one, when left out */
  readonly gatewayPort?: number | undefined
  readonly log: Logger
  readonly signal: AbortSignal
  readonly break?: Break | undefined
  /** what the contracts are deployed with; the devnet's own when left out */
  readonly values?: ParameterValues | undefined
  /** the providers of the network; all five when left out */
  readonly plans?: readonly LocalProviderPlan[] | undefined
  /** band of its radios; that of the settings' default when left out */
  readonly band?: RegionName | undefined
  /** the hotspots of the network; both when left out, and without any the gateway is of storage alone */
  readonly hotspotPlans?: readonly LocalHotspotPlan[] | undefined
}

export interface LocalNetwork {
  readonly dataDir: string
  readonly deploymentPath: string
  readonly rpcUrl: string
  readonly chain: Chain
  readonly anvil: Anvil
  readonly gateway: Child
  readonly gatewayUrl: string
  readonly customer: Address
  readonly providers: readonly LocalProvider[]
  readonly hotspots: readonly LocalHotspot[]
  readonly band: RegionName
  readonly watchers: readonly Child[]
  [Symbol.asyncDispose](): Promise<void>
}

/** The steps, so that whoever shows progress can name each as it happens. */
export interface NetworkSteps {
  startChain(): Promise<DeployOutcome>
  startGateway(): Promise<void>
  /** Resolves when each of them offers. */
  startProviders(): Promise<void>
  /** Resolves when each of them offers. */
  startHotspots(): Promise<void>
  startWatchers(): Promise<void>
  /** Starts a program that ended (a provider or hotspot by its plan's name, 'gateway', 'watcher', 'second-watcher') as it was: its folder, its port. */
  restart(name: string): Promise<void>
  /** Starts the chain again from its last dump, and deploys where that is older than the contracts. */
  restartChain(): Promise<DeployOutcome>
  /** As things stand: ask again after a restart. */
  network(): LocalNetwork
  [Symbol.asyncDispose](): Promise<void>
}

/** Prepares the steps; nothing is started yet. */
export async function networkSteps(options: LocalNetworkOptions): Promise<NetworkSteps> {
  const { dataDir, host = '127.0.0.1', log, signal, values = devnetParameters } = options
  const { plans = localProviderPlans, hotspotPlans = localHotspotPlans, band = 'EU868' } = options
  const logDir = path.join(dataDir, 'logs')
  mkdirSync(logDir, { recursive: true })
  const ports = await portsFor({ dataDir, host }, [
    'chain',
    'gateway',
    'watcher',
    'second-watcher',
    'mqtt',
    'own-radio',
    'own-station',
    ...plans.map(({ name }) => name),
    ...hotspotPlans.flatMap(({ name }) => [name, radioOf(name)]),
  ])
  const portOf = (name: string): number =>
    (name === 'gateway' ? options.gatewayPort : undefined) ?? ports.get(name) ?? 0
  const deploymentPath = path.join(dataDir, 'deployment.json')
  const stopping = new AbortController()
  const until = AbortSignal.any([signal, stopping.signal])
  const children: Child[] = []
  const parts: Parts = { providers: [], hotspots: [], watchers: [] }

  let feeding = new AbortController()
  const startAgain = new Map<string, () => Promise<void>>()

  const start = async (
    name: string,
    command: string,
    settings: Readonly<Record<string, string>>,
    words: readonly string[] = [],
  ): Promise<Child> => {
    const child = await startChild({
      name,
      command: process.execPath,
      args: [programPath, command, ...words],
      environment: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        GROUNDWORK_DATA_DIR: path.join(dataDir, name),
        GROUNDWORK_HOST: host,
        GROUNDWORK_NETWORK: deploymentPath,
        GROUNDWORK_RPC: parts.anvil?.rpcUrl ?? '',
        GROUNDWORK_KEY_COST: 'devnet',
        ...settings,
      },
      logPath: path.join(logDir, `${name}.log`),
      readyMsMax,
      signal: until,
    })
    children.push(child)
    return child
  }
  const need = <T>(value: T | undefined, what: string): T => {
    if (value === undefined) throw new Error(`${what} is started first`)
    return value
  }
  const gatewayUrl = (): string => String(need(parts.gateway, 'the gateway').ready['url'])

  const placeOf = ({ latitude, longitude }: LocalPlace): Record<string, string> => ({
    GROUNDWORK_LATITUDE: String(latitude),
    GROUNDWORK_LONGITUDE: String(longitude),
    GROUNDWORK_BOND_ATTO: String(providerBondAtto),
  })

  const startProvider = async (plan: LocalProviderPlan): Promise<LocalProvider> => {
    const words = misbehaviour(options.break, plan) ?? []
    const child = await start(
      plan.name,
      'provider',
      {
        ...placeOf(plan),
        GROUNDWORK_STORAGE_PRICE_NANO: String(plan.priceNano),
        ...(plan.isRelayed
          ? { GROUNDWORK_RELAY: `${gatewayUrl().replace(/^http/, 'ws')}/relay` }
          : { GROUNDWORK_PORT: String(portOf(plan.name)) }),
      },
      words,
    )
    return {
      plan,
      operator: String(child.ready['operator']) as Address,
      endpoint: String(child.ready['endpoint']),
      child,
    }
  }

  const startHotspot = async (plan: LocalHotspotPlan): Promise<LocalHotspot> => {
    const child = await start(plan.name, 'provider', {
      ...placeOf(plan),
      GROUNDWORK_ROLES: 'wireless',
      GROUNDWORK_WIRELESS_REGION: band,
      GROUNDWORK_WIRELESS_PRICE_NANO: String(plan.priceNano),
      GROUNDWORK_PORT: String(portOf(plan.name)),
      GROUNDWORK_WIRELESS_UDP_PORT: String(portOf(radioOf(plan.name))),
      GROUNDWORK_WIRELESS_STATION_PORT: '0',
    })
    const udpPort = portOf(radioOf(plan.name))
    return { plan, operator: String(child.ready['operator']) as Address, udpPort, child }
  }

  const startWatcher = async (name: string, words: readonly string[]): Promise<Child> => {
    const settings = { GROUNDWORK_PORT: String(portOf(name)), GROUNDWORK_BOND_ATTO: String(watcherBondAtto) }
    return start(name, 'watch', settings, words)
  }

  const gift = async (accounts: readonly Address[], workAtto: bigint): Promise<void> => {
    const chain = need(parts.chain, 'the chain')
    const poor: { to: Address; gasWei: bigint; workAtto: bigint }[] = []
    for (const to of accounts)
      if ((await chain.client.getBalance({ address: to })) === 0n) poor.push({ to, gasWei: gasGiftWei, workAtto })
    await fund(chain, poor, { signal: until })
  }

  const startChain = async (): Promise<DeployOutcome> => {
    feeding.abort(new Error('the chain is started again'))
    feeding = new AbortController()
    const statePath = path.join(dataDir, 'chain-state.json')
    const anvil = await startAnvil({
      host,
      port: portOf('chain'),
      statePath,
      blockSeconds: values.blockSeconds,
      signal: until,
    })
    parts.anvil = anvil
    const deployer = await connect({ rpcUrl: anvil.rpcUrl, account: deployerAccount() }, { signal: until })
    const outcome = await deployDevnet(deployer, { path: deploymentPath, values, signal: until })
    await deployer[Symbol.asyncDispose]()
    await parts.chain?.[Symbol.asyncDispose]()
    parts.chain = await makeChain(
      { rpcUrl: anvil.rpcUrl, account: deployerAccount(), deployment: outcome.deployment },
      { signal: until },
    )
    const onError = (err: unknown): void => log.warn({ err }, 'the price could not be posted')
    void keepPriceFresh(
      parts.chain,
      { priceUsd8: devnetSupply.priceUsd8, onError },
      { signal: AbortSignal.any([until, feeding.signal]) },
    )
    return outcome
  }

  const dispose = async (): Promise<void> => {
    stopping.abort(new Error('the network is stopped'))
    await Promise.all(children.map(async (child) => child.stop()))
    await parts.chain?.[Symbol.asyncDispose]()
    await parts.anvil?.stop()
  }

  return {
    startChain,
    restartChain: startChain,
    async startGateway() {
      startAgain.set('gateway', async () => {
        parts.gateway = await start('gateway', 'gateway', {
          GROUNDWORK_PORT: String(portOf('gateway')),
          GROUNDWORK_STORAGE_PIECE_BYTES: String(pieceBytes),
          ...(hotspotPlans.length === 0
            ? {}
            : {
                GROUNDWORK_ROLES: 'storage,wireless',
                GROUNDWORK_WIRELESS_MQTT_PORT: String(portOf('mqtt')),
                GROUNDWORK_WIRELESS_REGION: band,
                GROUNDWORK_WIRELESS_OWN_RADIO: 'true',
                GROUNDWORK_WIRELESS_UDP_PORT: String(portOf('own-radio')),
                GROUNDWORK_WIRELESS_STATION_PORT: String(portOf('own-station')),
                // Whoever tries this out has the other end on the same machine.
                GROUNDWORK_WIRELESS_PRIVATE_WEBHOOKS: 'true',
              }),
        })
        await gift([String(parts.gateway.ready['customer']) as Address], customerGiftAtto)
      })
      await startAgain.get('gateway')?.()
    },
    async startProviders() {
      parts.providers = await Promise.all(plans.map(async (plan) => startProvider(plan)))
      await gift(
        parts.providers.map(({ operator }) => operator),
        providerGiftAtto,
      )
      const { providers } = parts
      await awaitOffers(need(parts.chain, 'the chain'), { network: storageNetwork, providers, logDir, signal: until })
      for (const plan of plans) {
        startAgain.set(plan.name, async () => {
          const started = await startProvider(plan)
          parts.providers = parts.providers.map((provider) => (provider.plan === plan ? started : provider))
          await gift([started.operator], providerGiftAtto)
        })
      }
    },
    async startHotspots() {
      parts.hotspots = await Promise.all(hotspotPlans.map(async (plan) => startHotspot(plan)))
      await gift(
        parts.hotspots.map(({ operator }) => operator),
        providerGiftAtto,
      )
      const { hotspots: providers } = parts
      await awaitOffers(need(parts.chain, 'the chain'), { network: wirelessNetwork, providers, logDir, signal: until })
      for (const plan of hotspotPlans) {
        startAgain.set(plan.name, async () => {
          const started = await startHotspot(plan)
          parts.hotspots = parts.hotspots.map((hotspot) => (hotspot.plan === plan ? started : hotspot))
          await gift([started.operator], providerGiftAtto)
        })
      }
    },
    async startWatchers() {
      const lie = options.break === 'overpay' || options.break === 'drop-line' ? ['--misbehave', options.break] : []
      const names = [
        ['watcher', ['--post', ...lie]],
        ['second-watcher', []],
      ] as const
      parts.watchers = await Promise.all(names.map(async ([name, words]) => startWatcher(name, words)))
      await gift(parts.watchers.map(operatorOf), watcherGiftAtto)
      for (const [name, words] of names) {
        startAgain.set(name, async () => {
          const started = await startWatcher(name, words)
          parts.watchers = parts.watchers.map((watcher) => (watcher.name === name ? started : watcher))
          await gift([operatorOf(started)], watcherGiftAtto)
        })
      }
    },
    restart: async (name) => need(startAgain.get(name), name)(),
    network: () => {
      const anvil = need(parts.anvil, 'the chain')
      return {
        dataDir,
        deploymentPath,
        rpcUrl: anvil.rpcUrl,
        chain: need(parts.chain, 'the chain'),
        anvil,
        gateway: need(parts.gateway, 'the gateway'),
        gatewayUrl: gatewayUrl(),
        customer: String(need(parts.gateway, 'the gateway').ready['customer']) as Address,
        providers: parts.providers,
        hotspots: parts.hotspots,
        band,
        watchers: parts.watchers,
        [Symbol.asyncDispose]: dispose,
      }
    },
    [Symbol.asyncDispose]: dispose,
  }
}

interface Parts {
  anvil?: Anvil
  chain?: Chain
  gateway?: Child
  providers: readonly LocalProvider[]
  hotspots: readonly LocalHotspot[]
  watchers: Child[]
}

/** Under which name the port of a hotspot's radio is kept. */
const radioOf = (name: string): string => `${name}-radio`

const operatorOf = ({ ready }: Child): Address => String(ready['operator']) as Address

/** A dishonest provider is one of five; wrong bytes come from all, so that a reader meets one for certain. */
function misbehaviour(how: Break | undefined, plan: LocalProviderPlan): string[] | undefined {
  if (how === 'serve-wrong-byte') return ['--misbehave', how]
  return how === 'skip-proof' && plan === localProviderPlans[1] ? ['--misbehave', how] : undefined
}
