/**
 * The money contracts on a real anvil, driven by the operations of the TypeScript model and compared with its ledger.
 *
 * Keys are made from numbers and calls of contracts are impersonated: this is for experiments on a private chain only.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { setTimeout as sleepMs } from 'node:timers/promises'
import { anvilBinary } from '@groundwork/chain/devnet/anvil.ts'
import { creations } from '@groundwork/chain/devnet/creations.ts'
import type { Parameters } from '@groundwork/chain/devnet/parameters.ts'
import { decodeRevert } from '@groundwork/chain/decode-error.ts'
import { contractNames, type Addresses } from '@groundwork/chain/deployment.ts'
import { addressOf } from '@groundwork/core/identity/secp256k1.ts'
import { openLedger, type Ledger } from '@groundwork/core/money/ledger/ledger-state.ts'
import { simulatedParameters, type Actors } from '@groundwork/core/money/simulate/actors.ts'
import type { Step } from '@groundwork/core/money/simulate/random-walk.ts'
import { bytesOfBigint } from '@groundwork/core/units/bytes.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { getContractAddress } from 'viem'
import { callOf, type Caller } from './money-calls.ts'
import { finaliseOnChain } from './money-epochs.ts'
import { differencesOf } from './money-views.ts'

/** Unix seconds of the first block; walks start later. */
export const genesisSeconds = 1_799_000_000

const work = 10n ** 18n
const gasPerCall = '0x1c9c380' // 30 million: a batch entry has a cap of half a million
const chainId = 31_337

/** A key of the experiment; its address is in `accounts`. */
const secretKeyOf = (number: number): Uint8Array => bytesOfBigint(BigInt(number), 32)

export interface Rpc {
  (method: string, ...params: readonly unknown[]): Promise<unknown>
  readonly many: (
    calls: readonly (readonly [method: string, ...params: readonly unknown[]])[],
  ) => Promise<readonly unknown[]>
}

export interface MoneyChain {
  readonly rpc: Rpc
  readonly addresses: Addresses
  readonly actors: Actors
  /** the ledger of the model at the same point: nothing has happened yet */
  readonly start: Ledger
  readonly watcher: Hex
  readonly secretKeys: ReadonlyMap<Hex, Uint8Array>
  /** Sends one transaction at that time. @returns the name of the contract's error, or undefined when it went through */
  readonly send: (call: Caller, atSeconds: bigint) => Promise<string | undefined>
  /** Runs the step's operation on the chain. @returns as `send` */
  readonly play: (step: Step) => Promise<string | undefined>
  /** @returns a sentence for each number that is not what the ledger says; with `wholeOnly` of totals and prices alone */
  readonly differences: (ledger: Ledger, options: { readonly wholeOnly: boolean }) => Promise<readonly string[]>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** Starts anvil on a free port, deploys everything, and gives the watcher its stakes. */
export async function startMoneyChain(): Promise<MoneyChain> {
  const port = await freePort()
  const anvil = spawn(
    anvilBinary(),
    ['--silent', '--port', String(port), '--timestamp', String(genesisSeconds), '--chain-id', String(chainId), '--accounts', '1',
      '--gas-price', '0', '--block-base-fee-per-gas', '0', '--gas-limit', '60000000', '--disable-min-priority-fee'], // prettier-ignore
    { stdio: 'ignore' },
  )
  const endWithUs = (): void => {
    anvil.kill('SIGKILL')
  }
  process.once('exit', endWithUs)
  anvil.once('exit', () => process.off('exit', endWithUs))
  try {
    return await deployedChain(anvil, rpcTo(`http://127.0.0.1:${port}`))
  } catch (error) {
    anvil.kill('SIGKILL')
    throw error
  }
}

async function deployedChain(anvil: ChildProcess, rpc: Rpc): Promise<MoneyChain> {
  await untilListening(rpc)
  await rpc('anvil_autoImpersonateAccount', true)
  const keys = (first: number, count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, index) => secretKeyOf(first + index))
  const [accountKeys, judgeKeys, posterKeys, [watcherKey, guardianKey]] = [
    keys(101, 8),
    keys(201, 2),
    keys(301, 5),
    keys(401, 2),
  ]
  const actors: Actors = {
    accounts: accountKeys.map(addressOf),
    judges: judgeKeys.map(addressOf),
    posters: posterKeys.map(addressOf),
  }
  const watcher = addressOf(watcherKey ?? secretKeyOf(401))
  const guardian = addressOf(guardianKey ?? secretKeyOf(402))
  const deployer = addressOf(secretKeyOf(501))
  const addresses = Object.fromEntries(
    contractNames.map((name, index) => [
      name,
      getContractAddress({ from: deployer, nonce: BigInt(index) }).toLowerCase(),
    ]),
  ) as unknown as Addresses
  const moneyParameters = {
    ...simulatedParameters,
    rails: addresses.rails.toLowerCase() as Hex,
    guardian,
    keepers: [addresses.dataSets, addresses.epochs] as const,
    genesisAtto: 8_000n * work + 8_000_000n * work,
    bootstrapMaxAtto: 2_000n * work,
  }
  const holders = [
    ...actors.accounts.map((account) => ({ account, amountAtto: 1_000n * work })),
    { account: watcher, amountAtto: 8_000_000n * work },
  ]
  const bootstrapMaxAtto = moneyParameters.bootstrapMaxAtto
  const data = creations({
    name: 'traces',
    addresses,
    parameters: contractParameters(guardian),
    genesis: { bootstrapMaxAtto, holders },
    posters: actors.posters,
  })
  const start = openLedger({
    parameters: moneyParameters,
    genesis: new Map(holders.map(({ account, amountAtto }) => [account, amountAtto])),
    posters: actors.posters,
  })
  const send = sender(rpc)
  let atSeconds = BigInt(genesisSeconds)
  const next = async (call: Caller): Promise<void> => {
    atSeconds += 1n
    const refusal = await send(call, atSeconds)
    if (refusal !== undefined) throw new Error(`the setup was refused: ${refusal}`)
  }
  for (const creation of data) await next({ from: deployer, to: undefined, data: creation })
  for (const network of [1n, 2n, 3n, 4n]) {
    const operation = {
      kind: 'deposit',
      by: watcher,
      operator: watcher,
      network,
      amountAtto: 2_000_000n * work,
    } as const
    await next(callOf(operation, { ledger: start, addresses, secretKeys: new Map() }))
  }
  const secretKeys = new Map(
    [...accountKeys, ...judgeKeys, watcherKey ?? secretKeyOf(401)].map((key) => [addressOf(key), key]),
  )
  const chain: MoneyChain = {
    rpc,
    addresses,
    actors,
    start,
    watcher,
    secretKeys,
    send,
    play: ({ before, operation, atSeconds: at }) =>
      operation.kind === 'finaliseEpoch'
        ? finaliseOnChain(chain, operation, { ledger: before, atSeconds: at })
        : send(callOf(operation, { ledger: { ...before, nowSeconds: at }, addresses, secretKeys }), at),
    differences: (ledger, options) => differencesOf(chain, ledger, options),
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => {
        anvil.once('exit', resolve)
      })
      anvil.kill('SIGKILL')
      await ended
    },
  }
  return chain
}

