/**
 * A provider, composed: its server (on a port, or behind a relay), its place in the registry, its roles, and its pay.
 *
 * @module
 */

import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import { epochAt } from '@groundwork/core/epoch/timing.ts'
import { softwareNodeSigner } from '@groundwork/core/identity/node-signer.ts'
import { offer as offerStorage } from '@groundwork/storage'
import { fastestHasher, openStorageProvider, chainActions, type StorageProvider } from '@groundwork/storage/adapters'
import type { Logger } from 'pino'
import { openAccount, openNodeKey, type NodeKey } from '../account/open-account.ts'
import { openChain } from '../account/open-chain.ts'
import { accountSigner, machineClock } from '../compose.ts'
import type { Config } from '../config.ts'
import { makeLog } from '../log.ts'
import { openContentGate } from '../policy/open-content-gate.ts'
import { relayDialer } from '../relay/relay-dialer.ts'
import { indexAdvance, type AuditContext } from '../watch/audit-context.ts'
import { bundleAuditor } from '../watch/bundle-auditor.ts'
import { timingOf } from '../watch/chain-desk.ts'
import { allRules } from '../watch/all-rules.ts'
import { openOwnIndex } from '../state/open-own-index.ts'
import { again } from '../supervise/again.ts'
import { reasonOf } from '../supervise/last-words.ts'
import { runTogether } from '../supervise/run-together.ts'
import { version } from '../version.ts'
import { holdsOf, noticeHolds } from '../holds/notice-holds.ts'
import { openHotspotRole } from '../wireless/hotspot-role.ts'
import { collectPay } from './collect-pay.ts'
import { joinNetwork } from './join-network.ts'
import { gatewayUrlOf, openSubmit } from './submit.ts'

export interface ProviderReady {
  readonly operator: string
  readonly endpoint: string
  /** where packet forwarders find the radio role, when there is one */
  readonly udpPort?: number
  /** where Basics Stations find it */
  readonly stationPort?: number
}

export interface RunProviderOptions {
  readonly config: Config
  readonly misbehave?: 'skip-proof' | 'serve-wrong-byte' | undefined
  readonly signal: AbortSignal
  onReady(ready: ProviderReady): void
}

const payMs = 1_000

