/**
 * `groundwork wireless beacons 42`: who sent and who heard beacons in an epoch, and how far each owner's place is believed.
 *
 * Like `audit` it needs an RPC address and nothing else: everything is recomputed from public evidence.
 *
 * @module
 */

import { openIndex } from '@groundwork/chain/indexer/open-index.ts'
import { wirelessNetwork } from '@groundwork/wireless'
import { z } from 'zod'
import { openChain } from '../../account/open-chain.ts'
import { indexAdvance, libraryOf, type AuditContext } from '../../watch/audit-context.ts'
import { EpochUnknown } from '../../watch/watch-errors.ts'
import { auditBeacons, lastRevealedEpoch } from '../../wireless/audit-beacons.ts'
import { command, type AnyCommand } from '../command.ts'

export const beacons: AnyCommand = command({
  name: 'wireless beacons',
  summary: 'Recompute who heard whose beacons in an epoch, and how far each place is believed.',
  positional: ['epoch'],
  options: z.object({
    epoch: z.coerce
      .bigint()
      .nonnegative()
      .optional()
      .describe('number of the epoch; the last one that is all revealed when left out'),
  }),
  async run({ epoch: given }, { show, signal, config }) {
    await using chain = await openChain({ config, signal })
    using index = openIndex({ path: ':memory:', deployment: chain.deployment })
    const context: AuditContext = { chain, index, advance: indexAdvance(index, chain), rules: [] }
    await context.advance({ signal })
    const epoch = given ?? lastRevealedEpoch(context)
    if (epoch === undefined)
      throw new EpochUnknown({ network: wirelessNetwork, epoch: 0n, why: 'no beacons are revealed yet' })
    const { round, trust, complaints } = await auditBeacons(
      context,
      libraryOf(context, wirelessNetwork),
      { epoch },
      { signal },
    )
    const rows = round.beacons.map(({ owner, gatewayEui, reason, reports }) => ({
      owner,
      gateway: gatewayEui,
      beacon: reason ?? 'as-drawn',
      heardBy: reports.filter((report) => report.reason === undefined).length,
      refused: reports.flatMap((report) => (report.reason === undefined ? [] : [report.reason])).join(' '),
    }))
    show(rows)
    show.say(`Epoch ${epoch}: ${rows.length} beacons. How far owners are believed, of 1000:`)
    show(trust.map((one) => ({ ...one })))
    for (const complaint of complaints) show.say(complaint)
    show.finish({
      epoch,
      beacons: round.beacons,
      strays: round.strays,
      unopened: Object.fromEntries(round.unopened),
      trust,
      complaints,
    })
  },
})
