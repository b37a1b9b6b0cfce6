/**
 * Goal: a stranger who has Node and our tarball joins a running network from an empty folder, without any coin for gas: registered
 * through the gateway, bonded by another, it keeps a copy, proves it, has its line in an epoch and is paid. Then the same from a
 * second machine.
 */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { gatewayClient, type StoredObject } from '../../packages/groundwork/src/gateway/gateway-client.ts'
import { filesBelow, tarOf } from '../../packages/groundwork/src/gateway/tar-files.ts'
import { groupOf, lastJson, runProgramToEnd, scratchFolder, startProgram, until, type Program } from './program.ts'
import { secondMachine } from './second-machine.ts'

const root = path.join(import.meta.dirname, '..', '..')
const runFile = promisify(execFile)

/** Bounds are wide: this runs beside everything else. */
const packSecondsMax = 240
const upSecondsMax = 480
const readySecondsMax = 120
const joinSecondsMax = 240
const lineSecondsMax = 420
const paySecondsMax = 240
const commandSecondsMax = 180

const bondWork = '1000'
const bondAtto = 10n ** 21n
/** Of the market that `up` makes: a stranger who asks as much as the others is chosen like them. */
const priceNano = 500_000_000_000n
const storageKind = 1

interface Running {
  readonly rpc: string
  readonly gateway: string
  readonly firstLight: { readonly storage: { readonly ok: boolean } }
}

interface Audit {
  readonly agrees: boolean
  readonly lines: readonly { readonly account: string; readonly kind: number; readonly entries: number }[]
}

/** A network that runs, and the program as it was installed from its tarball. */
interface Scene {
  readonly network: Running
  readonly networkFolder: string
  readonly installed: string
}

test('a stranger joins with the tarball alone', async (t) => {
  using folder = scratchFolder()
  const machine = secondMachine()
  using _machine = 'why' in machine ? undefined : machine
  const host = 'why' in machine ? '127.0.0.1' : machine.here
  const networkFolder = path.join(folder.path, 'network')
  mkdirSync(networkFolder)
  await using program = startProgram(['up', '--json', '--host', host], { folder: networkFolder })

  const installed = await installedFrom(await packed(folder.path), folder.path)
  const network = await running(program)
  assert.ok(network.firstLight.storage.ok)
  assert.ok(network.gateway.startsWith(`http://${host}:`), 'the gateway listens where it was told to')
  assert.ok(network.rpc.startsWith(`http://${host}:`), 'and so does the chain')
  const scene: Scene = { network, networkFolder, installed }

  await t.test('as a sixth provider, from an empty folder, without gas', async (t2) => {
    await joins(scene, {
      folder: path.join(folder.path, 'stranger'),
      words: [],
      within: [],
      say: (text) => t2.diagnostic(text),
    })
  })

  await t.test('from a second machine, by the gateway’s address', async (t2) => {
    if ('why' in machine) {
      t2.diagnostic(
        `NOT SHOWN: this user may make no network namespace here (${machine.why}); run this walk as root to see it.`,
      )
      assert.match(
        machine.why,
        /not permitted|denied|no ip program|not supported/i,
        'only the lack of the right excuses this walk',
      )
      return
    }
    const words = ['--host', machine.there]
    const endpoint = await joins(scene, {
      folder: path.join(folder.path, 'elsewhere'),
      words,
      within: machine.within,
      say: (text) => t2.diagnostic(text),
    })
    assert.ok(endpoint.startsWith(`http://${machine.there}:`), 'it is reached over the cable')
  })

  program.kill('SIGINT')
  await until('up ends', commandSecondsMax, () => (groupOf(program.pid).length === 0 ? true : undefined))
})

interface JoinOptions {
  readonly folder: string
  readonly words: readonly string[]
  readonly within: readonly string[]
  say(text: string): void
}

