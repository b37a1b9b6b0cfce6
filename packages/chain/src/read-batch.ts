/**
 * Reading what the chain knows of evidence batches.
 *
 * docs/protocol/evidence.md
 *
 * @module
 */

import type { ContractFunctionReturnType, Hex } from 'viem'
import { epochsAbi } from './abi/epochs.ts'
import { receiptJudgeAbi } from './abi/receipt-judge.ts'
import { storageJudgeAbi } from './abi/storage-judge.ts'
import { type At, readCall } from './read-call.ts'
import type { Chain } from './client.ts'

/** @returns block in which the batch was registered, 0 when it was not */
export async function readBatchBlock(
  chain: Chain,
  { digest }: { digest: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'batchBlock'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'batchBlock', args: [digest] }, at)
}

/** @returns block in which the batch was vouched for, 0 when it was not */
export async function readVouchedBlock(
  chain: Chain,
  { digest }: { digest: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'vouchedBlock'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'vouchedBlock', args: [digest] }, at)
}

/** @returns the operators whose vouching counts; empty while the epoch is not sealed */
export async function readVouchers(
  chain: Chain,
  { network, epoch }: { network: number; epoch: bigint },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'vouchers'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'vouchers', args: [network, epoch] }, at)
}

/** @returns the last block in which evidence of an epoch may be registered */
export async function readEvidenceDeadline(
  chain: Chain,
  { epoch }: { epoch: bigint },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof epochsAbi, 'view', 'evidenceDeadline'>> {
  return readCall(chain, { contract: 'epochs', abi: epochsAbi, functionName: 'evidenceDeadline', args: [epoch] }, at)
}

/** @returns whether an entry of the batch was shown wrong */
export async function readRefuted(
  chain: Chain,
  { digest }: { digest: Hex },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof storageJudgeAbi, 'view', 'refuted'>> {
  return readCall(
    chain,
    { contract: 'storageJudge', abi: storageJudgeAbi, functionName: 'refuted', args: [digest] },
    at,
  )
}

/** @returns whether its signer contradicted itself, so that the batch may not count in a post of that epoch */
export async function readBatchVoid(
  chain: Chain,
  { digest, epoch }: { digest: Hex; epoch: bigint },
  at: At = {},
): Promise<ContractFunctionReturnType<typeof receiptJudgeAbi, 'view', 'isVoid'>> {
  return readCall(
    chain,
    { contract: 'receiptJudge', abi: receiptJudgeAbi, functionName: 'isVoid', args: [digest, epoch] },
    at,
  )
}