/** The parameters of the model as the contracts take them; short epochs, and a seat that only the watcher can pay. */
function contractParameters(guardian: Hex): Parameters {
  const { feedFreshSeconds, noticeSeconds, termSeconds, holdSeconds, thawSeconds, breakerWindowSeconds } =
    simulatedParameters
  return {
    blockSeconds: 1,
    feedFreshSeconds: Number(feedFreshSeconds),
    noticeSeconds: Number(noticeSeconds),
    termSeconds: Number(termSeconds),
    answerBlocks: 10,
    holdSeconds: Number(holdSeconds),
    thawSeconds: Number(thawSeconds),
    epochBlocks: 4,
    evidenceBlocks: 1,
    windowBlocks: 2,
    startBlock: 1n,
    committeeSize: 3,
    committeeQuorum: 1,
    postersMin: simulatedParameters.posterCountMin,
    networks: Number(simulatedParameters.networkCount),
    demandsMax: 4,
    epochsPerYear: Number(simulatedParameters.epochsPerYear),
    breakerWindowSeconds: Number(breakerWindowSeconds),
    convertPerWindowAtto: simulatedParameters.convertPerWindowAtto,
    claimPerWindowAtto: simulatedParameters.claimPerWindowAtto,
    seatAtto: 1_000_000n * work,
    posterBondMinAtto: work,
    depositAtto: work / 10n,
    referenceNanoPerGibSecond: 76_000n,
    guardian,
  }
}

function sender(rpc: Rpc) {
  return async ({ from, to, data }: Caller, atSeconds: bigint): Promise<string | undefined> => {
    await rpc('evm_setNextBlockTimestamp', Number(atSeconds))
    const hash = await rpc('eth_sendTransaction', { from, to, data, gas: gasPerCall, gasPrice: '0x0' })
    const receipt = await receiptOf(rpc, hash)
    if (receipt.status === '0x1') return undefined
    const trace = (await rpc('debug_traceTransaction', hash, { tracer: 'callTracer' })) as { readonly output?: Hex }
    return decodeRevert(trace.output ?? '0x').errorName
  }
}

/** Anvil mines each transaction at once, but answers before it has. */
async function receiptOf(rpc: Rpc, hash: unknown): Promise<{ readonly status: Hex }> {
  for (let attempt = 0; attempt < 2_000; attempt += 1) {
    const receipt = (await rpc('eth_getTransactionReceipt', hash)) as { readonly status: Hex } | null
    if (receipt !== null) return receipt
    await sleepMs(1)
  }
  throw new Error('anvil mines what it takes')
}

function rpcTo(url: string): Rpc {
  const post = async (body: unknown): Promise<unknown> => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return response.json()
  }
  const resultOf = (answer: unknown): unknown => {
    const { result, error } = answer as { readonly result?: unknown; readonly error?: { readonly message: string } }
    if (error !== undefined) throw new Error(`anvil: ${error.message}`)
    return result
  }
  const one = async (method: string, ...params: readonly unknown[]): Promise<unknown> =>
    resultOf(await post({ jsonrpc: '2.0', id: 1, method, params }))
  const many = async (calls: readonly (readonly [string, ...unknown[]])[]): Promise<readonly unknown[]> => {
    const answers = (await post(calls.map(([method, ...params], id) => ({ jsonrpc: '2.0', id, method, params })))) as {
      readonly id: number
    }[]
    return answers.toSorted((left, right) => left.id - right.id).map(resultOf)
  }
  return Object.assign(one, { many })
}

async function untilListening(rpc: Rpc): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      await rpc('eth_chainId')
      return
    } catch (error) {
      if (attempt > 400) throw error
      await sleepMs(25)
    }
  }
}

/** A port that nobody listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => {
    server.close(resolve)
  })
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}
