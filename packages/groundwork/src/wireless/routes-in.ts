/**
 * The routes that stand, from the index: what a hotspot carries for whom.
 *
 * @module
 */

import type { ChainIndex } from '@groundwork/chain/indexer/open-index.ts'
import type { PublishRoute } from '@groundwork/chain/publish-route.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { formatDevAddr, type Route } from '@groundwork/wireless'
import { logsOf } from '../watch/event-logs.ts'

const lower = (value: unknown): Hex => String(value).toLowerCase() as Hex
const mask32 = 0xffffffffn
const mask64 = 0xffffffffffffffffn
const euiOf = (value: bigint): string => value.toString(16).padStart(16, '0')

/** The last word of every router; closed ones too. */
export function routesIn(index: ChainIndex): Route[] {
  const last = new Map<Hex, Route>()
  for (const { args } of logsOf(index, { contract: 'routes', event: 'RoutePublished' })) {
    const lists = { devAddrs: listOf(args['devAddrs']), joinEuis: listOf(args['joinEuis']) }
    last.set(lower(args['router']), {
      router: lower(args['router']),
      nodeKey: lower(args['nodeKey']),
      endpoint: String(args['endpoint']),
      voucherSigner: lower(args['voucherSigner']),
      unitPriceNano: BigInt(String(args['priceNano'])),
      copies: Number(args['copies']),
      isOpen: args['open'] === true,
      devAddrs: lists.devAddrs.map((range) => ({ first: Number(range >> 32n), last: Number(range & mask32) })),
      joinEuis: lists.joinEuis.map((range) => ({ first: euiOf(range >> 64n), last: euiOf(range & mask64) })),
    })
  }
  return [...last.values()]
}

function listOf(value: unknown): bigint[] {
  return Array.isArray(value) ? value.map((one) => BigInt(String(one))) : []
}

/** A route as the contract takes it. */
export function publishable({ router, unitPriceNano, isOpen, devAddrs, joinEuis, ...rest }: Route): PublishRoute {
  return {
    router,
    nodeKey: rest.nodeKey,
    voucherSigner: rest.voucherSigner,
    priceNano: unitPriceNano,
    copies: rest.copies,
    open: isOpen,
    endpoint: rest.endpoint,
    devAddrs: devAddrs.map(({ first, last }) => BigInt(`0x${formatDevAddr(first)}${formatDevAddr(last)}`)),
    joinEuis: joinEuis.map(({ first, last }) => BigInt(`0x${first}${last}`)),
  }
}
