/**
 * What only a devnet lets one do: mine at will, move time, go back to an earlier state, replace recent blocks.
 *
 * For tests and drills; no program of the network calls it.
 *
 * @module
 */

import type { Hex } from 'viem'
import type { Connection } from '../client.ts'

type Request = (body: { readonly method: string; readonly params: readonly unknown[] }) => Promise<unknown>

async function ask({ client }: Connection, method: string, params: readonly unknown[]): Promise<unknown> {
  return (client.request as unknown as Request)({ method, params })
}

/** Mines empty blocks, `intervalSeconds` apart. */
export async function mine(
  connection: Connection,
  { blocks, intervalSeconds = 1 }: { blocks: number; intervalSeconds?: number },
): Promise<void> {
  await ask(connection, 'anvil_mine', [`0x${blocks.toString(16)}`, `0x${intervalSeconds.toString(16)}`])
}

/** Moves the clock of the blocks to come forward, and mines one. */
export async function passTime(connection: Connection, { seconds }: { seconds: number }): Promise<void> {
  await ask(connection, 'evm_increaseTime', [seconds])
  await mine(connection, { blocks: 1 })
}

/** Remembers the present state; good for one `rollBack`. */
export async function snapshot(connection: Connection): Promise<Hex> {
  return (await ask(connection, 'evm_snapshot', [])) as Hex
}

/** Goes back to a remembered state: later blocks are gone, as after a hard kill. */
export async function rollBack(connection: Connection, id: Hex): Promise<void> {
  await ask(connection, 'evm_revert', [id])
}

/** Replaces the last `depth` blocks by empty ones of the same height. */
export async function reorg(connection: Connection, { depth }: { depth: number }): Promise<void> {
  await ask(connection, 'anvil_reorg', [depth, []])
}

/** Whether every transaction gets its block at once. */
export async function setAutomine(connection: Connection, { on }: { on: boolean }): Promise<void> {
  await ask(connection, 'evm_setAutomine', [on])
}

/** What the next block asks of each unit of gas; later ones move on from there. */
export async function raiseBaseFee(connection: Connection, { wei }: { wei: bigint }): Promise<void> {
  await ask(connection, 'anvil_setNextBlockBaseFeePerGas', [`0x${wei.toString(16)}`])
}
