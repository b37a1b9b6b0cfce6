/**
 * Signing the messages that others may hand in: registration, offers, converts, cuts, vouchers, piece sets, appeals, verdicts.
 *
 * The nonces come from the chain; a message is good once, until its deadline.
 *
 * @module
 */

import { type Address, encodeAbiParameters, type Hex, keccak256, type LocalAccount, sha256 } from 'viem'
import { registryAbi } from './abi/registry.ts'
import { railsAbi } from './abi/rails.ts'
import type { Chain } from './client.ts'
import type { ConvertFor } from './convert-for.ts'
import type { Deployment } from './deployment.ts'
import type { PostOfferFor } from './post-offer-for.ts'
import { readCall } from './read-call.ts'
import type { RegisterOperatorFor } from './register-operator-for.ts'
import {
  appealMessage,
  convertMessage,
  cutMessage,
  type CutMessage,
  pieceSetMessage,
  postOfferMessage,
  registerMessage,
  type Typed,
  verdictMessage,
  voucherMessage,
  type VoucherMessage,
} from './typed-data.ts'
import type { PieceSet } from './piece-set.ts'

/** Signs any of the messages of `typed-data.ts`; 65 bytes r, s, v. */
export async function signTyped(account: LocalAccount, message: Typed): Promise<Hex> {
  return account.signTypedData(message)
}

/** A registration that anyone may hand in. */
export async function signRegister(
  chain: Chain,
  account: LocalAccount,
  terms: Omit<RegisterOperatorFor, 'operator' | 'signature'>,
): Promise<RegisterOperatorFor> {
  const operator = account.address
  const nonce = await registryNonce(chain, operator)
  const message = registerMessage(chain.deployment, { ...terms, operator, nonce })
  return { ...terms, operator, signature: await signTyped(account, message) }
}

/** An offer that anyone may hand in. */
export async function signPostOffer(
  chain: Chain,
  account: LocalAccount,
  terms: Omit<PostOfferFor, 'operator' | 'signature'>,
): Promise<PostOfferFor> {
  const operator = account.address
  const nonce = await registryNonce(chain, operator)
  const message = postOfferMessage(chain.deployment, { ...terms, operator, nonce })
  return { ...terms, operator, signature: await signTyped(account, message) }
}

/** A convert that anyone may hand in; the WORK goes to the account. */
export async function signConvert(
  chain: Chain,
  account: LocalAccount,
  terms: Omit<ConvertFor, 'account' | 'signature'>,
): Promise<ConvertFor> {
  const address = account.address
  const nonce = await readCall(chain, { contract: 'rails', abi: railsAbi, functionName: 'nonces', args: [address] })
  const message = convertMessage(chain.deployment, { ...terms, account: address, nonce })
  return { ...terms, account: address, signature: await signTyped(account, message) }
}

/** The payee's consent to a lower rate. */
export async function signCutRate(deployment: Deployment, account: LocalAccount, message: CutMessage): Promise<Hex> {
  return signTyped(account, cutMessage(deployment, message))
}

/** A voucher of an allotment's signer. */
export async function signVoucher(
  deployment: Deployment,
  account: LocalAccount,
  message: VoucherMessage,
): Promise<Hex> {
  return signTyped(account, voucherMessage(deployment, message))
}

/** One party's signature under a piece set. */
export async function signPieceSet(deployment: Deployment, account: LocalAccount, set: PieceSet): Promise<Hex> {
  return signTyped(account, pieceSetMessage(deployment, set))
}

/** What the accused says to a hold, for anyone to hand in. */
export async function signAppeal(
  deployment: Deployment,
  account: LocalAccount,
  { id, instance, statement }: { readonly id: Hex; readonly instance: number; readonly statement: Hex },
): Promise<Hex> {
  return signTyped(account, appealMessage(deployment, { hold: id, instance, evidence: sha256(statement) }))
}

/** A drawn operator's verdict on a hold; a quorum of them decides. */
export async function signVerdict(
  deployment: Deployment,
  account: LocalAccount,
  {
    id,
    instance,
    upheld,
    opinion,
  }: { readonly id: Hex; readonly instance: number; readonly upheld: boolean; readonly opinion: Hex },
): Promise<Hex> {
  return signTyped(account, verdictMessage(deployment, { hold: id, instance, upheld, opinion: sha256(opinion) }))
}

/** What a reporter commits to in a block before it shows the fault. */
export function reportCommitment({ reporter, lockId, salt }: { reporter: Address; lockId: Hex; salt: Hex }): Hex {
  return keccak256(
    encodeAbiParameters([{ type: 'address' }, { type: 'bytes32' }, { type: 'bytes32' }], [reporter, lockId, salt]),
  )
}

async function registryNonce(chain: Chain, operator: Address): Promise<bigint> {
  return readCall(chain, { contract: 'registry', abi: registryAbi, functionName: 'nonces', args: [operator] })
}
