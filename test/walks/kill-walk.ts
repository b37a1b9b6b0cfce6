/**
 * One walk with two kills in it, and what has to hold after any number of them.
 *
 * @module
 */

import assert from 'node:assert/strict'
import { claimsIn, dataSetsAsOf, operatorsIn, paymentsIn } from '@groundwork/chain/indexer/index-queries.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { decodeManifest } from '@groundwork/storage'
import { pieceCidOf } from '../../packages/groundwork/src/http/storage-api.ts'
import { httpEvidencePeer } from '../../packages/groundwork/src/watch/evidence-peer.ts'
import type { Kill, KillPlan } from './kill-plan.ts'
import { copies, type Acknowledged, type KillableNetwork } from './killable-network.ts'
import { moneyDifferences } from './money-of-chain.ts'
import { until } from './program.ts'

const settledSecondsMax = 120

/** Stores, reads and waits for an epoch, with a kill in two of these. @returns what was acknowledged */
export async function walkThrough(
  network: KillableNetwork,
  plan: KillPlan,
  tell: (text: string) => void,
): Promise<Acknowledged> {
  const { seed, own, chain } = plan
  const killing = async (kill: Kill): Promise<void> => {
    const startedMs = performance.now()
    const name = await network.kill(kill)
    const ms = Math.round(performance.now() - startedMs)
    tell(`seed ${seed}: ${name} was killed ${kill.delayMs} ms into ${kill.moment}, and was back after ${ms} ms`)
  }
  const [object] = await Promise.all([network.put(plan), own.moment === 'put' ? killing(own) : undefined])
  await Promise.all([network.read(object), own.moment === 'read' ? killing(own) : undefined])
  await network.moment(chain.moment)
  await killing(chain)
  return object
}

/** Every acknowledged object comes back, stands on the chain at enough operators, and the money adds up. */
export async function assertNothingLost(network: KillableNetwork, objects: readonly Acknowledged[]): Promise<void> {
  for (const object of objects) await network.read(object)
  const listed = await (
    await network.gateway()
  ).get<readonly { cid: string }[]>('/v1/storage/objects', { signal: network.signal })
  for (const { cid } of objects)
    assert.ok(
      listed.some((one) => one.cid === cid),
      `${cid} is listed`,
    )
  await until(`the chain has every acknowledged piece at ${copies} operators`, settledSecondsMax, async () => {
    const holders = await holdersOnChain(network)
    const isThere = objects.every(({ pieces }) =>
      pieces.every(({ pieceCid }) => (holders.get(pieceCid)?.size ?? 0) >= copies),
    )
    return isThere ? true : undefined
  })
  const { chain, index } = network.view()
  await until('providers have converted and claimed', settledSecondsMax, () =>
    claimsIn(index).length > 0 && paymentsIn(index).some(({ kind, workAtto }) => kind === 'conversion' && workAtto > 0n)
      ? true
      : undefined,
  )
  assert.deepEqual(await moneyDifferences(chain, index), [])
}

/** By the manifests whose hashes stand on the chain: which operators have to prove which piece. */
async function holdersOnChain({ view, signal }: KillableNetwork): Promise<ReadonlyMap<string, ReadonlySet<Hex>>> {
  const { index } = view()
  const endpoints = new Map(operatorsIn(index).map(({ operator, endpoint }) => [operator, endpoint]))
  const holders = new Map<string, Set<Hex>>()
  for (const { provider, manifest } of dataSetsAsOf(index, { block: index.tip()?.number ?? 0n })) {
    const bytes = await httpEvidencePeer(endpoints.get(provider) ?? '')
      .block(cidOfDigest(manifest), { signal })
      .catch(() => undefined)
    for (const piece of (bytes && decodeManifest(bytes)) ?? []) {
      const name = pieceCidOf(piece)
      holders.set(name, (holders.get(name) ?? new Set()).add(provider))
    }
  }
  return holders
}
