/**
 * The EIP-712 messages that the contracts accept, one function a message: what to sign, as plain values.
 *
 * Signing them is `sign-*.ts` or any wallet; the domain is name Groundwork, version 1, the chain and the contract.
 *
 * @module
 */

import type { Address, Hex } from 'viem'
import type { Deployment } from './deployment.ts'
import type { EvidenceHeader } from './evidence-header.ts'
import type { PieceSet } from './piece-set.ts'

export type TypedDomain = {
  readonly name: 'Groundwork'
  readonly version: '1'
  readonly chainId: number
  readonly verifyingContract: Address
}

/** A message with its type and domain. */
export type Typed = {
  readonly domain: TypedDomain
  readonly types: Readonly<Record<string, readonly { readonly type: string; readonly name: string }[]>>
  readonly primaryType: string
  readonly message: Readonly<Record<string, unknown>>
}

type Field = readonly [type: string, name: string]

/** The domain of one contract. */
export function typedDomain({ chainId }: Pick<Deployment, 'chainId'>, verifyingContract: Address): TypedDomain {
  return { name: 'Groundwork', version: '1', chainId, verifyingContract }
}

function typed({
  deployment,
  contract,
  primaryType,
  fields,
  message,
}: {
  deployment: Deployment
  contract: keyof Deployment['addresses']
  primaryType: string
  fields: readonly Field[]
  message: Readonly<Record<string, unknown>>
}): Typed {
  return {
    domain: typedDomain(deployment, deployment.addresses[contract]),
    types: { [primaryType]: fields.map(([type, name]) => ({ type, name })) },
    primaryType,
    message,
  }
}

export type RegisterMessage = {
  readonly operator: Address
  readonly nodeKey: Hex
  readonly cell: bigint
  readonly endpoint: string
  readonly nonce: bigint
  readonly deadline: number
}

/** Registry.registerFor */
export function registerMessage(deployment: Deployment, message: RegisterMessage): Typed {
  const fields: Field[] = [
    ['address', 'operator'],
    ['bytes32', 'nodeKey'],
    ['uint64', 'cell'],
    ['string', 'endpoint'],
    ['uint256', 'nonce'],
    ['uint40', 'deadline'],
  ]
  return typed({ deployment, contract: 'registry', primaryType: 'Register', fields, message })
}

export type PostOfferMessage = {
  readonly operator: Address
  readonly network: number
  readonly capacity: bigint
  readonly priceNano: bigint
  readonly terms: Hex
  readonly open: boolean
  readonly nonce: bigint
  readonly deadline: number
}

/** Registry.postOfferFor */
export function postOfferMessage(deployment: Deployment, message: PostOfferMessage): Typed {
  const fields: Field[] = [
    ['address', 'operator'],
    ['uint8', 'network'],
    ['uint64', 'capacity'],
    ['uint96', 'priceNano'],
    ['bytes32', 'terms'],
    ['bool', 'open'],
    ['uint256', 'nonce'],
    ['uint40', 'deadline'],
  ]
  return typed({ deployment, contract: 'registry', primaryType: 'PostOffer', fields, message })
}

export type ConvertMessage = {
  readonly account: Address
  readonly credits: bigint
  readonly minOutAtto: bigint
  readonly nonce: bigint
  readonly deadline: number
}

/** Rails.convertFor */
export function convertMessage(deployment: Deployment, message: ConvertMessage): Typed {
  const fields: Field[] = [
    ['address', 'account'],
    ['uint128', 'credits'],
    ['uint128', 'minOutAtto'],
    ['uint256', 'nonce'],
    ['uint40', 'deadline'],
  ]
  return typed({ deployment, contract: 'rails', primaryType: 'Convert', fields, message })
}

export type CutMessage = {
  readonly id: Hex
  readonly rateNano: bigint
  /** of the stream's present segment, Unix seconds */
  readonly start: number
}

