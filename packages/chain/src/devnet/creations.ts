/**
 * The creation data of every contract, in the order of the deployer's nonces.
 *
 * @module
 */

import { type Address, encodeDeployData, type Hex } from 'viem'
import { bondsAbi, bondsBytecode } from '../abi/bonds.ts'
import { creditsAbi, creditsBytecode } from '../abi/credits.ts'
import { dataSetsAbi, dataSetsBytecode } from '../abi/data-sets.ts'
import { epochsAbi, epochsBytecode } from '../abi/epochs.ts'
import { guardAbi, guardBytecode } from '../abi/guard.ts'
import { holdsAbi, holdsBytecode } from '../abi/holds.ts'
import { priceFeedAbi, priceFeedBytecode } from '../abi/price-feed.ts'
import { railsAbi, railsBytecode } from '../abi/rails.ts'
import { receiptJudgeAbi, receiptJudgeBytecode } from '../abi/receipt-judge.ts'
import { registryAbi, registryBytecode } from '../abi/registry.ts'
import { routesAbi, routesBytecode } from '../abi/routes.ts'
import { storageJudgeAbi, storageJudgeBytecode } from '../abi/storage-judge.ts'
import { sumJudgeAbi, sumJudgeBytecode } from '../abi/sum-judge.ts'
import { workTokenAbi, workTokenBytecode } from '../abi/work-token.ts'
import { type Addresses, contractNames, type ContractName, type Genesis } from '../deployment.ts'
import type { Parameters } from './parameters.ts'

export type CreationInput = {
  readonly name: string
  readonly addresses: Addresses
  readonly parameters: Parameters
  readonly genesis: Genesis
  /** of the price feed */
  readonly posters: readonly Address[]
}

/** One creation a contract, in the order of `contractNames`. */
export function creations({ name, addresses, parameters, genesis, posters }: CreationInput): readonly Hex[] {
  const wiring = [addresses, parameters] as const
  const grants = genesis.holders.map(({ account, amountAtto }) => ({ to: account, amountAtto }))
  const data: Readonly<Record<ContractName, Hex>> = {
    guard: encodeDeployData({ abi: guardAbi, bytecode: guardBytecode, args: [...wiring, name] }),
    workToken: encodeDeployData({
      abi: workTokenAbi,
      bytecode: workTokenBytecode,
      args: [addresses, grants, genesis.bootstrapMaxAtto],
    }),
    priceFeed: encodeDeployData({ abi: priceFeedAbi, bytecode: priceFeedBytecode, args: [...wiring, posters] }),
    credits: encodeDeployData({ abi: creditsAbi, bytecode: creditsBytecode, args: wiring }),
    rails: encodeDeployData({ abi: railsAbi, bytecode: railsBytecode, args: wiring }),
    bonds: encodeDeployData({ abi: bondsAbi, bytecode: bondsBytecode, args: wiring }),
    registry: encodeDeployData({ abi: registryAbi, bytecode: registryBytecode }),
    dataSets: encodeDeployData({ abi: dataSetsAbi, bytecode: dataSetsBytecode, args: [addresses] }),
    epochs: encodeDeployData({ abi: epochsAbi, bytecode: epochsBytecode, args: wiring }),
    storageJudge: encodeDeployData({ abi: storageJudgeAbi, bytecode: storageJudgeBytecode, args: wiring }),
    sumJudge: encodeDeployData({ abi: sumJudgeAbi, bytecode: sumJudgeBytecode, args: wiring }),
    receiptJudge: encodeDeployData({ abi: receiptJudgeAbi, bytecode: receiptJudgeBytecode, args: [addresses] }),
    routes: encodeDeployData({ abi: routesAbi, bytecode: routesBytecode }),
    holds: encodeDeployData({ abi: holdsAbi, bytecode: holdsBytecode, args: wiring }),
  }
  return contractNames.map((contract) => data[contract])
}
