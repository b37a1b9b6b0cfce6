/**
 * Puts all contracts on a chain: addresses predicted from the deployer's nonce, all creations in flight at once, each
 * checked afterwards, the price posted, and the result written to the one file that every other program reads.
 *
 * Running it again does nothing while the contracts of the file stand on the chain. After a rollback past the deployment it
 * deploys again and says so: at the same addresses, whichever of its transactions are gone, for what customers and providers
 * have signed names these contracts.
 *
 * @module
 */

import { type Address, getContractAddress, type Hex, keccak256 } from 'viem'
import { gasMax } from '../call.ts'
import type { Connection, Waiting } from '../client.ts'
import { type Addresses, contractNames, type ContractName, type Deployment, type Genesis } from '../deployment.ts'
import { translated } from '../decode-error.ts'
import { AccountMissing, DeploymentFailed } from '../errors.ts'
import { hasCode, readAnnouncements } from '../find-deployment.ts'
import { readFees, submit, submitRaw } from '../submit-call.ts'
import { waitForReceipt } from '../wait-for-receipt.ts'
import { posterAccounts } from './accounts.ts'
import { creations } from './creations.ts'
import { readDeploymentFileIfAny, writeDeploymentFile } from './deployment-file.ts'
import { feedPrice } from './feed-price.ts'
import { devnetParameters, devnetSupply, type Parameters, type ParameterValues, type Supply } from './parameters.ts'

export type DeployOptions = Waiting & {
  /** the deployment file: read first, written after */
  readonly path: string
  readonly name?: string | undefined
  readonly values?: ParameterValues | undefined
  readonly supply?: Supply | undefined
}

/** `reused`: it stood there. `deployed`: there was no file. `redeployed`: the file's contracts were gone from the chain. */
export type DeployOutcome = { readonly deployment: Deployment; readonly outcome: 'reused' | 'deployed' | 'redeployed' }

/**
 * Deploys on a devnet, unless it is there, and makes sure that the feed has a fresh price.
 *
 * @throws DeploymentFailed, AccountMissing, ChainUnreachable
 */
export async function deployDevnet(connection: Connection, options: DeployOptions): Promise<DeployOutcome> {
  return translated({ rpcUrl: connection.rpcUrl, functionName: 'deploy' }, () => ensureDeployed(connection, options))
}

async function ensureDeployed(
  connection: Connection,
  { path, signal, ...options }: DeployOptions,
): Promise<DeployOutcome> {
  const known = await readDeploymentFileIfAny(path, { signal })
  const standing = known !== undefined && (await stands(connection, known)) ? known : undefined
  // The chain may listen elsewhere than at its last start; what others read has to say where it is now.
  const made = async (): Promise<Deployment> => {
    const again = known && (await restore(connection, known, { ...options, signal }))
    return again ?? deploy(connection, { ...options, signal })
  }
  const deployment = { ...(standing ?? (await made())), rpc: connection.rpcUrl }
  const { priceUsd8 } = options.supply ?? devnetSupply
  await feedPrice({ ...connection, deployment }, { priceUsd8 }, { signal })
  if (standing === undefined || standing.rpc !== deployment.rpc) await writeDeploymentFile(path, deployment)
  return { deployment, outcome: standing !== undefined ? 'reused' : known === undefined ? 'deployed' : 'redeployed' }
}

/** True when the chain carries this very deployment: its code, and its guard's own announcement. */
export async function stands(connection: Connection, { chainId, addresses, startBlock }: Deployment): Promise<boolean> {
  if (chainId !== connection.chainId || !(await hasCode(connection, addresses))) return false
  const announced = await readAnnouncements(connection, addresses.guard)
  return announced.some(
    (one) => one.startBlock === startBlock && one.addresses.epochs.toLowerCase() === addresses.epochs.toLowerCase(),
  )
}

/** Deploys all contracts with the connection's account as deployer, guardian and holder of the genesis. */
export async function deploy(
  connection: Connection,
  { name = 'devnet', values = devnetParameters, supply = devnetSupply, signal }: Omit<DeployOptions, 'path'>,
): Promise<Deployment> {
  const { account, client } = connection
  if (account === undefined) throw new AccountMissing({ functionName: 'deploy' })
  const startBlock = (await client.getBlockNumber({ cacheTime: 0 })) + 1n
  const parameters: Parameters = { ...values, startBlock, guardian: account.address }
  const genesis: Genesis = {
    bootstrapMaxAtto: supply.bootstrapMaxAtto,
    holders: [{ account: account.address, amountAtto: supply.genesisAtto }],
  }
  return create(connection, { name, parameters, genesis, signal })
}

/** Nonces of the deployer among which a known deployment is looked for. */
const placesMax = 4_096
/** Nonces that are filled with empty transactions, so that the contracts come to stand where they stood. */
const fillersMax = 256

/**
 * Brings a deployment that a rollback took, or cut short, back to its addresses.
 *
 * What stands of it is completed with its own parameters; where nothing stands it begins anew, at a later block.
 *
 * @returns undefined when that cannot be: another account deployed it, or its nonces went to something else
 */
