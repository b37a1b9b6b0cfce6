/**
 * How a provider's calls reach the chain: as its own transactions while it has coin for gas, else through a gateway that fronts it.
 *
 * A gateway gains no power by that: it hands in what the account signed, or what anyone may send. Whether it did, only the chain's
 * events say.
 *
 * @module
 */

import { dataOf, type Call } from '@groundwork/chain/call.ts'
import type { Chain } from '@groundwork/chain/client.ts'
import { translated } from '@groundwork/chain/decode-error.ts'
import { contractNames } from '@groundwork/chain/deployment.ts'
import { GasMissing } from '@groundwork/chain/errors.ts'
import { sendCall, syncMany, type EventArgs } from '@groundwork/chain/send-call.ts'
import { sleep } from '@groundwork/chain/sleep.ts'
import { invariant } from '@groundwork/core/invariant.ts'
import type { Abi, ContractEventName } from 'viem'
import { gatewayClient, type GatewayClient } from '../gateway/gateway-client.ts'
import { SponsorSlow } from './provider-errors.ts'

interface Waiting {
  readonly signal: AbortSignal
}

/** Who pays the gas: the account, a gateway, or nobody. */
export type Way = 'own' | 'sponsored' | 'none'

/** Something to be done on chain, and the event by which it shows. */
export interface Deed<abi extends Abi, name extends ContractEventName<abi>> {
  /** the call as the account itself sends it */
  readonly own: Call
  /** the same as anyone may send it: signed by the account when the contract asks for that */
  anyones(): Promise<Call>
  readonly abi: abi
  readonly eventName: name
  /** values of the event's indexed arguments that make it ours */
  readonly args: Readonly<Record<string, unknown>>
  /** Whether the chain has it without an event of ours: somebody else was first. */
  isDone?(): Promise<boolean>
}

export interface Submit {
  way(waiting: Waiting): Promise<Way>
  /** Hands in a call that anyone may send; resolves once the node, or the gateway's outbox, has it. @throws GatewayFailed */
  send(call: Call, waiting: Waiting): Promise<void>
  /** Hands in and waits for the block; no events when somebody else had done it. @throws SponsorSlow, GatewayFailed, and as syncMany */
  perform<const abi extends Abi, name extends ContractEventName<abi>>(
    deed: Deed<abi, name>,
    waiting: Waiting,
  ): Promise<readonly EventArgs<abi, name>[]>
}

export interface SubmitOptions {
  /** signed by the account */
  readonly chain: Chain
  /** of the gateway that fronts gas, if any */
  readonly gatewayUrl: string | undefined
  /** `sponsorMsMax` when left out */
  readonly sponsorMs?: number | undefined
}

/** How long a gateway may take until the chain shows what it accepted. */
export const sponsorMsMax = 90_000

/** Own coin first: a gateway's is asked for only where there is none. */
export function wayOf({
  gasWei,
  gatewayUrl,
}: {
  readonly gasWei: bigint
  readonly gatewayUrl: string | undefined
}): Way {
  if (gasWei > 0n) return 'own'
  return gatewayUrl === undefined ? 'none' : 'sponsored'
}

/** The gateway that a network's name leads to: its address when it is one, nothing when it is a file. */
export function gatewayUrlOf(network: string | undefined): string | undefined {
  if (network === undefined || !/^https?:/.test(network)) return undefined
  return new URL(network).origin
}

export async function openSubmit(options: SubmitOptions): Promise<Submit> {
  const { chain, gatewayUrl, sponsorMs = sponsorMsMax } = options
  const account = chain.account?.address
  invariant(account !== undefined, 'whoever submits has an account')
  const gateway = gatewayUrl === undefined ? undefined : await gatewayClient({ url: gatewayUrl })

  const way = async (): Promise<Way> => {
    const read = async (): Promise<bigint> => chain.client.getBalance({ address: account })
    return wayOf({
      gasWei: await translated({ rpcUrl: chain.rpcUrl, functionName: 'eth_getBalance' }, read),
      gatewayUrl,
    })
  }

  return {
    way,
    async send(call, { signal }) {
      if (gateway !== undefined && (await way()) === 'sponsored') await handOver({ chain, gateway }, call, { signal })
      else await sendCall(chain, call, { signal })
    },
    async perform({ own, anyones, abi, eventName, args, isDone }, { signal }) {
      const chosen = await way()
      if (chosen === 'none') throw new GasMissing({ account })
      if (chosen === 'own' || gateway === undefined)
        return (await syncMany(chain, own, { abi, eventName, signal })).events
      const before = await chain.client.getBlockNumber({ cacheTime: 0 })
      const call = await anyones()
      await handOver({ chain, gateway }, call, { signal })
      const untilMs = performance.now() + sponsorMs
      while (performance.now() < untilMs) {
        const events = await eventsAfter(chain, { call, abi, eventName, args, block: before })
        if (events.length > 0) return events
        if ((await isDone?.()) === true) return []
        await sleep(chain.pollingIntervalMs, { signal })
      }
      throw new SponsorSlow({ url: gateway.url, functionName: call.functionName, waitedMs: sponsorMs })
    },
  }
}

async function handOver(
  { chain, gateway }: { chain: Chain; gateway: GatewayClient },
  call: Call,
  { signal }: Waiting,
): Promise<void> {
  const contract = contractNames.find(
    (name) => chain.deployment.addresses[name].toLowerCase() === call.to.toLowerCase(),
  )
  invariant(contract !== undefined, 'a call goes to a contract of the deployment')
  const body = JSON.stringify({ contract, data: dataOf(call) })
  await gateway.post('/v1/sponsor', { body, contentType: 'application/json', signal })
}

interface Shown<abi extends Abi, name extends ContractEventName<abi>> extends Pick<
  Deed<abi, name>,
  'abi' | 'eventName' | 'args'
> {
  readonly call: Call
  readonly block: bigint
}

/** Events of the called contract in the blocks after one; none while there is no such block. */
async function eventsAfter<const abi extends Abi, name extends ContractEventName<abi>>(
  { client, rpcUrl }: Chain,
  { call, abi, eventName, args, block }: Shown<abi, name>,
): Promise<readonly EventArgs<abi, name>[]> {
  return translated({ rpcUrl, functionName: 'eth_getLogs' }, async () => {
    const toBlock = await client.getBlockNumber({ cacheTime: 0 })
    if (toBlock <= block) return []
    const wanted = {
      address: call.to,
      abi: abi as Abi,
      eventName: eventName as string,
      args,
      fromBlock: block + 1n,
      toBlock,
    }
    const logs: readonly { readonly args: unknown }[] = await client.getContractEvents({ ...wanted, strict: true })
    return logs.map((log) => log.args as EventArgs<abi, name>)
  })
}
