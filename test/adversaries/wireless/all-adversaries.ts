/**
 * Everyone who plays false on wireless, fresh for one town: `groundwork simulate wireless --adversaries` plays them all.
 *
 * They use what any hotspot has: its radio, the registry, the published rules, and what is answered.
 *
 * @module
 */

import type { Adversary } from '@groundwork/wireless'
import { forgedSignal } from './forged-signal.ts'
import { madeFrames } from './made-frames.ts'
import { manyOwners } from './many-owners.ts'
import { ownPackets } from './own-packets.ts'
import { relayedFrames } from './relayed-frames.ts'
import { spoofedPlace } from './spoofed-place.ts'
import { statedGain } from './stated-gain.ts'
import { witnessCluster } from './witness-cluster.ts'

export function allAdversaries(): readonly Adversary[] {
  return [spoofedPlace, witnessCluster, relayedFrames(), forgedSignal, manyOwners, statedGain, madeFrames, ownPackets]
}
