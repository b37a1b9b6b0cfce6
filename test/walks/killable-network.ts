/**
 * A whole network whose programs a test kills and starts again, and a customer that insists until it is answered.
 *
 * Epochs are short. What holds after the kills is for the walk to say; here is only the doing.
 *
 * @module
 */

import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { makeChain, type Chain } from '@groundwork/chain/client.ts'
import { devnetParameters } from '@groundwork/chain/devnet/parameters.ts'
import { followChain } from '@groundwork/chain/indexer/follow-chain.ts'
import { epochStepsIn, type EpochState } from '@groundwork/chain/indexer/index-queries.ts'
import { openIndex, type ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { memoryRandom } from '@groundwork/core/ports/memory/memory-random.ts'
import { pino } from 'pino'
import {
  gatewayClient,
  type GatewayClient,
  type StoredObject,
} from '../../packages/groundwork/src/gateway/gateway-client.ts'
import { GatewayFailed } from '../../packages/groundwork/src/gateway/gateway-errors.ts'
import { compareWithFiles, tarOf, type LocalFile } from '../../packages/groundwork/src/gateway/tar-files.ts'
import { networkSteps, type NetworkSteps } from '../../packages/groundwork/src/up/local-network.ts'
import { localProviderPlans } from '../../packages/groundwork/src/up/local-providers.ts'
import type { ChainMoment, Kill, KillPlan, Victim } from './kill-plan.ts'
import { scratchFolder, until } from './program.ts'

/** Copies of every object: with four providers a dead one always has a successor. */
export const copies = 2
const plans = localProviderPlans.slice(0, 4)
const watcherNames = ['watcher', 'second-watcher']
const values = { ...devnetParameters, epochBlocks: 12, evidenceBlocks: 6, windowBlocks: 4 }
export const storage = 1

/** An acknowledgement, a read or a step of an epoch has to come within this, kills and a loaded machine included. */
const answerSecondsMax = 180
const attemptMsMax = 45_000
const randomBytesMax = 65_536

const stateOf: Readonly<Record<ChainMoment, EpochState>> = { prove: 'sealed', post: 'posted', pay: 'finalised' }

/** An acknowledged object, and the files that it was made of. */
export interface Acknowledged {
  readonly cid: string
  readonly pieces: readonly { readonly pieceCid: string }[]
  readonly files: readonly LocalFile[]
}

export interface KillableNetwork extends AsyncDisposable {
  readonly steps: NetworkSteps
  readonly signal: AbortSignal
  /** anew after a redeployment */
  view(): { readonly chain: Chain; readonly index: ChainIndex }
  /** Stores the files of a plan, again and again until it is acknowledged. */
  put(plan: KillPlan): Promise<Acknowledged>
  /** Reads it back until it comes whole. @throws BytesDiffer when a byte differs */
  read(object: Acknowledged): Promise<void>
  gateway(): Promise<GatewayClient>
  /** SIGKILL after the delay, then a start with the same folder and port. @returns the name of the program */
  kill(kill: Pick<Kill, 'victim' | 'delayMs' | 'which'>): Promise<string>
  /** Resolves when that next happens to an epoch. */
  moment(moment: ChainMoment): Promise<void>
  /** Waits for an epoch that closes after now, and is finalised. @returns its number */
  converge(): Promise<bigint>
  /** The chain is ended hard and goes on from a dump taken by `keepDump`, or from nothing. */
  rollBack(to: string | undefined): Promise<'reused' | 'deployed' | 'redeployed'>
  /** Ends the chain in good order, keeps a copy of its dump and starts it again. @returns where the copy lies */
  keepDump(): Promise<string>
}

export async function openKillableNetwork(): Promise<KillableNetwork> {
  const folder = scratchFolder()
  const stopping = new AbortController()
  const { signal } = stopping
  const steps = await networkSteps({
    dataDir: folder.path,
    log: pino({ level: 'silent' }),
    signal,
    values,
    plans,
    hotspotPlans: [],
  })
  let followed: Followed | undefined
  const end = async (): Promise<void> => {
    await followed?.[Symbol.asyncDispose]()
    await steps[Symbol.asyncDispose]()
    stopping.abort(new Error('the walk is over'))
    folder[Symbol.dispose]()
  }
  const follow = async (): Promise<void> => {
    await followed?.[Symbol.asyncDispose]()
    followed = await openFollowed(steps, signal)
  }
  const view = (): { chain: Chain; index: ChainIndex } => {
    if (followed === undefined) throw new TypeError('the network is started first')
    return followed
  }
  try {
    await steps.startChain()
    await steps.startGateway()
    await steps.startProviders()
    await steps.startWatchers()
    await follow()
  } catch (error) {
    await end()
    throw error
  }
  const gateway = async (): Promise<GatewayClient> =>
    gatewayClient({ url: steps.network().gatewayUrl, dataDir: path.join(folder.path, 'gateway') })

  /** A chain that lost its contracts got new ones: every program has to read the new deployment. */
  const restartChain = async (): Promise<'reused' | 'deployed' | 'redeployed'> => {
    const { outcome } = await steps.restartChain()
    if (outcome === 'reused') return outcome
    await follow()
    const { gateway: old, providers, watchers } = steps.network()
    await Promise.all([old, ...providers.map(({ child }) => child), ...watchers].map(async (child) => child.stop()))
    for (const name of ['gateway', ...plans.map((plan) => plan.name), ...watcherNames]) await steps.restart(name)
    return outcome
  }
  const statePath = path.join(folder.path, 'chain-state.json')

  return {
    steps,
    signal,
    view,
    gateway,
    put: async (plan) => {
      const files = filesOf(plan, folder.path)
      const stored = await insist(steps, `the object of seed ${plan.seed} is acknowledged`, async () =>
        putOnce(await gateway(), files),
      )
      return { cid: stored.cid, pieces: stored.pieces, files }
    },
    read: async ({ cid, files }) => {
      await insist(steps, `${cid} is read back`, async () => {
        const response = await (
          await gateway()
        ).open(`/v1/storage/objects/${cid}/content`, { signal: AbortSignal.timeout(attemptMsMax) })
        return compareWithFiles(Readable.fromWeb(response.body as never), files)
      })
    },
    async kill({ victim, delayMs, which }) {
      await delay(delayMs)
      if (victim === 'anvil') {
        await steps.network().anvil.kill()
        await restartChain()
        return victim
      }
      const name = nameOf(victim, which)
      const { gateway: own, providers, watchers } = steps.network()
      const child = [own, ...providers.map((provider) => provider.child), ...watchers].find((one) => one.name === name)
      if (child === undefined) throw new TypeError(`there is no program ${name}`)
      child.kill('SIGKILL')
      await child.exited
      await steps.restart(name)
      return name
    },
    async moment(moment) {
      const from = view().index.tip()?.number ?? 0n
      await until(`an epoch is ${stateOf[moment]} after block ${from}`, answerSecondsMax, () =>
        epochStepsIn(view().index, { network: storage }).find(
          ({ state, block }) => state === stateOf[moment] && block > from,
        ),
      )
    },
    async converge() {
      const { parameters } = steps.network().chain.deployment
      const now = await view().chain.client.getBlockNumber({ cacheTime: 0 })
      const epoch = (now - parameters.startBlock) / BigInt(parameters.epochBlocks)
      const found = await until(`epoch ${epoch} or a later one is finalised`, answerSecondsMax, () =>
        epochStepsIn(view().index, { network: storage }).find(
          (step) => step.state === 'finalised' && step.epoch >= epoch,
        ),
      )
      return found.epoch
    },
    async keepDump() {
      await steps.network().anvil.stop()
      const kept = path.join(folder.path, 'kept-state.json')
      copyFileSync(statePath, kept)
      await restartChain()
      return kept
    },
    async rollBack(to) {
      await steps.network().anvil.kill()
      for (const file of [statePath, `${statePath}.copy`]) rmSync(file, { force: true })
      if (to !== undefined) renameSync(to, statePath)
      return restartChain()
    },
    [Symbol.asyncDispose]: end,
  }
}

function nameOf(victim: Exclude<Victim, 'anvil'>, which: number): string {
  if (victim === 'gateway') return 'gateway'
  const names = victim === 'provider' ? plans.map((plan) => plan.name) : watcherNames
  return names[which % names.length] ?? 'gateway'
}

type Followed = AsyncDisposable & { readonly chain: Chain; readonly index: ChainIndex }

/** An eye of our own on the chain: an index in memory that follows it through every kill. */
async function openFollowed(steps: NetworkSteps, signal: AbortSignal): Promise<Followed> {
  const { rpcUrl, chain: theirs } = steps.network()
  const over = new AbortController()
  const chain = await makeChain({ rpcUrl, deployment: theirs.deployment }, { signal })
  const index = openIndex({ path: ':memory:', deployment: theirs.deployment })
  let failure: unknown
  const running = followChain(index, chain, { signal: AbortSignal.any([signal, over.signal]) }).catch(
    (error: unknown) => {
      failure = error
    },
  )
  return {
    chain,
    get index() {
      if (failure !== undefined) throw failure
      return index
    },
    async [Symbol.asyncDispose]() {
      over.abort(new Error('the view is closed'))
      await running
      index[Symbol.dispose]()
      await chain[Symbol.asyncDispose]()
    },
  }
}

async function putOnce(client: GatewayClient, files: readonly LocalFile[]): Promise<StoredObject> {
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  return client.post<StoredObject>(`/v1/storage/objects?copies=${copies}&sizeBytes=${sizeBytes}`, {
    body: Readable.toWeb(tarOf(files)) as BodyInit,
    contentType: 'application/x-tar',
    signal: AbortSignal.timeout(attemptMsMax),
  })
}

/** Again until it is answered; only a refusal or a broken line is a reason to ask again. */
async function insist<Answer>(steps: NetworkSteps, what: string, attempt: () => Promise<Answer>): Promise<Answer> {
  let last: unknown
  try {
    return await until(what, answerSecondsMax, async () => {
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof GatewayFailed) && !isBroken(error)) throw error
        last = error
        return undefined
      }
    })
  } catch (cause) {
    throw new Error(
      `${what}: not in time; the last answer was ${String(last)}; ended by themselves: ${await endedOf(steps)}`,
      { cause },
    )
  }
}

