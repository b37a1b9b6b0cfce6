/**
 * When blocks were made and what their hashes are: what beacons are drawn from, read from any node.
 *
 * @module
 */

import type { Chain } from '@groundwork/chain/client.ts'
import { sealBlockOf, type EpochTiming } from '@groundwork/core/epoch/timing.ts'
import type { BeaconWindow } from '@groundwork/wireless'

/** Whether notes can order what is said: what an epoch's batches commit to stands before the next epoch is sealed. */
export function canOrderNotes({ evidenceBlocks, epochBlocks }: EpochTiming): boolean {
  return evidenceBlocks < epochBlocks
}

/** @returns the window of an epoch's beacons; undefined before its draw is sealed, and for the first two epochs */
export async function readBeaconWindow(
  { client }: Pick<Chain, 'client'>,
  timing: EpochTiming,
  { epoch, tip }: { readonly epoch: bigint; readonly tip: bigint },
): Promise<BeaconWindow | undefined> {
  if (epoch < 2n || tip < sealBlockOf(timing, epoch - 1n)) return undefined
  const [sealed, before] = await Promise.all([
    client.getBlock({ blockNumber: sealBlockOf(timing, epoch - 1n) }),
    client.getBlock({ blockNumber: sealBlockOf(timing, epoch - 2n) }),
  ])
  return {
    epoch,
    sealed: sealed.hash,
    sealedMs: Number(sealed.timestamp) * 1000,
    previousSealedMs: Number(before.timestamp) * 1000,
  }
}