/** From nothing to paid. @returns the endpoint under which the network knows it */
async function joins(
  { network, networkFolder, installed }: Scene,
  { folder, words, within, say }: JoinOptions,
): Promise<string> {
  mkdirSync(folder)
  const setting = [
    '--network',
    network.gateway,
    '--bond-atto',
    String(bondAtto),
    '--storage-price-nano',
    String(priceNano),
    '--key-cost',
    'devnet',
  ]
  await using provider = startProgram(['provider', ...setting, ...words], { file: installed, within, folder })
  const signal = AbortSignal.timeout((joinSecondsMax + lineSecondsMax + paySecondsMax) * 1000)
  const { operator, endpoint } = await ready(provider)
  const gateway = await gatewayClient({
    url: network.gateway,
    dataDir: path.join(networkFolder, 'data', 'up', 'gateway'),
  })
  const known = async (): Promise<{ readonly endpoint: string; readonly priceNano: string | null } | undefined> =>
    (
      await gateway.get<{ operator: string; endpoint: string; priceNano: string | null }[]>(
        '/v1/providers?limit=1000',
        { signal },
      )
    ).find((one) => isSame(one.operator, operator))

  const registered = await until('the gateway registers it', joinSecondsMax, known)
  assert.equal(registered.endpoint, endpoint)
  assert.equal(registered.priceNano, null, 'it offers nothing before it is bonded')
  say(`${operator} is registered at ${endpoint} and owns ${await gasWeiOf(network.rpc, operator)} wei`)

  const command = async <Said>(...line: readonly string[]): Promise<Said> => {
    const end = await runProgramToEnd([...line, '--json'], { file: installed, folder, secondsMax: commandSecondsMax })
    assert.equal(end.code, 0, `groundwork ${line.join(' ')}: ${end.stderr}`)
    return lastJson(end.stdout) as Said
  }
  const { stake } = await command<{ stake: string }>(
    'bond',
    '--operator',
    operator,
    '--amount',
    bondWork,
    '--devnet-faucet',
    '--rpc',
    network.rpc,
  )
  assert.equal(Number(stake), Number(bondWork))
  await until('it offers', joinSecondsMax, async () =>
    (await known())?.priceNano === String(priceNano) ? true : undefined,
  )

  // As many copies as there are providers that live: four of `up`'s five after first light, and those that joined.
  const copies = (await livingOf(gateway, signal)).length
  const stored = await store({ gateway, folder, copies, signal })
  const holders = stored.pieces.flatMap(({ providers }) => providers)
  assert.ok(
    holders.some((holder) => isSame(holder, operator)),
    `it holds a copy: ${holders.join(', ')}`,
  )
  say(`stored ${stored.cid}: ${copies} copies, one of them at ${operator}`)

  const set = await until('its data set stands on the chain', commandSecondsMax, async () => {
    const sets = await gateway.get<{ provider: string; changedBlock: string }[]>('/v1/data-sets?limit=1000', { signal })
    return sets.find(({ provider: one }) => isSame(one, operator))
  })
  assert.ok(BigInt(set.changedBlock) > 0n)

  const epoch = await until('an epoch with its line is finalised', lineSecondsMax, async () => {
    const steps = await gateway.get<{ epoch: string; state: string; block: string }[]>('/v1/epochs?limit=1000', {
      signal,
    })
    const after = steps.filter(({ state, block }) => state === 'finalised' && BigInt(block) > BigInt(set.changedBlock))
    for (const { epoch: number } of after) {
      const audit = await command<Audit>('audit', 'storage', number, '--rpc', network.rpc)
      assert.ok(audit.agrees)
      if (
        audit.lines.some(
          ({ account, kind, entries }) => isSame(account, operator) && kind === storageKind && entries > 0,
        )
      )
        return number
    }
    return undefined
  })
  say(`epoch ${epoch} has a line for ${operator}, and its audit agrees`)

  const work = await until('it is paid', paySecondsMax, async () => {
    const balances = await command<{ work: string }>('credits', '--account', operator, '--rpc', network.rpc)
    return Number(balances.work) > 0 ? balances.work : undefined
  })
  assert.equal(await gasWeiOf(network.rpc, operator), 0n, 'it never had coin for gas')
  say(`it was paid ${work} WORK and never had coin for gas`)
  return endpoint
}

