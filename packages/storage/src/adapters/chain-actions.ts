/**
 * The chain as the storage network uses it, on the actions of the chain package.
 *
 * Writes are level-triggered: each looks first at what stands, so that doing it again after a crash changes nothing.
 *
 * @module
 */

import { answerCall } from '@groundwork/chain/answer.ts'
import { buyCreditsSync } from '@groundwork/chain/buy-credits.ts'
import type { Call } from '@groundwork/chain/call.ts'
import type { Chain as ChainConnection } from '@groundwork/chain/client.ts'
import { finishStreamSync } from '@groundwork/chain/finish-stream.ts'
import { noticeStreamSync } from '@groundwork/chain/notice-stream.ts'
import { openStreamSync } from '@groundwork/chain/open-stream.ts'
import { postDataSetsSync } from '@groundwork/chain/post-data-sets.ts'
import { raiseRateSync } from '@groundwork/chain/raise-rate.ts'
import { readBalances } from '@groundwork/chain/read-balances.ts'
import { readDemand } from '@groundwork/chain/read-demand.ts'
import { readOffers, readOperators } from '@groundwork/chain/read-operators.ts'
import { readQuote } from '@groundwork/chain/read-quote.ts'
import { readSeal } from '@groundwork/chain/read-seal.ts'
import { readStream, readStreamId } from '@groundwork/chain/read-stream.ts'
import { renewSync } from '@groundwork/chain/renew.ts'
import { registerBatchCall } from '@groundwork/chain/register-batch.ts'
import { sendCall } from '@groundwork/chain/send-call.ts'
import { closeBlockOf, evidenceDeadlineOf, type EpochTiming } from '@groundwork/core/epoch/timing.ts'
import { decodeBatch } from '@groundwork/core/evidence/batch.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { storageNetwork, type DataSetState, type Offer } from '../model.ts'
import type { Chain, OpenDemand, StreamTerms, Waiting } from '../ports.ts'
import { newcomer, standingsOf } from '../operator-standing.ts'
import { creditsOf, lockAttoOf } from '../pay.ts'
import { readDataSetEvents, readDemandEvents, readSetEvents } from './chain-logs.ts'

const noBytes: Hex = `0x${'00'.repeat(32)}`
const nobody: Hex = `0x${'00'.repeat(20)}`
/** Room, in percent, for a price that falls or a stream that grows between signing and posting. */
const lockRoomPercent = 50n
/** A stream is renewed once no more than this part of a term is left. */
const renewAtFractionLeft = 4n

const lower = (address: string): Hex => address.toLowerCase() as Hex

export interface ChainActionsOptions {
  readonly chain: ChainConnection
  /** whose streams and answers these are: the account that signs, in lower case */
  readonly account: Hex
  /** the most WORK that one stream may cost without being asked, in atto */
  readonly buyAttoMax: bigint
  /** Hands in batches and answers, which anyone may send, and resolves once they are accepted; a transaction of our own when left out. */
  readonly handIn?: (call: Call, waiting: Waiting) => Promise<void>
}

