/**
 * `groundwork up`: a whole network on this machine, the main job once, and then it stays up until it is told to stop.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { followChain } from '@groundwork/chain/indexer/follow-chain.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import { outcomeOf } from '@groundwork/core/errors/http-status.ts'
import { GroundworkError } from '@groundwork/core/errors/groundwork-error.ts'
import { formatWork } from '@groundwork/core/units/work.ts'
import { z } from 'zod'
import { firstLight, type FirstLightStorage } from '../first-light/first-light.ts'
import { wirelessLight, type FirstLightWireless } from '../first-light/wireless-light.ts'
import { gatewayClient } from '../gateway/gateway-client.ts'
import { makeLog } from '../log.ts'
import { writePrivateFile } from '../keys/keystore.ts'
import { runSteps, type Step } from '../progress/run-steps.ts'
import { openDataDir } from '../state/data-dir.ts'
import { openOwnIndex } from '../state/open-own-index.ts'
import { keepRunning } from '../up/keep-running.ts'
import { networkSteps, type LocalNetwork } from '../up/local-network.ts'
import { makeRunFolder } from '../up/run-folder.ts'
import { command, type AnyCommand, type CommandContext } from './command.ts'
import { toJson } from './show.ts'
import { UsageWrong } from './usage-errors.ts'

const examples = path.join(import.meta.dirname, '..', '..', '..', '..', 'examples')

const options = z.object({
  once: z.boolean().default(false).describe('end after first light: 0 when it succeeded, 1 when it did not'),
  seed: z.coerce.number().int().min(0).default(1).describe('picks who is killed, when, and which files'),
  input: z.string().optional().describe('folder or file to store; a sample of ours when left out'),
  break: z
    .enum(['skip-proof', 'overpay', 'drop-line', 'serve-wrong-byte'])
    .optional()
    .describe('make one part lie, to see it caught'),
})

/** These listen everywhere, but nobody can be told to dial them; endpoints stand on the chain. */
const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]'])

/** What a program reads of a run: the last line of stdout. */
interface RunResult {
  readonly firstLight: { readonly storage: FirstLightStorage; readonly wireless?: FirstLightWireless | undefined }
  readonly rpc: string
  readonly deployment: unknown
  readonly gateway: string
  /** where the network lies on this machine, for a verifier that comes after it has ended */
  readonly dataDir: string
  readonly seconds: number
}

export const up: AnyCommand = command({
  name: 'up',
  isProgram: true,
  summary: 'Bring up a whole network on this machine and do the main job once.',
  options,
  async run({ once, seed, input, break: how }, context) {
    const { show, signal, config } = context
    if (wildcards.has(config.host)) {
      throw new UsageWrong({
        why: `${config.host} is no address at which others find a network`,
        tip: '--host <an address of this machine>',
      })
    }
    if (input !== undefined && !existsSync(input))
      throw new UsageWrong({ why: `there is nothing at ${input}`, tip: '--input <folder or file>' })
    // A single run starts from nothing, in a folder of its own; a network that stays goes on where it ended.
    const isSingle = once || how !== undefined
    const folder = isSingle ? makeRunFolder(config.dataDir) : path.join(config.dataDir, 'up')
    using dataDir = openDataDir(folder)
    const log = makeLog({ name: 'up', level: config.logLevel === 'info' ? 'warn' : config.logLevel })
    const startedMs = performance.now()
    try {
      await using steps = await networkSteps({
        dataDir: dataDir.path,
        host: config.host,
        gatewayPort: config.port === 0 ? undefined : config.port,
        band: config.wirelessRegion,
        log,
        signal,
        break: how,
      })
      const isShown = !show.isJson && process.stdout.isTTY
      const progress = {
        isInteractive: isShown,
        writeLine: (line: string) => void (show.isJson ? process.stderr.write(`${line}\n`) : show.say(line)),
      }

      await runSteps({ steps: startSteps(steps), ...progress })
      const network = steps.network()
      const index = openOwnIndex({
        path: path.join(dataDir.path, 'index.sqlite'),
        deployment: network.chain.deployment,
      })
      await using _following = following({
        index,
        network,
        signal,
        onError: (err) => log.error({ err }, 'the index stopped'),
      })

      const known = await readKnown(folder)
      const result = known ?? (await runFirstLight({ network, index, seed, input, how, signal, progress, startedMs }))
      if (known === undefined) await writePrivateFile(resultPath(folder), `${toJson(result)}\n`)
      tellPeople(result, { network, isKnown: known !== undefined, context })
      show.finish({ ...result })
      if (!once) await keepRunning(steps, { tell: (text) => void process.stderr.write(`${text}\n`), signal })
      return 0
    } catch (error) {
      // Ctrl-C while the network stays up is how it ends, not a failure; a single run has not done what it is for.
      if (signal.aborted) {
        if (once) process.stderr.write('Stopped before first light was seen.\n')
        return once ? 1 : 0
      }
      if (error instanceof GroundworkError) {
        process.stderr.write(`First light failed: ${error.message} [${error.code}]\n`)
        show.finish({
          firstLight: {
            storage: { ok: false, code: error.code, blame: error.blame, message: error.message, facts: error.facts },
          },
        })
        log.debug({ err: error, outcome: outcomeOf(error) }, 'first light failed')
        return 1
      }
      throw error
    }
  },
})

