/**
 * Puts all contracts on a chain: addresses predicted from the deployer's nonce, all creations in flight at once, each
 * checked afterwards, the price posted, and the result written to the one file that every other program reads.
 *
 * Running it again does nothing while the contracts of the file stand on the chain; after a rollback past the
 * deployment it deploys again and says so.
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
import { readFees, submitRaw } from '../submit-call.ts'
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
  const deployment = { ...(standing ?? (await deploy(connection, { ...options, signal }))), rpc: connection.rpcUrl }
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
  const { account, nonces, client, chainId, rpcUrl } = connection
  if (account === undefined || nonces === undefined) throw new AccountMissing({ functionName: 'deploy' })
  const startBlock = (await client.getBlockNumber({ cacheTime: 0 })) + 1n
  const parameters: Parameters = { ...values, startBlock, guardian: account.address }
  const genesis: Genesis = {
    bootstrapMaxAtto: supply.bootstrapMaxAtto,
    holders: [{ account: account.address, amountAtto: supply.genesisAtto }],
  }
  const posters = posterAccounts().map(({ address }) => address)
  const sent = await nonces.run(async (nonce) => {
    const addresses = predictAddresses(account.address, nonce)
    const datas = creations({ name, addresses, parameters, genesis, posters })
    const creationsSent = await sendAll(connection, { datas, nonce, signal })
    return { addresses, sent: creationsSent, hash: creationsSent[0]?.hash ?? '0x' }
  })
  await checkAll(connection, { ...sent, signal })
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
  await Promise.all(
    contractNames.flatMap((contract, index) => {
      const creation = sent[index]
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
