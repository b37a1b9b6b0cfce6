/**
 * Finding a deployment from an endpoint alone: the guard announces all contracts when it is created, and the
 * parameters stand in the transaction that created it.
 *
 * An announcement counts only when it comes from the guard it names and all its contracts are there, so neither a
 * stranger's event nor a deployment that was cut short is taken for one.
 *
 * @module
 */

import { type Address, decodeAbiParameters, encodeAbiParameters, type Hex, zeroAddress } from 'viem'
import { guardAbi } from './abi/guard.ts'
import { workTokenAbi } from './abi/work-token.ts'
import type { Connection, Waiting } from './connection.ts'
import { decodeError } from './decode-error.ts'
import { type Addresses, contractNames, type Deployment, type Genesis } from './deployment.ts'
import { parameterKinds, type Parameters } from './devnet/parameters.ts'
import { DeploymentNotFound } from './errors.ts'
import { eventsIn } from './send-call.ts'

/** A guard's word about its deployment. */
export type Announcement = {
  readonly name: string
  readonly startBlock: bigint
  readonly addresses: Addresses
  readonly hash: Hex
  readonly blockNumber: bigint
}

/** Most announcements that are looked at. */
const announcementsMax = 64

/**
 * The first complete deployment of a chain.
 *
 * @throws DeploymentNotFound, ChainUnreachable
 */
export async function findDeployment(connection: Connection, { signal }: Waiting): Promise<Deployment> {
  const { rpcUrl } = connection
  try {
    for (const announcement of (await readAnnouncements(connection)).slice(0, announcementsMax)) {
      signal.throwIfAborted()
      const found = await readAnnounced(connection, announcement)
      if (found !== undefined) return found
    }
  } catch (error) {
    throw decodeError(error, { rpcUrl, functionName: 'eth_getLogs' })
  }
  throw new DeploymentNotFound({ rpcUrl })
}

/** All announcements, oldest first, or those of one guard. */
export async function readAnnouncements({ client }: Connection, guard?: Address): Promise<readonly Announcement[]> {
  const logs = await client.getContractEvents({
    abi: guardAbi,
    eventName: 'Announced',
    fromBlock: 0n,
    toBlock: 'latest',
    strict: true,
    ...(guard === undefined ? {} : { address: guard }),
  })
  return logs.flatMap(({ address, args, transactionHash: hash, blockNumber }): Announcement[] => {
    const addresses = addressesOf(args.contracts)
    const honest = addresses !== undefined && addresses.guard.toLowerCase() === address.toLowerCase()
    return honest ? [{ name: args.name, startBlock: args.startBlock, addresses, hash, blockNumber }] : []
  })
}

/** True when every contract of a deployment has code. */
export async function hasCode({ client }: Connection, addresses: Addresses): Promise<boolean> {
  const codes = await Promise.all(contractNames.map((name) => client.getCode({ address: addresses[name] })))
  return codes.every((code) => code !== undefined && code !== '0x')
}

async function readAnnounced(connection: Connection, announcement: Announcement): Promise<Deployment | undefined> {
  const { name, startBlock, addresses, hash } = announcement
  if (!(await hasCode(connection, addresses))) return undefined
  const { input } = await connection.client.getTransaction({ hash })
  const parameters = parametersIn(input, addresses)
  if (parameters === undefined) return undefined
  const genesis = await readGenesis(connection, announcement)
  return {
    version: 1,
    name,
    chainId: connection.chainId,
    rpc: connection.rpcUrl,
    startBlock,
    addresses,
    parameters,
    genesis,
  }
}

function addressesOf(contracts: readonly Address[]): Addresses | undefined {
  if (contracts.length !== contractNames.length) return undefined
  return Object.fromEntries(contractNames.map((name, index) => [name, contracts[index]])) as unknown as Addresses
}

const addressTypes = contractNames.map(() => ({ type: 'address' }) as const)
const parameterNames = Object.keys(parameterKinds) as (keyof Parameters)[]
const parameterTypes = parameterNames.map((name) => ({
  type: parameterKinds[name] === 'address' ? 'address' : 'uint256',
}))

/** In a creation's calldata the parameters follow the addresses; both are static, so their place is found by the addresses. */
export function parametersIn(input: Hex, addresses: Addresses): Parameters | undefined {
  const needle = encodeAbiParameters(
    addressTypes,
    contractNames.map((name) => addresses[name]),
  )
    .slice(2)
    .toLowerCase()
  const at = input.toLowerCase().lastIndexOf(needle)
  const words = input.slice(at + needle.length, at + needle.length + parameterTypes.length * 64)
  if (at < 0 || words.length < parameterTypes.length * 64) return undefined
  const values = decodeAbiParameters(parameterTypes, `0x${words}`)
  return Object.fromEntries(
    parameterNames.map((name, index) => [
      name,
      parameterKinds[name] === 'number' ? Number(values[index]) : values[index],
    ]),
  ) as unknown as Parameters
}

/** Who got the genesis: the token's first mints, in the transaction that created it. */
async function readGenesis({ client }: Connection, { addresses, blockNumber }: Announcement): Promise<Genesis> {
  const address = addresses.workToken
  const [first] = await client.getContractEvents({
    address,
    abi: workTokenAbi,
    eventName: 'Transfer',
    args: { from: zeroAddress },
    fromBlock: blockNumber,
    toBlock: blockNumber + 64n,
  })
  const receipt = first && (await client.getTransactionReceipt({ hash: first.transactionHash }))
  const mints = receipt === undefined ? [] : eventsIn(receipt, { abi: workTokenAbi, eventName: 'Transfer', address })
  return {
    bootstrapMaxAtto: await client.readContract({ address, abi: workTokenAbi, functionName: 'bootstrapMax' }),
    holders: mints
      .filter(({ from }) => from === zeroAddress)
      .map(({ to, amount }) => ({ account: to, amountAtto: amount })),
  }
}
