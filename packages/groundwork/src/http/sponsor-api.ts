/**
 * Gas for those who have none: hands in calls that carry the signature of whom they are for, and calls that pay or help only whom
 * they name.
 *
 * Anyone may ask: the call is simulated first and counts once (without a signature: once an epoch), and only the functions that a
 * keeper hands in are taken. So the worst a stranger can do is spend our gas on something valid, within a bound per minute. An
 * answer to a demand earns the demander's deposit, which stays here: it is what answering for another pays.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import { contractNames, type ContractName } from '@groundwork/chain/deployment.ts'
import { epochsAbi } from '@groundwork/chain/abi/epochs.ts'
import { holdsAbi } from '@groundwork/chain/abi/holds.ts'
import { railsAbi } from '@groundwork/chain/abi/rails.ts'
import { registryAbi } from '@groundwork/chain/abi/registry.ts'
import { storageJudgeAbi } from '@groundwork/chain/abi/storage-judge.ts'
import type { Keeper } from '@groundwork/chain/keeper/keeper.ts'
import { decodeFunctionData, type Abi, type Hex } from 'viem'
import { z } from 'zod'
import { RequestWrong, TooManySponsored } from './http-errors.ts'
import type { Api } from './make-server.ts'

/** Calls handed in per minute for strangers, inclusive. */
export const sponsoredPerMinuteMax = 120

const abis: Partial<Record<ContractName, Abi>> = {
  registry: registryAbi,
  rails: railsAbi,
  epochs: epochsAbi,
  storageJudge: storageJudgeAbi,
  holds: holdsAbi,
}

const body = z.object({
  contract: z.enum(contractNames).describe('name of the contract'),
  data: z
    .string()
    .regex(/^0x([0-9a-f]{2}){4,16384}$/)
    .describe('calldata of a function that carries its signer’s signature, or that anyone may call'),
})

export function sponsorApi(
  app: Api,
  { chain, keeper, signal }: { readonly chain: Chain; readonly keeper: Keeper; readonly signal: AbortSignal },
): void {
  let minute = 0
  let count = 0
  app.post(
    '/v1/sponsor',
    {
      schema: { summary: 'Hand in a call for one who has no gas: signed by whom it is for, or open to anyone', body },
      config: { isOpen: true },
    },
    async (request) => {
      const { contract, data } = request.body as z.infer<typeof body>
      const now = Math.floor(Date.now() / 60_000)
      if (now !== minute) [minute, count] = [now, 0]
      count += 1
      if (count > sponsoredPerMinuteMax) throw new TooManySponsored({ perMinuteMax: sponsoredPerMinuteMax })
      const abi = abis[contract]
      if (abi === undefined) throw new RequestWrong({ why: `nothing of ${contract} is handed in for others` })
      const key = await keeper.relay(
        { to: chain.deployment.addresses[contract], abi, ...decode(abi, data as Hex) },
        { signal },
      )
      return { key }
    },
  )
}

function decode(abi: Abi, data: Hex): { functionName: string; args: readonly unknown[] } {
  try {
    const { functionName, args } = decodeFunctionData({ abi, data })
    return { functionName, args: args ?? [] }
  } catch (cause) {
    throw new RequestWrong({ why: 'the calldata is of no function of that contract' }, { cause })
  }
}
