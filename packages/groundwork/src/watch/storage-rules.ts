/**
 * How storage is audited: its audit, and what that reads from the chain as of the close.
 *
 * @module
 */

import { dataSetsAsOf } from '@groundwork/chain/indexer/index-queries.ts'
import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { Deployment } from '@groundwork/chain/deployment.ts'
import { closeBlockOf } from '@groundwork/core/epoch/timing.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import {
  audit,
  possessionKind,
  rebateAttoPerLeafEpoch,
  storageNetwork,
  type DataSetState,
  type OpenEpoch,
  type StorageFacts,
} from '@groundwork/storage'
import { fastestHasher } from '@groundwork/storage/adapters'
import { timingOf } from './chain-desk.ts'
import { sealsIn, stakesIn } from './epoch-history.ts'
import { oldestOpen } from './gather.ts'
import type { NetworkRules, StateInput } from './network-rules.ts'

/** Version of storage's audit. */
export const storageRulesVersion = 1n

export async function storageRules(): Promise<NetworkRules> {
  const hasher = await fastestHasher()
  return {
    network: storageNetwork,
    name: 'storage',
    rules: storageRulesVersion,
    audit: audit({ hasher }),
    stateOf: storageFacts,
    judgedPriceOf: ({ highUsd8 }, { parameters }) => ({
      kind: possessionKind,
      unitPriceAtto: rebateAttoPerLeafEpoch({ ...pricesOf(parameters), highUsd8 }),
    }),
  }
}

function pricesOf({
  epochBlocks,
  blockSeconds,
  referenceNanoPerGibSecond,
}: Deployment['parameters']): Pick<StorageFacts, 'epochSeconds' | 'referenceNanoPerGibSecond'> {
  return { epochSeconds: BigInt(epochBlocks) * BigInt(blockSeconds), referenceNanoPerGibSecond }
}

function storageFacts({ index, deployment, epoch, next }: StateInput): StorageFacts {
  const { parameters } = deployment
  const timing = timingOf(deployment)
  const seals = sealsIn(index, storageNetwork)
  const epochs: OpenEpoch[] = []
  for (let open = oldestOpen({ epoch, next }); open <= epoch; open += 1n) {
    const seal = seals.get(open)
    if (seal !== undefined)
      epochs.push({ epoch: open, sealedHash: seal.blockHash, sets: setsAt(index, closeBlockOf(timing, open)) })
  }
  const stakes = [...stakesIn(index, { network: storageNetwork, until: closeBlockOf(timing, epoch) })]
  return {
    ...pricesOf(parameters),
    seatAtto: parameters.seatAtto,
    stakes: stakes.map(([operator, totalAtto]) => ({ operator, totalAtto })),
    epochs,
  }
}

/** Sets that stood after a block; those that are over, faulted ones too, are not among them. */
function setsAt(index: ChainIndex, block: bigint): DataSetState[] {
  const lower = (hex: Hex): Hex => hex.toLowerCase() as Hex
  return dataSetsAsOf(index, { block }).map(
    ({ id, customer, provider, root, leafCount, pieceCount, version, manifest }) => ({
      id: lower(id),
      customer: lower(customer),
      provider: lower(provider),
      root: lower(root),
      leafCount,
      pieceCount,
      version,
      manifest: lower(manifest),
      faulted: false,
    }),
  )
}