const isSame = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

async function packed(folder: string): Promise<string> {
  const { stdout } = await runFile(process.execPath, [path.join(root, 'scripts', 'pack.ts'), folder], {
    cwd: root,
    timeout: packSecondsMax * 1000,
  })
  return stdout.trimEnd().split('\n').at(-1) ?? ''
}

/** In an empty folder, without a registry and without anything native. @returns the installed program's file */
async function installedFrom(tarball: string, folder: string): Promise<string> {
  const empty = path.join(folder, 'installed')
  mkdirSync(empty)
  const words = [
    'install',
    '--offline',
    '--omit=optional',
    '--no-audit',
    '--no-fund',
    '--cache',
    path.join(folder, 'npm-cache'),
    tarball,
  ]
  await runFile('npm', words, {
    cwd: empty,
    timeout: packSecondsMax * 1000,
    env: { PATH: process.env['PATH'], HOME: folder },
  })
  return path.join(empty, 'node_modules', 'groundwork', 'lib', 'bin.js')
}

async function running(program: Program): Promise<Running> {
  let hasEnded = false
  void program.ended.then(() => (hasEnded = true))
  return until('first light', upSecondsMax, () => {
    const { stdout, stderr } = program.said()
    assert.ok(!hasEnded, `up ended before it was up: ${stderr.slice(-2_000)}`)
    return stdout.endsWith('\n') ? (lastJson(stdout) as Running) : undefined
  })
}

async function ready(program: Program): Promise<{ readonly operator: string; readonly endpoint: string }> {
  let hasEnded = false
  void program.ended.then(() => (hasEnded = true))
  return until('the provider is ready', readySecondsMax, () => {
    const { stdout, stderr } = program.said()
    assert.ok(!hasEnded, `the provider ended: ${stderr.slice(-2_000)}`)
    const line = stdout.split('\n').find((text) => text.startsWith('{"ready":'))
    return line === undefined
      ? undefined
      : (JSON.parse(line) as { ready: { operator: string; endpoint: string } }).ready
  })
}

/** Those who offer and whose server answers. */
async function livingOf(
  gateway: Awaited<ReturnType<typeof gatewayClient>>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const offering = (
    await gateway.get<{ endpoint: string; priceNano: string | null }[]>('/v1/providers?limit=1000', { signal })
  ).filter(({ priceNano: price }) => price !== null)
  const answering = await Promise.all(
    offering.map(async ({ endpoint }) => {
      const answer = await fetch(`${endpoint}/v1/health?nonce=0x${'5a'.repeat(16)}`, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      }).catch(() => undefined)
      return answer?.ok === true ? [endpoint] : []
    }),
  )
  return answering.flat()
}

interface StoreOptions {
  readonly gateway: Awaited<ReturnType<typeof gatewayClient>>
  readonly folder: string
  readonly copies: number
  readonly signal: AbortSignal
}

/** Bytes that nobody has stored before. */
async function store({ gateway, folder, copies, signal }: StoreOptions): Promise<StoredObject> {
  const input = path.join(folder, 'new')
  mkdirSync(input)
  writeFileSync(path.join(input, 'never-seen.bin'), randomBytes(300_000))
  const files = await filesBelow(input)
  return gateway.post<StoredObject>(`/v1/storage/objects?copies=${copies}&sizeBytes=300000&wait=posted`, {
    body: Readable.toWeb(tarOf(files)) as BodyInit,
    contentType: 'application/x-tar',
    signal,
  })
}

async function gasWeiOf(rpc: string, account: string): Promise<bigint> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_getBalance', params: [account, 'latest'] })
  const response = await fetch(rpc, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return BigInt(((await response.json()) as { result: string }).result)
}
