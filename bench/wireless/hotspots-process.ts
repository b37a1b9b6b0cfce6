/**
 * A process of the bench: many hotspots, each an owner's, with its own forwarder's port, ledger and stream to the router.
 *
 * @module
 */

import path from 'node:path'
import { carryClient, openCarryLedger, openUdpForwarder } from '../../packages/wireless/src/adapters/index.ts'
import { carryNodeDigest } from '../../packages/wireless/src/wire/voucher.ts'
import { answerMeasures } from './measures.ts'
import {
  chainId,
  clock,
  ownerAt,
  railsDomain,
  random,
  registryDomain,
  routeAt,
  router,
  settledAccount,
  timers,
} from './market.ts'

const [endpoint = '', folder = '', first = '0', count = '1'] = process.argv.slice(2)
const troubles: unknown[] = []

const hotspots = await Promise.all(
  Array.from({ length: Number(count) }, async (_, index) => {
    const owner = ownerAt(Number(first) + index)
    const ledger = openCarryLedger({ path: path.join(folder, `hotspot-${Number(first) + index}.sqlite`) })
    ledger.setAccount(router.address, settledAccount)
    const carry = carryClient({
      chainId,
      railsDomain,
      owner: owner.address,
      signNode: async (node) => owner.signNow(carryNodeDigest(node, registryDomain)),
      nodeSigner: owner.nodeSigner,
      ledger,
      radio: { send: () => undefined, isReachable: () => true },
      unitPriceNanoMin: 1n,
      allotmentOf: async () => ({
        signer: routeAt('').voucherSigner,
        credits: 10n ** 9n,
        redeemed: 0n,
        isNoticed: false,
      }),
      clock,
      timers,
      random,
      onTrouble: (error) => void troubles.push(error),
    })
    carry.setRoutes([routeAt(endpoint)])
    const udp = await openUdpForwarder({ host: '127.0.0.1', port: 0, listener: carry, clock, timers })
    return { carry, udp }
  }),
)

answerMeasures(
  {
    ports: hotspots.map(({ udp }) => udp.port),
  },
  () => ({
    counts: sumOf([
      ...hotspots.map(({ carry }) => carry.counts()),
      ...hotspots.flatMap(({ carry }) => carry.links().map(({ counts }) => counts)),
      ...hotspots.map(({ udp }) => Object.fromEntries([...udp.drops()].map(([name, n]) => [`udp ${name}`, n]))),
    ]),
    queued: hotspots.reduce((sum, { carry }) => sum + carry.links().reduce((all, { queued }) => all + queued, 0), 0),
    refusals: [...new Set(hotspots.flatMap(({ carry }) => carry.links().flatMap(({ refusal }) => refusal ?? [])))],
    vouchers: hotspots.reduce(
      (sum, { carry }) => sum + carry.vouchers().reduce((all, { total }) => all + total, 0n),
      0n,
    ),
    troubles: troubles.slice(0, 3).map(String),
  }),
)

function sumOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {}
  for (const counts of all) for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
