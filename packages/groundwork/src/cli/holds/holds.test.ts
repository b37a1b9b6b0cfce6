/**
 * Goal: accuser, accused and drawn operators get from `groundwork holds place` to the end of a hold by these commands alone,
 * and each wrong word is told as the caller's own.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { depositBondSync } from '@groundwork/chain/deposit-bond.ts'
import { mine } from '@groundwork/chain/devnet/anvil-control.ts'
import { fund } from '@groundwork/chain/devnet/faucet.ts'
import { scratchDevnet, type ScratchDevnet } from '@groundwork/chain/devnet/scratch-devnet.ts'
import { readHeldBefore, readHold } from '@groundwork/chain/read-holds.ts'
import { sealEpochSync } from '@groundwork/chain/seal-epoch.ts'
import { encodeBlock } from '@groundwork/core/evidence/block.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { openAccount } from '../../account/open-account.ts'
import { freePort } from '../../up/free-port.ts'
import type { AnyCommand } from '../command.ts'
import { runCommandLine } from '../run-command-line.ts'
import { holdAppeal } from './hold-appeal.ts'
import { holdDecide } from './hold-decide.ts'
import { holdLs } from './hold-ls.ts'
import { holdPlace } from './hold-place.ts'
import { holdRelease } from './hold-release.ts'
import { holdSign } from './hold-sign.ts'

const signal = AbortSignal.timeout(120_000)
const work = 10n ** 18n
const network = 2
const commands = [holdAppeal, holdDecide, holdLs, holdPlace, holdRelease, holdSign]
const operators = ['olga', 'omar', 'otto']
const addresses = new Map<string, Address>()
let folder: string
let devnet: ScratchDevnet

const dirOf = (name: string): string => path.join(folder, name)
const addressOf = (name: string): Address => addresses.get(name) ?? '0x'

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'groundwork-holds-'))
  devnet = await scratchDevnet({ port: await freePort() }, { signal })
  const { chain } = devnet
  for (const name of ['accuser', 'accused', ...operators]) {
    addresses.set(name, (await openAccount({ dataDir: dirOf(name), keyCost: 'devnet' })).address)
  }
  const gifts = [...addresses.values()].map((to) => ({ to, gasWei: work, workAtto: 1_000n * work }))
  await fund(chain, gifts, { signal })
  for (const name of operators) {
    await depositBondSync(chain, { operator: addressOf(name), network, amountAtto: 1_000n * work }, { signal })
  }
})

after(async () => {
  await devnet[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

interface Answer {
  readonly code: number
  readonly json: Readonly<Record<string, unknown>>
}

/** Runs a command as somebody, with --json. */
async function as(name: string, ...words: readonly string[]): Promise<Answer> {
  let stdout = ''
  const code = await runCommandLine({
    words: ['holds', ...words, '--rpc', devnet.anvil.rpcUrl, '--data-dir', dirOf(name), '--json'],
    commands: commands.map((one: AnyCommand) => ({ name: one.name, summary: one.summary, load: async () => one })),
    version: '0',
    signal,
    write: (text) => void (stdout += text),
    writeError: () => undefined,
  })
  return { code, json: JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Answer['json'] }
}

async function done(name: string, ...words: readonly string[]): Promise<Answer['json']> {
  const { code, json } = await as(name, ...words)
  assert.equal(code, 0, JSON.stringify(json))
  return json
}

async function refused(name: string, ...words: readonly string[]): Promise<string> {
  const { code, json } = await as(name, ...words)
  assert.notEqual(code, 0)
  return (json['error'] as { code: string }).code
}

function statementFile(name: string, value: unknown): string {
  const file = path.join(folder, `${name}.json`)
  writeFileSync(file, JSON.stringify(value))
  return file
}

const { cid } = encodeBlock({ any: 'batch' })
const accusation = (text: string): object => ({
  epochs: { from: 1, to: 4 },
  text,
  exhibits: [{ cid: cid.toString(), entry: 3, note: 'paid by itself' }],
})

interface ListedHold {
  readonly id: Hex
  readonly state: string
  readonly stands: boolean
  readonly reason: string
  readonly accusation: { readonly text: string; readonly exhibits: readonly object[] }
  readonly answers: readonly { readonly instance: number; readonly text: string }[]
  readonly verdicts: readonly { readonly upheld: boolean; readonly text: string; readonly signers: readonly string[] }[]
}

async function listed(...words: readonly string[]): Promise<readonly ListedHold[]> {
  return (await done('accused', 'ls', ...words))['holds'] as readonly ListedHold[]
}