async function restore(
  connection: Connection,
  known: Deployment,
  { signal, ...options }: Omit<DeployOptions, 'path'>,
): Promise<Deployment | undefined> {
  const { account, client } = connection
  if (account === undefined || known.chainId !== connection.chainId) return undefined
  const from = account.address
  const place = Array.from({ length: placesMax }, (_, nonce) => nonce).find(
    (nonce) => predictAddresses(from, nonce).guard.toLowerCase() === known.addresses.guard.toLowerCase(),
  )
  if (place === undefined) return undefined
  const nonce = await client.getTransactionCount({ address: from, blockTag: 'pending' })
  if (nonce <= place) {
    if (place - nonce > fillersMax) return undefined
    const filler = { functionName: 'fill', to: from, data: '0x' } as const
    for (let at = nonce; at < place; at += 1) {
      const { hash, raw } = await submit(connection, filler, { signal })
      await waitForReceipt(connection, hash, { signal, raw })
    }
    return deploy(connection, { ...options, signal })
  }
  if (nonce >= place + contractNames.length) return undefined
  const { name, parameters, genesis } = known
  return create(connection, { name, parameters, genesis, place, signal })
}

type Creating = Waiting & {
  readonly name: string
  readonly parameters: Parameters
  readonly genesis: Genesis
  /** the nonce of the first contract, when some of them stand already */
  readonly place?: number | undefined
}

async function create(
  connection: Connection,
  { name, parameters, genesis, place, signal }: Creating,
): Promise<Deployment> {
  const { account, nonces, chainId, rpcUrl } = connection
  if (account === undefined || nonces === undefined) throw new AccountMissing({ functionName: 'deploy' })
  const posters = posterAccounts().map(({ address }) => address)
  const sent = await nonces.run(async (nonce) => {
    const first = place ?? nonce
    const addresses = predictAddresses(account.address, first)
    const datas = creations({ name, addresses, parameters, genesis, posters })
    const missing = datas.slice(nonce - first)
    const creationsSent = await sendAll(connection, { datas: missing, nonce, signal })
    return { addresses, sent: creationsSent, hash: creationsSent[0]?.hash ?? '0x' }
  })
  await checkAll(connection, { ...sent, signal })
  const { startBlock } = parameters
  return { version: 1, name, chainId, rpc: rpcUrl, startBlock, addresses: sent.addresses, parameters, genesis }
}

/** Where each contract will stand, by the deployer's nonce. */
export function predictAddresses(from: Address, nonce: number): Addresses {
  return Object.fromEntries(
    contractNames.map((name, index) => [name, getContractAddress({ from, nonce: BigInt(nonce + index) })]),
  ) as unknown as Addresses
}

type Creation = { readonly hash: Hex; readonly raw: Hex }

async function sendAll(
  connection: Connection,
  { datas, nonce, signal }: { datas: readonly Hex[]; nonce: number } & Waiting,
): Promise<readonly Creation[]> {
  const { account, chainId } = connection
  if (account === undefined) throw new AccountMissing({ functionName: 'deploy' })
  const fees = await readFees(connection)
  const gas = creationGas(datas)
  const sent: Creation[] = []
  for (const [index, data] of datas.entries()) {
    signal.throwIfAborted()
    const raw = await account.signTransaction({
      type: 'eip1559',
      chainId,
      nonce: nonce + index,
      data,
      gas,
      value: 0n,
      ...fees,
    })
    await submitRaw(connection, raw)
    sent.push({ hash: keccak256(raw), raw })
  }
  return sent
}

/**
 * Never estimated: a contract cannot run before those are there that its constructor asks. 200 gas a byte of code, and
 * room to run. The same for all: anvil drops what follows a creation that does not fit into a block, if it fits itself.
 */
function creationGas(datas: readonly Hex[]): bigint {
  const gas = 2_500_000n + 260n * BigInt(Math.max(...datas.map((data) => data.length)) / 2)
  return gas < gasMax ? gas : gasMax
}

async function checkAll(
  connection: Connection,
  { addresses, sent, signal }: { addresses: Addresses; sent: readonly Creation[] } & Waiting,
): Promise<void> {
  const sentFrom = contractNames.length - sent.length
  await Promise.all(
    contractNames.flatMap((contract, index) => {
      const creation = sent[index - sentFrom]
      return creation === undefined
        ? []
        : [check(connection, { contract, address: addresses[contract], ...creation, signal })]
    }),
  )
}

async function check(
  connection: Connection,
  { contract, address, hash, raw, signal }: { contract: ContractName; address: Address } & Creation & Waiting,
): Promise<void> {
  try {
    await waitForReceipt(connection, hash, { signal, raw })
  } catch (cause) {
    signal.throwIfAborted()
    throw new DeploymentFailed(
      { contract, address, reason: cause instanceof Error ? cause.message : 'unknown' },
      { cause },
    )
  }
  const code = await connection.client.getCode({ address })
  if (code === undefined || code === '0x') throw new DeploymentFailed({ contract, address, reason: 'there is no code' })
}
