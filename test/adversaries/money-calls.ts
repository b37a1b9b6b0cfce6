/**
 * Operations of the money model as calls of the contracts, with real signatures where they need one.
 *
 * @module
 */

import { bondsAbi } from '@groundwork/chain/abi/bonds.ts'
import { creditsAbi } from '@groundwork/chain/abi/credits.ts'
import { epochsAbi } from '@groundwork/chain/abi/epochs.ts'
import { guardAbi } from '@groundwork/chain/abi/guard.ts'
import { priceFeedAbi } from '@groundwork/chain/abi/price-feed.ts'
import { railsAbi } from '@groundwork/chain/abi/rails.ts'
import { workTokenAbi } from '@groundwork/chain/abi/work-token.ts'
import type { Addresses } from '@groundwork/chain/deployment.ts'
import { buildLeafTree, proveLeaf, type Leaf } from '@groundwork/core/epoch/leaves.ts'
import { hashTypedData, type TypedField, type TypedValue } from '@groundwork/core/identity/eip712.ts'
import { sign } from '@groundwork/core/identity/secp256k1.ts'
import { unreachable } from '@groundwork/core/invariant.ts'
import type { SumPath } from '@groundwork/core/merkle/sum-path.ts'
import { applyOperation } from '@groundwork/core/money/ledger.ts'
import { headOf, type Lanes, type Ledger } from '@groundwork/core/money/ledger/ledger-state.ts'
import type { Operation, OperationOf, SignedVoucher } from '@groundwork/core/money/ledger/operation.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import { type Abi, encodeAbiParameters, encodeFunctionData, keccak256, parseAbiParameters } from 'viem'

export interface Caller {
  readonly from: Hex
  /** undefined: a creation */
  readonly to: Hex | undefined
  readonly data: Hex
}

export interface Situation {
  readonly ledger: Ledger
  readonly addresses: Addresses
  readonly secretKeys: ReadonlyMap<Hex, Uint8Array>
}

/** @returns the transaction that does the operation */
export function callOf(operation: Operation, situation: Situation): Caller {
  const { addresses } = situation
  const { abi, to, functionName, args } = targetOf(operation, situation)
  return { from: operation.by, to: addresses[to], data: encodeFunctionData({ abi, functionName, args }) }
}

interface Target {
  readonly abi: Abi
  readonly to: keyof Addresses
  readonly functionName: string
  readonly args: readonly unknown[]
}

const target = (to: keyof Addresses, abi: Abi) => (functionName: string, ...args: readonly unknown[]): Target => ({ to, abi, functionName, args }) // prettier-ignore
const guard = target('guard', guardAbi)
const workToken = target('workToken', workTokenAbi)
const credits = target('credits', creditsAbi)
const rails = target('rails', railsAbi)
const bonds = target('bonds', bondsAbi)
const epochs = target('epochs', epochsAbi)
const priceFeed = target('priceFeed', priceFeedAbi)

const noReference = `0x${'00'.repeat(32)}` as const

/** One line an operation: the table between both worlds. */
function targetOf(operation: Operation, situation: Situation): Target {
  switch (operation.kind) {
    case 'post':
      return priceFeed('post', operation.priceUsd8)
    case 'proposePosters':
    case 'changePosters':
      return guard(operation.kind, operation.posters)
    case 'pause':
      return guard('pause', Number(operation.seconds))
    case 'transfer':
      return workToken('transfer', operation.to, operation.amountAtto)
    case 'burn':
      return workToken('burn', operation.amountAtto)
    case 'buy':
      return credits('buy', operation.workAtto, operation.creditsMin)
    case 'cover':
      return credits('cover', operation.workAtto)
    case 'open':
      return rails('open', { ...operation, termSeconds: Number(operation.termSeconds) })
    case 'topUp':
      return rails('topUp', operation.id, operation.credits, operation.coverMaxAtto)
    case 'renew':
      return rails('renew', operation.id, Number(operation.termSeconds), operation.credits, operation.coverMaxAtto)
    case 'raise':
      return rails('raise', operation.id, operation.rateNano, operation.credits, operation.coverMaxAtto)
    case 'cut':
      return rails('cut', operation.id, operation.rateNano, cutSignature(operation, situation))
    case 'coverStream':
      return rails('coverStream', operation.id, operation.workAtto)
    case 'notice':
    case 'settle':
    case 'finish':
    case 'hold':
    case 'release':
    case 'submit':
    case 'accept':
    case 'decline':
    case 'finishEscrow':
      return rails(operation.kind, operation.id)
    case 'settleMany':
      return rails('settleMany', operation.ids)
    case 'fault':
      return rails('fault', operation.id, Number(operation.faultSeconds))
    case 'openAllotment':
      return rails('openAllotment', operation.payee, operation.signer, operation.credits, operation.coverMaxAtto)
    case 'topUpAllotment':
      return rails('topUpAllotment', operation.payee, operation.credits, operation.coverMaxAtto)
    case 'coverAllotment':
      return rails('coverAllotment', operation.payee, operation.workAtto)
    case 'redeem':
      return rails('redeem', voucherOf(operation), voucherSignature(operation, situation))
    case 'redeemMany':
      return rails(
        'redeemMany',
        operation.vouchers.map(voucherOf),
        operation.vouchers.map((voucher) => voucherSignature(voucher, situation)),
      )
    case 'noticeAllotment':
    case 'finishAllotment':
      return rails(operation.kind, operation.payer, operation.payee)
    case 'openEscrow': {
      const { workDeadline, verdictDeadline } = operation
      return rails('openEscrow', {
        ...operation,
        workDeadline: Number(workDeadline),
        verdictDeadline: Number(verdictDeadline),
      })
    }
    case 'coverEscrow':
      return rails('coverEscrow', operation.id, operation.workAtto)
    case 'verdict':
      return rails('verdict', operation.id, operation.creditsToPayee)
    case 'convert':
      return rails('convert', operation.credits, operation.minOutAtto)
    case 'convertFor': {
      const { account, credits: sum, minOutAtto, deadline } = operation
      return rails('convertFor', account, sum, minOutAtto, Number(deadline), convertSignature(operation, situation))
    }
    case 'payFee':
      return rails('payFee', operation.fromEarned, operation.credits, noReference)
    case 'batch':
      return rails('batch', entriesOf(operation, situation))
    case 'claim':
      return epochs('claim', claimOf(operation, situation.ledger))
    case 'deposit':
      return bonds('deposit', operation.operator, Number(operation.network), operation.amountAtto)
    case 'withdraw':
      return bonds('withdraw', Number(operation.network), operation.amountAtto)
    case 'lock': {
      const { lockId, operator, network, amountAtto, judge } = operation
      return bonds('lock', lockId, operator, Number(network), amountAtto, judge)
    }
    case 'raiseLock':
      return bonds('raiseLock', operation.lockId, operation.amountAtto)
    case 'thaw':
    case 'unlock':
    case 'releaseThawed':
      return bonds(operation.kind, operation.lockId)
    case 'commitReport':
      return bonds('commitReport', commitmentOf(operation))
    case 'slash':
      return bonds('slash', operation.lockId, operation.reporter, operation.salt)
    case 'finaliseEpoch':
    case 'openDeposit':
    case 'payDeposit':
    case 'returnDeposit':
      throw new Error(`${operation.kind} is not one call of a contract`)
  }
  return unreachable(operation)
}

