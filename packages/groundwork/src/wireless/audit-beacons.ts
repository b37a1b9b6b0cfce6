/**
 * Who sent and who heard the beacons of an epoch, recomputed from public evidence on any machine.
 *
 * Notes count that were registered on chain before their epoch's evidence deadline, the first of each owner: so commitments stood
 * before anyone revealed. What nobody serves is missing, and is named.
 *
 * @see docs/protocol/wireless.md#beacons
 * @module
 */

import { closeBlockOf, evidenceDeadlineOf } from '@groundwork/core/epoch/timing.ts'
import type { Hex } from '@groundwork/core/units/hex.ts'
import {
  coverageUnitsMin,
  judgeRound,
  locationTrust,
  wirelessNetwork,
  type JudgedRound,
  type LocationTrust,
} from '@groundwork/wireless'
import { heldAt } from '../holds/holds-in.ts'
import type { AuditContext } from '../watch/audit-context.ts'
import { hotspotsIn, redemptionsIn } from '../watch/carriage-history.ts'
import { timingOf } from '../watch/chain-desk.ts'
import type { Waiting } from '../watch/desks.ts'
import { evidenceDomain } from '../watch/epoch-facts.ts'
import { logsOf } from '../watch/event-logs.ts'
import { fetchBatches } from '../watch/gather.ts'
import type { Library } from '../watch/library.ts'
import { EpochUnknown } from '../watch/watch-errors.ts'
import { canOrderNotes, readBeaconWindow } from './chain-moment.ts'
import { registeredNotes, type RegisteredBatch } from './registered-notes.ts'

export interface AuditedBeacons {
  readonly epoch: bigint
  readonly round: JudgedRound
  readonly trust: readonly LocationTrust[]
  /** silent operators, and evidence that nobody has */
  readonly complaints: readonly string[]
}

/** The last epoch whose beacons are all revealed; undefined: none yet. */
export function lastRevealedEpoch({ chain, index }: Pick<AuditContext, 'chain' | 'index'>): bigint | undefined {
  const timing = timingOf(chain.deployment)
  const tip = index.tip()?.number ?? 0n
  for (let epoch = (tip - timing.startBlock) / timing.epochBlocks; epoch >= 3n; epoch -= 1n)
    if (tip > evidenceDeadlineOf(timing, epoch)) return epoch - 1n
  return undefined
}

/** @throws {EpochUnknown} its beacons are not all revealed yet, or it had none */
export async function auditBeacons(
  context: AuditContext,
  library: Library,
  { epoch }: { readonly epoch: bigint },
  waiting: Waiting,
): Promise<AuditedBeacons> {
  const { chain, index } = context
  const timing = timingOf(chain.deployment)
  const tip = index.tip()?.number ?? 0n
  const unknown = (why: string): EpochUnknown => new EpochUnknown({ network: wirelessNetwork, epoch, why })
  if (!canOrderNotes(timing)) throw unknown('evidence of an epoch may come after the next one is sealed')
  if (epoch < 2n) throw unknown('beacons are planned two epochs before')
  if (tip <= evidenceDeadlineOf(timing, epoch + 1n)) throw unknown('its beacons are not all revealed yet')
  const window = await readBeaconWindow(chain, timing, { epoch, tip })
  if (window === undefined) throw unknown('its draw is not sealed')

  const span = { from: epoch - 2n, to: epoch + 1n }
  const batches = await fetchBatches(library, { network: wirelessNetwork, ...span }, waiting)
  const { notes, withheld } = registeredNotes({
    registered: registeredIn(context, span),
    batches,
    blocks: library,
    domain: evidenceDomain(context),
  })
  const until = closeBlockOf(timing, epoch)
  const from = closeBlockOf(timing, epoch - 1n) + 1n
  const held = heldAt(index, { network: wirelessNetwork, block: until })
  const round = judgeRound({
    window,
    planned: notes.filter((note) => note.epoch === epoch - 2n),
    heard: notes.filter((note) => note.epoch === epoch),
    revealed: notes.filter((note) => note.epoch === epoch + 1n),
    hotspots: hotspotsIn(index, { until }),
    isHeld: (owner) => held.has(owner),
  })
  const paid = paidByOthers(context, { from, until })
  const trust = locationTrust(round, (owner) => (paid.get(owner) ?? 0n) >= coverageUnitsMin)
  return { epoch, round, trust, complaints: [...withheld.map(complaintOf), ...library.complaints()] }
}

/** Batches of the wireless network that were registered for some epochs, in the order of the chain. */
function registeredIn(
  { index }: Pick<AuditContext, 'index'>,
  { from, to }: { readonly from: bigint; readonly to: bigint },
): RegisteredBatch[] {
  return logsOf(index, { contract: 'epochs', event: 'BatchRegistered' }).flatMap(({ args }) => {
    const epoch = BigInt(String(args['epoch']))
    if (Number(args['network']) !== wirelessNetwork || epoch < from || epoch > to) return []
    const [signer, digest] = [args['signer'], args['digest']].map((one) => String(one).toLowerCase() as Hex)
    return signer === undefined || digest === undefined ? [] : [{ signer, epoch, digest }]
  })
}

function complaintOf({ signer, epoch, digest }: RegisteredBatch): string {
  return `${signer} has no note of epoch ${epoch}: nobody has its batch ${digest}, which came first`
}

/** Credits that owners redeemed from others' allotments. */
function paidByOthers(
  { index }: Pick<AuditContext, 'index'>,
  blocks: { readonly from: bigint; readonly until: bigint },
): ReadonlyMap<Hex, bigint> {
  const paid = new Map<Hex, bigint>()
  for (const { router, owner, credits } of redemptionsIn(index, blocks))
    if (router !== owner) paid.set(owner, (paid.get(owner) ?? 0n) + credits)
  return paid
}
