/**
 * A chain in memory, for tests of this network without a real one: sets by both signatures, seals, demands, streams.
 *
 * It keeps the rules that this network relies on, and no money.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { VerifiedBatch } from '@groundwork/core/evidence/batch.ts'
import { decodeBatch } from '@groundwork/core/evidence/batch.ts'
import { closeBlockOf, epochAt, evidenceDeadlineOf, type EpochTiming } from '@groundwork/core/epoch/timing.ts'
import type { Domain } from '@groundwork/core/identity/eip712.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import { toHex, type Hex } from '@groundwork/core/units/hex.ts'
import type { DataSetState, Offer } from '../model.ts'
import type { Chain, OpenDemand } from '../ports.ts'
import type { Answer } from '../wire/answer-abi.ts'
import { dataSetIdOf, pieceSetSigner } from '../wire/piece-set.ts'

export interface FakeChain extends Chain {
  readonly timing: EpochTiming
  mine(blocks: number): void
  /** Seals an epoch that is over; `salt` gives it another hash, as after a rollback. */
  seal(epoch: bigint, salt?: string): Hex
  offer(offer: Offer): void
  demand(demand: { readonly dataSet: Hex; readonly leafIndex: bigint }): OpenDemand
  fault(dataSet: Hex): void
  /** Loses an answer, as to a rollback. */
  loseAnswer(demandId: Hex): void
  readonly answers: ReadonlyMap<Hex, Answer>
  readonly batches: readonly Pick<VerifiedBatch, 'header' | 'entries' | 'details' | 'signature'>[]
  readonly rates: ReadonlyMap<string, bigint>
}

interface SetAt extends DataSetState {
  readonly block: bigint
}

/** @param dataSetsAddress another than the usual one is another deployment */
export function fakeChain({ dataSetsAddress = `0x${'da'.repeat(20)}` }: { dataSetsAddress?: Hex } = {}): FakeChain {
  const timing: EpochTiming = { startBlock: 1n, epochBlocks: 10n, evidenceBlocks: 5n, windowBlocks: 5n }
  const domain: Domain = { chainId: 31337n, verifyingContract: dataSetsAddress }
  const offers = new Map<Hex, Offer>()
  const history: SetAt[] = []
  const seals = new Map<bigint, Hex>()
  const demands = new Map<Hex, OpenDemand>()
  const answers = new Map<Hex, Answer>()
  const batches: Pick<VerifiedBatch, 'header' | 'entries' | 'details' | 'signature'>[] = []
  const rates = new Map<string, bigint>()
  let blockNumber = 1n

  const standingAt = (at: bigint): readonly DataSetState[] => {
    const last = new Map<Hex, SetAt>()
    for (const set of history) if (set.block <= at) last.set(set.id, set)
    return [...last.values()].filter(({ faulted }) => !faulted)
  }

  return {
    chainId: BigInt(domain.chainId),
    dataSetsAddress: domain.verifyingContract,
    epochsAddress: `0x${'e9'.repeat(20)}`,
    timing,
    closeBlock: (epoch) => closeBlockOf(timing, epoch),
    evidenceDeadline: (epoch) => evidenceDeadlineOf(timing, epoch),
    head: () => Promise.resolve({ blockNumber, atSeconds: blockNumber }),
    offers: () => Promise.resolve([...offers.values()]),
    dataSetsAt: ({ blockNumber: at, provider, customer }) =>
      Promise.resolve(
        standingAt(at).filter(
          (set) =>
            (provider === undefined || set.provider === provider) &&
            (customer === undefined || set.customer === customer),
        ),
      ),
    sealedHash: (epoch) => Promise.resolve(seals.get(epoch)),
    lockFor: () => Promise.resolve(10n ** 18n),
    ensureStream({ provider, salt, rateNano }) {
      rates.set(`${provider} ${salt}`, rateNano)
      return Promise.resolve()
    },
    renewStream: () => Promise.resolve(),

    closeStream({ provider, salt }) {
      return Promise.resolve(rates.delete(`${provider} ${salt}`))
    },
    postSets({ sets }) {
      for (const { set, customerSignature, providerSignature } of sets) {
        invariant(rates.has(`${set.provider} ${set.streamSalt}`), 'a set stands on a stream')
        invariant(pieceSetSigner({ set, signature: customerSignature, domain }) === set.customer, 'the customer signed')
        invariant(pieceSetSigner({ set, signature: providerSignature, domain }) === set.provider, 'the provider signed')
        const { customer, provider, root, leafCount, pieceCount, version, manifest } = set
        const id = dataSetIdOf(set)
        const last = history.findLast((one) => one.id === id)
        if (last !== undefined && last.version >= version) continue
        history.push({
          id,
          customer,
          provider,
          root,
          leafCount,
          pieceCount,
          version,
          manifest,
          faulted: false,
          block: blockNumber,
        })
      }
      return Promise.resolve()
    },
    registerBatch({ block }) {
      const batch = decodeBatch(block)
      invariant(batch !== undefined, 'a batch decodes')
      batches.push(batch)
      return Promise.resolve()
    },
    openDemands: ({ provider }) =>
      Promise.resolve(
        [...demands.values()].filter(
          ({ id, dataSet }) =>
            !answers.has(id) && history.some((set) => set.id === dataSet && set.provider === provider),
        ),
      ),
    answerDemand({ demandId, answer }) {
      answers.set(demandId, answer)
      return Promise.resolve()
    },
    mine(blocks) {
      blockNumber += BigInt(blocks)
    },
    seal(epoch, salt = '') {
      invariant(
        blockNumber > closeBlockOf(timing, epoch) && epochAt(timing, blockNumber) > epoch,
        'an epoch is sealed after its close',
      )
      const hash = toHex(createHash('sha256').update(`seal ${epoch} ${salt}`).digest())
      seals.set(epoch, hash)
      return hash
    },
    offer: (offer) => void offers.set(offer.operator, offer),
    demand({ dataSet, leafIndex }) {
      const set = standingAt(blockNumber).find(({ id }) => id === dataSet)
      invariant(set !== undefined, 'a set that stands is demanded')
      const id = toHex(createHash('sha256').update(`demand ${demands.size}`).digest())
      const demand = {
        id,
        dataSet,
        root: set.root,
        leafCount: set.leafCount,
        leafIndex,
        deadlineBlock: blockNumber + 10n,
      }
      demands.set(id, demand)
      return demand
    },
    fault(dataSet) {
      const set = standingAt(blockNumber).find(({ id }) => id === dataSet)
      invariant(set !== undefined, 'a set that stands is faulted')
      history.push({ ...set, faulted: true, block: blockNumber })
    },
    loseAnswer: (demandId) => void answers.delete(demandId),
    answers,
    batches,
    rates,
  }
}
