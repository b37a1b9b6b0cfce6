/**
 * A deployment: which contracts, on which chain, with which parameters; and its JSON form, the file that every other
 * program reads. Pure: reading the file is `devnet/deployment-file.ts`, finding one on a chain `find-deployment.ts`.
 *
 * @module
 */

import { type Address, isAddress } from 'viem'
import { parameterKinds, type Parameters } from './devnet/parameters.ts'
import { DeploymentMalformed } from './errors.ts'

/** Every contract, in the order of the deployer's nonces: `struct Addresses` of contracts/src/Parameters.sol. */
export const contractNames = [
  'guard',
  'workToken',
  'priceFeed',
  'credits',
  'rails',
  'bonds',
  'registry',
  'dataSets',
  'epochs',
  'storageJudge',
  'sumJudge',
  'receiptJudge',
  'routes',
  'holds',
] as const

export type ContractName = (typeof contractNames)[number]
export type Addresses = { readonly [name in ContractName]: Address }

export type Genesis = {
  readonly bootstrapMaxAtto: bigint
  readonly holders: readonly { readonly account: Address; readonly amountAtto: bigint }[]
}

export type Deployment = {
  readonly version: 1
  readonly name: string
  readonly chainId: number
  /** an endpoint of the chain; a program may use another */
  readonly rpc: string
  /** no log of ours is older */
  readonly startBlock: bigint
  readonly addresses: Addresses
  readonly parameters: Parameters
  readonly genesis: Genesis
}

/** Longest text that is read as a deployment. */
export const deploymentBytesMax = 65_536

/** The JSON form; amounts and blocks are decimal strings. */
export function formatDeployment(deployment: Deployment): string {
  return `${JSON.stringify(deployment, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2)}\n`
}

/**
 * Reads the JSON form.
 *
 * @param source where the text came from, for the message
 * @throws DeploymentMalformed
 */
export function parseDeployment(text: string, { source }: { source: string }): Deployment {
  const fail = (reason: string): never => {
    throw new DeploymentMalformed({ source, reason })
  }
  if (text.length > deploymentBytesMax) return fail(`it is longer than ${deploymentBytesMax} bytes`)
  const root = recordOf(parseJson(text), 'the file', fail)
  if (root['version'] !== 1) return fail(`version is ${String(root['version'])}, expected 1`)
  const genesis = recordOf(root['genesis'], 'genesis', fail)
  return {
    version: 1,
    name: stringOf(root['name'], 'name', fail),
    chainId: numberOf(root['chainId'], 'chainId', fail),
    rpc: stringOf(root['rpc'], 'rpc', fail),
    startBlock: bigintOf(root['startBlock'], 'startBlock', fail),
    addresses: addressesOf(recordOf(root['addresses'], 'addresses', fail), fail),
    parameters: parametersOf(recordOf(root['parameters'], 'parameters', fail), fail),
    genesis: {
      bootstrapMaxAtto: bigintOf(genesis['bootstrapMaxAtto'], 'genesis.bootstrapMaxAtto', fail),
      holders: holdersOf(genesis['holders'], fail),
    },
  }
}

type Fail = (reason: string) => never

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function recordOf(value: unknown, name: string, fail: Fail): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(`${name} is not an object`)
  return value as Readonly<Record<string, unknown>>
}

function stringOf(value: unknown, name: string, fail: Fail): string {
  return typeof value === 'string' && value !== '' ? value : fail(`${name} is not a text`)
}

function numberOf(value: unknown, name: string, fail: Fail): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : fail(`${name} is not a whole number`)
}

function bigintOf(value: unknown, name: string, fail: Fail): bigint {
  return typeof value === 'string' && /^\d{1,78}$/.test(value) ? BigInt(value) : fail(`${name} is not a decimal string`)
}

function addressOf(value: unknown, name: string, fail: Fail): Address {
  return typeof value === 'string' && isAddress(value) ? value : fail(`${name} is not an address`)
}

function addressesOf(record: Readonly<Record<string, unknown>>, fail: Fail): Addresses {
  return Object.fromEntries(
    contractNames.map((name) => [name, addressOf(record[name], name, fail)]),
  ) as unknown as Addresses
}

function parametersOf(record: Readonly<Record<string, unknown>>, fail: Fail): Parameters {
  const read = { number: numberOf, bigint: bigintOf, address: addressOf } as const
  return Object.fromEntries(
    Object.entries(parameterKinds).map(([name, kind]) => [name, read[kind](record[name], `parameters.${name}`, fail)]),
  ) as unknown as Parameters
}

function holdersOf(value: unknown, fail: Fail): Genesis['holders'] {
  if (!Array.isArray(value)) return fail('genesis.holders is not a list')
  return value.map((item: unknown, index) => {
    const holder = recordOf(item, `genesis.holders[${index}]`, fail)
    return {
      account: addressOf(holder['account'], `genesis.holders[${index}].account`, fail),
      amountAtto: bigintOf(holder['amountAtto'], `genesis.holders[${index}].amountAtto`, fail),
    }
  })
}
