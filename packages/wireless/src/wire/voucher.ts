/**
 * What is signed between a router and a hotspot's owner, as EIP-712: vouchers, tallies, and an owner's word for a node key.
 *
 * Vouchers are those of Rails. Pure; whose signature it has to be is judged by whoever knows the allotment.
 *
 * @see docs/protocol/wireless.md#vouchers
 * @module
 */

import { hashTypedData, type Domain, type TypedStructs } from '@groundwork/core/identity/eip712.ts'
import { recover } from '@groundwork/core/identity/secp256k1.ts'
import type { NodeKey } from '@groundwork/core/identity/node-signer.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import type { SignedTally, SignedVoucher, Tally, Voucher } from '../model/receipt.ts'

const types: TypedStructs = {
  Voucher: [
    { name: 'payer', type: 'address' },
    { name: 'payee', type: 'address' },
    { name: 'total', type: 'uint128' },
  ],
  Tally: [
    { name: 'router', type: 'address' },
    { name: 'owner', type: 'address' },
    { name: 'epoch', type: 'uint64' },
    { name: 'packets', type: 'uint64' },
    { name: 'units', type: 'uint128' },
    { name: 'nanoCredits', type: 'uint128' },
    { name: 'root', type: 'bytes32' },
  ],
  CarryNode: [
    { name: 'owner', type: 'address' },
    { name: 'nodeKey', type: 'bytes32' },
    { name: 'validUntilMs', type: 'uint64' },
  ],
}

/** An owner's word that a daemon with this node key carries for it. */
export interface CarryNode {
  readonly owner: Hex
  readonly nodeKey: NodeKey
  readonly validUntilMs: number
}

/** @param domain verifyingContract is Rails */
export function voucherDigest(voucher: Voucher, domain: Domain): Hex {
  return hashTypedData({ domain, types, primaryType: 'Voucher', message: { ...voucher } })
}

/** @param domain verifyingContract is Rails */
export function tallyDigest(tally: Tally, domain: Domain): Hex {
  return hashTypedData({ domain, types, primaryType: 'Tally', message: { ...tally } })
}

/** @param domain verifyingContract is Registry */
export function carryNodeDigest(node: CarryNode, domain: Domain): Hex {
  return hashTypedData({ domain, types, primaryType: 'CarryNode', message: { ...node } })
}

/** Who signed it; undefined when the signature is none. */
export function voucherSignerOf({ voucher, signature }: SignedVoucher, domain: Domain): Hex | undefined {
  return recover(voucherDigest(voucher, domain), signature)
}

/** Who signed it; undefined when the signature is none. */
export function tallySignerOf({ tally, signature }: SignedTally, domain: Domain): Hex | undefined {
  return recover(tallyDigest(tally, domain), signature)
}

/** Whether the owner gave its word for the node key, and it still holds. */
export function isCarryNode({
  node,
  signature,
  domain,
  nowMs,
}: {
  readonly node: CarryNode
  readonly signature: Hex
  readonly domain: Domain
  readonly nowMs: number
}): boolean {
  return node.validUntilMs > nowMs && recover(carryNodeDigest(node, domain), signature) === node.owner
}
