/**
 * The two ways an action ends: `sendCall` returns once the node has the transaction, `syncCall` once a block has it.
 *
 * @module
 */

import {
  type Abi,
  type ContractEventArgsFromTopics,
  type ContractEventName,
  type Hex,
  parseEventLogs,
  type TransactionReceipt,
} from 'viem'
import type { Call } from './call.ts'
import type { Connection, Waiting } from './connection.ts'
import { TransactionFailed } from './errors.ts'
import { submitCall } from './submit-call.ts'
import { waitForReceipt } from './wait-for-receipt.ts'

/** Where a transaction landed. */
export type Mined = {
  readonly hash: Hex
  readonly blockNumber: bigint
  readonly blockHash: Hex
  readonly gasUsed: bigint
}

export type EventArgs<abi extends Abi, name extends ContractEventName<abi>> = ContractEventArgsFromTopics<abi, name>

/** Where it landed, and the event that says what it did. */
export type Done<abi extends Abi, name extends ContractEventName<abi>> = Mined & {
  readonly event: EventArgs<abi, name>
}

/** Where it landed, and all its events of one kind. */
export type DoneMany<abi extends Abi, name extends ContractEventName<abi>> = Mined & {
  readonly events: readonly EventArgs<abi, name>[]
}

/** Simulates and sends. @throws as submitCall */
export async function sendCall(connection: Connection, call: Call, { signal }: Waiting): Promise<Hex> {
  return (await submitCall(connection, call, { signal })).hash
}

/** Sends, waits for the block and decodes the one event. @throws also TransactionFailed, TransactionLost */
export async function syncCall<const abi extends Abi, name extends ContractEventName<abi>>(
  connection: Connection,
  call: Call,
  { abi, eventName, signal }: { abi: abi; eventName: name } & Waiting,
): Promise<Done<abi, name>> {
  const { events, ...mined } = await syncMany(connection, call, { abi, eventName, signal })
  const event = events[0]
  if (event === undefined) {
    throw new TransactionFailed({
      hash: mined.hash,
      blockNumber: mined.blockNumber,
      reason: `it emitted no ${eventName}`,
    })
  }
  return { ...mined, event }
}

/** Sends, waits for the block and decodes all events of one kind that the called contract emitted. */
export async function syncMany<const abi extends Abi, name extends ContractEventName<abi>>(
  connection: Connection,
  call: Call,
  { abi, eventName, signal }: { abi: abi; eventName: name } & Waiting,
): Promise<DoneMany<abi, name>> {
  const { hash, raw } = await submitCall(connection, call, { signal })
  const receipt = await waitForReceipt(connection, hash, { signal, raw })
  return { ...minedIn(receipt), events: eventsIn(receipt, { abi, eventName, address: call.to }) }
}

/** The place of a receipt. */
export function minedIn({ transactionHash, blockNumber, blockHash, gasUsed }: TransactionReceipt): Mined {
  return { hash: transactionHash, blockNumber, blockHash, gasUsed }
}

/** The events of one kind that one contract emitted in a transaction. */
export function eventsIn<const abi extends Abi, name extends ContractEventName<abi>>(
  { logs }: Pick<TransactionReceipt, 'logs'>,
  { abi, eventName, address }: { abi: abi; eventName: name; address: Hex },
): readonly EventArgs<abi, name>[] {
  const own = logs.filter((log) => log.address.toLowerCase() === address.toLowerCase())
  const plain: { readonly abi: Abi; readonly eventName: string } = { abi, eventName }
  const parsed = parseEventLogs({ ...plain, logs: own })
  return parsed.map(({ args }) => args as EventArgs<abi, name>)
}
