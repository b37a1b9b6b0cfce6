/**
 * Data sets and demands read from the chain's logs: what a provider or customer without an index needs.
 *
 * @module
 */

import type { Abi, Address, ContractEventName, Hex } from 'viem'
import { dataSetsAbi } from '@groundwork/chain/abi/data-sets.ts'
import { storageJudgeAbi } from '@groundwork/chain/abi/storage-judge.ts'
import type { Chain } from '@groundwork/chain/client.ts'
import { decodeError } from '@groundwork/chain/decode-error.ts'
import type { EventArgs } from '@groundwork/chain/send-call.ts'
import type { DataSetState } from '../model.ts'
import type { SetEvent } from '../operator-standing.ts'

/** Blocks that are asked for at once. */
const logBlocksMax = 2_000n

interface Source<abi extends Abi, name extends ContractEventName<abi>> {
  readonly address: Address
  readonly abi: abi
  readonly eventName: name
  readonly toBlock: bigint
}

interface Found<Args> {
  readonly args: Args
  readonly blockNumber: bigint
  readonly logIndex: number
}

async function eventsOf<const abi extends Abi, name extends ContractEventName<abi>>(
  { client, deployment, rpcUrl }: Chain,
  { address, abi, eventName, toBlock }: Source<abi, name>,
): Promise<Found<EventArgs<abi, name>>[]> {
  const found: Found<EventArgs<abi, name>>[] = []
  try {
    for (let from = deployment.startBlock; from <= toBlock; from += logBlocksMax) {
      const last = from + logBlocksMax - 1n
      const logs = await client.getContractEvents({
        address,
        abi,
        eventName,
        fromBlock: from,
        toBlock: last < toBlock ? last : toBlock,
        strict: true,
      })
      found.push(
        ...logs.map(({ args, blockNumber, logIndex }) => ({
          args: args as EventArgs<abi, name>,
          blockNumber,
          logIndex,
        })),
      )
    }
  } catch (error) {
    throw decodeError(error, { rpcUrl, functionName: 'eth_getLogs' })
  }
  return found
}

const lower = (text: string): Hex => text.toLowerCase() as Hex
const inOrder = (a: Found<unknown>, b: Found<unknown>): number =>
  Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex

type DataSetEvent = EventArgs<typeof dataSetsAbi, 'Posted'> | EventArgs<typeof dataSetsAbi, 'Ended'>

async function dataSetEvents(chain: Chain, { toBlock }: { readonly toBlock: bigint }): Promise<DataSetEvent[]> {
  const address = chain.deployment.addresses.dataSets
  const [posted, ended] = await Promise.all([
    eventsOf(chain, { address, abi: dataSetsAbi, eventName: 'Posted', toBlock }),
    eventsOf(chain, { address, abi: dataSetsAbi, eventName: 'Ended', toBlock }),
  ])
  return [...posted, ...ended].toSorted(inOrder).map(({ args }) => args)
}

/** What happened to every data set, in order: what operators' standing is counted from. @throws ChainUnreachable */
export async function readSetEvents(
  chain: Chain,
  { toBlock }: { readonly toBlock: bigint },
): Promise<readonly SetEvent[]> {
  return (await dataSetEvents(chain, { toBlock })).map((args) =>
    'faulted' in args
      ? { kind: 'ended', id: args.id, isFaulted: args.faulted }
      : { kind: 'posted', id: args.id, provider: lower(args.provider), leafCount: args.leafCount },
  )
}

/**
 * Sets of which the chain says now that they ended, by id, with the stream that paid for them. One that a rollback took back is
 * not among them, nor is one that began anew.
 *
 * @throws ChainUnreachable
 */
export async function readEndedDataSets(
  chain: Chain,
  { toBlock }: { readonly toBlock: bigint },
): Promise<ReadonlyMap<Hex, Hex>> {
  const streams = new Map<Hex, Hex>()
  const over = new Map<Hex, Hex>()
  for (const args of await dataSetEvents(chain, { toBlock })) {
    if ('faulted' in args) over.set(args.id, streams.get(args.id) ?? args.id)
    else {
      over.delete(args.id)
      streams.set(args.id, args.stream)
    }
  }
  return over
}

/** Sets that stand after a block, as they stood there; ended and faulted ones are left out. @throws ChainUnreachable */
export async function readDataSetEvents(
  chain: Chain,
  { toBlock }: { readonly toBlock: bigint },
): Promise<readonly DataSetState[]> {
  const standing = new Map<Hex, DataSetState>()
  for (const args of await dataSetEvents(chain, { toBlock })) {
    if ('faulted' in args) standing.delete(args.id)
    else {
      const { id, customer, provider, root, leafCount, pieceCount, version, manifest } = args
      standing.set(id, {
        id,
        customer: lower(customer),
        provider: lower(provider),
        root,
        leafCount,
        pieceCount,
        version,
        manifest,
        faulted: false,
      })
    }
  }
  return [...standing.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Every demand ever made, newest first. @throws ChainUnreachable */
export async function readDemandEvents(
  chain: Chain,
): Promise<readonly { readonly demandId: Hex; readonly dataSet: Hex }[]> {
  const toBlock = await chain.client.getBlockNumber({ cacheTime: 0 })
  const address = chain.deployment.addresses.storageJudge
  const found = await eventsOf(chain, { address, abi: storageJudgeAbi, eventName: 'Demanded', toBlock })
  return found
    .toSorted(inOrder)
    .toReversed()
    .map(({ args: { demandId, dataSet } }) => ({ demandId, dataSet }))
}
