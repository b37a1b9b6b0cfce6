/**
 * A devnet of its own for a test: anvil in memory, the contracts deployed, the price posted, gone at the end.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { LocalAccount } from 'viem'
import { type Chain, connect, type Waiting, withAccount } from '../client.ts'
import { deployerAccount, devnetAccount } from './accounts.ts'
import { type Anvil, startAnvil } from './anvil.ts'
import { deployDevnet } from './deploy.ts'

export type ScratchDevnet = {
  readonly anvil: Anvil
  /** signed by the deployer, who holds the genesis */
  readonly chain: Chain
  /** a folder that goes with the devnet */
  readonly folder: string
  /** the same chain for the account of an index; the first ten have gas */
  readonly as: (index: number) => Chain & { readonly account: LocalAccount }
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

/** @param blockSeconds left out: each transaction gets its block at once */
export async function scratchDevnet(
  { port, blockSeconds }: { port: number; blockSeconds?: number },
  { signal }: Waiting,
): Promise<ScratchDevnet> {
  const folder = mkdtempSync(path.join(tmpdir(), 'groundwork-devnet-'))
  const anvil = await startAnvil({ port, blockSeconds, signal })
  const end = async (): Promise<void> => {
    await anvil.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    const connection = await connect(
      { rpcUrl: anvil.rpcUrl, account: deployerAccount(), pollingIntervalMs: 20 },
      { signal },
    )
    const { deployment } = await deployDevnet(connection, { path: path.join(folder, 'deployment.json'), signal })
    const chain: Chain = { ...connection, deployment }
    return {
      anvil,
      chain,
      folder,
      as: (index) => {
        const account = devnetAccount(index)
        return { ...withAccount(chain, account), account }
      },
      [Symbol.asyncDispose]: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}