export async function runProvider({ config, misbehave, signal, onReady }: RunProviderOptions): Promise<void> {
  const log = makeLog({ name: 'provider', level: config.logLevel })
  const [account, nodeKey] = await Promise.all([openAccount(config), openNodeKey(config)])
  await using chain = await openChain({ config, account, signal })
  using index = openOwnIndex({ path: path.join(config.dataDir, 'index.sqlite'), deployment: chain.deployment })
  const submit = await openSubmit({ chain, gatewayUrl: gatewayUrlOf(config.network) })
  const signer = accountSigner(account)
  const context: AuditContext = {
    chain,
    index,
    advance: indexAdvance(index, chain),
    rules: await allRules(),
    self: signer.address,
  }
  const timing = timingOf(chain.deployment)

  const allow = openContentGate(config, log)
  await using storage = openStorageProvider({
    folder: path.join(config.dataDir, 'storage'),
    chain: chainActions({ chain, account: signer.address, buyAttoMax: 0n, handIn: submit.send }),
    signer,
    nodeSigner: softwareNodeSigner(nodeKey.seed),
    hasher: await fastestHasher(),
    clock: machineClock,
    // Evidence is kept by every provider, pieces only by one that offers to.
    capacityBytes: config.roles.includes('storage') ? Number(config.storageCapacityBytes) : 0,
    priceNanoPerGibSecond: config.storagePriceNano,
    lockAttoMax: config.bondAtto,
    epochAt: (block) => (block < timing.startBlock ? undefined : epochAt(timing, block)),
    auditBundle: bundleAuditor(context, signer.address),
    onEvent: (event) =>
      log[event.kind === 'proven' || event.kind === 'answered' ? 'info' : 'warn'](shownEvent(event), event.kind),
    ...(misbehave === undefined ? {} : { misbehave }),
    ...(allow === undefined ? {} : { allow }),
  })
  await using face = await openFace({ config, nodeKey, storage, log })
  await using hotspot = config.roles.includes('wireless')
    ? await openHotspotRole({ config, context, signer, nodeKey, evidence: storage.evidence, submit, log })
    : undefined
  const radio = hotspot === undefined ? {} : { udpPort: hotspot.udpPort, stationPort: hotspot.stationPort }
  onReady({ operator: account.address, endpoint: face.endpoint, ...radio })

  const { roles } = config
  log.info(
    { operator: account.address, endpoint: face.endpoint, ...radio, roles, rpc: chain.rpcUrl, version },
    'the provider serves',
  )

  const storageOffer = offerStorage({
    operator: account.address,
    capacityBytes: config.storageCapacityBytes,
    priceNanoPerGibSecond: config.storagePriceNano,
  })
  const offers = [
    ...(roles.includes('storage') ? [storageOffer] : []),
    ...(hotspot === undefined ? [] : [hotspot.offer]),
  ]
  const places = offers.map((offer) => ({ offer, bondAtto: config.bondAtto }))
  const endpoint = face.endpoint
  const place = { config, chain, account, submit, nodeKey: nodeKey.publicKey, endpoint, places, log }
  const collectors = places.map(({ offer: { network } }) => collectPay({ network, context, account, submit }))
  const notice = noticeHolds({
    ...holdsOf(context),
    self: signer.address,
    tell: (facts, text) => log.warn(facts, text),
  })
  const collect = async (until: { readonly signal: AbortSignal }): Promise<void> => {
    for (const collector of collectors) {
      const collected = await collector(until)
      if (collected !== undefined) log.info(collected, 'paid')
    }
    await notice()
  }
  const onError = (err: unknown): void => log.warn({ err }, 'pay could not be collected; the next try follows')
  await runTogether(
    [
      async (until) => joinNetwork({ ...place, ...until }),
      async (until) => storage.run(until),
      async (until) => again({ work: async () => collect(until), everyMs: payMs, onError, ...until }),
      ...(hotspot?.parts ?? []),
    ],
    { signal },
  )
  log.info({ why: reasonOf(signal) }, 'the provider ends')
}

function shownEvent(event: object): object {
  const { error } = event as { error?: unknown }
  return error === undefined ? event : { ...event, err: error }
}

interface Face extends AsyncDisposable {
  readonly endpoint: string
}

/** The provider's server: on a port of its own, or on a socket file behind a relay that it dials. */
async function openFace({
  config,
  nodeKey,
  storage,
  log,
}: {
  config: Config
  nodeKey: NodeKey
  storage: StorageProvider
  log: Logger
}): Promise<Face> {
  if (config.relay === undefined) {
    const { url } = await storage.server.listen({ host: config.host, port: config.port })
    return { endpoint: config.endpoint ?? url, [Symbol.asyncDispose]: async () => undefined }
  }
  const socketPath = path.join(config.dataDir, 'provider.sock')
  rmSync(socketPath, { force: true })
  const server = createServer((request, response) => {
    storage.server.handle(request, response).then(
      (isOurs) => {
        if (!isOurs) response.writeHead(404).end()
      },
      (err: unknown) => {
        log.error({ err, url: request.url?.slice(0, 200) }, 'a request failed')
        response.destroy()
      },
    )
  })
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  const dialer = relayDialer({
    relayUrl: config.relay,
    nodePrivateKey: nodeKey.privateKey,
    socketPath,
    onConnected: () => log.info({ relay: config.relay }, 'connected to the relay'),
    onLost: (why) => log.warn({ relay: config.relay, why }, 'the line to the relay is lost; dialling again'),
  })
  return {
    endpoint: `${config.relay.replace(/^ws/, 'http').replace(/\/+$/, '')}/${nodeKey.publicKey.slice(2)}`,
    async [Symbol.asyncDispose]() {
      await dialer[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