const voucherOf = ({ payer, payee, total }: SignedVoucher): { payer: Hex; payee: Hex; total: bigint } => ({
  payer,
  payee,
  total,
})

function commitmentOf({ by, lockId, salt }: OperationOf<'commitReport'>): Hex {
  return keccak256(encodeAbiParameters(parseAbiParameters('address, bytes32, bytes32'), [by, lockId, salt]))
}

/** Each entry is encoded for the state in which it runs: nonces rise inside a batch. */
function entriesOf({ by, entries }: OperationOf<'batch'>, situation: Situation): readonly { key: Hex; call: Hex }[] {
  let { ledger } = situation
  return entries.map((entry) => {
    const call = callOf({ ...entry.operation, by }, { ...situation, ledger }).data
    ledger = applyOperation(ledger, { kind: 'batch', by, entries: [entry] }, ledger.nowSeconds).ledger
    return { key: entry.key, call }
  })
}

interface Message {
  readonly primaryType: string
  readonly fields: readonly TypedField[]
  readonly message: { readonly [name: string]: TypedValue }
  readonly signedBy: Hex
}

function signatureOf(
  { primaryType, fields, message, signedBy }: Message,
  { ledger, addresses, secretKeys }: Situation,
): Hex {
  const domain = { chainId: ledger.parameters.chainId, verifyingContract: addresses.rails }
  const secretKey = secretKeys.get(signedBy)
  if (secretKey === undefined) throw new Error(`${signedBy} has no key here`)
  return sign(hashTypedData({ domain, types: { [primaryType]: fields }, primaryType, message }), secretKey)
}

function voucherSignature({ payer, payee, total, signedBy }: SignedVoucher, situation: Situation): Hex {
  const fields = [
    { name: 'payer', type: 'address' },
    { name: 'payee', type: 'address' },
    { name: 'total', type: 'uint128' },
  ]
  return signatureOf({ primaryType: 'Voucher', fields, message: { payer, payee, total }, signedBy }, situation)
}

function cutSignature({ id, rateNano, signedBy, signedStart }: OperationOf<'cut'>, situation: Situation): Hex {
  const fields = [
    { name: 'id', type: 'bytes32' },
    { name: 'rateNano', type: 'uint96' },
    { name: 'start', type: 'uint40' },
  ]
  return signatureOf({ primaryType: 'Cut', fields, message: { id, rateNano, start: signedStart }, signedBy }, situation)
}

function convertSignature(operation: OperationOf<'convertFor'>, situation: Situation): Hex {
  const { account, credits: sum, minOutAtto, deadline, signedBy } = operation
  const fields = [
    { name: 'account', type: 'address' },
    { name: 'credits', type: 'uint128' },
    { name: 'minOutAtto', type: 'uint128' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint40' },
  ]
  const nonce = situation.ledger.nonces.get(account) ?? 0n
  const message = { account, credits: sum, minOutAtto, nonce, deadline }
  return signatureOf({ primaryType: 'Convert', fields, message, signedBy }, situation)
}

/** @returns the leaves of a network in the order of the tree */
export function sortedLeaves(leaves: ReadonlyMap<Hex, Lanes>): readonly Leaf[] {
  return [...leaves]
    .map(([account, lanes]) => ({ account, ...lanes }))
    .toSorted((left, right) => (left.account < right.account ? -1 : 1))
}

function claimOf({ network, account, rebateAtto, bootstrapAtto }: OperationOf<'claim'>, ledger: Ledger): unknown {
  const leaves = sortedLeaves(headOf(ledger, network).leaves)
  const leafTree = buildLeafTree(leaves, Number(network))
  const nothing: SumPath = { sides: 0n, hashes: [], sums: [] }
  const path = proveLeaf({ leaves, leafTree }, account)?.path ?? nothing
  return { network: Number(network), account, rebateAtto, bootstrapAtto, path }
}