/** Rails.cut, signed by the payee */
export function cutMessage(deployment: Deployment, message: CutMessage): Typed {
  const fields: Field[] = [
    ['bytes32', 'id'],
    ['uint96', 'rateNano'],
    ['uint40', 'start'],
  ]
  return typed({ deployment, contract: 'rails', primaryType: 'Cut', fields, message })
}

export type VoucherMessage = {
  readonly payer: Address
  readonly payee: Address
  /** credits, cumulative for ever */
  readonly total: bigint
}

/** Rails.redeem, signed by the allotment's signer */
export function voucherMessage(deployment: Deployment, message: VoucherMessage): Typed {
  const fields: Field[] = [
    ['address', 'payer'],
    ['address', 'payee'],
    ['uint128', 'total'],
  ]
  return typed({ deployment, contract: 'rails', primaryType: 'Voucher', fields, message })
}

/** DataSets.post, signed by customer and provider */
export function pieceSetMessage(deployment: Deployment, message: PieceSet): Typed {
  const fields: Field[] = [
    ['address', 'customer'],
    ['address', 'provider'],
    ['bytes32', 'streamSalt'],
    ['bytes32', 'root'],
    ['uint64', 'leafCount'],
    ['uint32', 'pieceCount'],
    ['uint64', 'version'],
    ['uint128', 'lockAtto'],
    ['bytes32', 'manifest'],
  ]
  return typed({ deployment, contract: 'dataSets', primaryType: 'PieceSet', fields, message })
}

export type AvailableMessage = {
  readonly network: number
  readonly epoch: bigint
  /** of the post; for vouchBatch: the batch's digest */
  readonly evidence: Hex
  /** keccak256(abi.encode(EpochPost)); for vouchBatch: zero */
  readonly post: Hex
}

/** Epochs.attest and Epochs.vouchBatch, signed by a drawn operator */
export function availableMessage(deployment: Deployment, message: AvailableMessage): Typed {
  const fields: Field[] = [
    ['uint8', 'network'],
    ['uint64', 'epoch'],
    ['bytes32', 'evidence'],
    ['bytes32', 'post'],
  ]
  return typed({ deployment, contract: 'epochs', primaryType: 'Available', fields, message })
}

/** The header of an evidence batch, signed by whoever did the work */
export function batchMessage(deployment: Deployment, message: EvidenceHeader): Typed {
  const fields: Field[] = [
    ['uint8', 'network'],
    ['uint64', 'epoch'],
    ['address', 'signer'],
    ['uint64', 'counter'],
    ['bytes32', 'previousDigest'],
    ['bytes32', 'entriesRoot'],
    ['uint32', 'count'],
    ['uint128', 'sum'],
  ]
  return typed({ deployment, contract: 'epochs', primaryType: 'Batch', fields, message })
}

export type AppealMessage = {
  /** id of the hold */
  readonly hold: Hex
  /** 1: an answer to the accusation; 2: an appeal from the first verdict, or more to it */
  readonly instance: number
  /** sha256 of the statement */
  readonly evidence: Hex
}

/** Holds.appealFor, signed by the accused */
export function appealMessage(deployment: Deployment, message: AppealMessage): Typed {
  const fields: Field[] = [
    ['bytes32', 'hold'],
    ['uint8', 'instance'],
    ['bytes32', 'evidence'],
  ]
  return typed({ deployment, contract: 'holds', primaryType: 'Appeal', fields, message })
}

export type VerdictMessage = {
  /** id of the hold */
  readonly hold: Hex
  /** 1 at first, 2 on appeal */
  readonly instance: number
  readonly upheld: boolean
  /** sha256 of the opinion, which may be empty */
  readonly opinion: Hex
}

/** Holds.decide, signed by a drawn operator */
export function verdictMessage(deployment: Deployment, message: VerdictMessage): Typed {
  const fields: Field[] = [
    ['bytes32', 'hold'],
    ['uint8', 'instance'],
    ['bool', 'upheld'],
    ['bytes32', 'opinion'],
  ]
  return typed({ deployment, contract: 'holds', primaryType: 'Verdict', fields, message })
}