export function chainActions({ chain, account, buyAttoMax, handIn }: ChainActionsOptions): Chain {
  const submit =
    handIn ??
    (async (call: Call, waiting: Waiting): Promise<void> => {
      await sendCall(chain, call, waiting)
    })
  const { parameters, addresses } = chain.deployment
  const timing: EpochTiming = {
    startBlock: parameters.startBlock,
    epochBlocks: BigInt(parameters.epochBlocks),
    evidenceBlocks: BigInt(parameters.evidenceBlocks),
    windowBlocks: BigInt(parameters.windowBlocks),
  }
  const creditsFor = ({ rateNano }: Pick<StreamTerms, 'rateNano'>): bigint =>
    creditsOf({ rateNano, seconds: BigInt(parameters.termSeconds) })

  const buyMissing = async (credits: bigint, { signal }: Waiting): Promise<void> => {
    const { bought } = await readBalances(chain, { account })
    if (bought.credits >= credits) return
    const { lowUsd8 } = await readQuote(chain)
    invariant(lowUsd8 > 0n, 'the feed has a price')
    const workAtto = lockAttoOf({ credits: credits - bought.credits, lowUsd8 })
    invariant(workAtto <= buyAttoMax, 'a stream costs no more than the customer allows')
    await buyCreditsSync(chain, { workAtto, creditsMin: credits - bought.credits }, { signal })
  }

  /** Extends a stream that runs out soon by a whole term, paid ahead. Pay that is held has to be released first. */
  const renewWhenShort = async ({
    id,
    stream,
    signal,
  }: { readonly id: Hex; readonly stream: Awaited<ReturnType<typeof readStream>> } & Waiting): Promise<void> => {
    const { timestamp } = await chain.client.getBlock({ blockTag: 'latest' })
    const secondsLeft = BigInt(stream.end) - timestamp
    if (stream.noticed || secondsLeft > BigInt(parameters.termSeconds) / renewAtFractionLeft) return
    if (secondsLeft <= 0n && stream.openDemands > 0) return
    const credits = creditsFor(stream)
    await buyMissing(credits, { signal })
    await renewSync(chain, { id, termSeconds: parameters.termSeconds, credits, coverMaxAtto: buyAttoMax }, { signal })
  }

  return {
    chainId: BigInt(chain.chainId),
    dataSetsAddress: lower(addresses.dataSets),
    epochsAddress: lower(addresses.epochs),
    closeBlock: (epoch) => closeBlockOf(timing, epoch),
    evidenceDeadline: (epoch) => evidenceDeadlineOf(timing, epoch),

    async head() {
      const { number, timestamp } = await chain.client.getBlock({ blockTag: 'latest' })
      return { blockNumber: number, atSeconds: timestamp }
    },

    async offers() {
      const toBlock = await chain.client.getBlockNumber({ cacheTime: 0 })
      const [operators, offers, setEvents] = await Promise.all([
        readOperators(chain),
        readOffers(chain, { network: storageNetwork }),
        readSetEvents(chain, { toBlock }),
      ])
      const standings = standingsOf(setEvents)
      const byOperator = new Map(operators.map((operator) => [lower(operator.operator), operator]))
      return offers.flatMap(({ operator, capacity, priceNano }): Offer[] => {
        const known = byOperator.get(lower(operator))
        if (known === undefined) return []
        const { nodeKey, endpoint, cell } = known
        const { usedBytes, record } = standings.get(lower(operator)) ?? newcomer
        return [
          {
            operator: lower(operator),
            nodeKey,
            endpoint,
            cell,
            capacityBytes: capacity,
            usedBytes,
            priceNanoPerGibSecond: priceNano,
            open: true,
            record,
          },
        ]
      })
    },

    async dataSetsAt({ blockNumber, provider, customer }) {
      const sets = await readDataSetEvents(chain, { toBlock: blockNumber })
      return sets.filter(
        (set): set is DataSetState =>
          (provider === undefined || set.provider === lower(provider)) &&
          (customer === undefined || set.customer === lower(customer)),
      )
    },

    async sealedHash(epoch) {
      const { blockHash } = await readSeal(chain, { network: storageNetwork, epoch })
      return blockHash === noBytes ? undefined : blockHash
    },

    async lockFor({ provider, salt, rateNano }) {
      const id = await readStreamId(chain, { payer: account, payee: provider, salt })
      const [{ credits }, { lowUsd8 }] = await Promise.all([readStream(chain, { id }), readQuote(chain)])
      invariant(lowUsd8 > 0n, 'the feed has a price')
      return (lockAttoOf({ credits: credits + creditsFor({ rateNano }), lowUsd8 }) * (100n + lockRoomPercent)) / 100n
    },

    async ensureStream({ provider, salt, rateNano }, { signal }) {
      const id = await readStreamId(chain, { payer: account, payee: provider, salt })
      const stream = await readStream(chain, { id })
      if (stream.payer === nobody) {
        const credits = creditsFor({ rateNano })
        await buyMissing(credits, { signal })
        const terms = {
          payee: provider,
          judge: addresses.storageJudge,
          rateNano,
          termSeconds: 0,
          credits,
          coverMaxAtto: buyAttoMax,
          salt,
        }
        await openStreamSync(chain, terms, { signal })
      } else if (stream.rateNano < rateNano) {
        const secondsLeft = BigInt(Math.max(0, Number(stream.end) - Number((await chain.client.getBlock()).timestamp)))
        const credits = creditsOf({ rateNano: rateNano - stream.rateNano, seconds: secondsLeft }) + 1n
        await buyMissing(credits, { signal })
        await raiseRateSync(chain, { id, rateNano, credits, coverMaxAtto: buyAttoMax }, { signal })
      }
    },

    async renewStream({ provider, salt }, { signal }) {
      const id = await readStreamId(chain, { payer: account, payee: provider, salt })
      const stream = await readStream(chain, { id })
      if (stream.payer !== nobody) await renewWhenShort({ id, stream, signal })
    },

    async closeStream({ provider, salt }, { signal }) {
      const id = await readStreamId(chain, { payer: account, payee: provider, salt })
      const stream = await readStream(chain, { id })
      if (stream.payer === nobody) return true
      if (!stream.noticed) {
        await noticeStreamSync(chain, { id }, { signal })
        return false
      }
      const { timestamp } = await chain.client.getBlock({ blockTag: 'latest' })
      if (timestamp < BigInt(stream.end) || stream.openDemands > 0) return false
      await finishStreamSync(chain, { id }, { signal })
      return true
    },

    async postSets({ sets }, { signal }) {
      if (sets.length === 0) return
      await postDataSetsSync(
        chain,
        {
          sets: sets.map(({ set }) => set),
          customerSignatures: sets.map(({ customerSignature }) => customerSignature),
          providerSignatures: sets.map(({ providerSignature }) => providerSignature),
        },
        { signal },
      )
    },

    async registerBatch({ block }, { signal }) {
      const batch = decodeBatch(block)
      invariant(batch !== undefined, 'a batch of our own decodes')
      const { header, signature } = batch
      await submit(registerBatchCall(chain.deployment, { header, signature }), { signal })
    },

    async openDemands({ provider }) {
      const sets = await readDataSetEvents(chain, { toBlock: await chain.client.getBlockNumber({ cacheTime: 0 }) })
      const own = new Set(sets.filter((set) => set.provider === lower(provider)).map(({ id }) => id))
      const demands = await readDemandEvents(chain)
      const open: OpenDemand[] = []
      for (const { demandId, dataSet } of demands) {
        if (!own.has(dataSet)) continue
        const { over, root, leafCount, leafIndex, deadlineBlock } = await readDemand(chain, { demandId })
        if (!over)
          open.push({ id: demandId, dataSet, root, leafCount, leafIndex, deadlineBlock: BigInt(deadlineBlock) })
      }
      return open
    },

    async answerDemand({ demandId, answer: given }, { signal }) {
      await submit(answerCall(chain.deployment, { demandId, answer: given }), { signal })
    },
  }
}
