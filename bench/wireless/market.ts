/**
 * The accounts and the route of the wireless benches, the same in every process. Keys are in the open: nothing here is worth anything.
 *
 * @module
 */

import { cellAt } from '../../packages/core/src/geography/cell.ts'
import type { Domain } from '../../packages/core/src/identity/eip712.ts'
import { softwareNodeSigner, type NodeSigner } from '../../packages/core/src/identity/node-signer.ts'
import { addressOf, sign } from '../../packages/core/src/identity/secp256k1.ts'
import type { Hex } from '../../packages/core/src/units/hex.ts'
import type { HotspotRecord } from '../../packages/wireless/src/model/hotspot-record.ts'
import type { Route } from '../../packages/wireless/src/model/route.ts'
import type { Clock, Random, Timers } from '../../packages/wireless/src/ports.ts'
import type { CarryAccount } from '../../packages/wireless/src/ports/carry.ts'
import { addressFirst } from './traffic.ts'

export const chainId = 31_337n
export const railsDomain: Domain = { chainId, verifyingContract: `0x${'aa'.repeat(20)}` }
export const registryDomain: Domain = { chainId, verifyingContract: `0x${'bb'.repeat(20)}` }

const keyOf = (kind: number, number: number): Uint8Array => {
  const key = new Uint8Array(32).fill(kind)
  new DataView(key.buffer).setUint32(4, number)
  return key
}

export interface Account {
  readonly address: Hex
  readonly nodeSigner: NodeSigner
  sign(digest: Hex): Promise<Hex>
  signNow(digest: Hex): Hex
}

export function account(kind: number, number: number): Account {
  const key = keyOf(kind, number)
  return {
    address: addressOf(key),
    nodeSigner: softwareNodeSigner(keyOf(kind + 1, number)),
    sign: async (digest) => sign(digest, key),
    signNow: (digest) => sign(digest, key),
  }
}

export const router: Account = account(0x51, 0)
export const ownerAt = (number: number): Account => account(0x61, number)

/** Units that router and owners have settled before: they know each other, as pairs do that carry so much. */
export const settledUnits = 65_536n
export const settledAccount: CarryAccount = {
  packetsBefore: 0,
  earnedNano: settledUnits * 10n ** 9n,
  total: settledUnits,
}

const cell = cellAt({ latitude: 52.52, longitude: 13.4 })

export const recordOf = (owner: Hex): HotspotRecord => ({
  owner,
  cell: cell ?? 0n,
  antennaGainDbi: 3,
  unitPriceNano: 0n,
  stakeAtto: 100n,
  isOpen: true,
})

export const routeAt = (endpoint: string): Route => ({
  router: router.address,
  nodeKey: router.nodeSigner.nodeKey,
  endpoint,
  voucherSigner: router.address,
  devAddrs: [{ first: addressFirst, last: addressFirst + 0x00ff_ffff }],
  joinEuis: [{ first: '70b3d57ed0000000', last: '70b3d57ed000ffff' }],
  unitPriceNano: 10n ** 9n,
  copies: 1,
  isOpen: true,
})

export const clock: Clock = { nowMs: () => Date.now(), elapsedMs: () => performance.now() }
export const random: Random = { bytes: (sizeBytes) => crypto.getRandomValues(new Uint8Array(sizeBytes)) }
export const timers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}