/** Keeps an index at the head; disposing ends the following first, then closes the file. */
function following({
  index,
  network,
  signal,
  onError,
}: {
  readonly index: ChainIndex
  readonly network: LocalNetwork
  readonly signal: AbortSignal
  readonly onError: (error: unknown) => void
}): AsyncDisposable {
  const over = new AbortController()
  const running = followChain(index, network.chain, { signal: AbortSignal.any([signal, over.signal]) }).catch(onError)
  return {
    async [Symbol.asyncDispose]() {
      over.abort(new Error('the index is closed'))
      await running
      index[Symbol.dispose]()
    },
  }
}

function startSteps(steps: Awaited<ReturnType<typeof networkSteps>>): Step[] {
  return [
    {
      title: 'The chain starts, contracts are deployed, three posters feed a price',
      run: async () => (await steps.startChain()).outcome,
    },
    { title: 'The gateway starts', run: async () => steps.startGateway() },
    {
      title: 'Five providers start, one of them behind the relay, without an open port',
      run: async () => steps.startProviders(),
    },
    {
      title: 'Two hotspots of two owners start, in reach of the same devices',
      run: async () => steps.startHotspots(),
    },
    { title: 'Two watchers start', run: async () => steps.startWatchers() },
  ]
}

const resultPath = (folder: string): string => path.join(folder, 'first-light.json')

/** What a network that stayed did at its first start. */
async function readKnown(folder: string): Promise<RunResult | undefined> {
  try {
    return JSON.parse(await readFile(resultPath(folder), 'utf8')) as RunResult
  } catch {
    return undefined
  }
}

interface RunFirstLightOptions {
  readonly network: LocalNetwork
  readonly index: ChainIndex
  readonly seed: number
  readonly input: string | undefined
  readonly how: z.infer<typeof options>['break']
  readonly signal: AbortSignal
  readonly progress: { readonly isInteractive: boolean; readonly writeLine: (line: string) => void }
  readonly startedMs: number
}

async function runFirstLight({
  network,
  index,
  seed,
  input,
  how,
  signal,
  progress,
  startedMs,
}: RunFirstLightOptions): Promise<RunResult> {
  const gateway = await gatewayClient({ url: network.gatewayUrl, dataDir: path.join(network.dataDir, 'gateway') })
  const light = firstLight({
    network,
    gateway,
    index,
    seed,
    input: input ?? examples,
    isSample: input === undefined,
    break: how,
    signal,
  })
  await using wireless = wirelessLight({ network, gateway, index, seed, signal })
  // Carriage is done before storage's epoch is waited for: then one wait covers both.
  const steps = [...light.service, ...wireless.carriage, ...light.settlement, ...wireless.epoch]
  await runSteps({ steps, ...progress })
  return {
    firstLight: { storage: light.result(), wireless: wireless.result() },
    rpc: network.rpcUrl,
    deployment: network.chain.deployment,
    gateway: network.gatewayUrl,
    dataDir: network.dataDir,
    seconds: Math.round((performance.now() - startedMs) / 100) / 10,
  }
}

function tellPeople(
  result: RunResult,
  { network, isKnown, context: { show } }: { network: LocalNetwork; isKnown: boolean; context: CommandContext },
): void {
  const { storage, wireless } = result.firstLight
  show.say('')
  show.say(
    isKnown ? 'First light was seen at the first start of this network:' : `First light, after ${result.seconds} s:`,
  )
  show.say(`  stored    ${storage.cid}, ${storage.copies} copies`)
  show.say(`  killed    ${storage.killedProvider}, repaired to ${storage.repairedTo}`)
  show.say(`  proven    epoch ${storage.epoch}, evidence ${storage.evidenceCid}`)
  show.say(`  paid      ${storage.spentCredits} credits spent, ${formatWork(BigInt(storage.mintedAtto))} WORK minted`)
  for (const { provider, mintedAtto, claimedAtto } of storage.balances) {
    show.say(
      `            ${provider}: ${formatWork(BigInt(mintedAtto))} WORK for storage, ${formatWork(BigInt(claimedAtto))} WORK claimed`,
    )
  }
  // A network that stayed since before there was carriage has none to tell of.
  if (wireless !== undefined) {
    const { reading, delivered } = wireless.private
    show.say(`  heard     ${reading.temperature} °C by MQTT; ${delivered} from one device to another`)
    show.say(`  carried   epoch ${wireless.epoch}, ${wireless.units} units, evidence ${wireless.evidenceCid}`)
    for (const { owner, redeemedCredits } of wireless.hotspots)
      show.say(`            ${owner}: ${redeemedCredits} credits by voucher`)
  }
  show.say('')
  show.say(`Status page: ${network.gatewayUrl}`)
  show.say(`Chain:       ${network.rpcUrl}`)
  show.say(`Check it:    npx groundwork audit storage ${storage.epoch} --rpc ${network.rpcUrl}`)
  show.say('Ctrl-C ends all of it.')
}