/** Programs that are not running, and how they ended: none should. */
async function endedOf(steps: NetworkSteps): Promise<string> {
  const { gateway, providers, watchers } = steps.network()
  const dead = [gateway, ...providers.map(({ child }) => child), ...watchers].filter((child) => !child.isAlive())
  const told = await Promise.all(dead.map(async ({ name, exited }) => `${name} ${JSON.stringify(await exited)}`))
  return told.join(', ') || 'none'
}

/** What fetch says of a connection that ended, of a time that ran out, and tar-stream of a body that broke off. */
function isBroken(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error instanceof TypeError ||
      /TimeoutError|AbortError/.test(error.name) ||
      /terminated|Unexpected end|aborted|closed/i.test(error.message))
  )
}

/** The files of a plan, on disk: bytes that follow from the seed. */
function filesOf({ seed, fileSizes }: KillPlan, folder: string): LocalFile[] {
  const random = memoryRandom(`groundwork kill walk ${seed}`)
  const own = path.join(folder, 'objects', String(seed))
  mkdirSync(own, { recursive: true })
  return fileSizes.map((sizeBytes, index) => {
    const name = `file-${index}`
    const file = path.join(own, name)
    writeFileSync(file, bytesOf(random, sizeBytes))
    return { name, path: file, sizeBytes }
  })
}

function bytesOf(random: ReturnType<typeof memoryRandom>, sizeBytes: number): Uint8Array {
  const bytes = Buffer.alloc(sizeBytes)
  // One random stretch, repeated with its place in it: no two chunks are the same, and it costs nothing.
  const stretch = random.bytes(Math.min(sizeBytes, randomBytesMax))
  for (let at = 0; at < sizeBytes; at += stretch.length) {
    bytes.set(stretch.subarray(0, Math.min(stretch.length, sizeBytes - at)), at)
    if (at + 4 <= sizeBytes) bytes.writeUInt32BE(at, at)
  }
  return bytes
}
