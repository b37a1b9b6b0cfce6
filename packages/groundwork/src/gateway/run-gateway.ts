/**
 * A gateway, composed: chain, index, keeper, customer, relay and the HTTP faces, until the signal ends it.
 *
 * @module
 */

import path from 'node:path'
import { followChain } from '@groundwork/chain/indexer/follow-chain.ts'
import { makeKeeper, runKeeper } from '@groundwork/chain/keeper/keeper.ts'
import { sqliteOutbox } from '@groundwork/chain/keeper/outbox.ts'
import { makeSender } from '@groundwork/chain/keeper/sender.ts'
import { openAccount, openNodeKey } from '../account/open-account.ts'
import { openChain } from '../account/open-chain.ts'
import { accountSigner, composeCustomer } from '../compose.ts'
import type { Config } from '../config.ts'
import { networkApi } from '../http/network-api.ts'
import { makeServer } from '../http/make-server.ts'
import { sponsorApi } from '../http/sponsor-api.ts'
import { statusApi } from '../http/status-api.ts'
import { storageApi } from '../http/storage-api.ts'
import { wirelessApi } from '../http/wireless/wireless-api.ts'
import { makeLog } from '../log.ts'
import { relayApi } from '../http/relay-api.ts'
import { relayServer } from '../relay/relay-server.ts'
import { version } from '../version.ts'
import { indexAdvance, type AuditContext } from '../watch/audit-context.ts'
import { allRules } from '../watch/all-rules.ts'
import { openRouterRole, type RouterRole } from '../wireless/router-role.ts'
import { guardSets } from './guard-sets.ts'
import { openOwnIndex } from '../state/open-own-index.ts'
import { again } from '../supervise/again.ts'
import { reasonOf } from '../supervise/last-words.ts'
import { runTogether, type Part } from '../supervise/run-together.ts'

export interface GatewayReady {
  readonly url: string
  readonly customer: string
  /** where applications get their devices' data, when there is a wireless role */
  readonly mqttPort?: number
  /** where radios of the customer's own speak to it, when they may */
  readonly udpPort?: number
  readonly stationPort?: number
}

export interface RunGatewayOptions {
  readonly config: Config
  readonly signal: AbortSignal
  onReady(ready: GatewayReady): void
}

/** How often the keeper looks at what is due, and the customer at what the chain still lacks. */
const keeperMs = 1_000
const flushMs = 2_000
/** How often the customer's sets are looked after: unproven ones demanded, lost ones repaired. */
const guardMs = 2_000
/** Streams that owe less than this are left to add up. */
const settleMinCredits = 1n

function portsOf(wireless: RouterRole | undefined): Omit<GatewayReady, 'url' | 'customer'> {
  if (wireless === undefined) return {}
  const { mqtt, own } = wireless
  return {
    mqttPort: mqtt.tcpPort,
    ...(own === undefined ? {} : { udpPort: own.udpPort, stationPort: own.stationPort }),
  }
}

export async function runGateway({ config, signal, onReady }: RunGatewayOptions): Promise<void> {
  const log = makeLog({ name: 'gateway', level: config.logLevel })
  const account = await openAccount(config)
  await using chain = await openChain({ config, account, signal })
  using index = openOwnIndex({ path: path.join(config.dataDir, 'index.sqlite'), deployment: chain.deployment })
  // What was promised to other contracts is not for these: each deployment has its outbox.
  const outboxName = `outbox-${chain.deployment.addresses.guard.slice(2, 10).toLowerCase()}.sqlite`
  using outbox = sqliteOutbox({ path: path.join(config.dataDir, outboxName) })
  const sender = makeSender({ connection: chain, outbox, topic: 'keeper', confirmations: 1 })
  const keeper = makeKeeper({ chain, index, sender, networks: [], settleMinCredits })
  using store = await composeCustomer({ config, chain, account, index, log, signal })

  const context: AuditContext = { chain, index, advance: indexAdvance(index, chain), rules: await allRules() }
  const wireless = config.roles.includes('wireless')
    ? await openRouterRole({
        config,
        context,
        chain,
        signer: accountSigner(account),
        nodeKey: await openNodeKey(config),
        log,
      })
    : undefined
  await using _wireless = wireless
  const guard = guardSets({ context, chain, customer: account.address, lostLeaf: store.lostLeaf, log })
  await using relay = relayServer()
  const { dataDir, endpoint } = config
  const app = await makeServer({ dataDir, log, title: 'Groundwork gateway', version, endpoint })
  networkApi(app, { chain, index, signal })
  storageApi(app, { ...store, signal })
  sponsorApi(app, { chain, keeper, signal })
  statusApi(app, { chain, index, store, signal })
  relayApi(app, relay, wireless)
  if (wireless !== undefined) wirelessApi(app, { wireless, index, signal })
  const url = await app.listen({ host: config.host, port: config.port })
  wireless?.listensAt(url)
  onReady({ url, customer: account.address, ...portsOf(wireless) })
  log.info({ url, customer: account.address, rpc: chain.rpcUrl, version }, 'the gateway serves')

  const onError = (err: unknown): void => log.warn({ err }, 'a pass failed; the next one follows')
  const parts: readonly Part[] = [
    async (until) => followChain(index, chain, { ...until, onTrouble: onError }),
    async (until) => runKeeper(keeper, { ...until, everyMs: keeperMs, onError }),
    async (until) => again({ work: async () => store.customer.flush(until), everyMs: flushMs, onError, ...until }),
    async (until) => again({ work: async () => guard(until), everyMs: guardMs, onError, ...until }),
    async (until) => again({ work: async () => store.repair(until), everyMs: guardMs, onError, ...until }),
    ...(wireless?.parts ?? []),
  ]
  try {
    await runTogether(parts, { signal })
  } finally {
    await app.close()
  }
  log.info({ why: reasonOf(signal) }, 'the gateway ends')
}