async function decideAs(id: Hex, verdict: 'uphold' | 'dismiss', opinion: string): Promise<void> {
  const { chain } = devnet
  const { startBlock, epochBlocks } = chain.deployment.parameters
  const epoch = BigInt((await readHold(chain, { id })).decideEpoch)
  assert.equal(await refused('olga', 'sign', id, verdict), 'GW_USAGE_WRONG', 'nobody is drawn yet')
  const sealable = startBlock + (epoch + 1n) * BigInt(epochBlocks) + 2n
  await mine(chain, { blocks: Number(sealable - (await chain.client.getBlockNumber({ cacheTime: 0 }))) })
  await sealEpochSync(chain, { network, epoch }, { signal })
  const signed = await Promise.all(
    operators.slice(0, 2).map(async (name) => done(name, 'sign', id, verdict, '--opinion', opinion)),
  )
  const signatures = signed.map(({ signature }) => String(signature)).join(',')
  const otherwise = verdict === 'uphold' ? 'dismiss' : 'uphold'
  const words = ['--opinion', opinion, '--signatures', signatures]
  assert.equal(await refused('accuser', 'decide', id, otherwise, ...words), 'GW_CHAIN_REFUSED')
  await done('accuser', 'decide', id, verdict, ...words)
}

test('a hold goes its whole way by command', async () => {
  const evidence = statementFile('accusation', accusation('it buys from itself'))
  const place = ['place', '--account', addressOf('accused'), '--reason', 'self-dealing', '--evidence', evidence]
  const { id } = (await done('accuser', ...place)) as unknown as { id: Hex }
  assert.equal(await refused('accuser', ...place), 'GW_CHAIN_REFUSED', 'said once already')
  const [hold] = await listed()
  assert.deepEqual(
    [hold?.id, hold?.state, hold?.stands, hold?.reason, hold?.accusation.text],
    [id, 'placed', true, 'self-dealing', 'it buys from itself'],
  )
  assert.deepEqual(hold?.accusation.exhibits, [{ cid: cid.toString(), entry: 3, note: 'paid by itself' }])
  assert.deepEqual(await listed('--block', '1'), [])

  const answer = statementFile('answer', { epochs: { from: 1, to: 4 }, text: 'others buy too' })
  assert.equal(await refused('accuser', 'appeal', id, '--evidence', answer), 'GW_USAGE_WRONG', 'not accused')
  assert.equal((await done('accused', 'appeal', id, '--evidence', answer))['instance'], 1)
  const opinion = statementFile('opinion', { epochs: { from: 1, to: 4 }, text: 'nobody else bought' })
  await decideAs(id, 'uphold', opinion)
  assert.equal((await done('accused', 'appeal', id, '--evidence', answer))['instance'], 2)
  await decideAs(id, 'dismiss', opinion)

  const [ended] = await listed()
  assert.deepEqual([ended?.state, ended?.stands], ['ended', false])
  assert.deepEqual(
    ended?.answers.map(({ instance, text }) => [instance, text]),
    [
      [1, 'others buy too'],
      [2, 'others buy too'],
    ],
  )
  assert.deepEqual(
    ended?.verdicts.map(({ upheld, text, signers }) => [upheld, text, signers.length]),
    [
      [true, 'nobody else bought', 2],
      [false, 'nobody else bought', 2],
    ],
  )
  assert.deepEqual(await listed('--standing'), [])
  assert.equal(await readHeldBefore(devnet.chain, { network, account: addressOf('accused') }), 0n)
})

test('an accuser takes its word back', async () => {
  const evidence = statementFile('mistake', accusation('a mistake'))
  const place = ['place', '--account', addressOf('accused'), '--reason', 'location', '--evidence', evidence]
  const { id } = (await done('accuser', ...place)) as unknown as { id: Hex }
  assert.equal(await refused('accused', 'release', id), 'GW_CHAIN_REFUSED', 'it stands')
  await done('accuser', 'release', id)
  assert.deepEqual(await listed('--standing', '--account', addressOf('accused')), [])
})

test('a wrong statement, reason or id is the caller’s', async () => {
  const place = ['place', '--account', addressOf('accused'), '--reason', 'location', '--evidence']
  const wrong = {
    unordered: { ...accusation('x'), epochs: { from: 4, to: 1 } },
    unknownKey: { ...accusation('x'), more: 1 },
    badCid: { ...accusation('x'), exhibits: [{ cid: 'bafy' }] },
    long: accusation('€'.repeat(2_000)),
  }
  for (const [name, value] of Object.entries(wrong)) {
    assert.equal(await refused('accuser', ...place, statementFile(name, value)), 'GW_USAGE_WRONG', name)
  }
  writeFileSync(path.join(folder, 'plain.json'), 'it cheats')
  assert.equal(await refused('accuser', ...place, path.join(folder, 'plain.json')), 'GW_USAGE_WRONG')
  assert.equal(await refused('accuser', ...place, path.join(folder, 'nowhere.json')), 'GW_USAGE_WRONG')
  const unknown = `0x${'0'.repeat(64)}`
  assert.equal(await refused('accused', 'release', unknown), 'GW_NOT_FOUND')
  assert.equal(await refused('accused', 'release', '0x12'), 'GW_USAGE_WRONG')
})
