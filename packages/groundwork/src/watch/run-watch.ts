/**
 * The watcher as a program: its server, its bond, and pass after pass until it is stopped.
 *
 * @module
 */

import path from 'node:path'
import type { Chain } from '@groundwork/chain/client.ts'
import { isPassing } from '@groundwork/chain/decode-error.ts'
import { sleep } from '@groundwork/chain/sleep.ts'
import { InvariantBroken } from '@groundwork/core/errors/invariant-broken.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { cellAt } from '@groundwork/core/geography/cell.ts'
import type { Logger } from 'pino'
import type { LocalAccount } from 'viem'
import type { NodeKey } from '../account/open-account.ts'
import type { Config } from '../config.ts'
import { holdsOf, noticeHolds } from '../holds/notice-holds.ts'
import { makeServer, type Api } from '../http/make-server.ts'
import { openOwnIndex } from '../state/open-own-index.ts'
import { reasonOf } from '../supervise/last-words.ts'
import { indexAdvance, type AuditContext } from './audit-context.ts'
import { chainDesk } from './chain-desk.ts'
import { evidenceDesk } from './evidence-desk.ts'
import { keepBond, type BondState } from './keep-bond.ts'
import type { Misbehaviour } from './misbehave.ts'
import type { NetworkRules } from './network-rules.ts'
import { ListenFailed } from './watch-errors.ts'
import { makeWatcher } from './watcher.ts'
import { serveEvidence } from './watch-server.ts'
import { openWatchStore, type WatchStore } from './watch-store.ts'

/** Passes between two looks at registration and bond, once they are as they should be. */
const passesPerBondLook = 32

/** Pause after the chain did not answer. */
const unreachablePauseMs = 1_000

export interface RunWatchOptions {
  readonly config: Pick<Config, 'dataDir' | 'host' | 'port' | 'endpoint' | 'latitude' | 'longitude' | 'bondAtto'>
  readonly chain: Chain
  readonly account: LocalAccount
  readonly nodeKey: NodeKey
  readonly rules: readonly NetworkRules[]
  readonly isPoster: boolean
  readonly misbehaviour?: Misbehaviour | undefined
  readonly version: string
  readonly log: Logger
  /** called once the server listens, before there is any money */
  readonly onReady: (ready: { readonly operator: string; readonly url: string }) => void
  readonly signal: AbortSignal
}

/** Runs until the signal is aborted. */
export async function runWatch(options: RunWatchOptions): Promise<void> {
  const { config, chain, account, rules, log, signal } = options
  using index = openOwnIndex({ path: path.join(config.dataDir, 'watch-index.sqlite'), deployment: chain.deployment })
  using store = openWatchStore(path.join(config.dataDir, 'watch.sqlite'))
  const self = account.address.toLowerCase() as `0x${string}`
  const context: AuditContext & { readonly store: WatchStore } = {
    chain,
    index,
    advance: indexAdvance(index, chain),
    rules,
    store,
    self,
  }
  const desk = chainDesk({ context, account })
  const { dataDir, endpoint } = config
  const app = await makeServer({ dataDir, log, title: 'Groundwork watcher', version: options.version, endpoint })
  serveEvidence(app, { context, account, signal })
  const url = await listen(app, config)
  try {
    options.onReady({ operator: account.address, url })
    log.info({ operator: account.address, url, rpc: chain.rpcUrl, version: options.version }, 'the watcher serves')
    const watcher = makeWatcher({
      networks: rules.map(({ network }) => network),
      isPoster: options.isPoster,
      misbehaviour: options.misbehaviour,
      chain: desk,
      evidence: evidenceDesk({ context, account }),
      log,
    })
    const notice = noticeHolds({ ...holdsOf(context), self, tell: (facts, text) => log.warn(facts, text) })
    const bond = bondKeeper(options, config.endpoint ?? url)
    await passUntilStopped({ context, bond, watcher, notice, log, signal, everyMs: chain.pollingIntervalMs * 2 })
    log.info({ why: reasonOf(signal) }, 'the watcher ends')
  } finally {
    await app.close()
  }
}

async function listen(app: Api, { host, port }: { readonly host: string; readonly port: number }): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (cause) {
    throw new ListenFailed({ host, port, reason: cause instanceof Error ? cause.message : String(cause) }, { cause })
  }
}

interface Passes {
  readonly context: AuditContext
  /** whether there is coin to act with */
  readonly bond: () => Promise<boolean>
  readonly watcher: ReturnType<typeof makeWatcher>
  /** tells of holds that ask something of us */
  readonly notice: () => Promise<void>
  readonly log: Logger
  readonly everyMs: number
  readonly signal: AbortSignal
}

/** One pass for each new block; a chain that does not answer is asked again. */
async function passUntilStopped({ context, bond, watcher, notice, log, everyMs, signal }: Passes): Promise<void> {
  let seen: string | undefined
  let isUnreachable = false
  while (!signal.aborted) {
    try {
      await context.advance({ signal })
      const tip = context.index.tip()?.hash
      if (tip !== seen) {
        if (await bond()) await watcher.pass({ signal })
        await notice()
      }
      seen = tip
      isUnreachable = false
      await sleep(everyMs, { signal })
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof InvariantBroken) throw error
      if (!isPassing(error) || !isUnreachable) log.warn({ err: error }, 'the watcher looks again in a moment')
      isUnreachable = isPassing(error)
      await sleep(unreachablePauseMs, { signal }).catch(() => undefined)
    }
  }
}

/** Looks at registration and bond at every pass until they are kept, then now and then. */
function bondKeeper(
  { config, chain, account, nodeKey, rules, log, signal }: RunWatchOptions,
  endpoint: string,
): () => Promise<boolean> {
  const cell = cellAt(config)
  invariant(cell !== undefined, 'the configuration has a position on the globe')
  const states = new Map<number, BondState>()
  let passes = 0
  return async () => {
    const isKept = rules.every(({ network }) => states.get(network) === 'kept')
    if (isKept && passes++ % passesPerBondLook !== 0) return true
    for (const { network } of rules) {
      const terms = { chain, account, nodeKey: nodeKey.publicKey, cell, endpoint, network, bondAtto: config.bondAtto }
      const state = await keepBond(terms, { signal })
      if (state !== states.get(network))
        log.info({ network, state, endpoint, bondAtto: config.bondAtto }, 'registration and bond')
      states.set(network, state)
    }
    return ![...states.values()].includes('gas-missing')
  }
}
