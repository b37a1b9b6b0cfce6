/**
 * `groundwork audit storage 42`: recomputes an epoch from public evidence, on any machine, and says whether the chain has it.
 *
 * It needs an RPC address and nothing else, and writes nothing unless it is told to save. Exit 0: it agrees. 1: it differs,
 * and the first line that does is named. 3: evidence is gone, so nothing is said.
 *
 * @module
 */

import { readFile, writeFile } from 'node:fs/promises'
import { openIndex } from '@groundwork/chain/indexer/open-index.ts'
import { cidOfDigest } from '@groundwork/core/evidence/block.ts'
import { closeBlockOf } from '@groundwork/core/epoch/timing.ts'
import type { Address } from '@groundwork/core/identity/address.ts'
import { lanesOf } from '@groundwork/core/merkle/lanes.ts'
import { formatWork } from '@groundwork/core/units/work.ts'
import { z } from 'zod'
import { openChain } from '../account/open-chain.ts'
import { heldAt } from '../holds/holds-in.ts'
import { indexAdvance, libraryOf, type AuditContext } from '../watch/audit-context.ts'
import { auditPost, type Audited } from '../watch/audit-post.ts'
import { bundleBlocks, carOf } from '../watch/bundle-blocks.ts'
import { timingOf } from '../watch/chain-desk.ts'
import { describeDifference } from '../watch/describe-difference.ts'
import { fileLibrary } from '../watch/file-library.ts'
import { postsIn, type PostRecord } from '../watch/epoch-history.ts'
import type { Library } from '../watch/library.ts'
import { networkNames } from '../networks.ts'
import { rulesOf } from '../watch/all-rules.ts'
import { EpochUnknown, EvidenceUnavailable } from '../watch/watch-errors.ts'
import { command, type AnyCommand, type CommandContext } from './command.ts'

export const audit: AnyCommand = command({
  name: 'audit',
  summary: 'Recompute one epoch from public evidence and compare.',
  positional: ['network', 'epoch'],
  options: z.object({
    network: z.enum(networkNames).describe('resource network'),
    epoch: z.coerce.bigint().nonnegative().describe('number of the epoch'),
    save: z.string().min(1).optional().describe('write the bundle with all its evidence to this file, as one CAR'),
    bundle: z.string().min(1).optional().describe('audit this file instead of the network’s copies'),
  }),

  async run({ network, epoch, save, bundle }, { show, signal, config }) {
    const rules = await rulesOf(network)
    await using chain = await openChain({ config, signal })
    using index = openIndex({ path: ':memory:', deployment: chain.deployment })
    const context: AuditContext = { chain, index, advance: indexAdvance(index, chain), rules: [rules] }
    await context.advance({ signal })
    const record = findPost(context, { network: rules.network, epoch })
    const file =
      bundle === undefined
        ? undefined
        : fileLibrary(await readFile(bundle), { file: bundle, evidence: record.post.evidence })
    const library = file ?? libraryOf(context, rules.network)
    const audited = await auditPost(context, { rules, record }, { library, signal })
    if (save !== undefined) await saveBundle(library, record, save)
    const closeBlock = closeBlockOf(timingOf(chain.deployment), epoch)
    return report(audited, record, { held: heldAt(index, { network: rules.network, block: closeBlock }), show })
  },
})

/** The post that stands for an epoch: the finalised one, else the one that is pending, else the last. */
function findPost({ index }: AuditContext, { network, epoch }: { network: number; epoch: bigint }): PostRecord {
  const posts = postsIn(index, network).filter((post) => post.epoch === epoch)
  const found =
    posts.find(({ outcome }) => outcome === 'finalised') ??
    posts.findLast(({ outcome }) => outcome === 'pending') ??
    posts.at(-1)
  if (found === undefined) throw new EpochUnknown({ network, epoch, why: 'it was never posted' })
  return found
}

async function saveBundle(library: Library, { network, epoch, post }: PostRecord, path: string): Promise<void> {
  const kept = bundleBlocks(library, { network, evidence: post.evidence })
  if (kept === undefined)
    throw new EvidenceUnavailable({
      network,
      epoch,
      missing: [cidOfDigest(post.evidence).toString(), ...library.complaints()],
    })
  await writeFile(path, carOf(kept))
}

function report(
  { verdict, complaints }: Audited,
  { network, epoch, post, outcome }: PostRecord,
  { held, show }: { readonly held: ReadonlyMap<Address, bigint>; readonly show: CommandContext['show'] },
): number {
  if (verdict.tag === 'unavailable')
    throw new EvidenceUnavailable({ network, epoch, missing: [...verdict.missing, ...complaints] })
  const evidenceCid = cidOfDigest(post.evidence).toString()
  const totals = lanesOf(post.totals)
  const head = { epoch, outcome, root: post.root, evidenceCid, rebateAtto: totals.high, bootstrapAtto: totals.low }
  if (verdict.tag === 'differs') {
    const difference = describeDifference(verdict)
    show({ ...head, agrees: false })
    show.say(`Epoch ${epoch} differs from its evidence. [GW_EPOCH_DIFFERS]`)
    show({ ...difference })
    show.finish({ ...head, agrees: false, code: 'GW_EPOCH_DIFFERS', difference })
    return 1
  }
  const { lines } = verdict.closed
  const rows = lines.map(({ account, kind, quantity, unitPriceAtto, entries }, index) => ({
    index,
    account,
    kind,
    quantity,
    unitPriceAtto,
    amountWork: formatWork(quantity * unitPriceAtto),
    entries: entries.length,
    // A hold changes no line: what is put off is paid once it is over.
    ...(held.has(account) ? { heldBefore: held.get(account) } : {}),
  }))
  show(rows)
  show.say(`Epoch ${epoch} agrees with its evidence: ${lines.length} lines, ${verdict.closed.batches.length} batches.`)
  show({ ...head, agrees: true })
  const refused = verdict.closed.refusedBatches
  show.finish({
    ...head,
    totals: { rebateAtto: totals.high, bootstrapAtto: totals.low },
    lines: rows,
    refused,
    agrees: true,
  })
  return 0
}
