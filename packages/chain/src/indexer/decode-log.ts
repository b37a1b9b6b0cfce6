/**
 * A log of one of our contracts as a plain event: which contract, which event, its arguments, its place.
 *
 * @module
 */

import { type Abi, decodeEventLog, type Hex } from 'viem'
import { bondsAbi } from '../abi/bonds.ts'
import { creditsAbi } from '../abi/credits.ts'
import { dataSetsAbi } from '../abi/data-sets.ts'
import { epochsAbi } from '../abi/epochs.ts'
import { guardAbi } from '../abi/guard.ts'
import { holdsAbi } from '../abi/holds.ts'
import { priceFeedAbi } from '../abi/price-feed.ts'
import { railsAbi } from '../abi/rails.ts'
import { receiptJudgeAbi } from '../abi/receipt-judge.ts'
import { registryAbi } from '../abi/registry.ts'
import { routesAbi } from '../abi/routes.ts'
import { storageJudgeAbi } from '../abi/storage-judge.ts'
import { sumJudgeAbi } from '../abi/sum-judge.ts'
import { workTokenAbi } from '../abi/work-token.ts'
import { type Addresses, contractNames, type ContractName } from '../deployment.ts'

const abis: Readonly<Record<ContractName, Abi>> = {
  guard: guardAbi,
  workToken: workTokenAbi,
  priceFeed: priceFeedAbi,
  credits: creditsAbi,
  rails: railsAbi,
  bonds: bondsAbi,
  registry: registryAbi,
  dataSets: dataSetsAbi,
  epochs: epochsAbi,
  storageJudge: storageJudgeAbi,
  sumJudge: sumJudgeAbi,
  receiptJudge: receiptJudgeAbi,
  routes: routesAbi,
  holds: holdsAbi,
}

/** A log as the chain gives it, mined. */
export type RawLog = {
  readonly address: Hex
  readonly topics: readonly Hex[]
  readonly data: Hex
  readonly blockNumber: bigint
  readonly blockHash: Hex
  readonly logIndex: number
  readonly transactionHash: Hex
}

export type ChainEvent = {
  readonly contract: ContractName
  readonly event: string
  readonly args: Readonly<Record<string, unknown>>
  readonly block: bigint
  readonly logIndex: number
  readonly tx: Hex
}

/** @returns undefined for a log of somebody else, or of an event that our ABIs do not have */
export function decodeLog(addresses: Addresses, log: RawLog): ChainEvent | undefined {
  const contract = contractNames.find((name) => addresses[name].toLowerCase() === log.address.toLowerCase())
  if (contract === undefined) return undefined
  try {
    const { eventName, args } = decodeEventLog({
      abi: abis[contract],
      data: log.data,
      topics: [...log.topics] as [Hex, ...Hex[]],
      strict: true,
    })
    return {
      contract,
      event: eventName ?? 'unnamed',
      args: (args as unknown as Readonly<Record<string, unknown>> | undefined) ?? {},
      block: log.blockNumber,
      logIndex: log.logIndex,
      tx: log.transactionHash,
    }
  } catch {
    return undefined
  }
}
